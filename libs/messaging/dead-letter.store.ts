import mongoose from 'mongoose';
import { insertMissing } from '#platform/versioned';

/** A message that could not be handled: its masked bytes, why, and where it came from. */
export interface DeadLetter {
  _id: string;
  topic: string;
  partition: number;
  offset: string;
  tenant: string | null;
  key: string | null;
  /** Name and value: a header's name may hold what a field's name may not. */
  headers: [string, string][];
  /** Base64. */
  value: string;
  reason: string;
  path: string | null;
  handler: string;
  status: 'open' | 'redriven';
  at: Date;
  expiresAt: Date;
}

const schema = new mongoose.Schema(
  { _id: String, topic: String, tenant: String, key: String, status: String, at: Date, expiresAt: Date },
  { collection: 'deadletters', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, at: -1 });
schema.index({ tenant: 1, key: 1 });
schema.index({ expiresAt: 1 });

/** Dead letters, by topic, partition and offset: told twice, kept once. */
export class DeadLetterStore {
  private readonly letters;

  constructor(connection: mongoose.Connection) {
    this.letters = connection.model<DeadLetter>(
      'DeadLetter',
      schema as unknown as mongoose.Schema<DeadLetter>,
    );
  }

  async createIndexes(): Promise<void> {
    await this.letters.createIndexes();
  }

  async add(letter: Omit<DeadLetter, '_id' | 'status'>): Promise<void> {
    const { topic, partition, offset } = letter;
    await insertMissing(this.letters.collection, [
      { ...letter, _id: `${topic}/${partition}/${offset}`, status: 'open' } as DeadLetter,
    ]);
  }

  /** The newest first, of one tenant or of those that name none. */
  async list(tenant: string | null, limit: number): Promise<DeadLetter[]> {
    return this.letters.find({ tenant }).sort({ at: -1 }).limit(limit).lean<DeadLetter[]>();
  }

  /** Deletes what was dead-lettered under this key (erasure); how many there were. */
  async deleteByKey(tenant: string, key: string): Promise<number> {
    return (await this.letters.deleteMany({ tenant, key })).deletedCount;
  }

  /** Deletes what is past its time; how many there were. */
  async deleteExpired(now: Date): Promise<number> {
    return (await this.letters.deleteMany({ expiresAt: { $lte: now } })).deletedCount;
  }
}
