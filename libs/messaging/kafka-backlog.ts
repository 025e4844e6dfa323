import type { Admin, Kafka } from 'kafkajs';
import { Backlog, type Standing } from './backlog.js';
import { topicStanding } from './topic-lag.js';

/** Of one consumer group, of whatever process. Connects when it is first asked. */
export class KafkaBacklog extends Backlog {
  private admin: Promise<Admin> | undefined;

  constructor(
    private readonly kafka: Kafka,
    private readonly group: string,
    /** Begins the real name of each topic (`PrefixedSink`). */
    private readonly prefix = '',
  ) {
    super();
  }

  async standing(topic: string): Promise<Standing> {
    this.admin ??= this.connect();
    return topicStanding(await this.admin, this.group, this.prefix + topic);
  }

  async close(): Promise<void> {
    const admin = await this.admin?.catch(() => undefined);
    this.admin = undefined;
    await admin?.disconnect();
  }

  private async connect(): Promise<Admin> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      return admin;
    } catch (error) {
      // Asked for again, it is made anew.
      this.admin = undefined;
      throw error;
    }
  }
}
