import type { Booking } from '#customers/booking.types';
import type { Customer } from '#customers/customer.types';
import type { Changed } from '#customers/derive-dealings';
import type { PersonEvent } from './consider.js';

/** Whose dealings these events change; a booking that is only started is none yet, and one may change hands. */
export function changedBy(
  taken: readonly {
    item: { event: PersonEvent };
    customer: Customer;
    booking: Booking | null;
    bookingBefore: Booking | null;
  }[],
): Changed {
  return {
    bookings: taken.flatMap(({ booking, bookingBefore }) =>
      booking === null || (booking.status === 'started' && bookingBefore === null)
        ? []
        : [booking.customer, ...(bookingBefore === null ? [] : [bookingBefore.customer])],
    ),
    purchases: taken.flatMap(({ item: { event }, customer }) =>
      event.type === 'purchase.completed.v1' ? [customer.customer] : [],
    ),
  };
}
