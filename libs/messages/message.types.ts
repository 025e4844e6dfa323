import type { Generation } from '#events/generation';
import type { OutEntry } from '#messaging/outbox';
import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';
import type { Reason } from '#purposes/reason';
import type { DueClass, Stream } from '#purposes/stream';
import type { Trace } from '#purposes/trace';
import type { Status } from './moves.js';

/** One try at a provider. `ref` is all that the provider is given (PROTOCOL E1). */
export interface Attempt {
  n: number;
  ref: string;
  channel: Channel;
  /** By which of the sender's accounts; absent: the only one there was. */
  account?: string;
  at: Date;
  outcome: string | null;
  providerId: string | null;
  /** While it is in doubt: what was said, as `digestOf` it, to be found in a provider's list. Only where it has one. */
  said?: string | null;
  /** Its account turned it away, surely unsent: another may be asked (`failover.ts`). */
  passedOn?: boolean;
}

export interface HistoryEntry {
  at: Date;
  status: Status;
  why?: string;
}

/** What a message is about: a generation of a booking, a cart, what the person asked us for themselves, or a campaign. */
export interface Subject {
  kind: 'booking' | 'cart' | 'request' | 'campaign';
  id: string;
}

/** Which template a message was said with, and with which facts: enough to say it again, word for word. */
export interface MessageContent {
  template: string;
  version: string;
  locale: string;
  /** As one text: the name, the booking as it was then (dispatch/said.ts). Absent: from before facts were kept. */
  facts?: string;
  /** It may be seen what is opened of it: its links and picture tell. Decided when it is first sent, for good. */
  measured?: true;
  /** Tells whether a text is the one that was said; links left out. */
  digest?: string;
}

/** A row of the ledger: one thing to say to one person. Holds no address and no text, but what a text was made of. */
export interface MessageRow {
  _id: string;
  tenant: string;
  customer: string;
  /** A fresh 128-bit nonce on every write: the compare in compare-and-set. */
  rev: string;
  status: Status;
  reason: Reason | null;
  until: Date | null;
  journey: string | null;
  step: string;
  campaign: string | null;
  subject: Subject;
  booking: string | null;
  cart: string | null;
  /** The booking's generation as a row-id part (`v3`, or the event's time and id); `0` where none applies. */
  gen: string;
  /** The same in full, to be compared: only rows of a lower generation are called off (PROTOCOL D4). */
  generation: Generation | null;
  purpose: Purpose;
  stream: Stream;
  dueClass: DueClass;
  template: string;
  /** The channel it is planned for; the one it went by once claimed. */
  channel: Channel;
  /** It goes by this channel or not at all: where the person asked for it. */
  fixedChannel?: true;
  dueAt: Date | null;
  /** After this it is not worth saying (the purpose's expiry): `expired`. */
  expiresAt: Date | null;
  /** After this its time has gone by (the visit has begun): `too-late`. */
  usefulUntil: Date | null;
  /** How often it was released; a due record of another release is stale. */
  release: number;
  attempts: Attempt[];
  history: HistoryEntry[];
  trace: Trace;
  /** What it was said with, pinned at sending; null once the person is erased. */
  content: MessageContent | null;
  /** Events about it that are not published yet (PROTOCOL D7); the store's and the publisher's. */
  out?: OutEntry[];
  /** The trace of what planned it, while it waits to be sent (W3C Trace Context); only where traces are on. */
  traceparent?: string | null;
  /** Of a campaign's: which of its variants, `hold-out`, or `winner` while it waits for one. */
  variant?: string;
  /** Of a campaign's: from when on the campaign may pull it. */
  notBefore?: Date;
  /** Of a campaign's: its link was used to say no to what it was about. */
  unsubscribedAt?: Date | null;
  /** The same as a number, to be added up. */
  unsubscribed?: 1;
  /** When it first came to where nothing of ours is left to do: sent, refused, called off. Null: it waits, or waits again. */
  settledAt?: Date | null;
  /** The CloudEvents id that planned it. */
  event: string | null;
  createdAt: Date;
}
