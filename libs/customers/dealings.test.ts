import { describe, expect, it } from '@jest/globals';
import type { Booking, BookingStatus } from './booking.types.js';
import { bookedDealings, boughtDealings } from './dealings.js';
import type { Purchase } from './purchase.store.js';

const NOW = new Date('2026-05-04T07:00:00Z');
const hour = (n: number): Date => new Date(NOW.getTime() + n * 3_600_000);

const booking = (status: BookingStatus, startsAt: Date | null, service: string | null = 'Massage'): Booking =>
  ({ status, startsAt, service, endsAt: null, gen: { version: 1, time: hour(-99), event: 'e' } }) as Booking;
const purchase = (at: Date, ...ids: string[]): Purchase =>
  ({ at, items: ids.map((id) => ({ id, name: id, batch: null, quantity: 1 })) }) as Purchase;

describe("what a person's bookings come to", () => {
  it('counts visits that took place, the last of each service', () => {
    const all = [
      booking('completed', hour(-50)),
      booking('completed', hour(-10)),
      booking('completed', hour(-20), 'Ansiktsbehandling'),
      booking('no-show', hour(-5)),
      booking('cancelled', hour(-4)),
      booking('confirmed', hour(-3)),
    ];
    expect(bookedDealings(all, NOW)).toEqual({
      visits: 3,
      lastVisitAt: hour(-10),
      upcoming: [],
      services: [
        { service: 'Massage', visits: 2, lastAt: hour(-10) },
        { service: 'Ansiktsbehandling', visits: 1, lastAt: hour(-20) },
      ],
      booked: [],
    });
  });

  it('lists what is booked, the next first; a start is no booking', () => {
    const all = [
      booking('confirmed', hour(48), 'Ansiktsbehandling'),
      booking('confirmed', hour(24)),
      booking('started', hour(12)),
      booking('confirmed', null),
    ];
    expect(bookedDealings(all, NOW)).toMatchObject({
      visits: 0,
      lastVisitAt: null,
      upcoming: [hour(24), hour(48)],
      booked: [
        { service: 'Massage', at: hour(24) },
        { service: 'Ansiktsbehandling', at: hour(48) },
      ],
    });
  });

  it('takes the time that the booking system told where a visit has no start', () => {
    expect(bookedDealings([booking('completed', null, null)], NOW)).toMatchObject({
      visits: 1,
      lastVisitAt: hour(-99),
      services: [],
    });
  });

  it('keeps bounds: nobody has more than fifty times ahead', () => {
    const all = Array.from({ length: 60 }, (_, n) => booking('confirmed', hour(60 - n)));
    const { upcoming } = bookedDealings(all, NOW);
    expect(upcoming).toHaveLength(50);
    expect(upcoming[0]).toEqual(hour(1));
  });
});

it('says what was bought, each thing with its last time', () => {
  expect(boughtDealings([purchase(hour(-9), 'a', 'b'), purchase(hour(-2), 'a')])).toEqual({
    purchases: 2,
    lastPurchaseAt: hour(-2),
    items: [
      { id: 'a', lastAt: hour(-2) },
      { id: 'b', lastAt: hour(-9) },
    ],
  });
});
