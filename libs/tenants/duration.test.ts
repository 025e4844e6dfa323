import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatDuration,
  formatTiming,
  parseDuration,
  parseHours,
  parseMonths,
  parseTiming,
  type Timing,
} from './duration.js';

const H = 3_600_000;

describe('parseDuration', () => {
  it.each([
    ['0s', 0],
    ['5s', 5_000],
    ['10 min', 600_000],
    ['1h', H],
    ['72h', 72 * H],
    ['3d', 72 * H],
    ['7 days', 168 * H],
    [' 1 day ', 24 * H],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '5', 'h', '-1h', '1.5h', '1h30m', '1 fortnight', '5S', '367d', '9999999999s', '1  h', 'h1'])(
    'refuses "%s"',
    (text) => expect(parseDuration(text)).toBeNull(),
  );

  it('reads what formatDuration writes', () => {
    const seconds = fc.integer({ min: 0, max: 366 * 86_400 });
    fc.assert(fc.property(seconds, (s) => parseDuration(formatDuration(s * 1_000)) === s * 1_000));
  });

  it('writes the largest unit that fits', () => {
    expect([5_000, 90_000, 2 * H, 24 * H, 25 * H].map(formatDuration)).toEqual([
      '5s',
      '90s',
      '2h',
      '1d',
      '25h',
    ]);
  });
});

describe('parseTiming', () => {
  it.each<[string, Timing]>([
    ['24h', { kind: 'after', ms: 24 * H }],
    ['5s', { kind: 'after', ms: 5_000 }],
    ['2h before', { kind: 'before', ms: 2 * H }],
    ['2 days before', { kind: 'before', ms: 48 * H }],
    ['09:00 the day before', { kind: 'day-before', days: 1, time: '09:00' }],
    ['18:30 2 days before', { kind: 'day-before', days: 2, time: '18:30' }],
  ])('reads %s', (text, timing) => expect(parseTiming(text)).toEqual(timing));

  it.each(['', 'before', ' before', '24:00 the day before', '9:00 the day before', '09:60 the day before'])(
    'refuses "%s"',
    (text) => expect(parseTiming(text)).toBeNull(),
  );
  it.each([
    '09:00 0 days before',
    '09:00 31 days before',
    '09:00',
    'the day before',
    '2h after',
    '1h before before',
  ])('refuses "%s"', (text) => expect(parseTiming(text)).toBeNull());

  const timing: fc.Arbitrary<Timing> = fc.oneof(
    fc.record({
      kind: fc.constant('after' as const),
      ms: fc.integer({ min: 0, max: 9_000 }).map((s) => s * 1_000),
    }),
    fc.record({
      kind: fc.constant('before' as const),
      ms: fc.integer({ min: 1, max: 90 }).map((d) => d * 24 * H),
    }),
    fc.record({
      kind: fc.constant('day-before' as const),
      days: fc.integer({ min: 1, max: 30 }),
      time: fc.integer({ min: 0, max: 1_439 }).map((m) => new Date(m * 60_000).toISOString().slice(11, 16)),
    }),
  );
  it('reads what formatTiming writes', () => {
    fc.assert(
      fc.property(timing, (one) => {
        expect(parseTiming(formatTiming(one))).toEqual(one);
      }),
    );
  });

  it('takes any text without throwing', () => {
    fc.assert(
      fc.property(
        fc.string(),
        (text) => [parseTiming(text), parseHours(text), parseMonths(text)].length === 3,
      ),
    );
  });
});

describe('parseHours', () => {
  it.each([
    ['21:00-08:00', { from: '21:00', to: '08:00' }],
    ['08:00–20:00', { from: '08:00', to: '20:00' }],
    ['08:00 - 20:00', { from: '08:00', to: '20:00' }],
  ])('reads %s', (text, hours) => expect(parseHours(text)).toEqual(hours));
  it.each(['', '21-08', '21:00', '24:00-08:00', '08:00-08:00', '8:00-20:00'])('refuses "%s"', (text) =>
    expect(parseHours(text)).toBeNull(),
  );
});

describe('parseMonths', () => {
  it.each([
    ['36 months', 36],
    ['1 month', 1],
    ['3 years', 36],
  ])('reads %s', (text, months) => expect(parseMonths(text)).toBe(months));
  it.each(['0 months', '36', 'months', '36 days', '-1 month', '1000 months'])('refuses "%s"', (text) =>
    expect(parseMonths(text)).toBeNull(),
  );
});
