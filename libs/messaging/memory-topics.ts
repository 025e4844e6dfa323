import { randomInt } from 'node:crypto';
import type { Heard, Subscription } from './event-source.js';
import type { OutRecord } from './event-sink.js';
import type { Handling } from './handling.js';
import { MemoryHearer } from './memory-hearer.js';

interface Topic {
  nextOffset: number;
  hearers: MemoryHearer[];
  /** What no group has subscribed to yet: handed to the first one that does. */
  unheard: Omit<Heard, 'deliveries'>[];
  /** Producers write one after the other. */
  tail: Promise<unknown>;
}

/** How many messages of a topic that nobody hears are kept; the oldest go first. */
const KEPT_UNHEARD = 10_000;

/**
 * The topics of one process. Offsets rise from a place of each process's own, so that a dead letter that a store kept
 * (named after topic, partition and offset) is not met again by the next process.
 */
export class MemoryTopics {
  private readonly topics = new Map<string, Topic>();
  private producing = 0;
  private readonly idleWaiters: (() => void)[] = [];

  constructor(private readonly firstOffset = randomInt(2 ** 47)) {}

  /** The place of a group in a topic; made where it is new, taken over where its source has stopped. */
  hearer(subscription: Subscription, handling: Handling): MemoryHearer {
    const topic = this.topic(subscription.topic);
    const known = topic.hearers.find(({ group }) => group === handling.group);
    if (known) {
      known.replace(subscription, handling);
      return known;
    }
    const hearer = new MemoryHearer(handling.group, subscription, handling, () => this.tellIdle());
    topic.hearers.push(hearer);
    for (const message of topic.unheard.splice(0)) unawaited(hearer.take(message));
    return hearer;
  }

  /**
   * Copies and queues the records; waits while a group that runs is full, so a handler must not fill the topic it hears.
   * Where a group says `awaitHandled` it resolves when that group has handled them.
   */
  async produce(name: string, records: readonly OutRecord[]): Promise<void> {
    const topic = this.topic(name);
    const copies = records.map(({ key, value, headers }) => ({
      topic: name,
      partition: 0,
      key,
      headers: { ...headers },
      value: Buffer.from(value as Buffer),
    }));
    this.producing += 1;
    const ends: Promise<void>[] = [];
    const queued = topic.tail.then(async () => {
      for (const copy of copies) {
        // In one step while there is room: what is produced together is heard together.
        for (const hearer of topic.hearers) if (!hearer.hasRoom) await hearer.room();
        this.append(topic, copy, ends);
      }
    });
    topic.tail = queued;
    try {
      await queued;
    } finally {
      this.producing -= 1;
      this.tellIdle();
    }
    await Promise.all(ends);
  }

  /** Resolves when nothing is queued or in flight on any topic; what a stopped source left behind does not count. */
  async idle(): Promise<void> {
    if (!this.isIdle()) await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  /** How many messages of a topic a group has not ended. */
  lag(name: string, group: string): number {
    return this.topics.get(name)?.hearers.find((hearer) => hearer.group === group)?.size ?? 0;
  }

  /** Where a topic ends, and the first offset that a group has not ended; one that nobody has heard of ends at 0. */
  standing(name: string, group: string): { end: number; handledTo: number } {
    const topic = this.topics.get(name);
    if (!topic) return { end: 0, handledTo: 0 };
    const hearer = topic.hearers.find((one) => one.group === group);
    const oldest = hearer ? hearer.oldest : topic.unheard[0]?.offset;
    return { end: topic.nextOffset, handledTo: oldest === undefined ? topic.nextOffset : Number(oldest) };
  }

  private append(topic: Topic, copy: Omit<Heard, 'deliveries' | 'offset'>, ends: Promise<void>[]): void {
    const message = { ...copy, offset: String(topic.nextOffset) };
    topic.nextOffset += 1;
    if (topic.hearers.length === 0) {
      topic.unheard.push(message);
      if (topic.unheard.length > KEPT_UNHEARD) topic.unheard.shift();
    }
    for (const hearer of topic.hearers) {
      const end = hearer.take(message);
      unawaited(end);
      if (hearer.awaitHandled) ends.push(end);
    }
  }

  private isIdle(): boolean {
    if (this.producing > 0) return false;
    for (const { hearers } of this.topics.values())
      if (hearers.some(({ size, stopped }) => size > 0 && !stopped)) return false;
    return true;
  }

  private tellIdle(): void {
    if (this.idleWaiters.length > 0 && this.isIdle())
      for (const resolve of this.idleWaiters.splice(0)) resolve();
  }

  private topic(name: string): Topic {
    let topic = this.topics.get(name);
    if (!topic) {
      topic = { nextOffset: this.firstOffset, hearers: [], unheard: [], tail: Promise.resolve() };
      this.topics.set(name, topic);
    }
    return topic;
  }
}

/** A message left behind by a stop is not lost and nobody's failure: it is heard at the next start. */
const unawaited = (end: Promise<void>): void => void end.catch(() => undefined);
