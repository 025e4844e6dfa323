import type { Channel } from '#purposes/channel';
import type { Trace } from '#purposes/trace';
import type { MessageRow } from './message.types.js';

/** Steps of one channel that all passed, or all did not: what is said of all of them first, then each check and what it saw. */
type Group = [channel: Channel | null, passed: 0 | 1, ...said: string[]];

/**
 * A trace as a row keeps it: one text, as nothing asks for a part of it. Twenty documents in each row are most of what
 * a message would cost to write, and of what a ledger weighs. None stays none.
 */
export function keptTrace(trace: Trace): string | Trace {
  if (trace.length === 0) return trace;
  const groups: Group[] = [];
  let last: Group | undefined;
  for (const { check, saw, passed, channel = null } of trace) {
    const yes = passed ? 1 : 0;
    if (last?.[0] !== channel || last[1] !== yes) groups.push((last = [channel, yes]));
    last.push(check, saw);
  }
  return JSON.stringify(groups);
}

/** The trace of what was kept; one that was kept as it is, by an earlier version, too. */
export function traceOf(kept: string | Trace): Trace {
  if (typeof kept !== 'string') return kept;
  return (JSON.parse(kept) as Group[]).flatMap(([channel, passed, ...said]) =>
    Array.from({ length: said.length / 2 }, (_, step) => ({
      check: said[2 * step] ?? '',
      saw: said[2 * step + 1] ?? '',
      passed: passed === 1,
      ...(channel === null ? {} : { channel }),
    })),
  );
}

/** Puts the trace in place of what was kept of it, in a row as it was read. */
export function readTrace(row: Pick<MessageRow, 'trace'>): void {
  if (typeof row.trace === 'string') row.trace = traceOf(row.trace);
}
