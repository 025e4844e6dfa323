import mongoose from 'mongoose';
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
    const found = await this.claims
      .find({ _id: { $in: [...new Set(asked.map(({ _id }) => _id))] }, tenant })
      .lean<AddressClaim[]>();
    const holder = new Map(found.map(({ _id, message }) => [_id, message]));
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
    await insertMissing(
      this.claims.collection,
      first.map((one) => ({ ...one, tenant })),
    );
    const found = await this.claims
      .find({ _id: { $in: first.map(({ _id }) => _id) }, tenant })
      .lean<AddressClaim[]>();
    const holder = new Map(found.map(({ _id, message }) => [_id, message]));
    return new Map(asked.map(({ _id, message }) => [message, holder.get(_id) ?? message]));
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
