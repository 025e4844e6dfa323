import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Heard } from './event-source.js';
import { Prefix } from './prefix.js';

/** One partition for as long as this member holds it without a rebalance between. */
export class KafkaPartition {
  readonly prefix = new Prefix();
  /** Nothing was taken up yet: the first batch must begin where the group stands. */
  fresh = true;
  /** Taken away: ends no longer count. */
  lost = false;
  /** How many messages from here on may have ended an earlier process. */
  suspects = 0;
  /** Where it was taken up, while that is noted as a sighting. */
  noted: string | undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  /** Whether the group stands beyond the place that is noted. */
  get isBeyondNoted(): boolean {
    return this.noted !== undefined && this.prefix.committedTo > BigInt(this.noted);
  }
}

/** Where the fetch of a batch began; kafkajs has it but does not declare it. */
export const fetchedFrom = (batch: EachBatchPayload['batch']): string | undefined =>
  (batch as unknown as { fetchedOffset?: string }).fetchedOffset;

/** A Kafka record as handlers get it. Of a header given several times the last one counts. */
export function asMessage(topic: string, partition: number, record: KafkaMessage): Omit<Heard, 'deliveries'> {
  const headers: Record<string, string> = {};
  for (const [name, given] of Object.entries(record.headers ?? {})) {
    const value = Array.isArray(given) ? given.at(-1) : given;
    if (value !== undefined) headers[name] = value.toString();
  }
  return {
    topic,
    partition,
    offset: record.offset,
    key: record.key === null ? null : record.key.toString(),
    headers,
    value: record.value ?? Buffer.alloc(0),
  };
}
