/**
 * Holds back one partition while a server is lost.
 * open → (outage) → held → (pause over) → probing: one batch at a time → (a batch ended) → open, or held for longer.
 */
export class PartitionGate {
  /** Queued and in flight. */
  messages = 0;
  inFlight = 0;
  private state: 'open' | 'held' | 'probing' = 'open';
  private outages = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly pauses: { firstMs: number; maxMs: number },
    private readonly opened: () => void,
  ) {}

  /** Whether a message of this partition may start now. */
  admits(): boolean {
    return this.state === 'open' || (this.state === 'probing' && this.inFlight === 0);
  }

  get held(): boolean {
    return this.state !== 'open';
  }

  /** Starts or lengthens the pause; outages that end during one pause count once. */
  hold(): number | undefined {
    if (this.state === 'held') return undefined;
    const { firstMs, maxMs } = this.pauses;
    const pause = Math.min(maxMs, firstMs * 2 ** Math.min(this.outages, 20));
    this.outages += 1;
    this.state = 'held';
    this.timer = setTimeout(() => {
      this.state = 'probing';
      this.opened();
    }, pause);
    return pause;
  }

  /** A try ended without an outage. */
  recovered(): void {
    if (this.state === 'held') return;
    this.outages = 0;
    if (this.state === 'probing') this.state = 'open';
  }

  /** No timer is left behind. */
  close(): void {
    clearTimeout(this.timer);
  }
}
