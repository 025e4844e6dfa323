import mongoose from 'mongoose';
import { insertMissing } from '#platform/versioned';

/** One event for one address of a tenant, until it is delivered. */
export interface HookRow {
  /** `endpoint/event`: told twice, kept once. */
  _id: string;
  tenant: string;
  endpoint: string;
  /** Of one key the older goes first. */
  key: string;
  /** Rises in the order of publishing, fit to be sorted as text. */
  seq: string;
  event: string;
  type: string;
  /** What is sent, to the letter. */
  body: string;
  status: 'waiting' | 'given-up';
  tries: number;
  queuedAt: Date;
  nextAt: Date;
  /** Why it was given up, in words of ours. */
  why?: string;
}

/** How an address does. One document each; absent: well. */
export interface HookEndpoint {
  /** Of tenant and URL; the URL itself is in the tenant's file. */
  _id: string;
  tenant: string;
  /** Failures in a row that say that nobody is there; 0 after a delivery. */
  failures: number;
  /** Nothing is sent before. */
  waitUntil: Date | null;
  failingSince: Date | null;
  /** It answered 410: nothing is sent there any more. */
  goneAt: Date | null;
}

const rowSchema = new mongoose.Schema(
  { _id: String, tenant: String, endpoint: String, key: String, seq: String, status: String, nextAt: Date },
  { collection: 'tenant_hooks', versionKey: false, autoIndex: false, strict: false, _id: false },
);
rowSchema.index({ endpoint: 1, status: 1, seq: 1 });
rowSchema.index({ endpoint: 1, status: 1, nextAt: 1 });
rowSchema.index({ endpoint: 1, key: 1, seq: 1 });
rowSchema.index({ status: 1, queuedAt: 1 });
const endpointSchema = new mongoose.Schema(
  { _id: String, tenant: String },
  { collection: 'tenant_hook_endpoints', versionKey: false, autoIndex: false, strict: false, _id: false },
);

/** What tenants' own addresses are still to be told, and how they do. Deliveries are deleted: only what waits is kept. */
export class TenantHookStore {
  private readonly rows;
  private readonly endpoints;

  constructor(connection: mongoose.Connection) {
    this.rows = connection.model<HookRow>('TenantHook', rowSchema as unknown as mongoose.Schema<HookRow>);
    this.endpoints = connection.model<HookEndpoint>(
      'TenantHookEndpoint',
      endpointSchema as unknown as mongoose.Schema<HookEndpoint>,
    );
  }

  async createIndexes(): Promise<void> {
    await this.rows.createIndexes();
    await this.endpoints.createCollection();
  }

  /** Keeps what is new; an event that was kept and delivered before comes once more (at least once). */
  async queue(rows: readonly HookRow[]): Promise<void> {
    await insertMissing(this.rows.collection, rows);
  }

  /** What may be sent now, the oldest first. */
  async findDue(endpoint: string, now: Date, limit: number): Promise<HookRow[]> {
    return this.rows
      .find({ endpoint, status: 'waiting', nextAt: { $lte: now } })
      .sort({ seq: 1 })
      .limit(limit)
      .lean<HookRow[]>();
  }

  /** Of these keys what still waits for its time: what is younger waits with it. */
  async findHeld(
    endpoint: string,
    keys: readonly string[],
    now: Date,
  ): Promise<Pick<HookRow, '_id' | 'key' | 'nextAt'>[]> {
    return this.rows
      .find(
        { endpoint, key: { $in: [...new Set(keys)] }, status: 'waiting', nextAt: { $gt: now } },
        { key: 1, nextAt: 1 },
      )
      .lean<Pick<HookRow, '_id' | 'key' | 'nextAt'>[]>();
  }

  async delivered(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.rows.deleteMany({ _id: { $in: [...ids] } });
  }

  /** Once more, later. */
  async postpone(rows: readonly { _id: string; nextAt: Date; tries: number }[]): Promise<void> {
    if (rows.length === 0) return;
    await this.rows.collection.bulkWrite(
      rows.map(({ _id, nextAt, tries }) => ({
        updateOne: { filter: { _id: _id as never, status: 'waiting' }, update: { $set: { nextAt, tries } } },
      })),
      { ordered: false },
    );
  }

  async giveUp(ids: readonly string[], why: string): Promise<void> {
    if (ids.length === 0) return;
    await this.rows.updateMany(
      { _id: { $in: [...ids] }, status: 'waiting' },
      { $set: { status: 'given-up', why } },
    );
  }

  /** What waits too long, or for an address that is gone; how many there were. */
  async giveUpOf(endpoint: string, why: string, queuedBefore?: Date): Promise<number> {
    const done = await this.rows.updateMany(
      {
        ...{ endpoint, status: 'waiting' as const },
        ...(queuedBefore === undefined ? {} : { queuedAt: { $lt: queuedBefore } }),
      },
      { $set: { status: 'given-up' as const, why } },
    );
    return done.modifiedCount;
  }

  /** What was given up is kept to be seen for a while. */
  async deleteGivenUp(queuedBefore: Date): Promise<number> {
    return (await this.rows.deleteMany({ status: 'given-up', queuedAt: { $lt: queuedBefore } })).deletedCount;
  }

  async count(endpoint: string): Promise<{ waiting: number; givenUp: number }> {
    const [waiting, givenUp] = await Promise.all([
      this.rows.countDocuments({ endpoint, status: 'waiting' }),
      this.rows.countDocuments({ endpoint, status: 'given-up' }),
    ]);
    return { waiting, givenUp };
  }

  async endpoint(id: string): Promise<HookEndpoint | null> {
    return this.endpoints.findOne({ _id: id }).lean<HookEndpoint>();
  }

  async noteEndpoint({ _id, ...state }: HookEndpoint): Promise<void> {
    await this.endpoints.updateOne({ _id }, { $set: state }, { upsert: true });
  }
}
