import { z } from 'zod';
import { absent, field } from './field.js';
import { dateTime, flag, id, prose } from './fields.js';
import {
  booking,
  choices,
  complaint,
  customer,
  delivery,
  enquiry,
  payment,
  purchase,
  recall,
  recipient,
  startedBooking,
} from './parts.js';

/** What every event about a person may carry. A choice is heard from any of them. */
const person = { customer, choices: absent(choices()) };
const cartId = absent(id()).describe('The cart that the booking came from');
const softOptIn = absent(flag()).describe(
  'The soft opt-in: the person could say no to marketing when the address was collected',
);

const ofBooking = { ...person, booking, cartId };
const ofEnquiry = z.object({ ...person, enquiry });
const ofPayment = z.object({ ...person, payment });
const ofDelivery = z.object({ ...person, delivery });
const ofComplaint = z.object({ ...person, complaint });

/** The data of each type (CONTRACTS, events in). Everything else is kept out. */
export const EVENT_DATA = {
  'booking.started.v1': z
    .object({ ...person, booking: startedBooking, cartId: id() })
    .describe('A booking was begun and not finished.'),
  'booking.confirmed.v1': z
    .object({ ...ofBooking, marketingOptOutOffered: softOptIn })
    .describe('A booking was made.'),
  'booking.rescheduled.v1': z
    .object({ ...ofBooking, previousStartsAt: absent(dateTime()) })
    .describe('A booking was moved or changed.'),
  'booking.cancelled.v1': z
    .object({ ...ofBooking, reason: absent(prose()) })
    .describe('A booking was called off.'),
  'booking.completed.v1': z.object(ofBooking).describe('The visit took place.'),
  'booking.no-show.v1': z.object(ofBooking).describe('The customer did not come.'),
  'enquiry.received.v1': ofEnquiry.describe('The customer asked something.'),
  'enquiry.answered.v1': ofEnquiry.describe('The tenant answered.'),
  'enquiry.replied.v1': ofEnquiry.describe('The customer replied to the answer.'),
  'payment.received.v1': ofPayment.describe('A payment came in.'),
  'payment.failed.v1': ofPayment.describe('A payment failed.'),
  'purchase.completed.v1': z
    .object({ ...person, purchase, marketingOptOutOffered: softOptIn })
    .describe('Something was bought.'),
  'delivery.dispatched.v1': ofDelivery.describe('A parcel is on its way.'),
  'delivery.ready.v1': ofDelivery.describe('A parcel waits to be picked up.'),
  'complaint.received.v1': ofComplaint.describe('The customer complained.'),
  'complaint.resolved.v1': ofComplaint.describe('A complaint was resolved.'),
  'handoff.requested.v1': z
    .object({
      ...person,
      booking,
      recipient,
      data: field(z.record(z.string().min(1).max(100), z.unknown()), 'object of what is passed on'),
    })
    .describe('Facts are to be passed on to a health or travel provider.'),
  'product.recalled.v1': z
    .object({ recall })
    .describe('A product is recalled: reaches everyone who bought it, by item and batch.'),
  'customer.updated.v1': z.object(person).describe("A customer's facts changed."),
  'customer.deleted.v1': z.object(person).describe('The booking system asks for an erasure.'),
  'customer.merged.v1': z
    .object({ ...person, into: id().describe('The id that goes on; the stricter choice wins') })
    .refine((data) => data.into !== data.customer.id, {
      path: ['into'],
      params: { expected: 'id of another customer than data.customer.id' },
    })
    .describe('Two customers turned out to be one.'),
  'customer.consent-changed.v1': z
    .object({ ...person, choices: choices(1) })
    .describe('A customer gave, withdrew or objected.'),
} satisfies Record<string, z.ZodType>;
