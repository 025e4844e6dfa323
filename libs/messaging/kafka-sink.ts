import { type ICustomPartitioner, type Kafka, type Message, Partitioners, type Producer } from 'kafkajs';
import { EventSink, type OutRecord } from './event-sink.js';

/** A request stays under the brokers' usual limit of 1 MB a batch. */
const BYTES_A_REQUEST = 500_000;
const RECORDS_A_REQUEST = 2_000;

/** A connection, and how many requests are under way on it. */
interface Line {
  opened: Promise<Producer>;
  users: number;
}

/** Writes to Kafka: idempotent, acknowledged by all replicas. Connects at the first record. */
export class KafkaSink extends EventSink {
  private line: Line | undefined;

  constructor(private readonly kafka: Kafka) {
    super();
  }

  /** Resolves once all are acknowledged. If it throws, some may be: producing them again is harmless. */
  async produce(topic: string, records: readonly OutRecord[]): Promise<void> {
    for (const messages of requests(records)) await this.send(topic, messages);
  }

  /** To be called when nobody produces any more. */
  async close(): Promise<void> {
    const line = this.line;
    this.line = undefined;
    await (await line?.opened.catch(() => undefined))?.disconnect();
  }

  private async send(topic: string, messages: Message[]): Promise<void> {
    const line = (this.line ??= { opened: this.open(), users: 0 });
    line.users += 1;
    try {
      await (await line.opened).send({ topic, acks: -1, messages });
    } catch (error) {
      // Its sequence may be broken, and kafkajs asks for a topic that is absent with every later request, in vain.
      if (this.line === line) this.line = undefined;
      throw error;
    } finally {
      line.users -= 1;
      if (this.line !== line && line.users === 0)
        void line.opened.then((old) => old.disconnect()).catch(() => undefined);
    }
  }

  private async open(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: onceAssigned,
    });
    await producer.connect();
    return producer;
  }
}

/**
 * kafkajs asks again at each try. A record without a key would go to another partition then, where the broker cannot tell
 * that it has it already: heard twice although it was produced once.
 */
const onceAssigned: ICustomPartitioner = () => {
  const assign = Partitioners.DefaultPartitioner();
  const assigned = new WeakMap<Message, number>();
  return (given) => {
    const partition = assigned.get(given.message) ?? assign(given);
    assigned.set(given.message, partition);
    return partition;
  };
};

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
