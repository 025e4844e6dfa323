import { channelsFor } from '#consent/choose-channel';
import { latestServiceTime, quietUntil } from '#consent/hours';
import type { Booking } from '#customers/booking.types';
import type { Customer } from '#customers/customer.types';
import type { LagomEvent } from '#events/event';
import { generationKey, type Generation } from '#events/generation';
import { messageId } from '#messages/message-id';
import type { MessageRow } from '#messages/message.types';
import { nonce } from '#platform/mongo';
import { DISTURBING, RULES } from '#purposes/purposes';
import type { Timing } from '#tenants/duration';
import type { Tenant } from '#tenants/tenant';
import { dueFrom } from './due.js';
import { timingsOf, type Journey } from './journey.js';
import type { Journeys } from './load-journeys.js';

export interface PlanInput {
  event: LagomEvent;
  tenant: Tenant;
  customer: Customer;
  /** The booking as this event left it; null where the event names none or its part was stale. */
  booking: Booking | null;
  gen: Generation;
  /** The cart that the event names has led to a booking already. */
  cartDone: boolean;
  now: Date;
  /** Facts are taken, nothing that is already past is sent: a backfill, or older than the tenant's `maxEventAge`. */
  past: boolean;
}

/** What an event calls off: rows about these of a lower generation; of these journeys those of carts and of equal rank. */
export interface CallOff {
  booking: string;
  gen: Generation;
  cart: string | null;
  journeys: readonly string[];
  why: string;
}

export interface Plan {
  rows: MessageRow[];
  callOff: CallOff | null;
}

/** What the journeys say to an event. Pure; ids are deterministic, so that hearing it twice plans nothing twice. */
export function plan(journeys: Journeys, input: PlanInput): Plan {
  const { event, booking, gen } = input;
  if (booking === null) return { rows: [], callOff: null };
  const cart = booking.cart;
  return {
    rows: journeys.startedBy(event.type).flatMap((journey) => rowsOf(journey, input, booking)),
    callOff: {
      booking: booking.booking,
      gen,
      cart,
      journeys: journeys.calledOffBy(event.type).map(({ journey }) => journey),
      why: event.type,
    },
  };
}

function rowsOf(journey: Journey, input: PlanInput, booking: Booking): MessageRow[] {
  const { tenant, event } = input;
  if (journey.subject === 'cart' && booking.cart === null) return [];
  const timings = timingsOf(journey, tenant);
  if (timings === 'now') return [row(journey, 'now', null, input, booking)];
  const anchor = anchorOf(journey, event.time, booking);
  if (anchor === null) return [];
  return timings.map((timing, index) => row(journey, String(index + 1), { anchor, timing }, input, booking));
}

function anchorOf(journey: Journey, eventTime: Date, booking: Booking): Date | null {
  switch (journey.anchor) {
    case 'event':
      return eventTime;
    case 'startsAt':
      return booking.startsAt;
    case 'endsAt':
      return booking.endsAt ?? booking.startsAt;
  }
}

function row(
  journey: Journey,
  step: string,
  at: { anchor: Date; timing: Timing } | null,
  input: PlanInput,
  booking: Booking,
): MessageRow {
  const { tenant, customer, event, gen, now, past } = input;
  const rules = RULES[journey.purpose];
  const venue = booking.timeZone ?? tenant.timeZone;
  const channel =
    channelsFor(journey.purpose, { choices: customer.choiceLog }, tenantChannels(tenant, rules.stream))[0]
      ?.channel ?? 'email';

  let due = at === null ? (past ? event.time : now) : dueFrom(at.anchor, at.timing, venue);
  if (journey.hours === 'service') due = latestServiceTime(due, venue, tenant.policy.serviceHours);
  const expiresAt = new Date(due.getTime() + rules.expiryMs);
  const usefulUntil = journey.until === 'startsAt' ? booking.startsAt : null;
  const tooLate = goneBy(due, { journey, now, past, expiresAt, usefulUntil, cartDone: input.cartDone });
  if (due < now && tooLate === null) due = now;
  if (rules.quietHours && DISTURBING.includes(channel)) {
    due = quietUntil(due, customer.timeZone ?? tenant.timeZone, tenant.policy.quietHours) ?? due;
  }

  const subject = journey.subject === 'cart' ? (booking.cart ?? '') : booking.booking;
  const genKey = journey.subject === 'cart' ? '0' : generationKey(gen);
  const status = tooLate === null ? 'planned' : 'refused';
  return {
    _id: messageId({
      tenant: tenant.id,
      customer: customer.customer,
      journey: journey.journey,
      step,
      subject,
      gen: genKey,
    }),
    tenant: tenant.id,
    customer: customer.customer,
    rev: nonce(),
    status,
    reason: tooLate === null ? null : 'too-late',
    until: null,
    journey: journey.journey,
    step,
    campaign: null,
    subject: { kind: journey.subject, id: subject },
    booking: booking.booking,
    cart: booking.cart,
    gen: genKey,
    generation: journey.subject === 'cart' ? null : gen,
    purpose: journey.purpose,
    stream: rules.stream,
    dueClass: rules.dueClass,
    template: journey.template,
    channel,
    dueAt: due,
    expiresAt,
    usefulUntil,
    release: 0,
    attempts: [],
    history: [{ at: now, status, why: tooLate ?? event.type }],
    trace: tooLate === null ? [] : [{ check: 'in-time', saw: tooLate, passed: false }],
    content: null,
    event: event.id,
    createdAt: now,
  };
}

/** Why a row is already past its use when it is planned; null where it is not. */
function goneBy(
  due: Date,
  row: {
    journey: Journey;
    now: Date;
    past: boolean;
    expiresAt: Date;
    usefulUntil: Date | null;
    cartDone: boolean;
  },
): string | null {
  const { journey, now, past, expiresAt, usefulUntil, cartDone } = row;
  if (journey.subject === 'cart' && cartDone) return 'the cart has led to a booking';
  if (usefulUntil !== null && usefulUntil <= now) return 'the visit has begun';
  if (expiresAt <= now) return 'past its expiry when planned';
  if (due >= now) return null;
  if (past) return 'past when it was heard, and only its facts are taken';
  return journey.late === 'refuse' ? 'its time had gone by when it was planned' : null;
}

function tenantChannels(tenant: Tenant, stream: 'service' | 'marketing'): ('email' | 'sms')[] {
  return (['email', 'sms'] as const).filter((channel) => tenant.senders[stream][channel] !== undefined);
}
