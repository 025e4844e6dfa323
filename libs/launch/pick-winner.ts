import type { TestShare, WinnerRule } from '#campaigns/campaign.types';

export type Picked = { kind: 'winner'; variant: string; why: string } | { kind: 'none'; why: string };

const OF: Record<WinnerRule['by'], string> = { clicks: 'measured', bookings: 'sent' };

/**
 * Which variant a rule names: the one with the greatest share. None where one has too few people, or where the greatest is
 * shared: a lot is no winner. Pure, and exact: shares are compared as fractions.
 */
export function pickWinner(
  { by, least }: Pick<WinnerRule, 'by' | 'least'>,
  shares: readonly TestShare[],
): Picked {
  const said = shares.map(({ variant, count, of }) => `${variant} ${count} of ${of} ${OF[by]}`).join(', ');
  if (shares.some(({ of }) => of < least)) return { kind: 'none', why: `too few for ${least} each: ${said}` };
  const ranked = [...shares].sort(compare);
  const [best, next] = ranked;
  if (best === undefined) return { kind: 'none', why: 'there are no variants' };
  if (next !== undefined && compare(best, next) === 0)
    return { kind: 'none', why: `a tie in ${by}: ${said}` };
  return { kind: 'winner', variant: best.variant, why: `${by}: ${said}` };
}

/** The greater share first. */
const compare = (one: TestShare, other: TestShare): number => other.count * one.of - one.count * other.of;
