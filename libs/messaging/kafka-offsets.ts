import type { Admin, EachBatchPayload } from 'kafkajs';
import { faultOf, type Log } from './handling.js';
import type { KafkaPartition } from './kafka-partition.js';
import { topicCommitted } from './topic-lag.js';

type Write = EachBatchPayload['commitOffsetsIfNecessary'];

/**
 * Reads and writes where a group stands. Writing is ours, not kafkajs': its fetch position runs ahead of what has ended, so
 * that a slow message of one partition holds back no other (kafkajs fetches again only when every batch has returned).
 */
export class KafkaOffsets {
  private readonly stands = new Map<string, Promise<Map<number, bigint>>>();
  private partitions: readonly KafkaPartition[] = [];
  private write: Write | undefined;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly admin: Admin,
    private readonly group: string,
    private readonly everyMs: number,
    private readonly log: Log,
    private readonly wrote: () => void,
  ) {}

  /** A generation of the group begins with these partitions; what was known is void. */
  begin(partitions: readonly KafkaPartition[]): void {
    for (const partition of this.partitions) partition.lost = true;
    this.partitions = partitions;
    this.stands.clear();
  }

  /** Commits go through the consumer that fetched last: only it knows member and generation. */
  through(write: Write): void {
    this.write = write;
  }

  /** Whether a fetch that began at `from` begins where the group stands (or the group stands nowhere yet). */
  async fits({ topic, partition }: KafkaPartition, from: string | undefined): Promise<boolean> {
    if (from === undefined) return true;
    let stands = this.stands.get(topic);
    if (!stands) {
      stands = topicCommitted(this.admin, this.group, topic);
      this.stands.set(topic, stands);
      // What could not be read is read anew: else its partitions would wait for the next generation.
      stands.catch(() => this.stands.delete(topic));
    }
    const at = (await stands).get(partition) ?? -1n;
    if (at < 0n || at === BigInt(from)) return true;
    // Asked again next time: kafkajs may have reset an offset that is out of range.
    this.stands.delete(topic);
    return false;
  }

  /** Commits soon; ends that come close together are one request. */
  soon(): void {
    this.timer ??= setTimeout(() => void this.now(), this.everyMs);
  }

  /** Commits what is due. A failure is logged; what it held is due again at the next end. */
  now(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    // The first step is synchronous: at a rebalance the commit leaves before the request to join again does.
    const before = this.writing;
    const due = this.due();
    this.writing = due.length === 0 ? before : Promise.all([before, this.commit(due)]).then(() => undefined);
    return this.writing;
  }

  private async commit(due: { of: KafkaPartition; offset: string }[]): Promise<void> {
    const topics = [...new Set(due.map(({ of }) => of.topic))].map((topic) => ({
      topic,
      partitions: due
        .filter(({ of }) => of.topic === topic)
        .map(({ of, offset }) => ({ partition: of.partition, offset })),
    }));
    try {
      await this.write?.({ topics });
      for (const { of, offset } of due) of.prefix.wrote(offset);
      this.wrote();
    } catch (error) {
      this.log.warn({ group: this.group, ...faultOf(error) }, 'offsets could not be committed, trying again');
      if (due.some(({ of }) => !of.lost)) this.soon();
    }
  }

  private due(): { of: KafkaPartition; offset: string }[] {
    return this.partitions.flatMap((of) => {
      const offset = of.lost ? undefined : of.prefix.due();
      return offset === undefined ? [] : [{ of, offset }];
    });
  }

  /** No timer is left behind. */
  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.begin([]);
  }
}
