import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { EventSource, type Subscription } from './event-source.js';
import { DEFAULTS, faultOf, type Handling } from './handling.js';
import { KafkaOffsets } from './kafka-offsets.js';
import { asMessage, fetchedFrom, KafkaPartition } from './kafka-partition.js';
import { Lanes } from './lanes.js';
import { type Sightings, STARTS_BEFORE_SUSPICION, SUSPECTS } from './sightings.js';
import { topicLag } from './topic-lag.js';
import { Turns } from './turns.js';
import { Watchdog } from './watchdog.js';

/** What a Kafka source is given beside the handling. */
export interface KafkaSourceOptions extends Handling {
  /** Notes that outlive a crash; without them a message that kills its process kills every next one. */
  sightings?: Sightings;
  /** The consumer is gone for good: the process should end. */
  onFatal?: (why: string) => void;
  /** How often in a row a crashed consumer is made anew. */
  recreations?: number;
  /** How long nothing may move while there is something to hear. */
  patienceMs?: number;
  sessionTimeoutMs?: number;
}

/** A full partition waits this long inside its batch before it is paused: all of a broker's partitions wait with it. */
const WAIT_FOR_ROOM_MS = 400;
const HEARTBEAT_EACH_MS = 500;
const COMMIT_EACH_MS = 200;
/** Also how long kafkajs sleeps when every partition is paused. */
const FETCH_WAIT_MS = 250;
const TRY_AGAIN_MS = 1_000;
const BYTES_A_PARTITION = 256 * 1024;
/** After so long without a heartbeat the group goes on without a member. */
const SESSION_MS = 12_000;

/**
 * Hears Kafka topics.
 * new → joined (a generation: partitions fresh) → … → stopped. A rebalance forgets what is queued and begins a generation;
 * a crash that kafkajs does not mend makes a new consumer, a bounded number of times, then the source is `fatal`.
 */
export class KafkaSource extends EventSource {
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly lanes = new Map<string, Lanes>();
  private readonly turns = new Turns();
  private readonly admin: Admin;
  private readonly offsets: KafkaOffsets;
  private readonly lifting = new Set<Promise<void>>();
  private readonly watchdog: Watchdog;
  private partitions = new Map<string, KafkaPartition>();
  private consumer: Consumer | undefined;
  private watching: NodeJS.Timeout | undefined;
  private readonly timers = new Set<NodeJS.Timeout>();
  private recreated = 0;
  private state: 'new' | 'joining' | 'joined' | 'fatal' | 'stopped' = 'new';
  private why = 'not started';

  constructor(
    private readonly kafka: Kafka,
    private readonly options: KafkaSourceOptions,
  ) {
    super();
    this.admin = kafka.admin();
    this.offsets = new KafkaOffsets(this.admin, options.group, COMMIT_EACH_MS, options.log, () =>
      this.committed(),
    );
    const progress = () => [...this.lanes.values()].reduce((sum, lanes) => sum + lanes.progress, 0);
    const mono = options.mono ?? (() => performance.now());
    const lag = async () => Object.values(await this.lag()).reduce((sum, one) => sum + one, 0);
    this.watchdog = new Watchdog({ progress, lag }, this.patienceMs, mono);
  }

  subscribe(subscription: Subscription): void {
    if (this.state !== 'new') throw new Error(`subscribe to ${subscription.topic} before start`);
    if (this.subscriptions.has(subscription.topic))
      throw new Error(`${subscription.topic} has a handler already`);
    this.subscriptions.set(subscription.topic, subscription);
    const { sightings } = this.options;
    this.lanes.set(subscription.topic, new Lanes(subscription, this.options, sightings, this.turns));
  }

  async start(): Promise<void> {
    if (this.state !== 'new') throw new Error('a source starts once');
    if (this.subscriptions.size === 0) {
      this.state = 'joined';
      return;
    }
    this.state = 'joining';
    await this.admin.connect();
    await this.open();
    this.watching = setInterval(() => void this.watch(), Math.max(250, this.patienceMs / 4));
    this.watching.unref();
  }

  async stop(): Promise<void> {
    if (this.state === 'new' || this.state === 'stopped') return;
    this.state = 'stopped';
    clearInterval(this.watching);
    for (const timer of this.timers) clearTimeout(timer);
    this.pauseAll();
    await Promise.all([...this.lanes.values()].map((lanes) => lanes.halt()));
    await this.offsets.now();
    this.offsets.close();
    await this.takeBackStarts();
    await this.consumer
      ?.disconnect()
      .catch((error: unknown) => this.warn('consumer did not disconnect', error));
    await this.admin.disconnect().catch((error: unknown) => this.warn('admin did not disconnect', error));
  }

  waiting(): number {
    return [...this.lanes.values()].reduce((sum, lanes) => sum + lanes.size, 0);
  }

