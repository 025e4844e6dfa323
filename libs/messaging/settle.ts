import type { Verdict } from './event-source.js';

/** What becomes of one message after a try. */
export type Settled =
  | { kind: 'end' }
  | { kind: 'retry'; reason: string; afterMs?: number }
  | { kind: 'dead'; reason: string; path?: string }
  /** Not this one's fault: an earlier message of its key comes first, or the source stops. */
  | { kind: 'again' }
  /** Its batch has thrown: it is tried alone. */
  | { kind: 'isolate' };

/** What a handler's call came to. */
export type Answer =
  { kind: 'verdicts'; verdicts: readonly Verdict[] } | { kind: 'threw'; reason: string } | { kind: 'outage' };

/**
 * One key's messages of a batch, in order: after the first that must be tried again, all later ones are heard again.
 * @param failures how often each has failed before this try
 */
export function settleKey(
  verdicts: readonly Verdict[],
  failures: readonly number[],
  tries: number,
): readonly Settled[] {
  let blocked = false;
  return verdicts.map((verdict, i): Settled => {
    if (blocked) return { kind: 'again' };
    switch (verdict.kind) {
      case 'done':
        return { kind: 'end' };
      case 'give-up':
        return { kind: 'dead', reason: verdict.reason, path: verdict.path };
      case 'retry-at':
        if ((failures[i] ?? 0) + 1 >= tries) return { kind: 'dead', reason: verdict.reason };
        blocked = true;
        return { kind: 'retry', reason: verdict.reason, afterMs: verdict.afterMs };
      case 'left':
        blocked = true;
        return { kind: 'again' };
      default:
        return verdict satisfies never;
    }
  });
}

/** A handler that answers with too few verdicts, or none, has thrown. */
export function asAnswer(verdicts: unknown, expected: number): Answer {
  if (!Array.isArray(verdicts) || verdicts.length !== expected) {
    const got = Array.isArray(verdicts) ? `${verdicts.length} verdicts` : typeof verdicts;
    return { kind: 'threw', reason: `the handler answered ${got} for ${expected} messages` };
  }
  const wrong = (verdicts as Verdict[]).find(
    (v) => !['done', 'retry-at', 'give-up', 'left'].includes(v?.kind),
  );
  if (wrong) return { kind: 'threw', reason: 'the handler answered with an unknown verdict' };
  return { kind: 'verdicts', verdicts: verdicts as Verdict[] };
}

/** What a throw is called in a dead letter. */
export function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) {
    const { name, message } = error as { name?: unknown; message?: unknown };
    return `${typeof name === 'string' ? name : 'Error'}: ${String(message)}`.slice(0, 500);
  }
  return `threw ${String(error)}`.slice(0, 500);
}
