/** One message to be written to a topic. */
export interface OutRecord {
  /** Messages of one key keep their order; `null` keeps none. */
  key: string | null;
  value: Buffer | string;
  headers?: Record<string, string>;
}

/** Writes to topics. Both token and type. */
export abstract class EventSink {
  /** Resolves once every record is safe (Kafka: acks -1; memory: queued). Waits while the topic is full. */
  abstract produce(topic: string, records: readonly OutRecord[]): Promise<void>;
}
