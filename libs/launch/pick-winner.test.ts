import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TestShare } from '#campaigns/campaign.types';
import { pickWinner } from './pick-winner.js';

const rule = { by: 'clicks', least: 10 } as const;
const share = (variant: string, count: number, of: number): TestShare => ({ variant, count, of });

describe('a rule', () => {
  it('names the greatest share, not the greatest number, and says what it saw', () => {
    expect(pickWinner(rule, [share('A', 30, 200), share('B', 20, 100)])).toEqual({
      ...{ kind: 'winner', variant: 'B' },
      why: 'clicks: A 30 of 200 measured, B 20 of 100 measured',
    });
  });

  it.each<[string, TestShare[], string]>([
    ['too few', [share('A', 3, 9), share('B', 1, 500)], 'too few for 10 each: A 3 of 9 measured, B 1 of 500'],
    ['a tie', [share('A', 1, 30), share('B', 2, 60)], 'a tie in clicks: A 1 of 30 measured, B 2 of 60'],
    ['no clicks', [share('A', 0, 30), share('B', 0, 60)], 'a tie in clicks'],
    ['a tie of the best two', [share('A', 1, 30), share('B', 2, 30), share('C', 2, 30)], 'a tie'],
  ])('names nobody: %s', (_, shares, why) => {
    expect(pickWinner(rule, shares)).toEqual({ kind: 'none', why: expect.stringContaining(why) });
  });

  it('names nobody that another is above, whatever their order', () => {
    const shares = fc
      .array(
        fc
          .integer({ min: 10, max: 1_000 })
          .chain((of) => fc.record({ of: fc.constant(of), count: fc.integer({ min: 0, max: of }) })),
        { minLength: 2, maxLength: 4 },
      )
      .map((all) => all.map((one, index) => ({ variant: 'ABCD'.charAt(index), ...one })));
    fc.assert(
      fc.property(shares, (all) => {
        const picked = pickWinner(rule, all);
        const back = pickWinner(rule, [...all].reverse());
        expect(back.kind === 'winner' && back.variant).toBe(picked.kind === 'winner' && picked.variant);
        if (picked.kind !== 'winner') return;
        const best = all.find(({ variant }) => variant === picked.variant)!;
        for (const other of all.filter((one) => one !== best))
          expect(best.count * other.of).toBeGreaterThan(other.count * best.of);
      }),
    );
  });
});
