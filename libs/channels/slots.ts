/** A counting semaphore, first come first served. */
export class Slots {
  private readonly waiting: (() => void)[] = [];
  private readonly watching: (() => void)[] = [];

  constructor(private free: number) {}

  take(): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Hands the slot to the one who waits longest. */
  give(): void {
    const next = this.waiting.shift();
    if (next) return next();
    this.free += 1;
    for (const tell of this.watching.splice(0)) tell();
  }

  /** Resolves once a slot is free, so that nobody waits for one. */
  whenFree(): Promise<void> {
    if (this.free > 0) return Promise.resolve();
    return new Promise((resolve) => this.watching.push(resolve));
  }
}
