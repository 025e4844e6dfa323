import type { Heard } from './event-source.js';
import type { DeadReason } from './handling.js';

/** A message waiting or in flight. */
export interface Entry {
  heard: Omit<Heard, 'deliveries'>;
  deliveries: number;
  failures: number;
  firstFailedAt: number | undefined;
  /** Tried as a batch of its own: a batch that it was in has thrown. */
  alone: boolean;
  /** Tried with nothing else in flight: it may have ended an earlier process. */
  suspect: boolean;
  /** Its sighting is noted and not yet taken back. */
  sighted: boolean;
  /** Given up, but its dead letter is not written yet. */
  condemned: Omit<DeadReason, 'handler'> | undefined;
  /** Its partition was taken away: it is not tried again and its end is told to nobody. */
  orphan: boolean;
  ended: () => void;
}

/** One key's messages, in order. Messages without a key have a lane each. */
export interface Lane {
  key: string | null;
  /** What is not in flight. */
  entries: Entry[];
  /** Busy: in flight, or waiting for its next try; queued: in the ready list or parked at a held partition. */
  state: 'idle' | 'queued' | 'busy';
}

/** Several messages of one lane within a batch. */
export interface Portion {
  lane: Lane;
  entries: Entry[];
}

/** Whether a message is tried as a batch of its own. */
export const isSingle = (entry: Entry): boolean =>
  entry.alone || entry.suspect || entry.condemned !== undefined;

/**
 * Takes a batch off the ready lanes: first one message of each key, then more of the same keys while there is room.
 * @param admits whether a partition's messages may start now
 * @param park takes lanes whose partition is held
 */
export function assemble(
  ready: Lane[],
  size: number,
  admits: (partition: number) => boolean,
  park: (lane: Lane) => void,
): Portion[] {
  const portions: Portion[] = [];
  const aside: Lane[] = [];
  while (ready.length > 0 && portions.length < size) {
    const lane = ready.shift() as Lane;
    const head = lane.entries[0] as Entry;
    if (!admits(head.heard.partition)) park(lane);
    else if (!isSingle(head)) portions.push({ lane, entries: [head] });
    else if (portions.length > 0) aside.push(lane);
    else {
      portions.push({ lane, entries: [head] });
      break;
    }
  }
  ready.unshift(...aside);
  let room = size - portions.length;
  for (
    let depth = 1, grew = true;
    grew && room > 0 && !isSingle((portions[0]?.entries[0] ?? {}) as Entry);
    depth += 1
  ) {
    grew = false;
    for (const { lane, entries } of portions) {
      const next = lane.entries[depth];
      if (room === 0 || !next || entries.length < depth || isSingle(next)) continue;
      if (next.heard.partition !== entries[0]?.heard.partition) continue;
      entries.push(next);
      room -= 1;
      grew = true;
    }
  }
  for (const { lane, entries } of portions) lane.entries.splice(0, entries.length);
  return portions;
}
