import type { OutEntry } from '#messaging/outbox';
import type { MessageRow } from './message.types.js';
import type { Status } from './moves.js';

/** What the world is told of a message's way (CONTRACTS, events out). Between these nobody needs to know. */
const TOLD: Partial<Record<Status, string>> = {
  planned: 'planned',
  refused: 'refused',
  expired: 'refused',
  accepted: 'accepted',
  delivered: 'delivered',
  bounced: 'bounced',
  complained: 'complained',
  failed: 'failed',
  cancelled: 'cancelled',
};

/**
 * The event of a row that came to stand there with this `rev`; null where nothing is told. `from` null: it is new;
 * `isHeld`: the gate holds it.
 */
export function outEvent(row: MessageRow, from: Status | null, at: Date, isHeld = false): OutEntry | null {
  const word = isHeld && row.status === 'planned' ? 'held' : wordOf(row, from);
  if (word === undefined) return null;
  const { rev, channel, reason } = row;
  return {
    id: rev,
    type: `message.${word}.v1`,
    at,
    data: { channel, ...(reason === null || word === 'accepted' ? {} : { reason }) },
  };
}

/** What tries again by itself, or waits a moment, is nobody's news. */
function wordOf({ status }: MessageRow, from: Status | null): string | undefined {
  return status === 'planned' && (from === 'released' || from === 'sending') ? undefined : TOLD[status];
}
