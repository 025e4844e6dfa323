import mongoose from 'mongoose';
import { insertMissing } from '#platform/versioned';

/** Something that a provider is asked to delete, until it has. */
export interface ProviderDeletion {
  /** Made of what it is about: asked for twice it is one. */
  _id: string;
  tenant: string;
  account: string;
  /** The provider's id of a message, or an address, sealed; null once it is done. */
  what: string | null;
  status: 'waiting' | 'done' | 'given-up';
  tries: number;
  queuedAt: Date;
  nextAt: Date;
  /** Why it was given up, in words of ours. */
  why?: string;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, status: String, nextAt: Date, queuedAt: Date },
  { collection: 'provider_deletions', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ status: 1, nextAt: 1 });
schema.index({ queuedAt: 1 });

/** What providers are still to delete of people who were erased (PROTOCOL F1): durable, so that it is asked until it is done. */
export class ProviderDeletionStore {
  private readonly deletions;

  constructor(connection: mongoose.Connection) {
    this.deletions = connection.model<ProviderDeletion>(
      'ProviderDeletion',
      schema as unknown as mongoose.Schema<ProviderDeletion>,
    );
  }

  async createIndexes(): Promise<void> {
    await this.deletions.createIndexes();
  }

  /** What is queued or done already stays as it is. */
  async queue(wanted: readonly Pick<ProviderDeletion, '_id' | 'tenant' | 'account' | 'what'>[], now: Date) {
    await insertMissing(
      this.deletions.collection,
      wanted.map((one) => ({ ...one, status: 'waiting', tries: 0, queuedAt: now, nextAt: now })),
    );
  }

  /** Of every tenant, the longest due first. */
  async findDue(now: Date, limit: number): Promise<ProviderDeletion[]> {
    return this.deletions
      .find({ status: 'waiting', nextAt: { $lte: now } })
      .sort({ nextAt: 1 })
      .limit(limit)
      .lean<ProviderDeletion[]>();
  }

  async again({ _id, tenant, tries }: ProviderDeletion, nextAt: Date): Promise<void> {
    await this.deletions.updateOne({ _id, tenant, tries }, { $set: { tries: tries + 1, nextAt } });
  }

  /** Nothing of what it was about is kept. */
  async end({ _id, tenant }: ProviderDeletion, status: 'done' | 'given-up', why?: string): Promise<void> {
    const said = why === undefined ? {} : { why };
    await this.deletions.updateOne({ _id, tenant }, { $set: { status, what: null, ...said } });
  }

  /** Those that ended are remembered for as long as they could be asked for again; how many there were. */
  async deleteEndedBefore(queuedBefore: Date): Promise<number> {
    const ended = { status: { $ne: 'waiting' as const }, queuedAt: { $lt: queuedBefore } };
    return (await this.deletions.deleteMany(ended)).deletedCount;
  }
}
