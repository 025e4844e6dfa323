import type { StartedBookingPart } from '#events/event';
import { taken } from './apply-customer.js';
import { bookingKey, type Booking, type BookingStatus } from './booking.types.js';
import { isSame, isStale, type Generation } from '#events/generation';

export interface BookingHeard {
  tenant: string;
  customer: string;
  part: StartedBookingPart;
  status: BookingStatus;
  gen: Generation;
  cart: string | null | undefined;
  cancelReason?: string | null | undefined;
  previousStartsAt?: Date | null | undefined;
}

/** The booking after an event, or `stale` where a newer generation is known (PROTOCOL D2). */
export function applyBooking(
  known: Booking | null,
  heard: BookingHeard,
  now: Date,
): { kind: 'stale' } | { kind: 'applied'; after: Booking } {
  const { tenant, customer, part, status, gen } = heard;
  if (isStale(gen, known?.gen ?? null)) return { kind: 'stale' };
  // The very event once more, not another of its rank.
  const again = isSame(gen, known?.gen ?? null) && known?.status === status;
  const startsAt = taken(part.startsAt, known?.startsAt ?? null);
  const moved = known?.startsAt && startsAt && known.startsAt.getTime() !== startsAt.getTime();
  return {
    kind: 'applied',
    after: {
      _id: bookingKey(tenant, part.id),
      tenant,
      booking: part.id,
      customer,
      rev: known?.rev ?? '',
      gen,
      status,
      service: taken(part.service, known?.service ?? null),
      startsAt,
      endsAt: taken(part.endsAt, moved && part.endsAt === undefined ? null : (known?.endsAt ?? null)),
      timeZone: taken(part.timeZone, known?.timeZone ?? null),
      location: taken(part.location, known?.location ?? null),
      practitioner: taken(part.practitioner, known?.practitioner ?? null),
      price: taken(part.price, known?.price ?? null),
      url: taken(part.url, known?.url ?? null),
      cart: taken(heard.cart, known?.cart ?? null),
      previousStartsAt:
        heard.previousStartsAt ?? (moved ? known.startsAt : again ? known.previousStartsAt : null),
      cancelReason: heard.cancelReason ?? null,
      sequence: sequence(known, status, again),
      createdAt: known?.createdAt ?? now,
      updatedAt: again ? (known?.updatedAt ?? now) : now,
    },
  };
}

/** Starts at 0 with the first that a calendar hears of, then rises with each further change (RFC 5545, 3.8.7.4). */
function sequence(known: Booking | null, status: BookingStatus, again: boolean): number {
  if (known === null || known.status === 'started') return 0;
  return again || !(status === 'confirmed' || status === 'cancelled') ? known.sequence : known.sequence + 1;
}
