import mongoose from 'mongoose';
import { isDuplicateKey } from '#platform/mongo';
import { insertMissing } from '#platform/versioned';

interface HeardWebhook {
  _id: string;
  at: Date;
}

interface WebhookAccount {
  _id: string;
  tenant: string;
  lastAt?: Date;
  /** When its provider first accepted something after it last told anything; null: it owes us nothing. */
  waitingSince?: Date | null;
}

const schema = new mongoose.Schema(
  { _id: String, at: Date },
  { collection: 'webhook_events', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ at: 1 });

/** How fine the time of the last webhook is: not every one of a thousand a second is worth a write. */
const LAST_AT_EVERY_MS = 10_000;

/** What providers have told already (they repeat themselves for a day), and when an account last told anything. */
export class WebhookStore {
  private readonly heard;
  private readonly accounts: mongoose.Collection<WebhookAccount>;
  private readonly written = new Map<string, number>();
  private readonly noted = new Map<string, number>();

  constructor(connection: mongoose.Connection) {
    this.heard = connection.model<HeardWebhook>(
      'HeardWebhook',
      schema as unknown as mongoose.Schema<HeardWebhook>,
    );
    this.accounts = connection.collection<WebhookAccount>('webhook_accounts');
  }

  async createIndexes(): Promise<void> {
    await this.heard.createIndexes();
  }

  /** Those of these ids whose effects are written. */
  async findHeard(tenant: string, account: string, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const byKey = new Map(ids.map((id) => [keyOf(tenant, account, id), id]));
    const found = await this.heard
      .find({ _id: { $in: [...byKey.keys()] } }, { _id: 1 })
      .lean<HeardWebhook[]>();
    return new Set(found.flatMap(({ _id }) => byKey.get(_id) ?? []));
  }

  /** Once their effects are written, never before: what a crash cut short must be heard again. */
  async remember(tenant: string, account: string, ids: readonly string[], at: Date): Promise<void> {
    await insertMissing(
      this.heard.collection,
      ids.map((id) => ({ _id: keyOf(tenant, account, id), at })),
    );
  }

  /** A signed webhook of the account came. */
  async noteLast(tenant: string, account: string, at: Date): Promise<void> {
    const before = this.written.get(account);
    if (before !== undefined && Math.abs(at.getTime() - before) < LAST_AT_EVERY_MS) return;
    try {
      await this.accounts.updateOne(
        { _id: account },
        { $set: { tenant, lastAt: at, waitingSince: null } },
        { upsert: true },
      );
    } catch (error) {
      // Two first ones at once: the other has said it.
      if (!isDuplicateKey(error)) throw error;
    }
    this.written.set(account, at.getTime());
  }

  /** The account's provider accepted something, of which it is to tell what became. */
  async noteAccepted(tenant: string, account: string, at: Date): Promise<void> {
    const before = this.noted.get(account);
    if (before !== undefined && Math.abs(at.getTime() - before) < LAST_AT_EVERY_MS) return;
    this.noted.set(account, at.getTime());
    try {
      await this.accounts.updateOne(
        { _id: account, waitingSince: null },
        { $set: { tenant, waitingSince: at } },
        { upsert: true },
      );
    } catch (error) {
      // It is waited for already.
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** Accounts whose providers have accepted something and told nothing since, each with the time since when. */
  async silentSince(): Promise<{ account: string; since: Date }[]> {
    const accounts = await this.accounts.find({ waitingSince: { $gt: new Date(0) } }).toArray();
    return accounts.flatMap(({ _id, waitingSince }) =>
      waitingSince == null ? [] : [{ account: _id, since: waitingSince }],
    );
  }

  /** When the account's last signed webhook came; null: never. */
  async lastAt(tenant: string, account: string): Promise<Date | null> {
    return (await this.accounts.findOne({ _id: account, tenant }))?.lastAt ?? null;
  }

  /** Forgets what no provider repeats any more; how many there were. */
  async deleteBefore(at: Date): Promise<number> {
    return (await this.heard.deleteMany({ at: { $lt: at } })).deletedCount;
  }
}

const keyOf = (tenant: string, account: string, id: string): string =>
  [tenant, account, id].map(encodeURIComponent).join('/');
