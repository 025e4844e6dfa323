import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { indexKey } from './index-key.js';
import { KeyPages } from './key-pages.js';

// Few different beginnings, so that keys are the beginnings of others and pages have much in common.
const key = fc
  .array(fc.constantFrom('a', 'b', 'aaaa', '\u0000', '\u00ef', '\u00f0', '\u00ff', '\u8000', '\uffff'), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

/** The same as a sorted list, without any cleverness. */
class Model {
  readonly pairs = new Map<string, [string, number]>();

  sorted(): [string, number][] {
    return [...this.pairs.values()].sort(([one, n], [other, m]) =>
      one < other ? -1 : one > other ? 1 : n - m,
    );
  }
}

describe('pages of keys', () => {
  it('hold what a sorted list holds, while pairs come and go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, fc.nat(40), fc.boolean()), { maxLength: 400 }),
        fc.constantFrom(1, 7, 50),
        key,
        key,
        (steps, spread, one, other) => {
          const pages = new KeyPages();
          const model = new Model();
          // Each step several times, so that pages are parted and joined.
          for (let round = 0; round < spread; round += 1) {
            for (const [text, n, isThere] of steps) {
              const record = n + round * 41;
              if (isThere || round % 3 === 0) {
                pages.add(indexKey(text), record);
                model.pairs.set(`${text}\n${record}`, [text, record]);
              } else {
                pages.remove(indexKey(text), record - 41);
                model.pairs.delete(`${text}\n${record - 41}`);
              }
            }
          }
          const [low, high] = one < other ? [one, other] : [other, one];
          const wanted = model.sorted().filter(([text]) => text >= low && text < high);
          const records = wanted.map(([, record]) => record);
          expect([...pages.between(low, high, false)]).toEqual(records);
          expect([...pages.between(low, high, true)]).toEqual([...records].reverse());
          expect(pages.countUpTo(low, high, 1e9)).toBe(records.length);
          expect(pages.countUpTo(low, high, 3)).toBe(Math.min(3, records.length));
          const first = model.sorted().find(([text]) => text === one);
          expect(pages.get(indexKey(one))).toBe(first?.[1]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('take many in order, backwards and at random', () => {
    for (const step of [1, -1, 7919]) {
      const pages = new KeyPages();
      const count = 5_000;
      const nth = (n: number): number => (((n * step) % count) + count) % count;
      const keyOf = (n: number): string => `tenant/${String(n).padStart(6, '0')}`;
      for (let n = 0; n < count; n += 1) pages.add(indexKey(keyOf(nth(n))), nth(n));
      expect([...pages.between('', '\uffff', false)]).toEqual(Array.from({ length: count }, (_, n) => n));
      for (let n = 0; n < count; n += 1) if (n % 10 !== 3) pages.remove(indexKey(keyOf(nth(n))), nth(n));
      const left = Array.from({ length: count }, (_, n) => nth(n)).filter((_, n) => n % 10 === 3);
      expect([...pages.between('', '\uffff', false)]).toEqual(left.sort((one, other) => one - other));
    }
  });

  it.each([
    ['ascend', 1],
    ['descend', -1],
  ])('fill their pages with keys that %s in the gap behind a full page', (_name, step) => {
    const count = 10_000;
    for (const first of [127, 128, 256]) {
      const pages = new KeyPages();
      const keyOf = (tenant: string, n: number): string => `${tenant}/${String(n).padStart(6, '0')}`;
      for (let n = 0; n < first; n += 1) pages.add(indexKey(keyOf('a', n)), n);
      for (let n = 0; n < first; n += 1) pages.add(indexKey(keyOf('c', n)), n);
      for (let n = 0; n < count; n += 1)
        pages.add(indexKey(keyOf('b', step > 0 ? n : count - 1 - n)), first + n);
      expect(pages.size).toBeLessThan((3 * (count + 2 * first)) / 128);
      const found = [...pages.between('b', 'c', false)];
      expect(step > 0 ? found : found.reverse()).toEqual(Array.from({ length: count }, (_, n) => first + n));
    }
  });
});
