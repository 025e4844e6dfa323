/** What a watchdog looks at. */
export interface Watched {
  /** Rises with each end and each try. */
  progress(): number;
  /** What is left to hear; may ask a server. */
  lag(): Promise<number>;
}

/**
 * Notices that nothing moves although there is something to do. Whoever owns the timer calls `look` and acts on the answer:
 * `stuck` once a time without progress is over, and again after each further one.
 */
export class Watchdog {
  private seen = -1;
  private since: number;
  private times = 0;

  constructor(
    private readonly watched: Watched,
    private readonly patienceMs: number,
    private readonly mono: () => number,
  ) {
    this.since = mono();
  }

  /** How often in a row it was stuck. */
  get stuck(): number {
    return this.times;
  }

  async look(): Promise<'moves' | 'stuck'> {
    const progress = this.watched.progress();
    const now = this.mono();
    if (progress !== this.seen || (await this.watched.lag()) === 0) {
      this.seen = progress;
      this.since = now;
      this.times = 0;
      return 'moves';
    }
    if (now - this.since < this.patienceMs) return 'moves';
    this.since = now;
    this.times += 1;
    return 'stuck';
  }
}
