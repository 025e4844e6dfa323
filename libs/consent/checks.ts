import { isDate, isMinorOn } from '#purposes/age';
import { ADDRESS_KIND } from '#purposes/channel';
import { DISTURBING } from '#purposes/purposes';
import type { Hold, Refusal } from '#purposes/reason';
import type { Standing } from './choices.js';
import { localDate } from './hours.js';
import type { CustomerFacts } from './facts.js';
import { LOOK_AGAIN_MS } from './pause.js';
import type { Question } from './question.js';
import { suppressedOnly } from './suppression.js';
import { stopping } from './taken-back.js';

/** What a check saw, in words without personal data; `stop` where the message may not go on. */
export interface Look {
  saw: string;
  stop?: { reason: Refusal; until?: undefined } | { reason: Hold; until: Date };
}

export interface Check {
  check: string;
  look: (asked: Question) => Look;
}

const UNREAD = 'could not be read';

const goOn = (saw: string): Look => ({ saw });
const refuse = (reason: Refusal, saw: string): Look => ({ saw, stop: { reason } });
const hold = (reason: Hold, until: Date, saw: string): Look => ({ saw, stop: { reason, until } });

/** A check of the person: without a person it says no. */
const ofPerson =
  (reason: Refusal, look: (customer: CustomerFacts, asked: Question) => Look) =>
  (asked: Question): Look =>
    asked.facts.customer ? look(asked.facts.customer, asked) : refuse(reason, UNREAD);

/**
 * The checks of the gate in the order of the published reasons: refusals before holds, nobody waits for a no.
 * A new rule is a line here.
 */
export const CHECKS: readonly Check[] = [
  { check: 'known', look: known },
  { check: 'not-erased', look: ofPerson('erased', notErased) },
  { check: 'not-restricted', look: ofPerson('restricted', notRestricted) },
  { check: 'of-age', look: ofPerson('minor', ofAge) },
  { check: 'has-address', look: hasAddress },
  { check: 'not-suppressed', look: notSuppressed },
  { check: 'not-objected', look: (asked) => notSaid(asked, 'objected') },
  { check: 'not-withdrawn', look: (asked) => notSaid(asked, 'withdrawn') },
  { check: 'channel-on', look: channelOn },
  { check: 'consented', look: ofPerson('no-consent', consented) },
  { check: 'not-duplicate', look: notDuplicate },
  { check: 'in-time', look: inTime },
  { check: 'not-expired', look: notExpired },
  { check: 'under-cap', look: ofPerson('capped', underCap) },
  { check: 'valid-template', look: validTemplate },
  { check: 'allowed', look: allowed },
  { check: 'not-paused', look: notPaused },
  { check: 'not-quiet', look: notQuiet },
];

function known({ facts }: Question): Look {
  if (facts.customer === undefined) return refuse('unknown-customer', UNREAD);
  return facts.customer ? goOn('a known customer') : refuse('unknown-customer', 'nobody by this id');
}

function notErased(customer: CustomerFacts, { day }: Question): Look {
  return customer.erasedAt ? refuse('erased', `erased ${day(customer.erasedAt)}`) : goOn('not erased');
}

function notRestricted(customer: CustomerFacts, { ask, day, legalDuty }: Question): Look {
  if (!customer.restrictedAt) return goOn('not restricted');
  const saw = `restricted ${day(customer.restrictedAt)}`;
  // GDPR 18(2): with the person's consent; else nobody could lift their own restriction.
  if (ask.ownRequest === true) return goOn(`${saw}, but they asked for this themselves`);
  return legalDuty ? goOn(`${saw}, a legal duty goes on`) : refuse('restricted', saw);
}

function ofAge(customer: CustomerFacts, { now, policy, rules, zone }: Question): Look {
  if (rules.minors === 'send') return goOn('a legal duty reaches every age');
  if (customer.guardianConsentAt) return goOn("a guardian's consent");
  if (customer.birthDate === null) {
    return policy.unknownAge === 'adult'
      ? goOn('no birth date, taken for an adult')
      : refuse('minor', 'no birth date, taken for a minor');
  }
  if (!isDate(customer.birthDate)) return refuse('minor', 'a birth date that cannot be read');
  return isMinorOn(customer.birthDate, localDate(now, zone))
    ? refuse('minor', "under 18 without a guardian's consent")
    : goOn('an adult');
}

function hasAddress({ ask, facts }: Question): Look {
  if (facts.address === undefined) return refuse('no-address', UNREAD);
  return facts.address
    ? goOn(`an address for ${ask.channel}`)
    : refuse('no-address', `none for ${ask.channel}`);
}

function notSuppressed({ ask, facts, day }: Question): Look {
  if (facts.suppressions === undefined) return refuse('suppressed', UNREAD);
  const all = suppressedOnly(facts.suppressions);
  const stop = stopping(all, facts.customer?.choices ?? [], ask.purpose, ask.channel);
  if (stop) return refuse('suppressed', `${stop.cause}, scope ${stop.scope}, ${day(stop.at)}`);
  return goOn(all.length > 0 ? 'suppressed for something else' : 'not suppressed');
}

function notSaid(asked: Question, state: 'objected' | 'withdrawn'): Look {
  const { rules, stands } = asked;
  if (!rules.stoppedByChoice) return goOn(`${rules.basis}: not stopped by a choice`);
  if (!stands) return refuse(state, UNREAD);
  return stands.state === state ? refuse(state, said(stands, asked)) : goOn(`not ${state}`);
}

