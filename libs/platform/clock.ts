/**
 * The only reader of the machine's clocks. Wall time may be led (the inbox and tests move it);
 * the monotonic clock never jumps, so that deadlines inside one process stay true.
 */
export abstract class Clock {
  /** Wall time, led by what the inbox or a test has moved it. */
  abstract now(): Date;
  /** Milliseconds of this process's own monotonic clock; only differences mean anything. */
  abstract mono(): number;

  /** Wall time as the machine has it, whatever it is led by: what the clocks of others are held against. */
  unled(): Date {
    return this.now();
  }
}

/** The machine's time plus a lead in milliseconds (negative: behind). */
export class SystemClock extends Clock {
  constructor(private leadMs = 0) {
    super();
  }

  override now(): Date {
    return new Date(Date.now() + this.leadMs);
  }

  override mono(): number {
    return performance.now();
  }

  override unled(): Date {
    return new Date(Date.now());
  }

  get lead(): number {
    return this.leadMs;
  }

  /** Sets how far wall time runs ahead of the machine's, in milliseconds. */
  setLead(leadMs: number): void {
    this.leadMs = leadMs;
  }
}

/** A clock that stands still until it is moved: for tests. */
export class StoppedClock extends Clock {
  private monoMs = 0;

  constructor(private at: Date) {
    super();
  }

  override now(): Date {
    return new Date(this.at);
  }

  override mono(): number {
    return this.monoMs;
  }

  /** Moves wall time to `at`; the monotonic clock stays. */
  set(at: Date): void {
    this.at = new Date(at);
  }

  /** Lets `ms` pass on both clocks. */
  pass(ms: number): void {
    this.at = new Date(this.at.getTime() + ms);
    this.monoMs += ms;
  }
}
