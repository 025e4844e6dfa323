import type { Outcome } from '#channels/sender';
import type { MessageRow } from '#messages/message.types';
import { transition, type Transition } from '#messages/transition';

/** Waits between tries while a provider is down, by how often it was tried; the row's own expiry ends them. */
const BACKOFF_MS = [5_000, 15_000, 60_000, 300_000, 900_000] as const;

export type Sending = MessageRow & { status: 'sending' };

/**
 * The move that an outcome asks of a row that is being sent (PROTOCOL A7). Only what surely was not sent goes back to
 * `planned`; what may have been sent is `unknown` and is never tried on an old permit.
 */
export function outcomeMove(row: Sending, outcome: Outcome, otherChannel: boolean, now: Date): Transition {
  const index = row.attempts.length - 1;
  const ended = (said: string, providerId: string | null = null): { set: Record<string, unknown> } => ({
    set: {
      [`attempts.${index}.outcome`]: said,
      [`attempts.${index}.providerId`]: providerId,
      ...(said === 'unknown' || row.attempts[index]?.said == null
        ? {}
        : { [`attempts.${index}.said`]: null }),
    },
  });
  switch (outcome.kind) {
    case 'accepted':
      return transition(row, 'accepted', undefined, now, {}, ended('accepted', outcome.providerId));
    case 'retry-at': {
      const wait = Math.max(outcome.afterMs, BACKOFF_MS[Math.min(index, BACKOFF_MS.length - 1)] ?? 0);
      const dueAt = new Date(now.getTime() + wait);
      return transition(
        row,
        'planned',
        `try again: ${outcome.reason}`,
        now,
        { dueAt },
        ended(outcome.reason),
      );
    }
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
      return otherChannel
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
      return transition(row, 'failed', outcome.reason, now, {}, ended('rejected'));
    case 'unknown':
      return transition(row, 'unknown', outcome.reason, now, {}, ended('unknown'));
  }
}
