import { expect, it } from '@jest/globals';
import { dueAt, isOverdue } from './request.js';

it.each([
  ['2026-03-02T10:00:00Z', '2026-04-02T09:00:00.000Z', '2026-06-02T09:00:00.000Z'],
  ['2026-01-31T10:00:00Z', '2026-02-28T10:00:00.000Z', '2026-04-30T09:00:00.000Z'],
  ['2026-11-30T23:30:00Z', '2026-12-31T23:30:00.000Z', '2027-02-28T23:30:00.000Z'],
])(
  'what came at %s is due a month later by the calendar of Stockholm, three where it was extended',
  (came, one, three) => {
    const due = (extended: boolean) => dueAt(new Date(came), extended, 'Europe/Stockholm').toISOString();
    expect([due(false), due(true)]).toEqual([one, three]);
  },
);

it('is overdue only while it is open', () => {
  const now = new Date('2026-03-02T10:00:00Z');
  const late = { dueAt: new Date(now.getTime() - 1) };
  expect(isOverdue({ status: 'open', ...late }, now)).toBe(true);
  expect(isOverdue({ status: 'open', dueAt: now }, now)).toBe(false);
  expect(isOverdue({ status: 'done', ...late }, now)).toBe(false);
});
