import { describe, expect, it } from '@jest/globals';
import type { InboxHeadline } from '#channels/inbox.store';
import type { Headline } from '#messages/headline';
import { joinEntries, matching, PAGE, pageOf } from './inbox-entries.js';

const at = (hour: number): Date => new Date(Date.UTC(2026, 4, 4, hour));

function row(id: string, changes: Partial<Headline> = {}): Headline {
  return {
    ...{ _id: id, tenant: 'clinic', customer: 'anna', status: 'accepted', reason: null },
    ...{ purpose: 'booking', channel: 'email', journey: 'reminder', booking: 'b-1', event: 'e-1' },
    ...{ dueAt: at(9), createdAt: at(7), history: [{ at: at(7) }] },
    ...changes,
  };
}
const captured = (message: string, hour: number, changes: Partial<InboxHeadline> = {}): InboxHeadline => ({
  ...{ id: `in-${message}-${hour}`, message, tenant: 'clinic', at: at(hour), channel: 'email' },
  ...{ purpose: 'booking', to: 'anna@example.se', subject: 'Din bokning' },
  ...changes,
});

describe('the list of the inbox', () => {
  it('joins the ledger and what was captured by time: due, sent, ended', () => {
    const entries = joinEntries(
      [
        row('sent'),
        row('due', { status: 'planned', dueAt: at(20) }),
        row('refused', {
          status: 'refused',
          reason: 'withdrawn',
          history: [{ at: at(7) }, { at: at(10), why: 'withdrawn' }],
        }),
      ],
      [captured('sent', 9), captured('orphan', 8)],
    );
    expect(entries.map(({ message, state, at: when }) => [message, state, when.getUTCHours()])).toEqual([
      ['due', 'planned', 20],
      ['refused', 'not-sent', 10],
      ['sent', 'sent', 9],
      ['orphan', 'sent', 8],
    ]);
    expect(entries[1]?.why).toBe('The person said no to messages of this kind.');
    expect(entries[2]).toMatchObject({ to: 'anna@example.se', line: 'Din bokning', why: '' });
  });

  it.each([
    ['cancelled', null, 'booking.cancelled.v1', 'The booking was cancelled.'],
    ['cancelled', null, 'something else', 'Called off: something else.'],
    ['failed', null, '400', 'The provider refused it for good: 400.'],
    ['expired', 'expired', 'expired', 'It was not worth saying any more.'],
    ['refused', 'too-late', 'the visit has begun', 'Its time had gone by.'],
    [
      'unknown',
      null,
      'timeout',
      'It may have been sent: nobody answered, and it is not tried again blindly.',
    ],
  ] as const)('says why what is %s (%s, %s) did not go', (status, reason, why, words) => {
    const [entry] = joinEntries([row('one', { status, reason, history: [{ at: at(8), why }] })], []);
    expect(entry).toMatchObject({ state: 'not-sent', why: words });
  });

  it('says of what waits why it waits', () => {
    const [held] = joinEntries([row('one', { status: 'planned', reason: 'quiet-hours' })], []);
    expect(held).toMatchObject({ state: 'planned' });
    expect(held?.why).toContain('waits for the morning');
  });

  it('shows the last try of what was tried again, and leaves out what was thrown away', () => {
    const entries = joinEntries(
      [row('twice'), row('emptied', { status: 'delivered' })],
      [captured('twice', 12), captured('twice', 9)],
    );
    expect(entries.map(({ message, at: when }) => [message, when.getUTCHours()])).toEqual([['twice', 12]]);
  });

  it('finds by name, address, booking, event and subject, at one tenant', () => {
    const entries = joinEntries(
      [row('mine'), row('theirs', { tenant: 'travel', customer: 'bo', booking: 'b-2', event: 'e-2' })],
      [
        captured('mine', 9),
        captured('theirs', 9, { tenant: 'travel', to: 'bo@example.se', subject: 'Resa' }),
      ],
    );
    const names = new Map([['clinic/anna', 'Anna Ek']]);
    const found = (find: string) => matching(entries, { find }, names).map(({ message }) => message);
    expect(found('anna ek')).toEqual(['mine']);
    expect(found('BO@')).toEqual(['theirs']);
    expect(found('b-2')).toEqual(['theirs']);
    expect(found('e-1')).toEqual(['mine']);
    expect(found('resa')).toEqual(['theirs']);
    expect(found('nobody')).toEqual([]);
    expect(matching(entries, { tenant: 'travel' }, null).map(({ message }) => message)).toEqual(['theirs']);
    expect(matching(entries, { to: 'bo@example' }, null)).toEqual([]);
  });

  it('pages the past, and puts what comes next above the first page only', () => {
    const rows = [
      ...Array.from({ length: PAGE + 5 }, (_, index) =>
        row(`past-${index}`, { status: 'refused', history: [{ at: new Date(at(6).getTime() + index) }] }),
      ),
      ...[23, 21, 22, 20].map((hour) => row(`due-${hour}`, { status: 'planned', dueAt: at(hour) })),
    ];
    const entries = joinEntries(rows, []);
    const first = pageOf(entries, undefined, 1);
    expect(first.ahead.map(({ message }) => message)).toEqual(['due-22', 'due-21', 'due-20']);
    expect(first).toMatchObject({ moreAhead: 1, page: 1, pages: 2 });
    expect(first.entries[0]?.message).toBe(`past-${PAGE + 4}`);
    const last = pageOf(entries, undefined, 99);
    expect(last).toMatchObject({ ahead: [], moreAhead: 0, page: 2 });
    expect(last.entries.map(({ message }) => message).at(-1)).toBe('past-0');
    // Alone, what is planned goes from the next on.
    expect(pageOf(entries, 'planned', 1).entries.map(({ message }) => message)).toEqual([
      ...['due-20', 'due-21', 'due-22', 'due-23'],
    ]);
    expect(pageOf(entries, 'sent', 1).entries).toEqual([]);
  });
});
