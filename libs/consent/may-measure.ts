import type { Policy } from '#purposes/policy';
import { CHECKS } from './checks.js';
import type { CustomerFacts, Facts } from './facts.js';
import { question } from './question.js';

/** What the gate asks of measuring: it is no message, so nothing of times, caps, templates and senders. */
const ASKED: readonly string[] = [
  ...['known', 'not-erased', 'not-restricted', 'of-age', 'has-address'],
  ...['not-suppressed', 'not-objected', 'not-withdrawn', 'consented'],
];
const ASKED_CHECKS = CHECKS.filter(({ check }) => ASKED.includes(check));

/**
 * Whether it may be seen what this person opens of a mail to this address: with a `given` of `measurement` that stands, by
 * that very name. The gate's own checks, with its facts. Pure.
 */
export function mayMeasure(
  tenant: string,
  facts: { customer: CustomerFacts | null } & Pick<Facts, 'address' | 'suppressions'>,
  policy: Policy,
  now: Date,
): boolean {
  const { customer } = facts;
  // Most have not said so, and theirs is decided a hundred thousand times a campaign.
  if (!customer?.choices.some(({ purpose, state }) => purpose === 'measurement' && state === 'given'))
    return false;
  const ask = {
    ...{ tenant, customer: customer.id, message: '', ref: '', purpose: 'measurement' as const },
    ...{ channel: 'email' as const, startedMono: Number.NEGATIVE_INFINITY, expiresAt: null },
  };
  const rest = { hasSender: true, otherChannelUsable: false, duplicateOf: null, tooLate: null };
  const all: Facts = { ...facts, ...rest, contentProblem: null, allowed: true, paused: null };
  const asked = question(ask, all, policy, now);
  return ASKED_CHECKS.every(({ look }) => look(asked).stop === undefined);
}
