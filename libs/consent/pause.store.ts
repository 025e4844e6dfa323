import mongoose from 'mongoose';
import type { Pause, PauseScope } from './pause.js';

const schema = new mongoose.Schema(
  { _id: String, tenant: String, stream: String, channel: String, purpose: String, at: Date, by: String },
  { collection: 'pauses', versionKey: false, autoIndex: false, _id: false },
);
schema.index({ tenant: 1 });

/** The stop buttons that are pressed: a document for each scope, there while it holds. */
export class PauseStore {
  private readonly pauses;

  constructor(connection: mongoose.Connection) {
    this.pauses = connection.model<Pause>('Pause', schema as unknown as mongoose.Schema<Pause>);
  }

  async createIndexes(): Promise<void> {
    await this.pauses.createIndexes();
  }

  /** All of a tenant; few, and read with the facts of every batch. */
  async list(tenant: string): Promise<Pause[]> {
    return this.pauses.find({ tenant }).sort({ _id: 1 }).lean<Pause[]>();
  }

  /** Resolves once the majority has it. Pressed again, the first pressing stands. */
  async press(tenant: string, scope: PauseScope, by: string, at: Date): Promise<void> {
    const { stream, channel, purpose } = scope;
    const _id = [tenant, stream ?? '*', channel ?? '*', purpose ?? '*'].map(encodeURIComponent).join('/');
    await this.pauses.collection.updateOne(
      { _id: _id as never },
      { $setOnInsert: { tenant, stream, channel, purpose, at, by } },
      { upsert: true },
    );
  }

  async letGo(pauses: readonly Pause[]): Promise<void> {
    if (pauses.length === 0) return;
    await this.pauses.collection.bulkWrite(
      pauses.map(({ _id, tenant }) => ({ deleteOne: { filter: { _id: _id as never, tenant } } })),
      { ordered: false },
    );
  }
}
