import { describe, expect, it } from '@jest/globals';
import { clocksDiffer, noteZone, saySpan, sayWhen, yearAt } from './local-time.js';

const reading = (locale: string, timeZone = 'Europe/Stockholm', zoneNote = '') => {
  return { locale, timeZone, thisYear: '2026', zoneNote };
};

describe('times in words', () => {
  it.each([
    ['sv', '2026-12-03T09:15:00Z', 'torsdag 3 december kl. 10.15'],
    ['en', '2026-12-03T09:15:00Z', 'Thursday 3 December at 10:15'],
    ['sv', '2026-12-02T23:00:00Z', 'torsdag 3 december kl. 00.00'],
    ['sv', '2027-01-07T08:05:00Z', 'torsdag 7 januari 2027 kl. 09.05'],
    // Both clock changes of 2026: the hour before and after.
    ['sv', '2026-03-29T00:59:00Z', 'söndag 29 mars kl. 01.59'],
    ['sv', '2026-03-29T01:00:00Z', 'söndag 29 mars kl. 03.00'],
    ['en', '2026-10-25T00:59:00Z', 'Sunday 25 October at 02:59'],
    ['en', '2026-10-25T01:00:00Z', 'Sunday 25 October at 02:00'],
  ])('%s: %s is %s', (locale, at, words) => {
    expect(sayWhen(new Date(at), reading(locale))).toBe(words);
  });

  it('says an end on the same day as a time, on another as a day', () => {
    const from = new Date('2026-12-03T09:15:00Z');
    expect(saySpan(from, new Date('2026-12-03T10:00:00Z'), reading('sv'))).toBe(
      'torsdag 3 december kl. 10.15–11.00',
    );
    expect(
      saySpan(from, new Date('2026-12-05T10:00:00Z'), reading('en', 'Europe/Istanbul', ' (Istanbul time)')),
    ).toBe('Thursday 3 December at 12:15 – Saturday 5 December at 13:00 (Istanbul time)');
  });

  it('takes the year from the calendar of the place', () => {
    expect(yearAt(new Date('2026-12-31T23:30:00Z'), 'Europe/Stockholm')).toBe('2027');
    expect(yearAt(new Date('2026-12-31T23:30:00Z'), 'Europe/London')).toBe('2026');
  });

  it('compares clocks, not names of zones', () => {
    const at = new Date('2026-12-03T09:15:00Z');
    expect(clocksDiffer(at, 'Europe/Stockholm', 'Europe/Oslo')).toBe(false);
    expect(clocksDiffer(at, 'Europe/Stockholm', 'Europe/London')).toBe(true);
    expect(clocksDiffer(at, 'Pacific/Kiritimati', 'Pacific/Honolulu')).toBe(true); // same time, another day
  });

  it.each([
    ['sv', 'Europe/Stockholm', ' (svensk tid)'],
    ['sv', 'Europe/Istanbul', ' (lokal tid i Istanbul)'],
    ['sv', 'Europe/Copenhagen', ' (lokal tid i Köpenhamn)'],
    ['en', 'America/Argentina/Buenos_Aires', ' (Buenos Aires time)'],
    ['en', 'Etc/GMT-3', ' (UTC+3)'],
    ['sv', 'UTC', ' (UTC)'],
  ])('%s: the clock of %s is%s', (locale, zone, words) => {
    expect(noteZone(locale, zone)).toBe(words);
  });
});
