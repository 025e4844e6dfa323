import type { Booking } from './booking.types.js';
import type { Purchase } from './purchase.store.js';

/**
 * What a person's bookings and purchases come to, kept on the customer so that one query finds people by it. Always
 * worked out anew from what it is derived from, never counted up: whatever breaks off in between, the next time is right.
 */
export interface Dealings {
  /** Completed bookings. */
  visits: number;
  lastVisitAt: Date | null;
  /** Starts of confirmed bookings that lay ahead when this was worked out, the next first. */
  upcoming: Date[];
  /** Of completed bookings. */
  services: { service: string; visits: number; lastAt: Date }[];
  /** Of the confirmed bookings that lie ahead. */
  booked: { service: string; at: Date }[];
  purchases: number;
  lastPurchaseAt: Date | null;
  items: { id: string; lastAt: Date }[];
}

export const NO_DEALINGS: Dealings = {
  visits: 0,
  lastVisitAt: null,
  upcoming: [],
  services: [],
  booked: [],
  purchases: 0,
  lastPurchaseAt: null,
  items: [],
};

/** More than this of one kind a person is not found by; the latest (of what lies ahead, the next) are kept. */
const MOST = { ahead: 50, services: 200, items: 500 } as const;

/** Bookings of one person, in any order. */
export function bookedDealings(
  bookings: readonly Booking[],
  now: Date,
): Pick<Dealings, 'visits' | 'lastVisitAt' | 'upcoming' | 'services' | 'booked'> {
  const done = bookings.filter(({ status }) => status === 'completed');
  const ahead = bookings
    .flatMap(({ status, startsAt, service }) =>
      status === 'confirmed' && startsAt !== null && startsAt > now ? [{ service, at: startsAt }] : [],
    )
    .sort((a, b) => a.at.getTime() - b.at.getTime() || compare(a.service ?? '', b.service ?? ''))
    .slice(0, MOST.ahead);
  const services = new Map<string, { visits: number; lastAt: Date }>();
  for (const booking of done) {
    if (booking.service === null) continue;
    const known = services.get(booking.service);
    const at = visitedAt(booking);
    services.set(booking.service, {
      visits: (known?.visits ?? 0) + 1,
      lastAt: known && known.lastAt > at ? known.lastAt : at,
    });
  }
  return {
    visits: done.length,
    lastVisitAt: latest(done.map(visitedAt)),
    upcoming: ahead.map(({ at }) => at),
    services: [...services]
      .map(([service, { visits, lastAt }]) => ({ service, visits, lastAt }))
      .sort((a, b) => b.lastAt.getTime() - a.lastAt.getTime() || compare(a.service, b.service))
      .slice(0, MOST.services),
    booked: ahead.flatMap(({ service, at }) => (service === null ? [] : [{ service, at }])),
  };
}

/** Purchases of one person, in any order. */
export function boughtDealings(
  purchases: readonly Purchase[],
): Pick<Dealings, 'purchases' | 'lastPurchaseAt' | 'items'> {
  const items = new Map<string, Date>();
  for (const { items: bought, at } of purchases) {
    for (const { id } of bought) {
      const known = items.get(id);
      if (known === undefined || known < at) items.set(id, at);
    }
  }
  return {
    purchases: purchases.length,
    lastPurchaseAt: latest(purchases.map(({ at }) => at)),
    items: [...items]
      .map(([id, lastAt]) => ({ id, lastAt }))
      .sort((a, b) => b.lastAt.getTime() - a.lastAt.getTime() || compare(a.id, b.id))
      .slice(0, MOST.items),
  };
}

/** Whether both say the same. */
export function sameDealings(one: Dealings, other: Dealings): boolean {
  return JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));
}

const ordered = (dealings: Dealings): unknown[] =>
  (Object.keys(NO_DEALINGS) as (keyof Dealings)[]).map((key) => dealings[key]);

const visitedAt = ({ startsAt, endsAt, gen }: Booking): Date => startsAt ?? endsAt ?? gen.time;

const latest = (times: readonly Date[]): Date | null =>
  times.reduce<Date | null>((last, at) => (last === null || at > last ? at : last), null);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
