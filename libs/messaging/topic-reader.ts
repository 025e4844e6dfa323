import type { Kafka } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { topicEnds } from './topic-lag.js';

const BATCH = 2_000;
/** How long a broker may be silent before reading is given up. */
const SILENCE_MS = 30_000;

/** How far reading is, in offsets: what a compaction took away counts as read. */
export interface ReadSoFar {
  done: number;
  total: number;
}

/** Reads a topic from a place of its own to where it ends now, outside of every group that hears it. */
export class TopicReader {
  constructor(
    private readonly kafka: Kafka,
    private readonly topic: string,
    /** Begins the name of the passing group that kafkajs needs: what a broker allows may be by prefix. */
    private readonly groupPrefix: string,
  ) {}

  /** The last message of each partition that has one. */
  async newest(): Promise<Buffer[]> {
    const found = new Map<number, Buffer>();
    const ends = await this.ends();
    const last = new Map([...ends].map(([partition, { high }]) => [partition, high - 1n]));
    await this.consume(last, ends, (partition, messages) => {
      const message = messages.at(-1);
      if (message !== undefined) found.set(partition, message.value);
      return Promise.resolve();
    });
    return [...found.values()];
  }

  /**
   * All that is there now, in batches in the order of each partition; `take` gets the next offset of each too, and how
   * far it is.
   */
  async read(
    from: Readonly<Record<string, string>>,
    take: (values: Buffer[], next: Record<string, string>, soFar: ReadSoFar) => Promise<void>,
  ): Promise<void> {
    const ends = await this.ends();
    const next: Record<string, string> = { ...from };
    const starts = new Map(
      [...ends].map(([partition, { low }]) => {
        const known = BigInt(from[String(partition)] ?? 0);
        return [partition, known > low ? known : low];
      }),
    );
    const spans = [...ends].map(([partition, { high }]) => Number(high - (starts.get(partition) ?? 0n)));
    const total = spans.reduce((sum, span) => sum + Math.max(0, span), 0);
    const doneOf = (partition: number): number =>
      Math.max(0, Number(BigInt(next[String(partition)] ?? 0) - (starts.get(partition) ?? 0n)));
    await this.consume(starts, ends, async (partition, messages, after) => {
      for (let start = 0; start < messages.length; start += BATCH) {
        const part = messages.slice(start, start + BATCH);
        const isLast = start + BATCH >= messages.length;
        next[String(partition)] = String(isLast ? after : BigInt(part.at(-1)!.offset) + 1n);
        await take(
          part.map(({ value }) => value),
          { ...next },
          { done: [...ends.keys()].reduce((sum, one) => sum + doneOf(one), 0), total },
        );
      }
    });
  }

  /** Where each partition that holds anything begins and ends. */
  private async ends(): Promise<Map<number, { low: bigint; high: bigint }>> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      const offsets = await topicEnds(admin, this.topic);
      return new Map(
        offsets
          .map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }] as const)
          .filter(([, { low, high }]) => high > low),
      );
    } finally {
      await admin.disconnect();
    }
  }

  private async consume(
    starts: ReadonlyMap<number, bigint>,
    ends: ReadonlyMap<number, { high: bigint }>,
    take: (partition: number, messages: { offset: string; value: Buffer }[], after: bigint) => Promise<void>,
  ): Promise<void> {
    const open = new Map([...ends].filter(([partition, { high }]) => (starts.get(partition) ?? 0n) < high));
    if (open.size === 0) return;
    const groupId = `${this.groupPrefix}-reader-${randomUUID()}`;
    const consumer = this.kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
    const ending: { done?: () => void; failed?: (why: unknown) => void } = {};
    const ended = new Promise<void>((resolve, reject) => {
      ending.done = resolve;
      ending.failed = reject;
    });
    // It may fail before it is awaited.
    ended.catch(() => undefined);
    let silent: NodeJS.Timeout | undefined;
    const wait = (): void => {
      clearTimeout(silent);
      silent = setTimeout(
        () => ending.failed?.(new Error(`${this.topic} stayed silent before its end`)),
        SILENCE_MS,
      );
    };
    try {
      await consumer.connect();
      await consumer.subscribe({ topic: this.topic, fromBeginning: true });
      wait();
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (given) => {
          const { batch } = given;
          const end = open.get(batch.partition);
          if (end === undefined) return;
          wait();
          const start = starts.get(batch.partition) ?? 0n;
          // What a compaction or a seek leaves before the start is not ours; what came since the end is for another time.
          const messages = batch.messages.flatMap(({ offset, value }) =>
            value !== null && BigInt(offset) >= start && BigInt(offset) < end.high ? [{ offset, value }] : [],
          );
          const after = BigInt(batch.lastOffset()) + 1n;
          try {
            if (messages.length > 0)
              await take(batch.partition, messages, after < end.high ? after : end.high);
          } catch (error) {
            ending.failed?.(error);
            return;
          }
          given.resolveOffset(batch.lastOffset());
          await given.heartbeat();
          if (after >= end.high) open.delete(batch.partition);
          if (open.size === 0) ending.done?.();
        },
      });
      for (const partition of open.keys()) {
        consumer.seek({ topic: this.topic, partition, offset: String(starts.get(partition) ?? 0n) });
      }
      await ended;
    } finally {
      clearTimeout(silent);
      await consumer.disconnect();
      await this.forget(groupId);
    }
  }

  /** The group was for once; where it may not be deleted, it runs out by itself. */
  private async forget(groupId: string): Promise<void> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      await admin.deleteGroups([groupId]);
    } catch {
      // Nobody hears by it.
    } finally {
      await admin.disconnect();
    }
  }
}
