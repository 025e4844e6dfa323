import mongoose from 'mongoose';
import type { EventType } from '#events/event';
import { findByKeys } from '#platform/find-by-keys';
import { insertMissing } from '#platform/versioned';

/** That an event was heard, and what followed from it: ids only. Written last, so that a crash before is heard again. */
export interface HeardEvent {
  _id: string;
  tenant: string;
  event: string;
  type: EventType;
  at: Date;
  planned: string[];
  cancelled: string[];
  refused: string[];
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, event: String, at: Date },
  { collection: 'heard_events', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ at: 1 });

function heardKey(tenant: string, event: string): string {
  return `${encodeURIComponent(tenant)}/${encodeURIComponent(event)}`;
}

/** The memory of what was heard: the same `source` and `id` changes nothing a second time. */
export class HeardEventStore {
  private readonly heard;

  constructor(connection: mongoose.Connection) {
    this.heard = connection.model<HeardEvent>('HeardEvent', schema as unknown as mongoose.Schema<HeardEvent>);
  }

  async createIndexes(): Promise<void> {
    await this.heard.createIndexes();
  }

  async find(tenant: string, event: string): Promise<HeardEvent | null> {
    return this.heard.findOne({ _id: heardKey(tenant, event), tenant }).lean<HeardEvent>();
  }

  /** By CloudEvents id; what was not heard is not in the map. */
  async findMany(tenant: string, events: readonly string[]): Promise<Map<string, HeardEvent>> {
    if (events.length === 0) return new Map();
    const keys = events.map((id) => heardKey(tenant, id));
    const found = await findByKeys<HeardEvent>(this.heard.collection, tenant, keys);
    return new Map(found.map((heard) => [heard.event, heard]));
  }

  /** Forgets what is too old to be heard again; how many there were. */
  async deleteBefore(at: Date): Promise<number> {
    return (await this.heard.deleteMany({ at: { $lt: at } })).deletedCount;
  }

  /** The first hearing stands. */
  async add(heard: readonly Omit<HeardEvent, '_id'>[]): Promise<void> {
    await insertMissing(
      this.heard.collection,
      heard.map((one) => ({ ...one, _id: heardKey(one.tenant, one.event) })),
    );
  }
}
