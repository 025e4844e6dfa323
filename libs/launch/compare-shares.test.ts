import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareShares } from './compare-shares.js';

/** Newcombe 1998, table II, method 10. */
const PUBLISHED: [number, number, number, number, number, number][] = [
  [56, 70, 48, 80, 0.0524, 0.3339],
  [9, 10, 3, 10, 0.1705, 0.809],
  [6, 7, 2, 7, 0.0582, 0.8062],
  [5, 56, 0, 29, -0.0381, 0.1926],
  [0, 10, 0, 20, -0.1611, 0.2775],
  [0, 10, 0, 10, -0.2775, 0.2775],
  [10, 10, 0, 20, 0.6791, 1],
  [10, 10, 0, 10, 0.6075, 1],
];

describe('the difference of two shares', () => {
  it.each(PUBLISHED)('of %i/%i and %i/%i lies where its author says', (a, m, b, n, low, high) => {
    const found = compareShares({ count: a, of: m }, { count: b, of: n });
    expect(found?.difference).toBeCloseTo(a / m - b / n, 10);
    expect(found?.low).toBeCloseTo(low, 4);
    expect(found?.high).toBeCloseTo(high, 4);
  });

  it('is none of nobody', () => {
    expect(compareShares({ count: 0, of: 0 }, { count: 1, of: 2 })).toBeNull();
  });

  it('is a number also where more are counted than there are', () => {
    const other = { count: 1, of: 9 };
    expect(compareShares({ count: 12, of: 10 }, other)).toEqual(compareShares({ count: 10, of: 10 }, other));
    expect(compareShares(other, { count: 12, of: 10 })?.low).toBeGreaterThanOrEqual(-1);
  });

  it('lies inside its interval, within -1 and 1, and turns with its sides', () => {
    const share = fc
      .integer({ min: 1, max: 100_000 })
      .chain((of) => fc.record({ count: fc.integer({ min: 0, max: of }), of: fc.constant(of) }));
    fc.assert(
      fc.property(share, share, (one, other) => {
        const [there, back] = [compareShares(one, other)!, compareShares(other, one)!];
        expect(there.low).toBeLessThanOrEqual(there.difference + 1e-12);
        expect(there.high).toBeGreaterThanOrEqual(there.difference - 1e-12);
        expect(there.low).toBeGreaterThanOrEqual(-1 - 1e-12);
        expect(there.high).toBeLessThanOrEqual(1 + 1e-12);
        expect(back.low).toBeCloseTo(-there.high, 10);
      }),
    );
  });
});
