import type { EventType } from './event.js';

/** A CloudEvent as it is written on the wire, in structured mode. */
export interface WireEvent {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  time: string;
  datacontenttype: 'application/json';
  backfill?: boolean;
  data: Record<string, unknown>;
}

const anna = {
  id: 'c-1001',
  version: 3,
  name: 'Anna Lindqvist',
  email: 'anna@example.se',
  phone: '070-174 06 05',
  locale: 'sv-SE',
};
const booking = {
  id: 'b-81',
  version: 1,
  service: 'Klassisk massage 60 min',
  startsAt: '2026-05-12T10:00:00+02:00',
  endsAt: '2026-05-12T11:00:00+02:00',
  timeZone: 'Europe/Stockholm',
  location: 'Prästgatan 31, Östersund',
  practitioner: 'Maria',
  price: { amount: 850, currency: 'SEK' },
  url: 'https://boka.example.se/b/b-81',
};
const moved = {
  ...booking,
  version: 2,
  startsAt: '2026-05-13T14:30:00+02:00',
  endsAt: '2026-05-13T15:30:00+02:00',
};
const newsletter = {
  purpose: 'newsletter',
  channel: 'email',
  state: 'given',
  noticeVersion: '2026-01',
  language: 'sv',
  method: 'checkbox',
  place: '/booking/step-3',
};
const enquiry = { id: 'e-17', subject: 'Ryggsmärta', offerUrl: 'https://boka.example.se/o/e-17' };
const payment = {
  id: 'p-55',
  amount: '850.00',
  currency: 'SEK',
  for: { kind: 'booking', id: 'b-81' },
  receiptUrl: 'https://boka.example.se/r/p-55',
};
const item = {
  id: 'oil-3',
  name: 'Massageolja',
  batch: 'L2026-03',
  quantity: 2,
  price: { amount: 149, currency: 'SEK' },
};
const delivery = {
  id: 'd-9',
  purchaseId: 'k-7',
  carrier: 'PostNord',
  trackingUrl: 'https://spar.example.se/d-9',
};
const complaint = { id: 'r-4', about: { kind: 'purchase', id: 'k-7' }, warranty: true };

/** The data of one event of each type, as a booking system would say it. */
const DATA: Record<EventType, Record<string, unknown>> = {
  'booking.started.v1': {
    customer: anna,
    booking: { id: 'b-81', version: 0, service: booking.service, url: 'https://boka.example.se/cart/k-3' },
    cartId: 'k-3',
  },
  'booking.confirmed.v1': {
    customer: anna,
    booking,
    cartId: 'k-3',
    choices: [newsletter],
    marketingOptOutOffered: true,
  },
  'booking.rescheduled.v1': { customer: anna, booking: moved, previousStartsAt: booking.startsAt },
  'booking.cancelled.v1': {
    customer: anna,
    booking: { ...moved, version: 3 },
    reason: 'Förhinder',
  },
  'booking.completed.v1': { customer: anna, booking: { ...moved, version: 3 } },
  'booking.no-show.v1': { customer: anna, booking: { ...moved, version: 3 } },
  'enquiry.received.v1': { customer: anna, enquiry: { id: 'e-17', subject: 'Ryggsmärta', preparing: true } },
  'enquiry.answered.v1': { customer: anna, enquiry },
  'enquiry.replied.v1': { customer: anna, enquiry },
  'payment.received.v1': { customer: anna, payment },
  'payment.failed.v1': { customer: anna, payment: { ...payment, receiptUrl: null } },
  'purchase.completed.v1': {
    customer: anna,
    purchase: { id: 'k-7', items: [item], total: { amount: 298, currency: 'SEK' } },
    marketingOptOutOffered: true,
  },
  'delivery.dispatched.v1': { customer: anna, delivery },
  'delivery.ready.v1': {
    customer: anna,
    delivery: { ...delivery, pickupPlace: 'ICA Kvantum, Östersund', pickupBy: '2026-05-20T20:00:00+02:00' },
  },
  'complaint.received.v1': { customer: anna, complaint },
  'complaint.resolved.v1': { customer: anna, complaint: { ...complaint, outcome: 'Ny flaska skickad' } },
  'handoff.requested.v1': {
    customer: anna,
    booking,
    recipient: { id: 'h-2', kind: 'health', name: 'Fjällhälsan', email: 'bokning@fjallhalsan.example.se' },
    data: { arrival: '2026-05-12', guests: 2 },
  },
  'product.recalled.v1': {
    recall: {
      id: 'recall-2026-1',
      product: { id: 'oil-3', name: 'Massageolja', brand: 'Fjällro', batches: ['L2026-03'] },
      hazard: 'Oljan kan ge hudirritation.',
      instructions: 'Sluta använda oljan och lämna tillbaka flaskan.',
      remedy: ['Pengarna tillbaka', 'En ny flaska'],
      contact: 'info@example.se, 063-10 20 00',
    },
  },
  'customer.updated.v1': {
    customer: { ...anna, version: 4, phone: null, attributes: { member: true, favourite: 'massage' } },
  },
  'customer.deleted.v1': { customer: { id: 'c-1001' } },
  'customer.merged.v1': { customer: { id: 'c-1001' }, into: 'c-1002' },
  'customer.consent-changed.v1': {
    customer: { id: 'c-1001' },
    choices: [
      { ...newsletter, purpose: 'marketing', channel: 'all', state: 'withdrawn', place: '/my-pages' },
    ],
  },
};

/** One event of the type that the schemas, the AsyncAPI document and the tests share. A fresh copy each time. */
export function exampleOf(type: EventType): WireEvent {
  const event: WireEvent = {
    specversion: '1.0',
    id: `example-${type}`,
    source: '/tenants/wellnesskliniken',
    type,
    time: '2026-05-04T09:00:00+02:00',
    datacontenttype: 'application/json',
    data: DATA[type],
  };
  return JSON.parse(JSON.stringify(event)) as WireEvent;
}

/** How the attributes of a CloudEvent stand in headers in binary mode: `ce_` on Kafka, `ce-` over HTTP. */
export function binaryHeaders(event: WireEvent, prefix: 'ce_' | 'ce-'): Record<string, string> {
  const { data: _, datacontenttype, ...attributes } = event;
  const headers: Record<string, string> = { 'content-type': datacontenttype };
  for (const [name, value] of Object.entries(attributes)) headers[prefix + name] = String(value);
  return headers;
}
