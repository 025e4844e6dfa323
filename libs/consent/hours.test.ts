import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { inServiceHours, isZone, latestServiceTime, quietUntil } from './hours.js';

const STOCKHOLM = 'Europe/Stockholm';
const night = { from: '21:00', to: '08:00' };
const at = (iso: string, zone = STOCKHOLM): Date => DateTime.fromISO(iso, { zone }).toJSDate();
const local = (date: Date | null, zone = STOCKHOLM): string | null =>
  date && DateTime.fromJSDate(date, { zone }).toISO({ suppressMilliseconds: true });

describe('quiet hours', () => {
  it.each([
    ['2026-10-05T20:59:59', null],
    ['2026-10-05T21:00', '2026-10-06T08:00:00+02:00'],
    ['2026-10-05T23:59', '2026-10-06T08:00:00+02:00'],
    ['2026-10-06T00:00', '2026-10-06T08:00:00+02:00'],
    ['2026-10-06T07:59:59', '2026-10-06T08:00:00+02:00'],
    ['2026-10-06T08:00', null],
    // The night that loses an hour, and the one that gains one.
    ['2026-03-28T22:00', '2026-03-29T08:00:00+02:00'],
    ['2026-03-29T04:00', '2026-03-29T08:00:00+02:00'],
    ['2026-10-24T22:00', '2026-10-25T08:00:00+01:00'],
    ['2026-10-25T02:30', '2026-10-25T08:00:00+01:00'],
    ['2026-12-31T23:00', '2027-01-01T08:00:00+01:00'],
  ])('at %s end %s', (now, until) => {
    expect(local(quietUntil(at(now), STOCKHOLM, night))).toBe(until);
  });
  it('within one day', () => {
    const lunch = { from: '12:00', to: '13:30' };
    expect(local(quietUntil(at('2026-10-05T12:00'), STOCKHOLM, lunch))).toBe('2026-10-05T13:30:00+02:00');
    expect(quietUntil(at('2026-10-05T13:30'), STOCKHOLM, lunch)).toBeNull();
    expect(quietUntil(at('2026-10-05T11:59'), STOCKHOLM, lunch)).toBeNull();
  });
  it('end at the jump where the clock jumps over their end', () => {
    const early = { from: '22:00', to: '02:30' };
    const until = quietUntil(at('2026-03-29T01:59'), STOCKHOLM, early);
    expect(local(until)).toBe('2026-03-29T03:00:00+02:00');
    expect(quietUntil(until!, STOCKHOLM, early)).toBeNull();
  });
  it('last through both hours where the clock repeats their end', () => {
    const early = { from: '22:00', to: '02:30' };
    for (const iso of ['2026-10-25T00:15:00Z', '2026-10-25T00:45:00Z', '2026-10-25T01:29:59Z']) {
      expect(quietUntil(new Date(iso), STOCKHOLM, early)).toEqual(new Date('2026-10-25T01:30:00Z'));
    }
  });
  it('begin the first time where the clock repeats their beginning', () => {
    const late = { from: '02:30', to: '05:00' };
    expect(quietUntil(new Date('2026-10-25T00:30:00Z'), STOCKHOLM, late)).not.toBeNull();
    expect(quietUntil(new Date('2026-10-25T00:29:59Z'), STOCKHOLM, late)).toBeNull();
  });
  it('begin at the jump where the clock jumps over their beginning', () => {
    const late = { from: '02:30', to: '05:00' };
    expect(quietUntil(new Date('2026-03-29T00:59:59Z'), STOCKHOLM, late)).toBeNull();
    expect(quietUntil(new Date('2026-03-29T01:00:00Z'), STOCKHOLM, late)).toEqual(
      new Date('2026-03-29T03:00:00Z'),
    );
  });
  it('end at midnight where the day begins late', () => {
    // Beirut goes from 00:00 to 01:00.
    const evening = { from: '20:00', to: '00:00' };
    const until = quietUntil(at('2026-03-28T22:00', 'Asia/Beirut'), 'Asia/Beirut', evening);
    expect(local(until, 'Asia/Beirut')).toBe('2026-03-29T01:00:00+03:00');
  });
  it('of no length are none', () => {
    expect(quietUntil(at('2026-10-05T08:00'), STOCKHOLM, { from: '08:00', to: '08:00' })).toBeNull();
  });
  it('refuse what is no zone or no time', () => {
    expect(() => quietUntil(new Date(0), 'Mars/Base', night)).toThrow('not a time zone');
    expect(() => quietUntil(new Date(0), STOCKHOLM, { from: '9', to: '25:00' })).toThrow('not a wall time');
  });

  const instant = fc.date({ min: new Date('2024-01-01'), max: new Date('2028-01-01'), noInvalidDate: true });
  const zone = fc.constantFrom(
    STOCKHOLM,
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Asia/Beirut',
    'UTC',
  );
  const time = fc
    .tuple(fc.nat(23), fc.nat(59))
    .map((two) => two.map((n) => String(n).padStart(2, '0')).join(':'));
  it('are all that the wall clock shows of them, and end outside', () => {
    fc.assert(
      fc.property(instant, zone, time, time, (now, where, from, to) => {
        fc.pre(from !== to);
        const shown = (date: Date): string => DateTime.fromJSDate(date, { zone: where }).toFormat('HH:mm');
        const clock = shown(now);
        const inside = from < to ? clock >= from && clock < to : clock >= from || clock < to;
        const until = quietUntil(now, where, { from, to });
        if (inside) expect(until).not.toBeNull();
        if (!until) return;
        expect(until.getTime()).toBeGreaterThan(now.getTime());
        expect(until.getTime() - now.getTime()).toBeLessThanOrEqual(25 * 3_600_000);
        expect(quietUntil(until, where, { from, to })).toBeNull();
      }),
      { numRuns: 300 },
    );
  });
  it('leave a service time that is within the hours and not later', () => {
    fc.assert(
      fc.property(instant, zone, time, time, (wanted, where, from, to) => {
        const hours = { from, to };
        const moved = latestServiceTime(wanted, where, hours);
        expect(moved.getTime()).toBeLessThanOrEqual(wanted.getTime());
        expect(inServiceHours(moved, where, hours)).toBe(true);
        if (inServiceHours(wanted, where, hours)) expect(moved).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });
});

describe('service hours', () => {
  const day = { from: '08:00', to: '20:00' };
  it.each([
    ['2026-10-05T08:00', '2026-10-05T08:00:00+02:00'],
    ['2026-10-05T20:00', '2026-10-05T20:00:00+02:00'],
    ['2026-10-05T20:01', '2026-10-05T20:00:00+02:00'],
    ['2026-10-05T07:59', '2026-10-04T20:00:00+02:00'],
    ['2026-10-05T00:00', '2026-10-04T20:00:00+02:00'],
    ['2026-10-25T07:00', '2026-10-24T20:00:00+02:00'],
    ['2026-03-29T07:00', '2026-03-28T20:00:00+01:00'],
  ])('move %s to %s', (wanted, moved) => {
    expect(local(latestServiceTime(at(wanted), STOCKHOLM, day))).toBe(moved);
  });
  it('may span midnight', () => {
    const bar = { from: '18:00', to: '02:00' };
    expect(local(latestServiceTime(at('2026-10-05T10:00'), STOCKHOLM, bar))).toBe(
      '2026-10-05T02:00:00+02:00',
    );
    expect(inServiceHours(at('2026-10-05T01:00'), STOCKHOLM, bar)).toBe(true);
    expect(inServiceHours(at('2026-10-05T17:59'), STOCKHOLM, bar)).toBe(false);
  });
  it('of no length are all day', () => {
    const always = { from: '00:00', to: '00:00' };
    expect(latestServiceTime(at('2026-10-05T03:00'), STOCKHOLM, always)).toEqual(at('2026-10-05T03:00'));
  });
});

it('knows a zone', () => {
  expect([STOCKHOLM, 'UTC', 'Mars/Base', '', 'local', null].map(isZone)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
