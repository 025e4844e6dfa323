import mongoose from 'mongoose';
import { insertMissing } from '#platform/versioned';

/** What an event said whose messages are planned by hand or by a campaign: kept whole, so that nothing is lost. */
export interface WaitingEvent {
  _id: string;
  tenant: string;
  event: string;
  type: 'product.recalled.v1' | 'handoff.requested.v1';
  /** null: it is about no person. */
  customer: string | null;
  time: Date;
  /** As read: JSON, since its members may be named as a field's name may not be. */
  data: string;
  heardAt: Date;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, customer: String, type: String, time: Date },
  { collection: 'waiting_events', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, customer: 1 });
schema.index({ tenant: 1, type: 1, time: 1 });

/** Recalls and handoffs, as heard: the first hearing stands. */
export class WaitingEventStore {
  private readonly events;

  constructor(connection: mongoose.Connection) {
    this.events = connection.model<WaitingEvent>(
      'WaitingEvent',
      schema as unknown as mongoose.Schema<WaitingEvent>,
    );
  }

  async createIndexes(): Promise<void> {
    await this.events.createIndexes();
  }

  async add(events: readonly Omit<WaitingEvent, '_id'>[]): Promise<void> {
    await insertMissing(
      this.events.collection,
      events.map((one) => ({
        ...one,
        _id: `${encodeURIComponent(one.tenant)}/${encodeURIComponent(one.event)}`,
      })),
    );
  }

  /** Of one tenant, the oldest first. */
  async list(tenant: string, type: WaitingEvent['type'], limit: number): Promise<WaitingEvent[]> {
    return this.events.find({ tenant, type }).sort({ time: 1 }).limit(limit).lean<WaitingEvent[]>();
  }

  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<WaitingEvent[]> {
    if (customers.length === 0) return [];
    return this.events
      .find({ tenant, customer: { $in: [...customers] } })
      .sort({ time: -1 })
      .lean<WaitingEvent[]>();
  }

  /** Gives what is theirs to who goes on for them (merge); nothing the second time. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    await this.events.updateMany({ tenant, customer: from }, { $set: { customer: into } });
  }

  /** Deletes what is kept about a person up to then (erasure); how many there were. */
  async deleteOfCustomer(tenant: string, customer: string, upTo: Date): Promise<number> {
    const { deletedCount } = await this.events.deleteMany({ tenant, customer, heardAt: { $lte: upTo } });
    return deletedCount;
  }
}
