import type { Heard, Subscription } from './event-source.js';
import { DEFAULTS, type Handling } from './handling.js';
import { Lanes } from './lanes.js';
import type { Turns } from './turns.js';

type Message = Omit<Heard, 'deliveries'>;

/** One group's place in one in-memory topic: what it has not handled yet is kept, also while nobody runs. */
export class MemoryHearer {
  private readonly kept = new Map<
    string,
    { message: Message; done: () => void; failed: (why: Error) => void }
  >();
  private lanes: Lanes | undefined;
  stopped = false;

  /** @param changed is told of each message that has ended */
  constructor(
    readonly group: string,
    private subscription: Subscription,
    private handling: Handling,
    private readonly changed: () => void,
  ) {}

  get topic(): string {
    return this.subscription.topic;
  }

  /** Messages that this group has not ended. */
  get size(): number {
    return this.kept.size;
  }

  /** The offset of the first of them. */
  get oldest(): string | undefined {
    return this.kept.keys().next().value;
  }

  get awaitHandled(): boolean {
    return this.subscription.awaitHandled ?? false;
  }

  /** Another source of the same group takes over. */
  replace(subscription: Subscription, handling: Handling): void {
    if (this.lanes) throw new Error(`${this.group} already hears ${subscription.topic}`);
    this.subscription = subscription;
    this.handling = handling;
  }

  /** Resolves when the message has ended; rejects when the source stops before that (the message stays). */
  take(message: Message): Promise<void> {
    return new Promise((done, failed) => {
      // Its producer learns that it was not handled, and may produce it again: it is not kept as well.
      if (this.stopped && this.awaitHandled) return failed(this.left());
      this.kept.set(message.offset, { message, done, failed });
      if (this.lanes) this.offer(this.lanes, message);
    });
  }

  /** Whether one more message may be taken; what is not running buffers without bound. */
  get hasRoom(): boolean {
    return this.lanes === undefined || this.lanes.waiting(0) < this.highWater;
  }

  /** Resolves when one more message may be taken. */
  async room(): Promise<void> {
    await this.lanes?.room(0, this.highWater);
  }

  /** @param turns is shared with the other topics of its source */
  start(turns: Turns): void {
    const lanes = new Lanes(this.subscription, this.handling, undefined, turns);
    this.lanes = lanes;
    this.stopped = false;
    for (const { message } of this.kept.values()) this.offer(lanes, message);
  }

  async quiet(): Promise<void> {
    await this.lanes?.quiet();
  }

  /** Whether something is left that no lost server holds back. */
  get busy(): boolean {
    return this.lanes !== undefined && this.kept.size > 0 && !this.lanes.held;
  }

  /** Lets what is in flight end; keeps the rest for the next start. */
  async stop(): Promise<void> {
    await this.lanes?.halt();
    this.lanes = undefined;
    this.stopped = true;
    for (const { failed } of this.kept.values()) failed(this.left());
    this.changed();
  }

  private get highWater(): number {
    return this.handling.highWater ?? DEFAULTS.highWater;
  }

  private offer(lanes: Lanes, message: Message): void {
    lanes.offer(message, () => {
      this.kept.get(message.offset)?.done();
      this.kept.delete(message.offset);
      this.changed();
    });
  }

  private left(): Error {
    return new Error(`${this.group} has stopped hearing ${this.subscription.topic}`);
  }
}
