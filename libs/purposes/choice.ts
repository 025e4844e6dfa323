import type { Channel } from './channel.js';
import type { Purpose } from './purpose.js';

export const CHOICE_STATES = ['given', 'withdrawn', 'objected'] as const;
export type ChoiceState = (typeof CHOICE_STATES)[number];

/** How a choice came to us; decides what it may lift (PROTOCOL B6). */
export type ChoiceVia =
  | 'event' // a booking system's event
  | 'page' // the person, on our own pages (or one-click)
  | 'double-opt-in'
  | 'staff' // PUT …/choices
  | 'inbound' // STOP, a complaint, a mailto
  | 'import'
  | 'merge';

/** What a person said, as told: `marketing` covers every purpose of that stream, `all` every channel. */
export interface ChoiceStatement {
  purpose: Purpose | 'marketing';
  channel: Channel | 'all';
  state: ChoiceState;
  /** Which version of the privacy notice was shown, and in which language (BCP 47). */
  noticeVersion: string;
  language: string;
  /** How and where it was collected, e.g. `checkbox`, `/booking/step-3`. */
  method: string;
  place: string;
  evidence?: string | undefined;
}

/**
 * One entry of a customer's append-only log of choices (GDPR 7(1): who, when, what text, how, from where;
 * fields after ISO/IEC TS 27560). Entries are folded in the order in which they were heard.
 */
export interface Choice extends ChoiceStatement {
  /** Unique in the log, deterministic: the same statement heard twice adds nothing. */
  id: string;
  /** When the person said it (the event's time, or our clock). */
  at: Date;
  recordedAt: Date;
  via: ChoiceVia;
  /** The `customer.version` that the event named, if any. */
  version?: number | undefined;
  /** True where this `given` was allowed to lift any earlier no of this person (own page, double opt-in, If-Match). */
  lifts?: boolean | undefined;
  /** Of a yes by double opt-in: the address on its channel, hashed, that it was said for. It takes back a STOP from there. */
  address?: { keyId: string; hash: string } | undefined;
}

/** What a fold over a log looks at of an entry: all but its proof. */
export type SaidChoice = Omit<Choice, 'id' | 'noticeVersion' | 'language' | 'method' | 'place' | 'evidence'>;
