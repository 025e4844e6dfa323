import type { Clock } from './clock.js';
import type { Metrics } from './metrics.js';
import type { Log } from './telemetry.js';

/** What a pass did, in numbers: all zero (or nothing) is an idle pass, which logs nothing. */
export type Counts = Record<string, number>;

export interface LoopOptions {
  name: string;
  /** From the end of one pass to the begin of the next, shortened at random by up to a fifth. */
  everyMs: number;
  /** Works in batches until a short one; `signal` says that the process is stopping. */
  runOnce: (now: Date, signal: AbortSignal) => Promise<Counts | void>;
  clock: Clock;
  log: Log;
  metrics?: Metrics | undefined;
}

const JITTER = 0.2;
const LONGEST_BACKOFF_MS = 30_000;
const running = new Set<Loop>();

/** The names of the loops that were started and not stopped: tests end with none. */
export const runningLoops = (): string[] => [...running].map((loop) => loop.name);

/** Runs a background job again and again, never two passes at once, until it is stopped. */
export class Loop {
  readonly name: string;
  private timer: NodeJS.Timeout | undefined;
  private current: Promise<void> | undefined;
  private stopping: AbortController | undefined;
  private failures = 0;

  constructor(private readonly options: LoopOptions) {
    this.name = options.name;
  }

  /** The first pass begins at once. */
  start(): void {
    if (this.stopping) throw new Error(`the loop ${this.name} runs already`);
    this.stopping = new AbortController();
    running.add(this);
    this.schedule(0);
  }

  /** Begins the next pass now instead of later; one that is under way is followed by another. */
  wake(): void {
    if (!this.stopping || this.stopping.signal.aborted) return;
    if (this.current) void this.current.then(() => this.schedule(0));
    else this.schedule(0);
  }

  /** Resolves when the pass that is under way has ended; none begins afterwards. */
  async stop(): Promise<void> {
    this.stopping?.abort();
    clearTimeout(this.timer);
    await this.current;
    this.stopping = undefined;
    running.delete(this);
  }

  private schedule(delayMs: number): void {
    clearTimeout(this.timer);
    const signal = this.stopping?.signal;
    if (!signal || signal.aborted) return;
    this.timer = setTimeout(() => {
      this.current = this.pass(signal).finally(() => {
        this.current = undefined;
        this.schedule(this.delay());
      });
    }, delayMs);
  }

  private async pass(signal: AbortSignal): Promise<void> {
    const { runOnce, clock, log, metrics } = this.options;
    try {
      const counts = await runOnce(clock.now(), signal);
      this.failures = 0;
      metrics?.jobPass(this.name, 'done');
      if (counts && Object.values(counts).some((count) => count !== 0)) {
        log.debug({ loop: this.name, counts }, 'pass done');
      }
    } catch (err) {
      this.failures += 1;
      metrics?.jobPass(this.name, 'failed');
      log.error({ loop: this.name, attempt: this.failures, err }, 'pass failed, the loop goes on');
    }
  }

  // A lost server is not asked ten times a second for an hour.
  private delay(): number {
    const every = this.options.everyMs * (1 - JITTER * Math.random());
    const slowed = every * 2 ** Math.min(this.failures, 16);
    return Math.min(slowed, Math.max(every, LONGEST_BACKOFF_MS));
  }
}
