import type { z } from 'zod';
import { EVENT_DATA } from './event-data.js';
import type { booking, choice, customer, startedBooking } from './parts.js';

export type EventType = keyof typeof EVENT_DATA;

/** Every type that we hear, in the order of CONTRACTS. */
export const EVENT_TYPES = Object.keys(EVENT_DATA) as EventType[];

/** What an event of this type says: times as Date, unknown fields gone, `null` in a fact = cleared. */
export type DataOf<T extends EventType> = z.output<(typeof EVENT_DATA)[T]>;

/** An event that passed its schema. */
export interface EventOf<T extends EventType> {
  /** Unique per source. */
  id: string;
  /** `/tenants/<tenant>` */
  source: string;
  tenant: string;
  type: T;
  time: Date;
  /** Facts are taken, nothing that is already past is sent. */
  backfill: boolean;
  /** The CloudEvents extension for distributed tracing; set where it is one, then by each step that hands the event on. */
  traceparent?: string;
  /** Heard again after it was dead-lettered: what it gives lifts nothing. */
  redriven?: true;
  data: DataOf<T>;
}

/** Any event: switch on `type`. */
export type LagomEvent = { [T in EventType]: EventOf<T> }[EventType];

/** The facts about a person that an event carries. */
export type CustomerPart = z.output<typeof customer>;
/** The facts about a booking; of `booking.started` its start may be absent. */
export type BookingPart = z.output<typeof booking>;
export type StartedBookingPart = z.output<typeof startedBooking>;
export type ChoicePart = z.output<typeof choice>;

/** Whether we hear this type at all. */
export const isEventType = (type: string): type is EventType => Object.hasOwn(EVENT_DATA, type);
