import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generationKey, isSame, isStale, type Generation } from './generation.js';

const at = (ms: number): Date => new Date(1_780_000_000_000 + ms);
const gen = (changes: Partial<Generation> = {}): Generation => ({
  version: null,
  time: at(0),
  event: 'e1',
  ...changes,
});
const anyGeneration: fc.Arbitrary<Generation> = fc.record(
  {
    version: fc.option(fc.integer({ min: 0, max: 4 })),
    time: fc.integer({ min: 0, max: 4 }).map(at),
    event: fc.constantFrom('e1', 'e2', 'e3'),
    started: fc.constant(true),
  },
  { requiredKeys: ['version', 'time', 'event'] },
);

describe('which of two generations is the older', () => {
  it.each<[string, Partial<Generation>, Partial<Generation>, boolean]>([
    ['a lower version is', { version: 1 }, { version: 2 }, true],
    ['a higher one is not, however old', { version: 2, time: at(-9) }, { version: 1, time: at(9) }, false],
    ['without a version on either side, time decides', { version: 9, time: at(0) }, { time: at(1) }, true],
    ['the same the other way round', { time: at(0) }, { version: 9, time: at(1) }, true],
    ['an equal version is taken: the later heard wins', { version: 1 }, { version: 1 }, false],
    ['an equal time too', {}, { event: 'e2' }, false],
    ['a start never outranks', { started: true, version: 9, time: at(9) }, { version: 1 }, true],
    [
      'nor is anything stale against a start',
      { version: 1 },
      { started: true, version: 9, time: at(9) },
      false,
    ],
    ['starts compare among themselves', { started: true, time: at(0) }, { started: true, time: at(1) }, true],
  ])('%s', (_, heard, known, stale) => {
    expect(isStale(gen(heard), gen(known))).toBe(stale);
  });

  it('is never both, and nothing is stale against itself or against nothing', () => {
    fc.assert(
      fc.property(anyGeneration, anyGeneration, (a, b) => {
        expect(isStale(a, b) && isStale(b, a)).toBe(false);
        expect(isStale(a, a)).toBe(false);
        expect(isStale(a, null)).toBe(false);
        if (isSame(a, b)) expect(isStale(a, b) || isStale(b, a)).toBe(false);
      }),
    );
  });

  it('among versions alone, and among times alone, is an order', () => {
    for (const version of [true, false]) {
      const one = anyGeneration.map((g) => ({ ...g, version: version ? (g.version ?? 0) : null }));
      fc.assert(
        fc.property(one, one, one, (a, b, c) => {
          if (isStale(a, b) && isStale(b, c)) expect(isStale(a, c)).toBe(true);
        }),
      );
    }
  });
});

describe('the same generation', () => {
  it('is the same version, whoever told it; without one the same event', () => {
    expect(isSame(gen({ version: 1 }), gen({ version: 1, event: 'e2', time: at(5) }))).toBe(true);
    expect(isSame(gen(), gen({ event: 'e2' }))).toBe(false);
    expect(isSame(gen(), gen())).toBe(true);
    expect(isSame(gen({ started: true }), gen())).toBe(false);
    expect(isSame(gen(), null)).toBe(false);
  });

  it('is written into row ids by the version alone', () => {
    expect(generationKey(gen({ version: 3 }))).toBe('v3');
    expect(generationKey(gen())).toBe(`${at(0).toISOString()}~e1`);
  });
});
