import { EventSink, type OutRecord } from './event-sink.js';
import type { MemoryTopics } from './memory-topics.js';

/** Writes to the topics of this process. */
export class MemorySink extends EventSink {
  constructor(private readonly topics: MemoryTopics) {
    super();
  }

  async produce(topic: string, records: readonly OutRecord[]): Promise<void> {
    await this.topics.produce(topic, records);
  }
}
