import { describe, expect, it } from '@jest/globals';
import { applyBooking, type BookingHeard } from './apply-booking.js';
import type { Booking } from './booking.types.js';

const now = new Date('2026-05-04T07:00:00Z');
const hour = (n: number): Date => new Date(now.getTime() + n * 3_600_000);

function heard(version: number | null, changes: Partial<BookingHeard> = {}, part: object = {}): BookingHeard {
  return {
    tenant: 'clinic',
    customer: 'anna',
    status: 'confirmed',
    gen: { version, time: hour(version ?? 0), event: `e${version}` },
    cart: undefined,
    part: { id: 'b1', service: 'Massage', startsAt: hour(24), ...part },
    ...changes,
  };
}
function after(known: Booking | null, event: BookingHeard): Booking {
  const applied = applyBooking(known, event, now);
  if (applied.kind !== 'applied') throw new Error('stale');
  return applied.after;
}
const story = (...events: BookingHeard[]): Booking =>
  events.reduce<Booking | null>((known, event) => after(known, event), null)!;

describe('the sequence that calendars are told', () => {
  it('rises with each change and cancellation, from 0', () => {
    const first = heard(1);
    expect(story(first).sequence).toBe(0);
    expect(story(first, heard(2, {}, { startsAt: hour(30) })).sequence).toBe(1);
    expect(story(first, heard(2), heard(3, { status: 'cancelled' })).sequence).toBe(2);
    expect(story(heard(0, { status: 'started' }), first).sequence).toBe(0);
    expect(story(first, heard(2, { status: 'completed' })).sequence).toBe(0);
  });

  it('stays where the very same event is heard again', () => {
    expect(story(heard(1), heard(2), heard(2)).sequence).toBe(1);
  });

  it('rises for a cancellation that does not count on its version', () => {
    expect(story(heard(1), heard(1, { status: 'cancelled' })).sequence).toBe(1);
  });
});

describe('facts of a booking', () => {
  it('absent stay and null clears; an end without a start that moved with it is not kept', () => {
    const first = heard(1, { cart: 'c1' }, { endsAt: hour(25), location: 'Storgatan 1' });
    expect(story(first, heard(2, {}, { location: null }))).toMatchObject({
      endsAt: hour(25),
      location: null,
      cart: 'c1',
      createdAt: now,
    });
    expect(story(first, heard(2, {}, { startsAt: hour(48) })).endsAt).toBeNull();
  });

  it('tell where it was before it moved, for that move only', () => {
    const moved = story(heard(1), heard(2, {}, { startsAt: hour(30) }));
    expect(moved.previousStartsAt).toEqual(hour(24));
    expect(after(moved, heard(2, {}, { startsAt: hour(30) })).previousStartsAt).toEqual(hour(24));
    expect(after(moved, heard(3, {}, { startsAt: hour(24) })).previousStartsAt).toEqual(hour(30));
    expect(
      after(moved, heard(3, {}, { startsAt: hour(30), location: 'Torget 2' })).previousStartsAt,
    ).toBeNull();
    expect(after(null, heard(2, { previousStartsAt: hour(20) })).previousStartsAt).toEqual(hour(20));
  });

  it('an older event changes nothing', () => {
    expect(applyBooking(story(heard(2)), heard(1), now)).toEqual({ kind: 'stale' });
    expect(
      applyBooking(
        story(heard(1)),
        heard(9, { status: 'started', gen: { version: 9, time: hour(9), event: 'x', started: true } }),
        now,
      ),
    ).toEqual({ kind: 'stale' });
  });
});
