import { DateTime } from 'luxon';
import type { Booking } from '#customers/booking.types';
import type { Customer } from '#customers/customer.types';
import type { Purchase } from '#customers/purchase.store';

/**
 * Until when a person is kept: so many months after their last visit or purchase, or after they became known where there
 * was none. A visit that lies ahead counts: nobody is forgotten before it.
 */
export function keptUntil(
  { createdAt }: Pick<Customer, 'createdAt'>,
  { bookings, purchases }: { bookings: readonly Booking[]; purchases: readonly Purchase[] },
  months: number,
): { months: number; lastVisit: Date | null; until: Date } {
  const visits = bookings.flatMap(({ status, startsAt }) =>
    startsAt !== null && (status === 'confirmed' || status === 'completed') ? [startsAt] : [],
  );
  const all = [...visits, ...purchases.map(({ at }) => at)].map((at) => at.getTime());
  const lastVisit = all.length === 0 ? null : new Date(Math.max(...all));
  const from = lastVisit ?? createdAt;
  return { months, lastVisit, until: DateTime.fromJSDate(from, { zone: 'utc' }).plus({ months }).toJSDate() };
}
