import mongoose from 'mongoose';
import { nonce } from '#platform/mongo';
import { insertMissing } from '#platform/versioned';
import { outBacklog, type OutBacklog } from './out-backlog.js';
import { pullPublished, waitingOut, type OutEntry, type Outbox, type Outgoing } from './outbox.js';

/** A message that could not be handled: its masked bytes, why, and where it came from. */
export interface DeadLetter {
  _id: string;
  topic: string;
  partition: number;
  offset: string;
  tenant: string | null;
  /** The event's type, where it could be told. */
  type: string | null;
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
  /** Who drove it again, and when. */
  redriven?: { at: Date; by: string };
  /** The event that tells of it, until it is published (PROTOCOL D7). */
  out?: OutEntry[];
}

/** The tenants whose letters are meant; null: those of which no tenant can be told. */
export type Whose = readonly (string | null)[];

/** Where a page of a list ends: newest first by `at`, then `_id`. */
export type DeadLetterCursor = Pick<DeadLetter, 'at' | '_id'>;

const schema = new mongoose.Schema(
  { _id: String, topic: String, tenant: String, key: String, status: String, at: Date, expiresAt: Date },
  { collection: 'deadletters', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, at: -1 });
schema.index({ status: 1, at: 1 });
schema.index({ tenant: 1, key: 1 });
schema.index({ expiresAt: 1 });
schema.index({ 'out.at': 1 });

/** Dead letters, by topic, partition and offset: told twice, kept once. */
export class DeadLetterStore implements Outbox {
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
    const told: OutEntry = { id: nonce(), type: 'event.rejected.v1', at: letter.at, data: {} };
    await insertMissing(this.letters.collection, [
      { ...letter, _id: `${topic}/${partition}/${offset}`, status: 'open', out: [told] } as DeadLetter,
    ]);
  }

  /** Nothing of what the letter holds: its place, and the type where it could be told. */
  async findOut(limit: number, settledBefore?: Date): Promise<Outgoing[]> {
    const fields = { tenant: 1, key: 1, type: 1, out: 1 } as const;
    const letters = await this.letters
      .find(waitingOut(settledBefore), fields)
      .limit(limit)
      .lean<DeadLetter[]>();
    return letters.map(({ _id, tenant, key, type, out = [] }) => ({
      ...{ _id, tenant, customer: key, out },
      about: { deadLetter: _id, ...(type === null ? {} : { type }) },
    }));
  }

  pullOut(published: readonly Outgoing[]): Promise<void> {
    return pullPublished(this.letters.collection, published);
  }

  outBacklog(): Promise<OutBacklog> {
    return outBacklog(this.letters.collection);
  }

  /** Of every tenant and of none: those that nobody has driven again. */
  async countOpen(): Promise<number> {
    return this.letters.countDocuments({ status: 'open' });
  }

  /** One page, the newest first. */
  async list(
    whose: Whose,
    page: {
      limit: number;
      status?: DeadLetter['status'] | undefined;
      after?: DeadLetterCursor | undefined;
    },
  ): Promise<DeadLetter[]> {
    const { limit, status, after } = page;
    const older =
      after === undefined
        ? {}
        : { $or: [{ at: { $lt: after.at } }, { at: after.at, _id: { $lt: after._id } }] };
    return this.letters
      .find({ tenant: { $in: [...whose] }, ...(status === undefined ? {} : { status }), ...older })
      .sort({ at: -1, _id: -1 })
      .limit(limit)
      .lean<DeadLetter[]>();
  }

  /** The oldest first. */
  async findByIds(whose: Whose, ids: readonly string[]): Promise<DeadLetter[]> {
    return this.letters
      .find({ _id: { $in: [...new Set(ids)] }, tenant: { $in: [...whose] } })
      .sort({ at: 1, _id: 1 })
      .lean<DeadLetter[]>();
  }

  /** Open ones that died by `until`, the oldest first, a page after another. */
  async openUntil(
    whose: Whose,
    until: Date,
    after: DeadLetterCursor | null,
    limit: number,
  ): Promise<DeadLetter[]> {
    const younger =
      after === null ? {} : { $or: [{ at: { $gt: after.at } }, { at: after.at, _id: { $gt: after._id } }] };
    return this.letters
      .find({ status: 'open', tenant: { $in: [...whose] }, at: { $lte: until }, ...younger })
      .sort({ at: 1, _id: 1 })
      .limit(limit)
      .lean<DeadLetter[]>();
  }

  /** `open` → `redriven`; who came first stands. */
  async markRedriven(letters: readonly DeadLetter[], by: string, at: Date): Promise<void> {
    await this.letters.collection.bulkWrite(
      letters.map(({ _id, tenant }) => ({
        updateOne: {
          filter: { _id: _id as never, tenant, status: 'open' },
          update: { $set: { status: 'redriven', redriven: { at, by } } },
        },
      })),
      { ordered: false },
    );
  }

  /** What was dead-lettered under these keys (an extract), the newest first. */
  async findByKeys(tenant: string, keys: readonly string[]): Promise<DeadLetter[]> {
    if (keys.length === 0) return [];
    return this.letters
      .find({ tenant, key: { $in: [...keys] } }, { out: 0 })
      .sort({ at: -1 })
      .lean<DeadLetter[]>();
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
