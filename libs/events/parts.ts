import { z } from 'zod';
import { CHANNELS } from '#purposes/channel';
import { CHOICE_STATES } from '#purposes/choice';
import { PURPOSES } from '#purposes/purpose';
import { absent, fact, field } from './field.js';
import {
  amount,
  calendarDate,
  country,
  currency,
  dateTime,
  email,
  flag,
  id,
  kind,
  language,
  line,
  listOf,
  oneOf,
  phone,
  prose,
  timeZone,
  url,
  version,
} from './fields.js';

/** The longest list that one event may carry: choices, items, batches. */
const MOST = 200;

/** Keys of `customer.attributes`; whether the tenant declared them is for ingest to say. */
const attributeName = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
const attributeValue = field(
  z.union([
    z.string().max(1000),
    z.number().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER),
    z.boolean(),
  ]),
  'text of at most 1000 characters, a number, true or false',
);

export const customer = z
  .object({
    id: id().describe("The booking system's id of the person"),
    version: absent(version()),
    name: fact(line()),
    email: fact(email()),
    phone: fact(phone()).describe("Stored as E.164, read after the tenant's country"),
    locale: fact(language()),
    timeZone: fact(timeZone()),
    birthDate: fact(calendarDate()),
    guardianConsent: fact(
      z.object({ by: line().describe('Who consented'), at: dateTime(), evidence: absent(prose()) }),
    ),
    address: fact(
      z.object({ lines: listOf(line(), 10, 1), postalCode: line(20), city: line(100), country: country() }),
    ),
    devices: fact(listOf(z.object({ token: id(4096), platform: kind() }), 50)),
    attributes: fact(
      field(
        z.record(attributeName, fact(attributeValue)).refine((all) => Object.keys(all).length <= MOST),
        `object of at most ${MOST} attributes`,
      ),
    ).describe("What the tenant's file declares; a null clears one"),
  })
  .meta({ id: 'customer', title: 'Customer', description: 'Absent = unchanged, null = cleared.' });

export const choice = z
  .object({
    purpose: oneOf([...PURPOSES, 'marketing']).describe('`marketing`: every purpose of that stream'),
    channel: oneOf([...CHANNELS, 'all']),
    state: oneOf(CHOICE_STATES),
    noticeVersion: line(100).describe('Which version of the privacy notice the person saw'),
    language: language().describe('In which language'),
    method: line().describe('How it was collected, e.g. `checkbox`'),
    place: line().describe('Where, e.g. `/booking/step-3`'),
    evidence: absent(prose()),
  })
  .meta({
    id: 'choice',
    title: 'Choice',
    description: 'What the person said about a purpose and a channel.',
  });

export const choices = (least = 0) => listOf(choice, MOST, least);

export const money = () => z.object({ amount: amount(), currency: currency() });

const bookingShape = {
  id: id(),
  version: absent(version()),
  service: line().describe('What is booked, as the customer knows it'),
  startsAt: dateTime(),
  endsAt: fact(dateTime()),
  timeZone: fact(timeZone()).describe("The venue's; the tenant's where absent"),
  location: fact(line(500)),
  practitioner: fact(line()),
  price: fact(money()),
  url: fact(url()),
};

const endsAfterStart = {
  path: ['endsAt'],
  params: { expected: 'a time after startsAt', echo: true },
};
const inOrder = (b: { startsAt?: unknown; endsAt?: unknown }) =>
  // Also asked where a time is wrong, and then still text.
  !(b.startsAt instanceof Date && b.endsAt instanceof Date) || b.endsAt > b.startsAt;

export const booking = z
  .object(bookingShape)
  .refine(inOrder, endsAfterStart)
  .meta({ id: 'booking', title: 'Booking', description: 'Absent = unchanged, null = cleared.' });

/** Of `booking.started`: no start if none is chosen yet. */
export const startedBooking = z
  .object({ ...bookingShape, startsAt: fact(dateTime()) })
  .refine(inOrder, endsAfterStart)
  .meta({ id: 'startedBooking', title: 'Started booking', description: 'A start only if one is chosen.' });

/** What something is about: `{kind: 'booking', id: '81'}`. */
export const reference = () => z.object({ kind: kind(), id: id() });

export const enquiry = z.object({
  id: id(),
  subject: absent(line()),
  offerUrl: absent(url()),
  preparing: absent(flag()).describe('An offer is being prepared: a call task may be made'),
});

export const payment = z.object({
  id: id(),
  amount: amount(),
  currency: currency(),
  for: absent(reference()),
  receiptUrl: absent(url()),
});

export const purchase = z.object({
  id: id(),
  items: listOf(
    z.object({
      id: id(),
      name: line(),
      batch: absent(id()).describe('A recall finds its buyers by item and batch'),
      quantity: field(z.number().positive().max(1_000_000), 'number above 0', { echo: true }),
      price: absent(money()),
    }),
    MOST,
    1,
  ),
  total: money(),
});

export const delivery = z.object({
  id: id(),
  purchaseId: absent(id()),
  carrier: absent(line()),
  trackingUrl: absent(url()),
  pickupPlace: absent(line(500)),
  pickupBy: absent(dateTime()),
});

export const complaint = z.object({
  id: id(),
  about: absent(reference()),
  outcome: absent(prose()),
  warranty: absent(flag()),
});

export const recipient = z.object({
  id: id(),
  kind: oneOf(['health', 'travel']),
  email: absent(email()),
  name: line(),
});

export const recall = z.object({
  id: id(),
  product: z.object({
    id: id(),
    name: line(),
    brand: absent(line()),
    batches: absent(listOf(id(), MOST)),
  }),
  hazard: prose(),
  instructions: prose(),
  remedy: listOf(prose(), 20, 1),
  contact: prose(1000),
  pictureUrl: absent(url()),
});
