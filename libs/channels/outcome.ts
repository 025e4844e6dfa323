import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';
import type { Stream } from '#purposes/stream';
import type { Rendered } from '#rendering/rendered';

/** What a call belongs to: the step that makes it, and the event that planned the message. */
export interface CallTrace {
  parent: string | undefined;
  planned: string | undefined;
}

/** One message, ready for a provider. `ref` is all that the provider learns about our side (PROTOCOL E1). */
export interface Envelope {
  tenant: string;
  message: string;
  ref: string;
  channel: Channel;
  stream: Stream;
  purpose: Purpose;
  /** By which of the sender's accounts; absent: the first. */
  account?: string | undefined;
  from: string;
  fromName?: string | undefined;
  replyTo?: string | undefined;
  to: string;
  headers: Record<string, string>;
  content: Rendered;
  /** Mails of one campaign may go in one call; absent: this one goes by itself. */
  campaign?: string | undefined;
  /** Only where traces are on. */
  trace?: CallTrace | undefined;
}

/** What became of a call. Reasons are codes, never a provider's words: those quote addresses. */
export type Outcome =
  | { kind: 'accepted'; providerId: string | null }
  /**
   * Surely not sent: a rate limit, a refused connection. `trouble` is the account's own, not this message's: it cannot be
   * reached, or its breaker is open.
   */
  | { kind: 'retry-at'; afterMs: number; reason: string; trouble?: 'unreachable' | 'resting' }
  /** For ever, surely not sent: our fault or theirs. `trouble`: it is the account that is refused (401, 403). */
  | { kind: 'rejected'; reason: string; trouble?: 'refused' }
  | { kind: 'bad-address'; reason: string }
  /** The provider holds a STOP of this person. */
  | { kind: 'opted-out'; reason: string }
  /** May have been sent: a 5xx, a timeout, a dropped socket. */
  | { kind: 'unknown'; reason: string }
  /** W has passed since the pass began: give the row back. */
  | { kind: 'late' };
