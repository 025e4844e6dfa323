import { createHash } from 'node:crypto';
import type { MessageRow } from '#messages/message.types';
import { transition, type Transition } from '#messages/transition';
import type { Decided } from './decide.js';

/** A hold is looked at again this much later at the earliest, and spread over as much (PROTOCOL C2). */
const HOLD_MS = 60_000;

/** The move of a row that may not go now. */
export function stopMove(stopped: Exclude<Decided, { kind: 'send' }>, now: Date): Transition {
  const row = stopped.row as MessageRow & { status: 'released' };
  switch (stopped.kind) {
    case 'wait':
      return transition(row, 'planned', stopped.why, now, {
        dueAt: stopped.until,
      });
    case 'hold':
      return transition(row, 'planned', stopped.reason, now, {
        dueAt: heldUntil(row, stopped.until, now),
        until: stopped.until,
        reason: stopped.reason,
        trace: stopped.trace,
      });
    case 'give-back':
      return transition(row, 'planned', 'its campaign is paused', now, {
        ...{ dueAt: null, until: null, reason: 'paused' },
      });
    case 'cancel':
      return transition(row, 'cancelled', `its campaign was ${stopped.was}`, now);
    case 'refuse': {
      const { reason, trace } = stopped;
      return transition(row, reason === 'expired' ? 'expired' : 'refused', reason, now, { reason, trace });
    }
  }
}

/** Not all at once, yet the same whenever it is asked, and never past the row's own expiry for the spreading's sake. */
export function heldUntil(row: Pick<MessageRow, '_id' | 'expiresAt'>, until: Date, now: Date): Date {
  const spread = createHash('sha256').update(row._id).digest().readUInt32BE(0) % HOLD_MS;
  const earliest = Math.max(until.getTime(), now.getTime() + HOLD_MS);
  const at = new Date(earliest + spread);
  return row.expiresAt !== null && at >= row.expiresAt ? new Date(earliest) : at;
}
