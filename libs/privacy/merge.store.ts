import mongoose from 'mongoose';
import { customerKey } from '#customers/customer.types';

/** That two people turned out to be one: durable, so that a crash is taken up again. Ids only. */
export interface MergeRecord {
  /** As the customer's who was merged. */
  _id: string;
  tenant: string;
  from: string;
  into: string;
  /** The event that said so. */
  event: string;
  at: Date;
  doneAt: Date | null;
  /** How often it was looked for what came behind it. */
  sweeps: number;
  /** When that is to be looked for again; null: never. */
  nextSweepAt: Date | null;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, from: String, into: String, doneAt: Date, nextSweepAt: Date },
  { collection: 'merges', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ doneAt: 1 });
schema.index({ nextSweepAt: 1 });
schema.index({ tenant: 1, into: 1 });

/** The merges that were told, kept for as long as the one who goes on. */
export class MergeStore {
  private readonly merges;

  constructor(connection: mongoose.Connection) {
    this.merges = connection.model<MergeRecord>(
      'MergeRecord',
      schema as unknown as mongoose.Schema<MergeRecord>,
    );
  }

  async createIndexes(): Promise<void> {
    await this.merges.createIndexes();
  }

  /** Notes it before anything is moved; told again it is open again. */
  async open({ tenant, from, ...told }: Pick<MergeRecord, 'tenant' | 'from' | 'into' | 'event' | 'at'>) {
    await this.merges.updateOne(
      { _id: customerKey(tenant, from) },
      { $set: { tenant, from, ...told, doneAt: null, sweeps: 0, nextSweepAt: null } },
      { upsert: true },
    );
  }

  async done({ _id, tenant }: MergeRecord, at: Date, nextSweepAt: Date): Promise<void> {
    await this.merges.updateOne({ _id, tenant, doneAt: null }, { $set: { doneAt: at, nextSweepAt } });
  }

  async swept({ _id, tenant, sweeps }: MergeRecord, nextSweepAt: Date | null): Promise<void> {
    await this.merges.updateOne({ _id, tenant, sweeps }, { $set: { sweeps: sweeps + 1, nextSweepAt } });
  }

  /** It came to nothing: who was to go on is erased, and the other too. */
  async drop({ _id, tenant }: MergeRecord): Promise<void> {
    await this.merges.deleteOne({ _id, tenant });
  }

  async find(tenant: string, from: string): Promise<MergeRecord | null> {
    return this.merges.findOne({ _id: customerKey(tenant, from), tenant }).lean<MergeRecord>();
  }

  /** Who was merged into this one, directly or through others. */
  async findInto(tenant: string, into: string): Promise<MergeRecord[]> {
    return this.merges.find({ tenant, into }).lean<MergeRecord[]>();
  }

  /** Of every tenant: what a crash broke off. */
  async findOpen(limit: number): Promise<MergeRecord[]> {
    return this.merges.find({ doneAt: null }).limit(limit).lean<MergeRecord[]>();
  }

  /** Of every tenant: those behind which it is time to look. */
  async findSweepable(now: Date, limit: number): Promise<MergeRecord[]> {
    return this.merges
      .find({ nextSweepAt: { $gt: new Date(0), $lte: now } })
      .sort({ nextSweepAt: 1 })
      .limit(limit)
      .lean<MergeRecord[]>();
  }

  /** Who was merged into one who is merged now, is merged into who goes on for both. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    await this.merges.updateMany({ tenant, into: from }, { $set: { into } });
  }

  /** With the one who goes on; how many there were. */
  async deleteInto(tenant: string, into: string): Promise<number> {
    return (await this.merges.deleteMany({ tenant, into })).deletedCount;
  }
}
