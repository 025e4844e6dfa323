import type { Heard } from './event-source.js';

/** Where a message ends that could not be handled. */
export interface DeadReason {
  /** May quote what a handler threw: its owner masks it together with the bytes. */
  reason: string;
  path?: string;
  /** The subscription that gave up: `group/topic`. */
  handler: string;
}

/** What a source needs of a logger; pino's order of arguments. */
export interface Log {
  info(about: object, text: string): void;
  warn(about: object, text: string): void;
  error(about: object, text: string): void;
}

/** How often a failing message is tried in place, and in how much time. */
export interface Retries {
  tries: number;
  withinMs: number;
  firstMs: number;
}

/** What both sources are given by their owner. */
export interface Handling {
  /** The consumer group; also the first half of a dead letter's `handler`. */
  group: string;
  /** A lost server: the partition is held and tried again for ever, nothing is dead-lettered. */
  isOutage: (error: unknown) => boolean;
  /** Masks and stores. The offset is resolved after it; if it throws, that is an outage. */
  deadLetter: (heard: Heard, why: DeadReason) => Promise<void>;
  log: Log;
  retries?: Partial<Retries>;
  /** Pauses between tries while a server is lost: doubling from the first to the last. */
  outage?: { firstMs: number; maxMs: number };
  /** Messages of one partition held in memory, queued and in flight. */
  highWater?: number;
  /** How long what is in flight may take to end at a stop before the log says that it takes long. */
  drainMs?: number;
  /** In memory only: how long a stop goes on with what is queued. */
  queuedMs?: number;
  /** Milliseconds that never jump. */
  mono?: () => number;
}

/** Every bound of the handling, with its default. */
export const DEFAULTS = {
  retries: { tries: 3, withinMs: 10_000, firstMs: 200 },
  outage: { firstMs: 250, maxMs: 5_000 },
  highWater: 2_000,
  drainMs: 36_000,
  // With a call that began at its end (W + Q, 35 s) still within the 45 s that a process has to end.
  queuedMs: 8_000,
} as const;

/** The pause before try `failures + 1`: 4 times longer each, cut to what is left of the window. */
export function pauseBeforeRetry(
  retries: Retries,
  failures: number,
  spentMs: number,
  asked?: number,
): number {
  const pause = asked ?? retries.firstMs * 4 ** (failures - 1);
  return Math.max(0, Math.min(pause, retries.withinMs - spentMs));
}

/** What may be logged of an error: never its message, which can quote a person. */
export function faultOf(error: unknown): { error: string; code?: string | number; at?: string[] } {
  if (!(typeof error === 'object' && error !== null)) return { error: typeof error };
  const { name, code, stack } = error as { name?: unknown; code?: unknown; stack?: unknown };
  const at =
    typeof stack === 'string'
      ? stack
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line.startsWith('at '))
          .slice(0, 6)
      : undefined;
  return {
    error: typeof name === 'string' ? name : 'Error',
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(at ? { at } : {}),
  };
}
