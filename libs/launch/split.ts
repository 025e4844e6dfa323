import { hash } from 'node:crypto';
import type { Variant } from '#campaigns/campaign.types';

/** The part of a member who gets nothing, so that those who got something can be compared with them. */
export const HOLD_OUT = 'hold-out';

/** The part of a member who waits for the winner of the test. */
export const WAITS = 'winner';

/**
 * Which part of a campaign a customer is in: by hash, so that it is the same whenever it is asked. The hold-out is drawn
 * by a hash of its own, and so is who is in the test: a change of the variants' weights moves nobody in or out.
 */
export function partOf(
  campaign: string,
  customer: string,
  holdOut: number,
  variants: readonly Variant[],
  testShare = 100,
): string {
  // No draw where it decides nothing: this is asked of everybody.
  if (holdOut > 0 && draw(['hold-out', campaign, customer]) * 100 < holdOut) return HOLD_OUT;
  if (testShare < 100 && draw(['test', campaign, customer]) * 100 >= testShare) return WAITS;
  const [only, ...others] = variants;
  if (only !== undefined && others.length === 0) return only.name;
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  let left = draw(['variant', campaign, customer]) * total;
  for (const { name, weight } of variants) {
    left -= weight;
    if (left < 0) return name;
  }
  return variants.at(-1)?.name ?? HOLD_OUT;
}

/** From 0 to below 1. */
function draw(parts: readonly string[]): number {
  return hash('sha256', JSON.stringify(parts), 'buffer').readUIntBE(0, 6) / 2 ** 48;
}
