import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isDate, isMinorOn } from './age.js';

describe('who is under 18', () => {
  it.each<[string, string, boolean]>([
    ['2010-05-17', '2028-05-16', true],
    ['2010-05-17', '2028-05-17', false],
    ['2008-02-29', '2026-02-28', true],
    ['2008-02-29', '2026-03-01', false],
    ['2008-12-31', '2026-12-30', true],
    ['1980-05-17', '2026-05-17', false],
  ])('born %s, on %s: %s', (born, day, minor) => {
    expect(isMinorOn(born, day)).toBe(minor);
  });

  it('a birth date that is none makes nobody a minor here: the gate refuses it by itself', () => {
    expect(isMinorOn('2010-13-01', '2026-01-01')).toBe(false);
  });
});

it('a day of the calendar is one that comes back as it was written', () => {
  const digits = (most: number, width: number) =>
    fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(width, '0'));
  const text = fc.oneof(
    fc.tuple(digits(2_100, 4), digits(13, 2), digits(32, 2)).map((parts) => parts.join('-')),
    fc.constantFrom(
      '',
      '2026-2-3',
      '2026-02-29',
      '2024-02-29',
      '1900-02-29',
      '2000-02-29',
      '2026-06-31',
      '20260101',
    ),
  );
  fc.assert(
    fc.property(text, (one) => {
      const at = new Date(`${one}T00:00:00Z`);
      const isReal =
        /^\d{4}-\d\d-\d\d$/.test(one) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(one);
      expect([one, isDate(one)]).toEqual([one, isReal]);
    }),
  );
});
