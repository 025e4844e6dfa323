import type { EventOf, EventType } from './event.js';
import { binaryHeaders, exampleOf, type WireEvent } from './example.js';
import { readKafkaEvent } from './read-event.js';

/** What a test wants to be different: `data` is merged member by member, `undefined` takes a member away. */
export interface Overrides {
  id?: string;
  tenant?: string;
  time?: string | Date;
  backfill?: boolean;
  data?: Record<string, unknown>;
}

/** An event as a booking system would write it: the type's example with `overrides` merged into it. */
export function wireEvent(type: EventType, overrides: Overrides = {}): WireEvent {
  const { id, tenant, time, backfill, data } = overrides;
  const event = exampleOf(type);
  if (id !== undefined) event.id = id;
  if (tenant !== undefined) event.source = `/tenants/${tenant}`;
  if (time !== undefined) event.time = typeof time === 'string' ? time : time.toISOString();
  if (backfill !== undefined) event.backfill = backfill;
  event.data = merged(event.data, data ?? {});
  return event;
}

const of =
  (type: EventType) =>
  (overrides: Overrides = {}): WireEvent =>
    wireEvent(type, overrides);

export const bookingStarted = of('booking.started.v1');
export const bookingConfirmed = of('booking.confirmed.v1');
export const bookingRescheduled = of('booking.rescheduled.v1');
export const bookingCancelled = of('booking.cancelled.v1');
export const bookingCompleted = of('booking.completed.v1');
export const bookingNoShow = of('booking.no-show.v1');
export const purchaseCompleted = of('purchase.completed.v1');
export const customerUpdated = of('customer.updated.v1');
export const customerDeleted = of('customer.deleted.v1');
export const customerMerged = of('customer.merged.v1');
export const consentChanged = of('customer.consent-changed.v1');

/** A Kafka message in structured mode. */
export const structured = (event: WireEvent) => ({
  headers: { 'content-type': 'application/cloudevents+json' },
  value: Buffer.from(JSON.stringify(event)),
});

/** The same event as a Kafka message in binary mode. */
export const binary = (event: WireEvent) => ({
  headers: binaryHeaders(event, 'ce_'),
  value: Buffer.from(JSON.stringify(event.data)),
});

/** The event as the rest of the house sees it. Throws with the faults where the reader refuses it. */
export function heard<T extends EventType>(
  type: T,
  overrides: Overrides = {},
  now = new Date('2026-05-04T07:00:01Z'),
): EventOf<T> {
  const wire = wireEvent(type, overrides);
  const read = readKafkaEvent(structured(wire), new Set([wire.source.slice('/tenants/'.length)]), now);
  if (read.kind === 'refused')
    throw new Error(`${read.reason}: ${read.faults.map((f) => `${f.path}: ${f.detail}`).join('; ')}`);
  return read.event as EventOf<T>;
}

function merged(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    if (value === undefined) delete result[key];
    else result[key] = isPlain(before) && isPlain(value) ? merged(before, value) : value;
  }
  return result;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
