import type { Policy } from '#purposes/policy';
import { DISTURBING, type PurposeRules, RULES } from '#purposes/purposes';
import { isZone, localDate, quietUntil } from './hours.js';
import { standing, type Standing } from './choices.js';
import type { Ask, Facts } from './facts.js';
import { optOutsOnly } from './suppression.js';

/** All that a check of the gate may look at. */
export interface Question {
  ask: Ask;
  facts: Facts;
  policy: Policy;
  now: Date;
  rules: PurposeRules;
  legalDuty: boolean;
  /** The person's time zone, the tenant's where it is unknown. */
  zone: string;
  /** When the quiet hours end that hold this message, or null: in the person's zone, the tenant's where it is unknown. */
  quietUntil: Date | null;
  /** When the pause of marketing ends that the person asked for, or null: there is none. */
  pausedUntil: Date | null;
  /** What stands of the person's choices; of other people's noes too, where the purpose can be objected to. */
  stands: Standing | undefined;
  /** A date as the tenant's calendar has it, for the trace. */
  day: (at: Date) => string;
}

/**
 * Gathers what the checks share.
 *
 * @param day says dates in the trace; the tenant's calendar where it is absent
 */
export function question(
  ask: Ask,
  facts: Facts,
  policy: Policy,
  now: Date,
  day: Question['day'] = (at) => localDate(at, policy.timeZone),
): Question {
  const rules = RULES[ask.purpose];
  const { customer } = facts;
  // Nobody else's no takes a channel from a contract; only the person's own choice of channels counts there.
  const optOuts = rules.stoppedByChoice ? optOutsOnly(facts.suppressions ?? []) : [];
  const about = { customer: ask.customer, optOuts };
  const zone = customer && isZone(customer.timeZone) ? customer.timeZone : policy.timeZone;
  const paused = rules.stream === 'marketing' ? (customer?.marketingPausedUntil ?? null) : null;
  const disturbs = rules.quietHours && DISTURBING.includes(ask.channel);
  return {
    ask,
    facts,
    policy,
    now,
    rules,
    legalDuty: rules.basis === 'legal-duty',
    zone,
    quietUntil: disturbs ? quietUntil(now, zone, policy.quietHours) : null,
    pausedUntil: paused !== null && paused > now ? paused : null,
    stands: customer ? standing(customer.choices, ask.purpose, ask.channel, about) : undefined,
    day,
  };
}
