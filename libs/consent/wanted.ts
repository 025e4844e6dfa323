import { ADDRESS_KIND, type Channel } from '#purposes/channel';
import type { Policy } from '#purposes/policy';
import type { Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import { isNo, standing } from './choices.js';
import type { CustomerFacts } from './facts.js';
import type { OptOut } from './suppression.js';

/** What is asked about: a person, their address on the channel (null: none), and what others said about it. */
export interface Wanting {
  customer: Pick<CustomerFacts, 'id' | 'choices' | 'softOptIns'>;
  address: string | null;
  optOuts: readonly OptOut[];
}

/**
 * Whether a purpose may come by a channel as far as the person's choices and their ground go: what a box in the preference
 * centre says, and what an unsubscribe takes away. The gate's own answer has more to it (checks.ts, `consented`).
 */
export function isWanted(
  purpose: Purpose,
  channel: Channel,
  { customer, address, optOuts }: Wanting,
  policy: Pick<Policy, 'softOptIn' | 'legitimateInterest'>,
): boolean {
  const rules = RULES[purpose];
  // Nobody else's no takes a channel from a contract.
  const about = { customer: customer.id, optOuts: rules.stoppedByChoice ? optOuts : [] };
  const stands = standing(customer.choices, purpose, channel, about);
  if (isNo(stands)) return false;
  if (rules.needs === 'nothing' || stands.state === 'given') return true;
  if (rules.mayUseLegitimateInterest && policy.legitimateInterest[purpose]) return true;
  if (rules.needs !== 'soft-opt-in' || !policy.softOptIn) return false;
  const kind = ADDRESS_KIND[channel];
  return customer.softOptIns.some((met) => met.channel === kind && met.address === address);
}
