import mongoose from 'mongoose';
import { isDuplicateKey } from '#platform/mongo';

/** One version of a tenant's privacy notice, as it was shown: by language, escaped HTML. */
export interface Notice {
  _id: string;
  tenant: string;
  version: string;
  /** When a process first published it. */
  since: Date;
  texts: Record<string, string>;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, version: String, since: Date },
  { collection: 'notices', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, since: 1 });

/** Every version of every privacy notice, for ever: choices name them. */
export class NoticeStore {
  private readonly notices;

  constructor(connection: mongoose.Connection) {
    this.notices = connection.model<Notice>('Notice', schema as unknown as mongoose.Schema<Notice>);
  }

  async createIndexes(): Promise<void> {
    await this.notices.createIndexes();
  }

  /** Keeps what is not kept yet. The id is made of the text: however many processes publish it, it is one, and the first's. */
  async keep(notices: readonly Omit<Notice, '_id'>[]): Promise<void> {
    if (notices.length === 0) return;
    try {
      await this.notices.collection.bulkWrite(
        notices.map(({ tenant, version, since, texts }) => ({
          updateOne: {
            filter: { _id: keyOf(tenant, version) as never, tenant },
            update: { $setOnInsert: { version, since, texts } },
            upsert: true,
          },
        })),
        { ordered: false },
      );
    } catch (error) {
      // Two at once: the other has kept it. Unordered, all the rest was written.
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** All versions without their texts, the newest first. */
  async list(tenant: string): Promise<Pick<Notice, 'version' | 'since'>[]> {
    return this.notices
      .find({ tenant }, { version: 1, since: 1 })
      .sort({ since: -1 })
      .lean<Pick<Notice, 'version' | 'since'>[]>();
  }

  async find(tenant: string, version: string): Promise<Notice | null> {
    return this.notices.findOne({ _id: keyOf(tenant, version), tenant }).lean<Notice>();
  }
}

const keyOf = (tenant: string, version: string): string =>
  [tenant, version].map(encodeURIComponent).join('/');
