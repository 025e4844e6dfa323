import { describe, expect, it } from '@jest/globals';
import { isMinorOn } from './age.js';

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
