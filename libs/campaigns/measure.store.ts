import mongoose from 'mongoose';
import { outBacklog, type OutBacklog } from '#messaging/out-backlog';
import { pullPublished, waitingOut, type Outbox, type Outgoing, type OutEntry } from '#messaging/outbox';
import { withoutOut, writeVersioned, type VersionedChange } from '#platform/versioned';
import type { Measure } from './measure.js';
import { SumMeasures, type MeasureTotals } from './sum-measures.js';

const schema = new mongoose.Schema(
  { _id: String, tenant: String, campaign: String, customer: String, sentAt: Date },
  { collection: 'measures', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, campaign: 1 });
schema.index({ tenant: 1, customer: 1 });
schema.index({ 'out.at': 1 });

/**
 * What was opened and clicked, one document a message that anything of was; only of who consented to it. How many
 * messages could be measured says the ledger: the rows with `content.measured`.
 */
export class MeasureStore implements Outbox {
  private readonly measures;

  constructor(connection: mongoose.Connection) {
    this.measures = connection.model<Measure>('Measure', schema as unknown as mongoose.Schema<Measure>);
  }

  async createIndexes(): Promise<void> {
    await this.measures.createIndexes();
  }

  /** By row id; of a message that nobody opened there is none. */
  async findMany(tenant: string, ids: readonly string[]): Promise<Map<string, Measure>> {
    if (ids.length === 0) return new Map();
    const found = await this.measures.find({ _id: { $in: [...new Set(ids)] }, tenant }).lean<Measure[]>();
    return new Map(found.map((measure) => [measure._id, withoutOut(measure)]));
  }

  /** Writes each that still is as it was read, in one write each; the ids of those. */
  async write(changes: readonly VersionedChange<Measure>[]): Promise<Set<string>> {
    const won = await writeVersioned(this.measures.collection, changes);
    return new Set(won.map(({ _id }) => _id));
  }

  /** What a campaign's messages came to, by variant, language and link. Read as a stream: memory does not grow with it. */
  async ofCampaign(tenant: string, campaign: string): Promise<MeasureTotals[]> {
    const sum = new SumMeasures();
    const all = this.measures
      .find({ tenant, campaign }, { variant: 1, locale: 1, opens: 1, clicks: 1 })
      .lean<Measure>()
      .cursor();
    for await (const one of all) sum.add(one);
    return sum.totals();
  }

  /** Everything measured of these people, newest first. */
  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<Measure[]> {
    if (customers.length === 0) return [];
    const found = await this.measures
      .find({ tenant, customer: { $in: [...customers] } })
      .sort({ sentAt: -1 })
      .lean<Measure[]>();
    return found.map(withoutOut);
  }

  /** Gives what is theirs to who goes on for them (merge); nothing the second time. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    await this.measures.updateMany({ tenant, customer: from }, { $set: { customer: into } });
  }

  /** Deletes what was measured of messages that a person was sent up to then (erasure); how many there were. */
  async deleteOfCustomer(tenant: string, customer: string, upTo: Date): Promise<number> {
    return (await this.measures.deleteMany({ tenant, customer, sentAt: { $lte: upTo } })).deletedCount;
  }

  /** Deletes what was measured of these messages (retention); how many there were. */
  async deleteMany(tenant: string, ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    return (await this.measures.deleteMany({ _id: { $in: [...ids] }, tenant })).deletedCount;
  }

  async findOut(limit: number, settledBefore?: Date): Promise<Outgoing[]> {
    const fields = { tenant: 1, customer: 1, purpose: 1, campaign: 1, rev: 1, out: 1 } as const;
    const found = await this.measures
      .find(waitingOut(settledBefore), fields)
      .limit(limit)
      .lean<(Measure & { out: OutEntry[] })[]>();
    return found.map(({ _id, tenant, customer, purpose, campaign, rev, out }) => ({
      ...{ _id, tenant, customer, rev, out },
      about: { message: _id, customer, purpose, campaign },
    }));
  }

  pullOut(published: readonly Outgoing[]): Promise<void> {
    return pullPublished(this.measures.collection, published);
  }

  outBacklog(): Promise<OutBacklog> {
    return outBacklog(this.measures.collection);
  }
}
