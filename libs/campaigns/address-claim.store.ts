import mongoose from 'mongoose';
import { findByKeys } from '#platform/find-by-keys';
import { insertMissing } from '#platform/versioned';

/** Which row of a campaign has taken an address: whoever else has it gets nothing of that campaign. */
interface AddressClaim {
  _id: string;
  tenant: string;
  campaign: string;
  message: string;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, campaign: String, message: String },
  { collection: 'address_claims', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, campaign: 1 });

/** An address of a campaign, by its keyed hash. */
export interface Claimed {
  campaign: string;
  keyId: string;
  hash: string;
}

const claimKey = (tenant: string, { campaign, keyId, hash }: Claimed): string =>
  [tenant, campaign, keyId, hash].map(encodeURIComponent).join('/');

/** An address once a campaign (PROTOCOL C7): the first row that may be sent takes it, by inserting; it keeps it. */
export class AddressClaimStore {
  private readonly claims;

  constructor(connection: mongoose.Connection) {
    this.claims = connection.model<AddressClaim>(
      'AddressClaim',
      schema as unknown as mongoose.Schema<AddressClaim>,
    );
  }

  async createIndexes(): Promise<void> {
    await this.claims.createIndexes();
  }

  /** The row that has each of these addresses already, by the row that asks; one that nobody has is not in the map. */
  async holders(
    tenant: string,
    wanted: readonly (Claimed & { message: string })[],
  ): Promise<Map<string, string>> {
    if (wanted.length === 0) return new Map();
    const asked = wanted.map((one) => ({ _id: claimKey(tenant, one), message: one.message }));
    const holder = await this.find(
      tenant,
      asked.map(({ _id }) => _id),
    );
    return new Map(
      asked.flatMap(({ _id, message }) => {
        const held = holder.get(_id);
        return held === undefined ? [] : [[message, held] as const];
      }),
    );
  }

  /** The row that has each of these addresses, once every one that was free is taken; by the row that asked. */
  async claim(
    tenant: string,
    wanted: readonly (Claimed & { message: string })[],
  ): Promise<Map<string, string>> {
    if (wanted.length === 0) return new Map();
    const asked = wanted.map((one) => ({
      _id: claimKey(tenant, one),
      message: one.message,
      campaign: one.campaign,
    }));
    // The first of a batch goes first: an unordered write keeps no order among equals.
    const first = [...new Map([...asked].reverse().map((one) => [one._id, one])).values()];
    const taken = await insertMissing(
      this.claims.collection,
      first.map((one) => ({ ...one, tenant })),
    );
    // What was just taken is known: only who has the others is asked, which are hardly ever any.
    const holder = await this.find(
      tenant,
      first.flatMap(({ _id }) => (taken.has(_id) ? [] : [_id])),
    );
    for (const { _id, message } of first) if (taken.has(_id)) holder.set(_id, message);
    return new Map(asked.map(({ _id, message }) => [message, holder.get(_id) ?? message]));
  }

  /** Who holds which of these claims; one that nobody holds is not in the map. */
  private async find(tenant: string, keys: readonly string[]): Promise<Map<string, string>> {
    if (keys.length === 0) return new Map();
    const found = await findByKeys<AddressClaim>(this.claims.collection, tenant, keys);
    return new Map(found.map(({ _id, message }) => [_id, message]));
  }

  /** Of a campaign that is over: which rows had which addresses, so many at most; how many were deleted. */
  async deleteSome(tenant: string, campaign: string, limit: number): Promise<number> {
    const found = await this.claims
      .find({ tenant, campaign }, { _id: 1 })
      .limit(limit)
      .lean<Pick<AddressClaim, '_id'>[]>();
    if (found.length === 0) return 0;
    const done = await this.claims.deleteMany({ _id: { $in: found.map(({ _id }) => _id) }, tenant });
    return done.deletedCount;
  }
}
