import { DateTime } from 'luxon';
import type { Policy } from '#purposes/policy';
import { type PurposeRules, RULES } from '#purposes/purposes';
import { isZone } from './hours.js';
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
  /** The person's time zone, the tenant's where theirs is unknown. */
  zone: string;
  /** What stands of the person's choices; of other people's noes too, where the purpose can be objected to. */
  stands: Standing | undefined;
  /** A date as the tenant's calendar has it, for the trace. */
  day: (at: Date) => string;
}

/** Gathers what the checks share. */
export function question(ask: Ask, facts: Facts, policy: Policy, now: Date): Question {
  const rules = RULES[ask.purpose];
  const { customer } = facts;
  // Nobody else's no takes a channel from a contract; only the person's own choice of channels counts there.
  const optOuts = rules.stoppedByChoice ? optOutsOnly(facts.suppressions ?? []) : [];
  const about = { customer: ask.customer, optOuts };
  return {
    ...{ ask, facts, policy, now, rules },
    legalDuty: rules.basis === 'legal-duty',
    zone: customer && isZone(customer.timeZone) ? customer.timeZone : policy.timeZone,
    stands: customer ? standing(customer.choices, ask.purpose, ask.channel, about) : undefined,
    day: (at) =>
      DateTime.fromJSDate(at, { zone: policy.timeZone }).toISODate() ?? at.toISOString().slice(0, 10),
  };
}
