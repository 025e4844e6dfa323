import { describe, expect, it } from '@jest/globals';
import { InboxTimes, span } from './inbox-times.js';

const now = new Date('2026-05-04T22:30:00Z');
const times = new InboxTimes('Europe/Stockholm', now);

describe('times of the inbox', () => {
  it.each([
    ['2026-05-04T22:10:00Z', 'Today, Tuesday 5 May'],
    ['2026-05-04T21:50:00Z', 'Yesterday, Monday 4 May'],
    ['2026-05-06T06:00:00Z', 'Tomorrow, Wednesday 6 May'],
    ['2026-05-08T06:00:00Z', 'Friday 8 May'],
    ['2027-01-08T06:00:00Z', 'Friday 8 January 2027'],
  ])('names the day of %s as the zone has it', (at, day) => {
    expect(times.day(new Date(at))).toBe(day);
  });

  it.each([
    [0, '0 seconds'],
    [1_000, '1 second'],
    [61_000, '1 minute 1 second'],
    [86_400_000, '1 day'],
    [2 * 86_400_000 + 3 * 3_600_000 + 59_000, '2 days 3 hours'],
  ])('says %d ms as %s', (ms, said) => {
    expect(span(ms)).toBe(said);
  });

  it('says when something is due, and instants inside a text', () => {
    expect(times.ahead(new Date(now.getTime() + 3_600_000))).toBe('in 1 hour');
    expect(times.ahead(now)).toBe('now');
    expect(times.said('expires 2026-05-06T07:00:00.000Z, then not')).toBe(
      'expires Wed 6 May 09:00, then not',
    );
  });
});
