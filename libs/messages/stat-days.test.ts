import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { statDays } from './stat-days.js';

const HOUR = 3_600_000;
const hours = ({ from, to }: { from: Date; to: Date }): number => (to.getTime() - from.getTime()) / HOUR;

describe('the days of statistics', () => {
  it('are those of the zone: 23 and 25 hours where its clocks change', () => {
    const spring = statDays(
      new Date('2026-03-27T23:00:00Z'),
      new Date('2026-03-30T22:00:00Z'),
      'Europe/Stockholm',
    );
    expect(spring.map((one) => [one.day, hours(one)])).toEqual([
      ['2026-03-28', 24],
      ['2026-03-29', 23],
      ['2026-03-30', 24],
    ]);
    const autumn = statDays(
      new Date('2026-10-24T22:00:00Z'),
      new Date('2026-10-25T23:00:00Z'),
      'Europe/Stockholm',
    );
    expect(autumn.map((one) => [one.day, hours(one)])).toEqual([['2026-10-25', 25]]);
  });

  it('fill the time without a gap or an overlap, wherever it begins and ends', () => {
    const zones = fc.constantFrom(
      'Europe/Stockholm',
      'America/New_York',
      'Asia/Kathmandu',
      'UTC',
      'Pacific/Apia',
    );
    const from = fc.date({ min: new Date('2025-01-01'), max: new Date('2027-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(zones, from, fc.integer({ min: 1, max: 60 * 24 * 60 }), (zone, start, minutes) => {
        const end = new Date(start.getTime() + minutes * 60_000);
        const days = statDays(start, end, zone);
        expect(days[0]?.from).toEqual(start);
        expect(days.at(-1)?.to).toEqual(end);
        days.slice(1).forEach((one, index) => expect(one.from).toEqual(days[index]!.to));
        expect(new Set(days.map(({ day }) => day)).size).toBe(days.length);
      }),
    );
  });
});
