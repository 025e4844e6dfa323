import mongoose from 'mongoose';
import { insertMissing } from '#platform/versioned';

/** That a link was used: by a digest of its token, which tells nothing. */
interface UsedLink {
  _id: string;
  tenant: string;
  openedAt: Date;
  /** The person ended it, or was erased. */
  closedAt: Date | null;
  /** The hard end of what was opened, however busy it was. */
  endsAt: Date;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, endsAt: Date },
  { collection: 'my_data_links', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ endsAt: 1 });

/** Links to people's own data that were used: each opens once. */
export class MyDataLinkStore {
  private readonly links;

  constructor(connection: mongoose.Connection) {
    this.links = connection.model<UsedLink>('MyDataLink', schema as unknown as mongoose.Schema<UsedLink>);
  }

  async createIndexes(): Promise<void> {
    await this.links.createIndexes();
  }

  /** Uses a link; false: somebody was first. */
  async use(tenant: string, id: string, openedAt: Date, endsAt: Date): Promise<boolean> {
    const used = { _id: keyOf(tenant, id), tenant, openedAt, closedAt: null, endsAt };
    return (await insertMissing(this.links.collection, [used])).size > 0;
  }

  async isUsed(tenant: string, id: string): Promise<boolean> {
    return (await this.links.exists({ _id: keyOf(tenant, id), tenant })) !== null;
  }

  /** Whether what it opened may still be gone on with. */
  async isOpen(tenant: string, id: string, now: Date): Promise<boolean> {
    const still = { closedAt: null, endsAt: { $gt: now } };
    return (await this.links.exists({ _id: keyOf(tenant, id), tenant, ...still })) !== null;
  }

  async close(tenant: string, id: string, at: Date): Promise<void> {
    await this.links.updateOne(
      { _id: keyOf(tenant, id), tenant, closedAt: null },
      { $set: { closedAt: at } },
    );
  }

  /** Forgets those that ended before then: their tokens have long run out. How many there were. */
  async deleteBefore(at: Date): Promise<number> {
    return (await this.links.deleteMany({ endsAt: { $lt: at } })).deletedCount;
  }
}

const keyOf = (tenant: string, id: string): string => `${encodeURIComponent(tenant)}/${id}`;
