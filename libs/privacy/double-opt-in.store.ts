import mongoose from 'mongoose';
import type { HashedAddress } from '#consent/hash-ring';
import { writeVersioned } from '#platform/versioned';
import { MY_DATA, NEW_EMAIL, NEW_EMAIL_FROM } from './own-link-row.js';

/** How often an address may be asked. */
export interface AskLimit {
  /** What is counted apart from other asks; absent: double opt-ins. */
  use?: string;
  /** At least this long after the last time, in milliseconds. */
  gapMs: number;
  /** At most so often in 30 days, or in `withinMs`. */
  most: number;
  /** Milliseconds, at most 30 days. */
  withinMs?: number;
}

interface Asked {
  _id: string;
  tenant: string;
  rev: string;
  /** The person whom the form made for the address, if it did. */
  subscriber: string | null;
  asks: { by: string; at: Date }[];
  lastAt: Date;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, rev: String, lastAt: Date },
  { collection: 'double_opt_ins', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ lastAt: 1 });

/** Asks are remembered for as long as they count. */
export const REMEMBERED_MS = 30 * 86_400_000;
const TRIES = 10;

/** When an address was last asked for its yes: by its keyed hash, never the address. Nobody is asked too often. */
export class DoubleOptInStore {
  private readonly asked;

  constructor(connection: mongoose.Connection) {
    this.asked = connection.model<Asked>('DoubleOptIn', schema as unknown as mongoose.Schema<Asked>);
  }

  async createIndexes(): Promise<void> {
    await this.asked.createIndexes();
  }

  /**
   * Takes the right to ask an address once, for `by`. Asked again by the same it is granted again, so that what a crash
   * broke off can go on; what follows from it must be deterministic by `by`.
   */
  async claim(
    tenant: string,
    address: HashedAddress,
    {
      use,
      by,
      subscriber,
      gapMs,
      most,
      withinMs = REMEMBERED_MS,
    }: AskLimit & { by: string; subscriber: string | null },
    now: Date,
  ): Promise<boolean> {
    const _id = askedKey(tenant, address, use);
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await this.asked.findOne({ _id, tenant }).lean<Asked>();
      const asks = (before?.asks ?? []).filter(({ at }) => now.getTime() - at.getTime() < REMEMBERED_MS);
      if (asks.some((ask) => ask.by === by)) return true;
      const tooSoon = asks.some(({ at }) => now.getTime() - at.getTime() < gapMs);
      const counted = asks.filter(({ at }) => now.getTime() - at.getTime() < withinMs);
      if (tooSoon || counted.length >= most) return false;
      const after: Asked = {
        ...{ _id, tenant, rev: '', lastAt: now },
        subscriber: subscriber ?? before?.subscriber ?? null,
        asks: [...asks, { by, at: now }],
      };
      const [won] = await writeVersioned(this.asked.collection, [{ before, after }]);
      if (won !== undefined) return true;
    }
    throw new Error(`the asks of an address were written by others ${TRIES} times in a row`);
  }

  /** When addresses were asked (an extract): by hash, as `claim` took it. */
  async findAsks(tenant: string, hashes: readonly HashedAddress[]): Promise<{ hash: string; at: Date }[]> {
    if (hashes.length === 0) return [];
    const uses = [undefined, MY_DATA, NEW_EMAIL, NEW_EMAIL_FROM];
    const byId = new Map(
      hashes.flatMap((one) => uses.map((use) => [askedKey(tenant, one, use), one.hash] as const)),
    );
    const found = await this.asked.find({ _id: { $in: [...byId.keys()] }, tenant }).lean<Asked[]>();
    return found.flatMap(({ _id, asks }) => asks.map(({ at }) => ({ hash: byId.get(_id) ?? '', at })));
  }

  /** Those of every tenant that count no more, a page of them. */
  async findForgettable(
    now: Date,
    limit: number,
  ): Promise<{ id: string; tenant: string; subscriber: string | null }[]> {
    const found = await this.asked
      .find({ lastAt: { $lt: new Date(now.getTime() - REMEMBERED_MS) } })
      .limit(limit)
      .lean<Asked[]>();
    return found.map(({ _id, tenant, subscriber }) => ({ id: _id, tenant, subscriber }));
  }

  /** Those of them that nobody has asked about since. */
  async forget(ids: readonly string[], now: Date): Promise<void> {
    if (ids.length === 0) return;
    const lastAt = { $lt: new Date(now.getTime() - REMEMBERED_MS) };
    await this.asked.collection.deleteMany({ _id: { $in: [...ids] as never[] }, lastAt });
  }
}

const askedKey = (tenant: string, { keyId, hash }: HashedAddress, use?: string): string =>
  [tenant, keyId, hash, ...(use === undefined ? [] : [use])].map(encodeURIComponent).join('/');
