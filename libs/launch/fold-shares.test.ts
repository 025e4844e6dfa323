import { expect, it } from '@jest/globals';
import type { RowGroup } from '#messages/campaign-rows';
import { foldShares } from './fold-shares.js';
import { pickWinner } from './pick-winner.js';

const group = (facts: Partial<RowGroup>): RowGroup => ({
  ...{ status: 'accepted', reason: null, variant: 'A', locale: 'sv', count: 0, unsubscribed: 0, measured: 0 },
  last: null,
  ...facts,
});
const clicks = (variant: string, byPerson: number) => {
  const times = { people: 0, machines: 0, firstAt: null, lastAt: null };
  const nobody = { byPerson: 0, byMachine: 0 };
  const clicked = { byPerson, byMachine: 9 };
  return { variant, locale: 'sv', opened: nobody, clicked, opens: times, links: [] };
};
const VARIANTS = [{ name: 'A' }, { name: 'B' }];
const GROUPS = [
  // Of A the provider answered nothing to half of them.
  group({ count: 20, measured: 20 }),
  group({ status: 'unknown', count: 20, measured: 20 }),
  group({ status: 'failed', count: 5, measured: 5 }),
  group({ variant: 'B', locale: 'sv', count: 30, measured: 30 }),
  group({ variant: 'B', locale: 'en', count: 10, measured: 10 }),
];

it('counts who clicks an unknown mail among those who might: else a variant wins by what its provider did not say', () => {
  const measures = [clicks('A', 8), clicks('B', 9)];
  const shares = foldShares(VARIANTS, 'clicks', GROUPS, { measures, booked: [] });
  expect(shares).toEqual([
    { variant: 'A', count: 8, of: 40 },
    { variant: 'B', count: 9, of: 40 },
  ]);
  expect(pickWinner({ by: 'clicks', least: 1 }, shares)).toMatchObject({ kind: 'winner', variant: 'B' });
});

it('counts who booked of those to whom it was surely sent', () => {
  const booked = [{ variant: 'A', locale: 'sv', afterMessage: 3, afterHour: 7 }];
  expect(foldShares(VARIANTS, 'bookings', GROUPS, { measures: [], booked })).toEqual([
    { variant: 'A', count: 3, of: 20 },
    { variant: 'B', count: 0, of: 40 },
  ]);
});

it('counts nobody who acted outside of those it is of', () => {
  const booked = [{ variant: 'A', locale: 'sv', afterMessage: 25, afterHour: 25 }];
  expect(foldShares(VARIANTS, 'bookings', GROUPS, { measures: [], booked })[0]).toEqual({
    ...{ variant: 'A', count: 25, of: 25 },
  });
});
