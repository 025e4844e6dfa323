import { describe, expect, it } from '@jest/globals';
import { aClinic } from '#channels/tenant.fixture';
import { hoursFor } from './how-long.js';
import { boundOn, dayIn, nextDay, rampedDomain, type RampedDomain } from './ramp.js';

const at = (text: string): Date => new Date(text);
const ramp = { from: '2026-12-01', days: [200, 500, 500, 1_000] };
const of: RampedDomain = { tenant: 't', domain: 'news.example.se', ramp, zone: 'Europe/Stockholm' };

describe('a ramp', () => {
  it.each([
    ['2026-11-30', 0],
    ['2026-12-01', 200],
    ['2026-12-02', 500],
    ['2026-12-04', 1_000],
    ['2026-12-05', null],
    ['2027-06-01', null],
  ])('lets of %s go %s', (day, bound) => expect(boundOn(ramp, day)).toBe(bound));

  it('counts days, not hours, over a change of the clocks', () => {
    const spring = { from: '2026-03-28', days: [1, 2, 3] };
    expect(['2026-03-28', '2026-03-29', '2026-03-30'].map((day) => boundOn(spring, day))).toEqual([1, 2, 3]);
    const here = { ...of, ramp: spring };
    expect(nextDay(here, at('2026-03-28T22:59:59Z'))).toEqual(at('2026-03-28T23:00:00Z'));
    expect(nextDay(here, at('2026-03-28T23:00:00Z'))).toEqual(at('2026-03-29T22:00:00Z'));
  });

  it('has the days of the tenant’s zone, and waits for its first', () => {
    expect(dayIn(of.zone, at('2026-11-30T22:59:59Z'))).toBe('2026-11-30');
    expect(dayIn(of.zone, at('2026-11-30T23:00:00Z'))).toBe('2026-12-01');
    expect(nextDay(of, at('2026-10-12T10:00:00Z'))).toEqual(at('2026-11-30T23:00:00Z'));
  });

  it('is of the domain that the purpose’s mails go from, in whatever case, and of no SMS', () => {
    const clinic = aClinic({}, { ramp: { 'news.wellnesskliniken.se': ramp } });
    clinic.senders.marketing.email!.from = 'Nyheter@News.Wellnesskliniken.SE';
    expect(rampedDomain(clinic, { channel: 'email', purpose: 'newsletter' })).toMatchObject({
      tenant: clinic.id,
      domain: 'news.wellnesskliniken.se',
      zone: 'Europe/Stockholm',
    });
    expect(rampedDomain(clinic, { channel: 'sms', purpose: 'newsletter' })).toBeNull();
    // A survey goes by the service stream.
    expect(rampedDomain(clinic, { channel: 'email', purpose: 'survey' })).toBeNull();
    expect(rampedDomain(undefined, { channel: 'email', purpose: 'newsletter' })).toBeNull();
  });
});

describe('how long it takes', () => {
  const noon = at('2026-12-01T11:00:00Z');
  const hours = (count: number, perHour: number | null, taken = 0, begin = noon): number | null =>
    hoursFor(count, begin, perHour === null ? null : { perHour }, { of, today: '2026-12-01', taken });

  it('is what the pace says where no domain is new', () => {
    expect(hoursFor(300, noon, { perHour: 100 }, null)).toBe(3);
    expect(hoursFor(300, noon, null, null)).toBeNull();
  });

  it('is nothing to tell of where it all goes today', () => expect(hours(200, null)).toBeNull());

  it('is up to the midnight at which the last part may go', () => {
    expect(hours(201, null)).toBe(12);
    expect(hours(200, null, 1)).toBe(12);
    expect(hours(1_200, null)).toBe(36);
    expect(hours(5_000, null)).toBe(84);
  });

  it('is the pace’s within each day’s number', () => {
    expect(hours(201, 100)).toBe(12.01);
    // Twelve hours at 10, then a day at 10, then the rest.
    expect(hours(400, 10)).toBe(40);
  });

  it('begins with the ramp where that has not begun', () =>
    expect(hours(100, null, 0, at('2026-11-30T11:00:00Z'))).toBe(12));
});
