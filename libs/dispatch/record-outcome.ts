import type { PassOn } from '#channels/failover';
import type { Outcome } from '#channels/outcome';
import type { MessageRow } from '#messages/message.types';
import { transition, type Transition } from '#messages/transition';
import type { InDoubt } from './late-outcomes.js';

/** Waits between tries while a provider is down, by how often it was tried; the row's own expiry ends them. */
const BACKOFF_MS = [5_000, 15_000, 60_000, 300_000, 900_000] as const;

export type Sending = MessageRow & { status: 'sending' };

/** What else there is for a message that surely was not sent. */
export interface OtherWays {
  channel: boolean;
  account: PassOn;
}

/**
 * The move that an outcome asks of a row that is being sent (PROTOCOL A7). Only what surely was not sent goes back to
 * `planned`; what may have been sent is `unknown` and is never tried on an old permit.
 */
export function outcomeMove(
  row: Sending | InDoubt,
  outcome: Outcome,
  other: OtherWays,
  now: Date,
): Transition {
  const index = row.attempts.length - 1;
  const ended = (said: string, providerId: string | null = null): { set: Record<string, unknown> } => ({
    set: {
      [`attempts.${index}.outcome`]: said,
      [`attempts.${index}.providerId`]: providerId,
      ...(said === 'unknown' || row.attempts[index]?.said == null
        ? {}
        : { [`attempts.${index}.said`]: null }),
      ...(other.account === 'never' ? {} : { [`attempts.${index}.passedOn`]: true }),
    },
  });
  // A new pass through the gate, with a permit and a ref of its own, by the account that `failover.ts` then says.
  const byAnother = (reason: string): Transition =>
    transition(row, 'planned', `another account: ${reason}`, now, { dueAt: now }, ended(reason));
  const later = (reason: string, afterMs: number): Transition =>
    transition(
      row,
      'planned',
      `try again: ${reason}`,
      now,
      { dueAt: new Date(now.getTime() + afterMs) },
      ended(reason),
    );
  switch (outcome.kind) {
    case 'accepted':
      return transition(row, 'accepted', undefined, now, {}, ended('accepted', outcome.providerId));
    case 'retry-at':
      if (other.account === 'now') return byAnother(outcome.reason);
      // A breaker knows when its account is tried again; this message has not been.
      return later(
        outcome.reason,
        outcome.trouble === 'resting' ? outcome.afterMs : Math.max(outcome.afterMs, backoffMs(row)),
      );
    case 'late':
      return transition(
        row,
        'planned',
        'given back: its facts had grown old',
        now,
        { dueAt: now },
        ended('late'),
      );
    case 'bad-address':
    case 'opted-out':
      // Surely not sent; the address is suppressed now, so the gate picks another channel or says no.
      return other.channel
        ? transition(
            row,
            'planned',
            `another channel: ${outcome.reason}`,
            now,
            { dueAt: now },
            ended(outcome.kind),
          )
        : transition(row, 'failed', outcome.reason, now, {}, ended(outcome.kind));
    case 'rejected':
      if (other.account === 'now') return byAnother(outcome.reason);
      if (other.account === 'later') return later(outcome.reason, backoffMs(row));
      return transition(row, 'failed', outcome.reason, now, {}, ended('rejected'));
    case 'unknown':
      return transition(row as Sending, 'unknown', outcome.reason, now, {}, ended('unknown'));
  }
}

/** What an open breaker kept from being tried does not count as a try. */
function backoffMs({ attempts }: MessageRow): number {
  const tries = attempts.filter(({ outcome }) => outcome !== 'circuit-open').length;
  return BACKOFF_MS[Math.min(tries, BACKOFF_MS.length) - 1] ?? 0;
}
