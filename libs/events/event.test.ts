import { describe, expect, it } from '@jest/globals';
import { heard } from './event.fixture.js';
import { EVENT_TYPES, isEventType, type BookingPart, type CustomerPart, type LagomEvent } from './event.js';

/** What each type is about: does not compile where a type is forgotten or a part is not there. */
function subjectOf(event: LagomEvent): string {
  switch (event.type) {
    case 'booking.started.v1':
    case 'booking.confirmed.v1':
    case 'booking.rescheduled.v1':
    case 'booking.cancelled.v1':
    case 'booking.completed.v1':
    case 'booking.no-show.v1':
    case 'handoff.requested.v1':
      return event.data.booking.id;
    case 'enquiry.received.v1':
    case 'enquiry.answered.v1':
    case 'enquiry.replied.v1':
      return event.data.enquiry.id;
    case 'payment.received.v1':
    case 'payment.failed.v1':
      return event.data.payment.id;
    case 'purchase.completed.v1':
      return event.data.purchase.id;
    case 'delivery.dispatched.v1':
    case 'delivery.ready.v1':
      return event.data.delivery.id;
    case 'complaint.received.v1':
    case 'complaint.resolved.v1':
      return event.data.complaint.id;
    case 'product.recalled.v1':
      // @ts-expect-error a recall has no customer
      void event.data.customer;
      return event.data.recall.id;
    case 'customer.updated.v1':
    case 'customer.deleted.v1':
    case 'customer.merged.v1':
    case 'customer.consent-changed.v1':
      return event.data.customer.id;
    default:
      return event satisfies never;
  }
}

describe('an event', () => {
  it.each(EVENT_TYPES)('can be told by its type: %s', (type) => {
    expect(subjectOf(heard(type) as LagomEvent)).not.toBe('');
  });

  it('has a type that we know, and no other', () => {
    expect(EVENT_TYPES).toHaveLength(22);
    expect(['booking.started.v1', 'booking.started', 'toString', '__proto__'].filter(isEventType)).toEqual([
      'booking.started.v1',
    ]);
  });

  it('says in its types what may be cleared', () => {
    const cleared: Pick<CustomerPart, 'id' | 'phone'> = { id: 'a', phone: null };
    // @ts-expect-error an id cannot be cleared
    const none: Pick<CustomerPart, 'id'> = { id: null };
    // @ts-expect-error only a started booking may lack its start
    const booking: BookingPart = { id: 'b', service: 's' };
    expect([cleared, none, booking]).toHaveLength(3);
  });
});
