import { EventSource, type Subscription } from './event-source.js';
import { DEFAULTS, type Handling } from './handling.js';
import type { MemoryHearer } from './memory-hearer.js';
import type { MemoryTopics } from './memory-topics.js';
import { Turns } from './turns.js';

/** Hears the topics of this process. What was produced before `start` is heard then. */
export class MemorySource extends EventSource {
  private readonly hearers: MemoryHearer[] = [];
  private state: 'new' | 'running' | 'stopped' = 'new';

  constructor(
    private readonly topics: MemoryTopics,
    private readonly handling: Handling,
  ) {
    super();
  }

  subscribe(subscription: Subscription): void {
    if (this.state !== 'new') throw new Error(`subscribe to ${subscription.topic} before start`);
    this.hearers.push(this.topics.hearer(subscription, this.handling));
  }

  async start(): Promise<void> {
    if (this.state !== 'new') throw new Error('a source starts once');
    this.state = 'running';
    const turns = new Turns();
    for (const hearer of this.hearers) hearer.start(turns);
  }

  /** Ends what is queued too, as far as no lost server holds it and the time for draining allows; keeps the rest. */
  async stop(): Promise<void> {
    if (this.state !== 'running') return;
    this.state = 'stopped';
    let late: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      late = setTimeout(resolve, this.handling.queuedMs ?? DEFAULTS.queuedMs);
    });
    await Promise.race([this.drained(), timeout]);
    clearTimeout(late);
    await Promise.all(this.hearers.map((hearer) => hearer.stop()));
  }

  waiting(): number {
    return this.hearers.reduce((sum, { size }) => sum + size, 0);
  }

  lag(): Promise<Record<string, number>> {
    return Promise.resolve(Object.fromEntries(this.hearers.map(({ topic, size }) => [topic, size])));
  }

  healthy(): { ok: boolean; why?: string } {
    return this.state === 'running' ? { ok: true } : { ok: false, why: `messaging is ${this.state}` };
  }

  private async drained(): Promise<void> {
    // One topic's handler may produce into another topic: until none is busy.
    while (this.hearers.some(({ busy }) => busy))
      await Promise.all(this.hearers.map((hearer) => hearer.quiet()));
  }
}
