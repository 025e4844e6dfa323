import mongoose from 'mongoose';
import { insertMissing } from '#platform/versioned';
import type { PrivacyRequest, RequestKind, RequestState, RequestStep } from './request.js';

const schema = new mongoose.Schema(
  {
    ...{ _id: String, tenant: String, customer: String, kind: String, status: String },
    ...{ receivedAt: Date, dueAt: Date, endedAt: Date },
  },
  { collection: 'requests', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, receivedAt: 1, _id: 1 });
schema.index({ tenant: 1, customer: 1, status: 1 });
schema.index({ tenant: 1, status: 1, dueAt: 1 });
schema.index({ endedAt: 1 });

/** What requests are filtered by; all given must hold. */
export interface RequestFilter {
  customer?: string | undefined;
  kind?: RequestKind | undefined;
  status?: RequestState | undefined;
  /** Whether they are open though due before `at`, or anything but that. */
  overdue?: { is: boolean; at: Date } | undefined;
}

/**
 * What people asked for about their data, and what became of it: kept to show that it was answered in time (GDPR 5(2)).
 * A request ends once: who came first stands.
 */
export class RequestStore {
  private readonly requests;

  constructor(connection: mongoose.Connection) {
    this.requests = connection.model<PrivacyRequest>(
      'PrivacyRequest',
      schema as unknown as mongoose.Schema<PrivacyRequest>,
    );
  }

  async createIndexes(): Promise<void> {
    await this.requests.createIndexes();
  }

  /** The first telling stands. */
  async add(request: PrivacyRequest): Promise<void> {
    await insertMissing(this.requests.collection, [request]);
  }

  async find(tenant: string, id: string): Promise<PrivacyRequest | null> {
    return this.requests.findOne({ _id: id, tenant }).lean<PrivacyRequest>();
  }

  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<PrivacyRequest[]> {
    if (customers.length === 0) return [];
    return this.requests
      .find({ tenant, customer: { $in: [...customers] } })
      .sort({ receivedAt: -1, _id: -1 })
      .lean<PrivacyRequest[]>();
  }

  /** One page, those that came first. */
  async list(
    tenant: string,
    { overdue, ...filter }: RequestFilter,
    page: { after: { receivedAt: Date; id: string } | null; limit: number },
  ): Promise<PrivacyRequest[]> {
    const { after, limit } = page;
    const equal = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    const late = overdue === undefined ? [] : [overdue.is ? lateAt(overdue.at) : notLateAt(overdue.at)];
    const later =
      after === null
        ? []
        : [
            {
              $or: [
                { receivedAt: { $gt: after.receivedAt } },
                { receivedAt: after.receivedAt, _id: { $gt: after.id } },
              ],
            },
          ];
    const all = [...late, ...later];
    return this.requests
      .find({ tenant, ...equal, ...(all.length > 0 ? { $and: all } : {}) })
      .sort({ receivedAt: 1, _id: 1 })
      .limit(limit)
      .lean<PrivacyRequest[]>();
  }

  /** How many of a tenant are open though their day has gone by. */
  async countOverdue(tenant: string, now: Date): Promise<number> {
    return this.requests.countDocuments({ tenant, ...lateAt(now) });
  }

  /** `open` → its end; true where this call ended it. */
  async end(
    tenant: string,
    id: string,
    status: Exclude<RequestState, 'open'>,
    step: RequestStep,
  ): Promise<boolean> {
    const done = await this.requests.updateOne(
      { _id: id, tenant, status: 'open' },
      { $set: { status, endedAt: step.at }, $push: { log: step } },
    );
    return done.modifiedCount > 0;
  }

  /** A later day for one that is open, not overdue and was not put off before; true where this call did it. */
  async extend(tenant: string, id: string, to: Date, step: RequestStep): Promise<boolean> {
    const done = await this.requests.updateOne(
      { _id: id, tenant, status: 'open', extended: false, dueAt: { $gte: step.at } },
      { $set: { extended: true, dueAt: to }, $push: { log: step } },
    );
    return done.modifiedCount > 0;
  }

  /** Gives what one who was merged has asked for to who goes on for them; nothing the second time. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    await this.requests.updateMany({ tenant, customer: from }, { $set: { customer: into } });
  }

  /** For an erasure: what was asked and answered in words; that it was asked stays. How many there were. */
  async forgetWords(tenant: string, customer: string): Promise<number> {
    const theirs = await this.requests.find({ tenant, customer }).lean<PrivacyRequest[]>();
    const worded = theirs.filter(
      ({ note, log }) => note !== null || log.some(({ reason }) => reason !== undefined),
    );
    if (worded.length === 0) return 0;
    await this.requests.collection.bulkWrite(
      worded.map(({ _id, log }) => ({
        updateOne: {
          filter: { _id: _id as never, tenant },
          update: { $set: { note: null, log: log.map(({ at, what, by }) => ({ at, what, by })) } },
        },
      })),
      { ordered: false },
    );
    return worded.length;
  }

  /** Forgets those that ended before then; how many there were. */
  async deleteEndedBefore(at: Date): Promise<number> {
    return (await this.requests.deleteMany({ endedAt: { $lt: at } })).deletedCount;
  }
}

/** As `isOverdue` says it of one; the second is the first's contrary. */
const lateAt = (at: Date) => ({ status: 'open' as const, dueAt: { $lt: at } });
const notLateAt = (at: Date) => ({ $or: [{ status: { $ne: 'open' as const } }, { dueAt: { $gte: at } }] });
