import { covers, hear, isNo, standing } from '#consent/choices';
import { applyBooking } from '#customers/apply-booking';
import { applyCustomer } from '#customers/apply-customer';
import type { Booking, BookingStatus } from '#customers/booking.types';
import type { Customer } from '#customers/customer.types';
import type { LagomEvent } from '#events/event';
import type { Generation } from '#events/generation';
import { normaliseEmail, normalisePhone } from '#purposes/address';
import { CHANNELS } from '#purposes/channel';
import type { Choice, ChoiceStatement } from '#purposes/choice';
import { PURPOSES } from '#purposes/purpose';
import { addressesOf, isShared, optOutsFor, type Address } from '#privacy/withdraw';
import type { OptOutSaid } from '#consent/suppression.store';
import type { Tenant } from '#tenants/tenant';

/** An event about a person: every type but `product.recalled`. */
export type PersonEvent = Exclude<LagomEvent, { type: 'product.recalled.v1' }>;

/** An event older than this is taken without being sent for, like a backfill. */
export function isPast(event: LagomEvent, tenant: Tenant, now: Date): boolean {
  return event.backfill || now.getTime() - event.time.getTime() > tenant.policy.maxEventAgeMs;
}

const STATUS: Partial<Record<LagomEvent['type'], BookingStatus>> = {
  'booking.started.v1': 'started',
  'booking.confirmed.v1': 'confirmed',
  'booking.rescheduled.v1': 'confirmed',
  'booking.cancelled.v1': 'cancelled',
  'booking.completed.v1': 'completed',
  'booking.no-show.v1': 'no-show',
};

export interface Known {
  customer: Customer | null;
  booking: Booking | null;
  isErasedAddress: (address: string) => boolean;
}

/** What an event changes, before the journeys are asked. */
export type Considered =
  | { kind: 'erased' }
  | {
      kind: 'considered';
      customer: Customer;
      /** The noes that the event says and that stand, for B3 and B4. */
      noes: ChoiceStatement[];
      /** B1: what they say about addresses. */
      optOuts: OptOutSaid[];
      /** The addresses whose other holders must be told. */
      shared: Address[];
      /** An address or the age changed. */
      concerns: boolean;
      booking: Booking | null;
      bookingStale: boolean;
      gen: Generation;
      customerStale: boolean;
      warnings: { path: string; detail: string }[];
    };

/** Which booking an event tells about, if any. */
export function bookingIdOf(event: LagomEvent): string | null {
  return STATUS[event.type] !== undefined && 'booking' in event.data ? event.data.booking.id : null;
}

/** The facts after an event. Pure: the same event on the same facts gives the same. */
export function consider(event: PersonEvent, known: Known, tenant: Tenant, now: Date): Considered {
  const { customer: part } = event.data;
  const past = isPast(event, tenant, now);
  const applied = applyCustomer(
    known.customer,
    part,
    { version: part.version ?? null, time: event.time, event: event.id },
    past,
    {
      tenant: tenant.id,
      country: tenant.country,
      attributes: tenant.attributes,
      now,
      isErasedAddress: known.isErasedAddress,
    },
  );
  if (applied.kind === 'erased') return applied;

  const statements = event.data.choices ?? [];
  // A clock that runs ahead must not put what the person says next into the past.
  const saidAt = event.time < now ? event.time : now;
  const how = { at: saidAt, recordedAt: now, via: 'event' as const, version: part.version };
  const log = statements.reduce(
    (known, said, index) =>
      // A backfilled, redriven or old given lifts nothing (PROTOCOL B6).
      hear(known, said, {
        ...how,
        id: `${event.id}#${index}`,
        ...(past || event.redriven ? { mayLift: false } : {}),
      }).log,
    applied.after.choiceLog,
  );
  // Also on a second hearing, after a crash; not those that the person has taken back since.
  const noes = statements.filter((said) => said.state !== 'given' && stands(said, log));
  const shared = addressesOf(applied.after);

  const gen: Generation = {
    version: 'booking' in event.data ? (event.data.booking.version ?? null) : null,
    time: event.time,
    event: event.id,
    ...(event.type === 'booking.started.v1' ? { started: true } : {}),
  };
  const booked = considerBooking(event, known.booking, tenant, gen, now);
  return {
    kind: 'considered',
    customer: {
      ...applied.after,
      choiceLog: log,
      softOptIns: softOptIns(event, applied.after, known, tenant, saidAt),
    },
    noes,
    optOuts: optOutsFor(part.id, noes, shared, how),
    shared: noes.some(isShared) ? shared : [],
    concerns: applied.concerns,
    booking: booked.booking,
    bookingStale: booked.stale,
    gen,
    customerStale: applied.stale,
    warnings: applied.warnings,
  };
}

function considerBooking(
  event: PersonEvent,
  known: Booking | null,
  tenant: Tenant,
  gen: Generation,
  now: Date,
): { booking: Booking | null; stale: boolean } {
  const status = STATUS[event.type];
  if (status === undefined || !('booking' in event.data)) return { booking: null, stale: false };
  const applied = applyBooking(
    known,
    {
      tenant: tenant.id,
      customer: event.data.customer.id,
      part: event.data.booking,
      status,
      gen,
      cart: 'cartId' in event.data ? event.data.cartId : undefined,
      cancelReason: event.type === 'booking.cancelled.v1' ? event.data.reason : undefined,
      previousStartsAt: event.type === 'booking.rescheduled.v1' ? event.data.previousStartsAt : undefined,
    },
    now,
  );
  return applied.kind === 'stale' ? { booking: null, stale: true } : { booking: applied.after, stale: false };
}

/** Whether a no decides anything: for some purpose and channel that it covers, a no is what stands. */
function stands(said: ChoiceStatement, log: readonly Choice[]): boolean {
  return PURPOSES.some((purpose) =>
    CHANNELS.some((channel) => covers(said, purpose, channel) && isNo(standing(log, purpose, channel))),
  );
}

/** The soft opt-in's condition, for the addresses that this very event names (19 § marknadsföringslagen). */
function softOptIns(
  event: PersonEvent,
  customer: Customer,
  { isErasedAddress }: Known,
  tenant: Tenant,
  at: Date,
): Customer['softOptIns'] {
  const offered =
    (event.type === 'booking.confirmed.v1' || event.type === 'purchase.completed.v1') &&
    event.data.marketingOptOutOffered === true;
  if (!offered) return customer.softOptIns;
  const { email, phone } = event.data.customer;
  const named = [
    ...(email ? [{ channel: 'email' as const, read: normaliseEmail(email) }] : []),
    ...(phone ? [{ channel: 'phone' as const, read: normalisePhone(phone, tenant.country) }] : []),
  ].flatMap(({ channel, read }) =>
    read.kind === 'good' &&
    !isErasedAddress(read.address) &&
    !customer.softOptIns.some((met) => met.channel === channel && met.address === read.address)
      ? [{ channel, address: read.address, at }]
      : [],
  );
  return named.length === 0 ? customer.softOptIns : [...customer.softOptIns, ...named];
}

/** Whether an event left a customer as it was, so that nothing needs to be written. */
export function sameCustomer(before: Customer | null, after: Customer): boolean {
  if (before === null) return false;
  return JSON.stringify({ ...before, updatedAt: null }) === JSON.stringify({ ...after, updatedAt: null });
}
