import { type Kafka, type Message, Partitioners, type Producer } from 'kafkajs';
import { EventSink, type OutRecord } from './event-sink.js';
import { isKafkaOutage } from './kafka-client.js';

/** A request stays under the brokers' usual limit of 1 MB a batch. */
const BYTES_A_REQUEST = 500_000;
const RECORDS_A_REQUEST = 2_000;

/** Writes to Kafka: idempotent, acknowledged by all replicas. Connects at the first record. */
export class KafkaSink extends EventSink {
  private producer: Promise<Producer> | undefined;

  constructor(private readonly kafka: Kafka) {
    super();
  }

  /** Resolves once all are acknowledged. If it throws, some may be: producing them again is harmless. */
  async produce(topic: string, records: readonly OutRecord[]): Promise<void> {
    for (const messages of requests(records)) await this.send(topic, messages);
  }

  async close(): Promise<void> {
    const producer = this.producer;
    this.producer = undefined;
    await (await producer?.catch(() => undefined))?.disconnect();
  }

  private async send(topic: string, messages: Message[]): Promise<void> {
    const opened = (this.producer ??= this.open());
    try {
      await (await opened).send({ topic, acks: -1, messages });
    } catch (error) {
      // After anything but a lost server the producer's sequence may be broken for good: the next call gets a new one.
      if (this.producer === opened && !isKafkaOutage(error)) await this.close().catch(() => undefined);
      throw error;
    }
  }

  private async open(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    try {
      await producer.connect();
    } catch (error) {
      this.producer = undefined;
      throw error;
    }
    return producer;
  }
}

function* requests(records: readonly OutRecord[]): Generator<Message[]> {
  let batch: Message[] = [];
  let bytes = 0;
  for (const { key, value, headers } of records) {
    const size = Buffer.byteLength(value) + (key?.length ?? 0) + JSON.stringify(headers ?? {}).length + 64;
    if (batch.length > 0 && (bytes + size > BYTES_A_REQUEST || batch.length === RECORDS_A_REQUEST)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push({ key, value, headers: { ...headers } });
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
