import { shareCalls } from '#channels/share-calls';
import type { MessageRow } from '#messages/message.types';
import type { Transition } from '#messages/transition';
import { goesWithOthers, type Composed } from './compose.js';
import type { Means } from './decide.js';

/**
 * How many calls a pass makes. More would only queue for the account's slots and grow old: at a second a call, what the last
 * one knows is four seconds old (PROTOCOL A6). What finds no room has a pass of its own; mails that share a call are one.
 */
export const MOST_CALLS = 64;

/** What a pass takes up: all that may share a call, and as many others as there are calls; `over`: who has to wait. */
export function portionOf(
  rows: readonly MessageRow[],
  means: Means,
): { rows: MessageRow[]; over: Set<string> } {
  const over = new Set<string>();
  let calls = 0;
  for (const row of rows) {
    const mayShare = goesWithOthers(row) && row.channel === 'email' && means.shares(row.tenant, row.stream);
    // Where a pass took too long for so many, the next one takes fewer: else they would come late for ever.
    const shares = mayShare && row.attempts.at(-1)?.outcome !== 'late';
    if (!shares && (calls += 1) > MOST_CALLS) over.add(row._id);
  }
  return { rows: rows.filter(({ _id }) => !over.has(_id)), over };
}

/** Without what finds no room after all, which is noted in `over`. Who would be a double of one of those is asked again too. */
export function withRoom(
  { composed, stopped }: { composed: readonly Composed[]; stopped: readonly Transition[] },
  over: Set<string>,
): { composed: readonly Composed[]; stopped: readonly Transition[] } {
  const beyond = shareCalls(composed).slice(MOST_CALLS).flat();
  if (beyond.length === 0) return { composed, stopped };
  for (const { permitted } of beyond) over.add(permitted.row._id);
  for (const { after } of stopped) if (after.reason === 'duplicate') over.add(after._id);
  return {
    composed: composed.filter(({ permitted }) => !over.has(permitted.row._id)),
    stopped: stopped.filter(({ after }) => !over.has(after._id)),
  };
}

/**
 * Without the doubles of who had their address in this pass and has nothing to be said after all: they are asked again, once
 * that one is refused. Noted in `over`.
 */
export function withoutHeirs<Said extends { stopped: readonly Transition[] }>(
  said: Said,
  over: Set<string>,
): Said {
  const unsaid = new Set(
    said.stopped.flatMap(({ after }) =>
      after.reason === 'invalid-template' && after.campaign !== null ? [after.campaign] : [],
    ),
  );
  if (unsaid.size === 0) return said;
  const isHeir = ({ after }: Transition): boolean =>
    after.reason === 'duplicate' && unsaid.has(after.campaign ?? '');
  for (const one of said.stopped) if (isHeir(one)) over.add(one.after._id);
  return { ...said, stopped: said.stopped.filter((one) => !isHeir(one)) };
}

/** Parts of at most so many calls. */
export function partsOf<T>(items: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += MOST_CALLS) parts.push(items.slice(at, at + MOST_CALLS));
  return parts;
}
