import mongoose from 'mongoose';
import { insertMissing, writeVersioned } from '#platform/versioned';
import type { CampaignStatus, ShownStatus } from './campaign-table.js';
import type { Campaign } from './campaign.types.js';
import type { ListCursor } from './segment.store.js';

const schema = new mongoose.Schema(
  { _id: String, tenant: String, campaign: String, rev: String, status: String, launchAt: Date },
  { collection: 'campaigns', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, createdAt: 1, _id: 1 });
schema.index({ status: 1 });
schema.index({ 'unaudited.at': 1 });

/** How many the scheduler reads at once. */
const PAGE = 100;

export const campaignKey = (tenant: string, campaign: string): string =>
  `${encodeURIComponent(tenant)}/${campaign}`;

/** Campaigns. Every write is a compare-and-set on `rev`: a lost race is null. */
export class CampaignStore {
  private readonly campaigns;

  constructor(connection: mongoose.Connection) {
    this.campaigns = connection.model<Campaign>('Campaign', schema as unknown as mongoose.Schema<Campaign>);
  }

  async createIndexes(): Promise<void> {
    await this.campaigns.createIndexes();
  }

  /** False where the id is taken. */
  async add(campaign: Campaign): Promise<boolean> {
    return (await insertMissing(this.campaigns.collection, [campaign])).has(campaign._id);
  }

  async find(tenant: string, id: string): Promise<Campaign | null> {
    return this.campaigns.findOne({ _id: campaignKey(tenant, id), tenant }).lean<Campaign>();
  }

  /** By id; what is not there is not in the map. */
  async findMany(tenant: string, ids: readonly string[]): Promise<Map<string, Campaign>> {
    if (ids.length === 0) return new Map();
    const found = await this.campaigns
      .find({ _id: { $in: [...new Set(ids)].map((id) => campaignKey(tenant, id)) }, tenant })
      .lean<Campaign[]>();
    return new Map(found.map((campaign) => [campaign.campaign, campaign]));
  }

  /** One page, newest first; of those that are shown in this state. */
  async list(
    tenant: string,
    shown: ShownStatus | null,
    { after, limit }: { after: ListCursor | null; limit: number },
  ): Promise<Campaign[]> {
    const before =
      after === null
        ? {}
        : {
            $or: [
              { createdAt: { $lt: after.createdAt } },
              { createdAt: after.createdAt, _id: { $lt: after.id } },
            ],
          };
    const states: (CampaignStatus | null)[] = shown === 'sending' ? ['sending', 'pausing'] : [shown];
    const status = shown === null ? {} : { status: { $in: states } };
    return this.campaigns
      .find({ tenant, ...status, ...before })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit)
      .lean<Campaign[]>();
  }

  /** Of every tenant, each that the scheduler has to do with: one that never ends keeps nobody else from their turn. */
  async *inStates(statuses: readonly CampaignStatus[]): AsyncGenerator<Campaign> {
    for (let after = ''; ;) {
      const page = await this.campaigns
        .find({ status: { $in: [...statuses] }, _id: { $gt: after } })
        .sort({ _id: 1 })
        .limit(PAGE)
        .lean<Campaign[]>();
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last._id;
    }
  }

  /** Cancelled ones, also such as were archived since, of which rows may be left. */
  async findUnswept(limit: number): Promise<Campaign[]> {
    return this.campaigns
      .find({
        status: { $in: ['cancelled', 'archived'] },
        'history.move': 'cancel',
        sweptAt: null,
        launch: { $ne: null },
      })
      .limit(limit)
      .lean<Campaign[]>();
  }

  /** How many of a tenant have people waiting for a winner that a person has to name. */
  async countUndecided(tenant: string): Promise<number> {
    return this.campaigns.countDocuments({
      ...{ tenant, status: 'sending', testEndedAt: { $gt: new Date(0) }, winner: null, lapsedAt: null },
      $or: [{ winnerRule: null }, { 'undecided.at': { $gt: new Date(0) } }],
    } as never);
  }

  /** Those that ended before then and of which nobody has looked whether a row was left waiting. */
  async findUnlooked(endedBefore: Date, limit: number): Promise<Campaign[]> {
    return this.campaigns
      .find({
        ...{ status: { $in: ['sent', 'archived'] }, 'history.move': 'end', lookedThroughAt: null },
        updatedAt: { $lt: endedBefore },
      } as never)
      .limit(limit)
      .lean<Campaign[]>();
  }

  /** Those of which the audit lacks a line. */
  async findUnaudited(limit: number): Promise<Campaign[]> {
    return this.campaigns
      .find({ 'unaudited.at': { $gt: new Date(0) } } as never)
      .limit(limit)
      .lean<Campaign[]>();
  }

  /** Those that ended before then and of which it is still known who had which address. */
  async findRemembering(endedBefore: Date, limit: number): Promise<Campaign[]> {
    return this.campaigns
      .find({
        status: { $in: ['sent', 'cancelled', 'archived'] },
        updatedAt: { $lt: endedBefore },
        launch: { $ne: null },
        claimsDeletedAt: null,
      } as never)
      .limit(limit)
      .lean<Campaign[]>();
  }

  /** The campaign as it now stands, or null where somebody else wrote it first. */
  async write(before: Campaign, after: Campaign): Promise<Campaign | null> {
    return (await writeVersioned(this.campaigns.collection, [{ before, after }]))[0] ?? null;
  }
}
