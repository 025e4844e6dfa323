import { nonce } from '#platform/mongo';
import { keptTrace } from './kept-trace.js';
import type { MessageRow } from './message.types.js';
import { canMove, type MovesFrom, type Status } from './moves.js';
import { outEvent } from './out-event.js';

const WAITING: readonly Status[] = ['planned', 'released', 'sending'];

/** What a move may set beside the status. */
export type MoveSet = Partial<
  Pick<MessageRow, 'dueAt' | 'reason' | 'until' | 'release' | 'channel' | 'trace' | 'content'>
>;

/** A move of one row that was read: applied only where it is still what was seen (PROTOCOL, Fields). */
export interface Transition {
  nonce: string;
  filter: { _id: string } & Record<string, unknown>;
  update: Record<string, unknown>;
  /** The row as it stands once the move has won. */
  after: MessageRow;
}

/**
 * The condition, the change, the log. `From` narrows what compiles; a row whose status is not in the table's line throws
 * (a bug, never data).
 */
export function transition<From extends Status>(
  row: MessageRow & { status: From },
  to: MovesFrom<From>,
  why: string | undefined,
  at: Date,
  set: MoveSet = {},
  extra: { push?: Record<string, unknown>; set?: Record<string, unknown> } = {},
): Transition {
  const target: Status = to;
  if (!canMove(row.status, target)) throw new Error(`no move from ${row.status} to ${target}`);
  const rev = nonce();
  const entry = why === undefined ? { at, status: target } : { at, status: target, why };
  // What planned it is told once, by the span of its call.
  const untraced = row.traceparent != null && !WAITING.includes(target) ? { traceparent: null } : {};
  const settled = settling(row, target, at);
  const after = {
    ...row,
    ...set,
    ...untraced,
    ...settled,
    status: target,
    rev,
    history: [...row.history, entry],
  };
  const kept = set.trace === undefined ? {} : { trace: keptTrace(set.trace) };
  const out = outEvent(after, row.status, at, set.reason != null);
  return {
    nonce: rev,
    filter: { _id: row._id, tenant: row.tenant, status: row.status, rev: row.rev },
    update: {
      $set: { ...set, ...kept, ...untraced, ...settled, ...extra.set, status: target, rev },
      $push: { history: entry, ...(out === null ? {} : { out }), ...extra.push },
    },
    after,
  };
}

/** A provider's later word does not change when it was said; only what is planned anew has not been settled yet. */
function settling(row: MessageRow, to: Status, at: Date): { settledAt?: Date | null } {
  if (WAITING.includes(to)) return row.settledAt == null ? {} : { settledAt: null };
  return row.settledAt == null ? { settledAt: at } : {};
}

/** Since when a row that is just being made is settled: one that was refused at once. */
export const settledAtOnce = ({ status, createdAt }: MessageRow): Date | null =>
  WAITING.includes(status) ? null : createdAt;
