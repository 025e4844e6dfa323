import type { TestShare, WinnerRule } from '#campaigns/campaign.types';
import type { MeasureTotals } from '#campaigns/sum-measures';
import type { RowGroup } from '#messages/campaign-rows';
import { measuredOf, SENT, type BookedGroup } from './fold-report.js';

/**
 * What each variant came to: people who clicked of those who are measured, or people who booked of those to whom it was
 * sent. Nobody who waits for the winner has had anything yet: what is sent is the test. Pure.
 */
export function foldShares(
  variants: readonly { name: string }[],
  by: WinnerRule['by'],
  groups: readonly RowGroup[],
  { measures, booked }: { measures: readonly MeasureTotals[]; booked: readonly BookedGroup[] },
): TestShare[] {
  const shares = variants.map(({ name }) => {
    const own = <One extends { variant: string | null }>(all: readonly One[]): One[] =>
      all.filter(({ variant }) => variant === name);
    return by === 'clicks'
      ? {
          variant: name,
          count: own(measures).reduce((sum, { clicked }) => sum + clicked.byPerson, 0),
          of: measuredOf(own(groups)),
        }
      : {
          variant: name,
          count: own(booked).reduce((sum, { afterMessage }) => sum + afterMessage, 0),
          of: own(groups).reduce((sum, { status, count }) => sum + (SENT.includes(status) ? count : 0), 0),
        };
  });
  // Who clicked or booked is one of those it is of, also where their row has moved since.
  return shares.map(({ variant, count, of }) => ({ variant, count, of: Math.max(count, of) }));
}