function channelOn(asked: Question): Look {
  const { ask, facts, rules, stands, legalDuty } = asked;
  if (facts.hasSender === undefined)
    return refuse('channel-off', `whether ${ask.channel} has a sender ${UNREAD}`);
  if (!facts.hasSender) return refuse('channel-off', `${rules.stream} has no sender for ${ask.channel}`);
  if (legalDuty || rules.stoppedByChoice || rules.recipient === 'provider') return goOn('a sender');
  if (!stands) return refuse('channel-off', UNREAD);
  if (stands.state !== 'withdrawn' && stands.state !== 'objected')
    return goOn('a sender, no choice against it');
  const saw = said(stands, asked);
  if (facts.otherChannelUsable === undefined) {
    return refuse('channel-off', `${saw}; whether another channel is left ${UNREAD}`);
  }
  return facts.otherChannelUsable
    ? refuse('channel-off', `${saw}; another channel is left`)
    : goOn(`${saw}; but no other channel is left`);
}

function consented(customer: CustomerFacts, asked: Question): Look {
  const { ask, facts, policy, rules, stands, day } = asked;
  if (rules.needs === 'nothing') return goOn(`${rules.basis}: needs no consent`);
  if (stands?.state === 'given') return goOn(said(stands, asked));
  if (rules.mayUseLegitimateInterest && policy.legitimateInterest[ask.purpose]) {
    return goOn('legitimate interest, its assessment named');
  }
  if (rules.needs !== 'soft-opt-in')
    return refuse('no-consent', 'none given, and no soft opt-in for this purpose');
  if (!policy.softOptIn) return refuse('no-consent', 'none given, the tenant has no soft opt-in');
  const kind = ADDRESS_KIND[ask.channel];
  const met = customer.softOptIns.find((one) => one.channel === kind && one.address === facts.address);
  return met
    ? goOn(`soft opt-in, ${day(met.at)}`)
    : refuse('no-consent', 'none given, no soft opt-in for this address');
}

function notDuplicate({ facts }: Question): Look {
  if (facts.duplicateOf === undefined) return refuse('duplicate', UNREAD);
  return facts.duplicateOf === null ? goOn('said once') : refuse('duplicate', `of ${facts.duplicateOf}`);
}

function inTime({ facts }: Question): Look {
  if (facts.tooLate === undefined) return refuse('too-late', UNREAD);
  return facts.tooLate === null ? goOn('still of use') : refuse('too-late', facts.tooLate);
}

function notExpired(asked: Question): Look {
  const { expiresAt } = asked.ask;
  if (!expiresAt) return goOn('never expires');
  const expiry = `expires ${expiresAt.toISOString()}`;
  if (!(asked.now < expiresAt)) return refuse('expired', `expired ${expiresAt.toISOString()}`);
  const { quietUntil: quiet, pausedUntil: paused } = asked;
  // Waiting would only lead to this same no.
  if (quiet && quiet >= expiresAt) return refuse('expired', `${expiry}, before the quiet hours end`);
  if (paused && paused >= expiresAt) return refuse('expired', `${expiry}, before the person's pause ends`);
  return goOn(expiry);
}

function underCap(customer: CustomerFacts, { ask, now, policy, rules }: Question): Look {
  const { capGroup } = rules;
  if (capGroup === null) return goOn('not counted');
  const { max, withinMs } = policy.caps[capGroup];
  const since = now.getTime() - withinMs;
  const others = customer.sends.filter((send) => send.group === capGroup && send.id !== ask.message);
  const count = others.filter((send) => !(send.at.getTime() <= since)).length;
  const saw = `${count} of ${max} in the window`;
  return count < max ? goOn(saw) : refuse('capped', saw);
}

function validTemplate({ facts }: Question): Look {
  if (facts.contentProblem === undefined) return refuse('invalid-template', UNREAD);
  return facts.contentProblem === null
    ? goOn('a template')
    : refuse('invalid-template', facts.contentProblem);
}

function allowed({ facts }: Question): Look {
  if (facts.allowed === undefined) return refuse('not-allowed', UNREAD);
  return facts.allowed ? goOn('LAGOM_SEND allows it') : refuse('not-allowed', 'LAGOM_SEND does not allow it');
}

/**
 * The stop button holds everything but a legal duty: a recall is stopped by its own campaign, or not at all. A person's
 * own pause holds marketing until it ends: it is no no, and lifts none.
 */
function notPaused({ facts, now, legalDuty, pausedUntil }: Question): Look {
  if (legalDuty) return goOn('a legal duty is not paused');
  if (facts.paused === undefined) return hold('paused', new Date(now.getTime() + LOOK_AGAIN_MS), UNREAD);
  if (facts.paused) return hold('paused', facts.paused, 'the stop button is pressed');
  return pausedUntil
    ? hold('paused', pausedUntil, `the person paused marketing until ${pausedUntil.toISOString()}`)
    : goOn('not paused');
}

function notQuiet(asked: Question): Look {
  const until = asked.quietUntil;
  return until
    ? hold('quiet-hours', until, `quiet until ${until.toISOString()}`)
    : goOn(
        asked.rules.quietHours && DISTURBING.includes(asked.ask.channel) ? 'outside quiet hours' : 'any hour',
      );
}

function said({ state, entry, foreign }: Standing, { day }: Question): string {
  if (!entry) return state;
  const where = entry.channel === 'all' ? 'all channels' : entry.channel;
  const who = foreign ? ' by another customer with this address' : '';
  return `${state} ${entry.purpose} on ${where}${who}, ${day(entry.at)}`;
}