  /** Of the partitions that this process holds just now; a topic of which it holds none has a lag of 0. */
  async lag(): Promise<Record<string, number>> {
    const mine = new Map([...this.subscriptions.keys()].map((topic) => [topic, new Set<number>()]));
    for (const { topic, partition } of this.partitions.values()) mine.get(topic)?.add(partition);
    const lags = [...mine].map(
      async ([topic, only]) =>
        [topic, only.size === 0 ? 0 : await topicLag(this.admin, this.options.group, topic, only)] as const,
    );
    return Object.fromEntries(await Promise.all(lags));
  }

  healthy(): { ok: boolean; why?: string } {
    if (this.state !== 'joined') return { ok: false, why: `messaging is ${this.state}: ${this.why}` };
    if (this.watchdog.stuck > 0)
      return { ok: false, why: `nothing moved for ${this.patienceMs} ms although there is work` };
    return { ok: true };
  }

  private get patienceMs(): number {
    return this.options.patienceMs ?? 120_000;
  }

  private async open(): Promise<void> {
    this.why = 'joining its group';
    const consumer = this.kafka.consumer({
      groupId: this.options.group,
      sessionTimeout: this.options.sessionTimeoutMs ?? SESSION_MS,
      heartbeatInterval: HEARTBEAT_EACH_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: BYTES_A_PARTITION,
      allowAutoTopicCreation: false,
    });
    this.consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.begin(payload.memberAssignment);
      if (this.state === 'joining') this.state = 'joined';
    });
    consumer.on(consumer.events.REBALANCING, () => void this.offsets.now());
    consumer.on(consumer.events.CRASH, ({ payload }) =>
      this.crashed(consumer, payload.error, payload.restart),
    );
    await consumer.connect();
    await consumer.subscribe({ topics: [...this.subscriptions.keys()], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // Wide enough that every batch of a fetch is taken up in the tick in which the fetch ends.
      partitionsConsumedConcurrently: 1_000,
      eachBatch: (payload) => this.take(payload),
    });
  }

  /** A generation of the group begins. What is in flight of before ends; if it is fetched again meanwhile, it is not doubled. */
  private begin(assignment: Record<string, number[]>): void {
    const mine = Object.entries(assignment).flatMap(([topic, ids]) =>
      ids.map((id) => new KafkaPartition(topic, id)),
    );
    const known = [...this.partitions.values(), ...mine];
    for (const { topic, partition } of known) this.lanes.get(topic)?.drop(partition);
    void this.takeBackStarts();
    this.partitions = new Map(mine.map((one) => [`${one.topic}/${one.partition}`, one]));
    this.offsets.begin(mine);
  }

  /** Queues a batch and moves kafkajs' fetch position on, in one step; then waits for room, not for the end. */
  private async take(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const lanes = this.lanes.get(batch.topic);
    const part = this.partitions.get(`${batch.topic}/${batch.partition}`);
    if (!lanes || !part || part.lost || this.state === 'stopped') return;
    if (part.fresh && !(await staying(payload, this.takeUp(payload, part)))) return;
    if (part.lost || part.fresh || !payload.isRunning() || payload.isStale()) return;
    this.offsets.through((due) => payload.commitOffsetsIfNecessary(due));
    for (const record of batch.messages) {
      const message = asMessage(batch.topic, batch.partition, record);
      part.prefix.begin(message.offset);
      lanes.offer(message, () => this.ended(part, message.offset), part.suspects-- > 0);
    }
    payload.resolveOffset(batch.lastOffset());
    await this.waitForRoom(payload, lanes);
  }

  private ended(part: KafkaPartition, offset: string): void {
    if (part.lost) return;
    part.prefix.end(offset);
    this.offsets.soon();
  }

  private committed(): void {
    this.recreated = 0;
    // Not when it ended: a crash before the commit would begin here again, and its note is to be found then.
    for (const part of this.partitions.values()) if (part.isBeyondNoted) void this.lift(part, 'passed');
  }

  /** The first batch of a generation: a fetch that was under way when it began may start beyond what was dropped. */
  private async takeUp(payload: EachBatchPayload, part: KafkaPartition): Promise<boolean> {
    try {
      const from = fetchedFrom(payload.batch);
      if (!(await this.offsets.fits(part, from))) return false;
      const first = payload.batch.firstOffset();
      if (first !== null) await this.suspect(part, first);
      part.fresh = false;
      return true;
    } catch (error) {
      this.warn('a partition cannot be taken up yet', error);
      const resume = payload.pause();
      this.later(TRY_AGAIN_MS, resume);
      return false;
    }
  }

  /** Notes that it is taken up here; what ended a process here before is handled alone. */
  private async suspect(part: KafkaPartition, first: string): Promise<void> {
    const { sightings, log } = this.options;
    if (!sightings) return;
    const { topic, partition } = part;
    part.noted = first;
    const starts = await sightings.seen(topic, partition, first, 'start');
    // Once it was tried alone it stays suspect, though the place where the partition is taken up has moved on towards it.
    if (starts <= STARTS_BEFORE_SUSPICION && !(await sightings.anyAlone(topic, partition))) return;
    part.suspects = SUSPECTS;
    log.warn({ topic, partition, offset: first, starts }, 'ended its process before: one at a time');
  }

  /** The process lives: that it took up its partitions where it did says nothing against what is there. */
  private async takeBackStarts(): Promise<void> {
    for (const part of this.partitions.values()) void this.lift(part, 'takeBack');
    await Promise.all(this.lifting);
  }

  /** Voids what was noted where this partition was taken up; a stop waits for it (`takeBackStarts`). */
  private async lift(part: KafkaPartition, how: 'passed' | 'takeBack'): Promise<void> {
    const { sightings } = this.options;
    const { topic, partition, noted } = part;
    part.noted = undefined;
    if (noted === undefined || !sightings) return;
    const lifted = (
      how === 'passed'
        ? sightings.passed(topic, partition, part.prefix.committedTo)
        : sightings.takeBack(topic, partition, noted)
    ).catch((error: unknown) => this.warn('a sighting could not be taken back', error));
    this.lifting.add(lifted);
    await lifted;
    this.lifting.delete(lifted);
  }

  private async waitForRoom(payload: EachBatchPayload, lanes: Lanes): Promise<void> {
    const { partition } = payload.batch;
    const high = this.options.highWater ?? DEFAULTS.highWater;
    if (lanes.waiting(partition) < high) return;
    let late: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      late = setTimeout(resolve, WAIT_FOR_ROOM_MS);
    });
    await Promise.race([lanes.room(partition, high), timeout]);
    clearTimeout(late);
    if (lanes.waiting(partition) >= high && this.state !== 'stopped') {
      const resume = payload.pause();
      void lanes.room(partition, Math.ceil(high / 2)).then(() => this.state !== 'stopped' && resume());
    }
    await payload.heartbeat();
  }

  private crashed(consumer: Consumer, error: Error, restarts: boolean): void {
    if (consumer !== this.consumer || this.state === 'stopped') return;
    this.state = 'joining';
    this.why = `the consumer crashed (${error.name})`;
    this.begin({});
    if (!restarts) this.recreate();
  }

  private recreate(): void {
    const most = this.options.recreations ?? 5;
    if (this.recreated >= most) {
      this.state = 'fatal';
      this.options.log.error(
        { group: this.options.group, recreated: this.recreated },
        'the consumer is gone for good',
      );
      this.options.onFatal?.(this.why);
      return;
    }
    this.recreated += 1;
    const old = this.consumer;
    this.consumer = undefined;
    this.later(TRY_AGAIN_MS * 2 ** (this.recreated - 1), () => void this.reopen(old));
  }

  private async reopen(old: Consumer | undefined): Promise<void> {
    await old?.disconnect().catch(() => undefined);
    try {
      await this.open();
    } catch (error) {
      this.warn('the consumer could not be made anew', error);
      if (this.state !== 'stopped') this.recreate();
    }
  }

  private async watch(): Promise<void> {
    if (this.state !== 'joined') return;
    try {
      if ((await this.watchdog.look()) === 'moves' || this.state !== 'joined') return;
      this.options.log.error(
        { group: this.options.group, times: this.watchdog.stuck },
        'nothing moves although there is work',
      );
      if (this.watchdog.stuck > 1) return;
      this.state = 'joining';
      this.why = 'nothing moved';
      this.begin({});
      this.recreate();
    } catch (error) {
      this.warn('the lag cannot be read', error);
    }
  }

  private pauseAll(): void {
    try {
      this.consumer?.pause([...this.subscriptions.keys()].map((topic) => ({ topic })));
    } catch {
      // It has not joined yet: there is nothing to pause.
    }
  }

  private later(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      then();
    }, ms);
    this.timers.add(timer);
  }

  private warn(text: string, error: unknown): void {
    this.options.log.warn({ group: this.options.group, ...faultOf(error) }, text);
  }
}

/** Keeps the membership while something slow, as a ledger that is away, is waited for. */
async function staying<T>(payload: EachBatchPayload, slow: Promise<T>): Promise<T> {
  // What a beat is told (that the group forms anew) the next one after the wait is told too, where kafkajs hears it.
  const beating = setInterval(() => void payload.heartbeat().catch(() => undefined), HEARTBEAT_EACH_MS);
  try {
    return await slow;
  } finally {
    clearInterval(beating);
  }
}
