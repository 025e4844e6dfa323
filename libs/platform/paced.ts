import { setTimeout as pause } from 'node:timers/promises';

/** Of its time a paced job works one part and rests so many. */
const RESTS = 9;
/** A page that itself waited for a slow server does not keep the next one waiting for long. */
const LONGEST_MS = 500;

/**
 * The pace of a background job that looks at very many things, page by page: after each page it rests, so that what
 * somebody waits for goes in between, and its pages do not fill a second that was needed.
 */
export class Paced {
  private begun: number;

  /**
   * @param signal says that the process is stopping
   * @param mono milliseconds of a monotonic clock
   * @param rest resolves after so many milliseconds; rejects once the signal is given
   */
  constructor(
    private readonly signal?: AbortSignal,
    private readonly mono: () => number = () => performance.now(),
    private readonly rest: (ms: number) => Promise<unknown> = (ms) => pause(ms, undefined, { signal }),
  ) {
    this.begun = mono();
  }

  /** Rests after a page. False: the process is stopping, so no further page is to begin. */
  async mayGoOn(): Promise<boolean> {
    const took = this.mono() - this.begun;
    if (this.signal?.aborted !== true) {
      await this.rest(Math.min(LONGEST_MS, took * RESTS)).catch((error: unknown) => {
        if (this.signal?.aborted !== true) throw error;
      });
    }
    this.begun = this.mono();
    return this.signal?.aborted !== true;
  }
}
