/**
 * When a call has to have ended (Q). Who calls is told by `whenPassed`, which costs nothing, or by `signal`: an AbortSignal
 * is made only where somebody asks for it, as it and its listener take as long as a third of an HTTP call.
 */
export class Deadline {
  private readonly timer: NodeJS.Timeout;
  private readonly ends: (() => void)[] = [];
  private controller: AbortController | undefined;
  private passed = false;

  constructor(ms: number) {
    this.timer = setTimeout(() => {
      this.passed = true;
      this.controller?.abort();
      for (const end of this.ends) end();
    }, ms);
  }

  /** Whether it has passed; named as an AbortSignal names it. */
  get aborted(): boolean {
    return this.passed;
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.passed) this.controller.abort();
    return this.controller.signal;
  }

  /** Calls `end` once it passes; at once where it has. */
  whenPassed(end: () => void): void {
    if (this.passed) end();
    else this.ends.push(end);
  }

  /** The call has ended: nobody is told any more. */
  clear(): void {
    clearTimeout(this.timer);
  }
}
