import { createHash } from 'node:crypto';
import mongoose from 'mongoose';
import { outBacklog, type OutBacklog } from '#messaging/out-backlog';
import { pullPublished, waitingOut, type Outbox, type Outgoing, type OutEntry } from '#messaging/outbox';
import { isDuplicateKey } from '#platform/mongo';
import { insertMissing, ofTenant } from '#platform/versioned';
import { NORMALISER } from '#purposes/address';
import type { AddressKind } from '#purposes/channel';
import { DigestSet } from './digest-set.js';
import { GateClosed } from './gate-closed.js';
import { MissingHashKey, type HashedAddress, type HashRing } from './hash-ring.js';
import { KnownAddresses } from './known-addresses.js';
import type { OptOut, SuppressedAddress, Suppression } from './suppression.js';

/** Which address: itself, or as a link or an older record names it. */
export type Target = { kind: AddressKind } & ({ address: string } | HashedAddress);

type Said<T extends Suppression> = Omit<T, 'kind' | 'tenant' | 'keyId' | 'hash'> & Target;
/** An address that must not be used, as it is told. */
export type SuppressionSaid = Said<SuppressedAddress>;
/** A no about an address, as it is told. */
export type OptOutSaid = Said<OptOut>;

/** A record as it is kept. */
type Kept = Suppression & {
  _id: string;
  addressKind: AddressKind;
  normaliser: string;
  /** Until the journal of choices has it (PROTOCOL F3). */
  out?: OutEntry[];
};

/** A record as the journal of choices keeps it: without who said it. */
export type JournalledSuppression = Nameless<Kept>;
type Nameless<T> = T extends unknown ? Omit<T, 'out' | 'by' | 'version'> : never;

/** Stands among the names of the keys while the ledger is older than the journal of choices. */
const CLOSED = 'closed: restore-choices';

const schema = new mongoose.Schema(
  {
    _id: String,
    ...{ tenant: String, kind: String, addressKind: String, normaliser: String, keyId: String, hash: String },
    ...{ channel: String, at: Date, recordedAt: Date },
    ...{ scope: String, cause: String },
    ...{ purpose: String, state: String, by: String, via: String, version: Number },
  },
  { collection: 'suppressions', versionKey: false, autoIndex: false, autoCreate: false },
);
schema.index({ tenant: 1, hash: 1 });
schema.index({ tenant: 1, by: 1 });
schema.index({ keyId: 1 });
schema.index({ 'out.at': 1 });

/** How many addresses one query names. */
const QUERY_SIZE = 1_000;
const HASH_PAGE = 10_000;

/**
 * Addresses that must not be used, and what was said about addresses: as keyed hashes, never the address. Records are
 * only added; the same one told again changes nothing.
 */
export class SuppressionStore implements Outbox {
  private readonly records;
  /** One document a key that is in use. */
  private readonly named: mongoose.Collection;
  private readonly told = new Set<string>();

  constructor(
    connection: mongoose.Connection,
    private readonly ring: HashRing,
  ) {
    this.named = connection.collection('hash_keys');
    this.records = connection.model<Kept>('Suppression', schema as unknown as mongoose.Schema<Kept>);
  }

  async createIndexes(): Promise<void> {
    await this.records.createIndexes();
  }

  /** Addresses that bounced, complained, said STOP. */
  async suppress(tenant: string, said: readonly SuppressionSaid[]): Promise<void> {
    await this.add(
      said.map((one) => {
        const { channel, scope, cause, at, recordedAt } = one;
        const kept = {
          ...this.addressed(tenant, one),
          kind: 'suppressed',
          channel,
          scope,
          cause,
          at,
          recordedAt,
        };
        // A STOP that is said anew counts against what took the last one back (taken-back.ts).
        const anew = cause === 'stop' ? [at.toISOString()] : [];
        return { ...kept, _id: recordId(kept, [scope, cause, ...anew]) } as Kept;
      }),
    );
  }

  /** Noes about addresses. One said anew is a record of its own: it counts against what lifted the last. */
  async optOut(tenant: string, said: readonly OptOutSaid[]): Promise<void> {
    await this.add(
      said.map((one) => {
        const { channel, purpose, state, by, via, version, at, recordedAt } = one;
        const kept = {
          ...{ ...this.addressed(tenant, one), kind: 'opt-out' as const, channel },
          ...{ purpose, state, by, via, at, recordedAt },
          ...(version === undefined ? {} : { version }),
        };
        return { ...kept, _id: recordId(kept, [purpose, state, by, at.toISOString()]) };
      }),
    );
  }

  /**
   * Every record of each address, under every key of the ring. An address of which nothing is known has an empty list.
   * Throws while the gates are closed, but to who decides nothing by it and says so.
   */
  async findByAddresses(
    tenant: string,
    wanted: readonly { kind: AddressKind; address: string }[],
    { evenClosed = false }: { evenClosed?: boolean } = {},
  ): Promise<Map<string, Suppression[]>> {
    await this.refuseMissingKeys(evenClosed);
    const found = new Map<string, Suppression[]>(wanted.map(({ address }) => [address, []]));
    const addressOf = new Map<string, string>();
    for (const { kind, address } of wanted) {
      for (const { keyId, hash } of this.ring.every(kind, address, tenant))
        addressOf.set(`${keyId}/${hash}`, address);
    }
    const hashes = [...new Set([...addressOf.keys()].map((key) => key.slice(key.lastIndexOf('/') + 1)))];
    for (let start = 0; start < hashes.length; start += QUERY_SIZE) {
      const records = await this.records
        .find({ tenant, hash: { $in: hashes.slice(start, start + QUERY_SIZE) } })
        .sort({ _id: 1 })
        .lean<Kept[]>();
      for (const record of records) {
        const address = addressOf.get(`${record.keyId}/${record.hash}`);
        if (address !== undefined) found.get(address)?.push(asSaid(record));
      }
    }
    return found;
  }

  /** Of which addresses there is any record at all. Throws while the gates are closed. */
  async knownAddresses(tenant: string): Promise<KnownAddresses> {
    await this.refuseMissingKeys(false);
    const recorded = new DigestSet();
    for (let after = ''; ;) {
      const page = await this.records
        .find({ tenant, hash: { $gt: after } }, { _id: 0, hash: 1 })
        .sort({ hash: 1 })
        .limit(HASH_PAGE)
        .batchSize(HASH_PAGE)
        .lean<Pick<Kept, 'hash'>[]>();
      for (const { hash } of page) recorded.add(Buffer.from(hash, 'base64url').toString('latin1'));
      const last = page.at(-1);
      if (last === undefined || page.length < HASH_PAGE)
        return new KnownAddresses(tenant, this.ring, recorded);
      after = last.hash;
    }
  }

  /** One page of the tenant's records, in the order of `_id`, with their place; addresses cannot be read back. */
  async page(
    tenant: string,
    after: string | null,
    limit: number,
  ): Promise<(Suppression & { _id: string; addressKind: AddressKind })[]> {
    const found = await this.records
      .find({ _id: ofTenant(tenant, after), tenant })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<Kept[]>();
    return found.map((record) => ({ ...asSaid(record), _id: record._id, addressKind: record.addressKind }));
  }

  /** How many a tenant has. */
  async count(tenant: string): Promise<number> {
    return this.records.countDocuments({ tenant });
  }

  /** Every key id that a record names, of all tenants: boot refuses while the ring lacks one. */
  async usedKeyIds(): Promise<string[]> {
    return this.records.distinct('keyId');
  }

  /**
   * For an erasure: takes a person's name off what they said. What was said about the addresses stays, for whoever else
   * has them; how many records there were.
   */
  async forgetGiver(tenant: string, customer: string): Promise<number> {
    if (customer === '') return 0;
    const done = await this.records.updateMany(
      { tenant, by: customer },
      { $set: { by: '' }, $unset: { version: 1 } },
    );
    return done.modifiedCount;
  }

  /** What these people said about addresses, also about those that they have no more (an extract). */
  async findByGivers(tenant: string, customers: readonly string[]): Promise<OptOut[]> {
    const by = customers.filter((customer) => customer !== '');
    if (by.length === 0) return [];
    const found = await this.records
      .find({ tenant, by: { $in: by } })
      .sort({ _id: 1 })
      .lean<Kept[]>();
    return found.map(asSaid).filter((one) => one.kind === 'opt-out');
  }

  /** What one who was merged has said about addresses is now said by who goes on for them. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    if (from === '') return;
    await this.records.updateMany({ tenant, by: from }, { $set: { by: into } });
  }

  /** Closes every gate of the house, by the same read by which each learns of a key that it lacks. */
  async closeGates(): Promise<void> {
    await insertMissing(this.named, [{ _id: CLOSED }]);
  }

  async openGates(): Promise<void> {
    await this.named.deleteOne({ _id: CLOSED as never });
  }

  async areGatesClosed(): Promise<boolean> {
    return (await this.named.findOne({ _id: CLOSED as never })) !== null;
  }

  /** Puts back what the journal of choices knows and the ledger does not; how many were missing. */
  async restore(records: readonly JournalledSuppression[]): Promise<number> {
    const ids = [...new Set(records.map(({ _id }) => _id))];
    const known = await this.records.find({ _id: { $in: ids } }, { _id: 1 }).lean<Pick<Kept, '_id'>[]>();
    const there = new Set(known.map(({ _id }) => _id));
    const missing = records.filter(({ _id }) => !there.has(_id));
    // Nobody's name is in the journal: a no of an address is anybody's.
    await this.write(
      missing.map((record) => (record.kind === 'opt-out' ? { ...record, by: '' } : record) as Kept),
    );
    return new Set(missing.map(({ _id }) => _id)).size;
  }

  /** For the journal of choices only: an address is nobody's id. */
  async findOut(limit: number, settledBefore?: Date): Promise<Outgoing[]> {
    const found = await this.records.find(waitingOut(settledBefore)).limit(limit).lean<Kept[]>();
    return found.map(({ out = [], ...record }) => {
      const { by: _by, version: _version, ...about } = record as Kept & { by?: string; version?: number };
      return { _id: record._id, tenant: record.tenant, customer: null, about, out };
    });
  }

  pullOut(published: readonly Outgoing[]): Promise<void> {
    return pullPublished(this.records.collection, published);
  }

  outBacklog(): Promise<OutBacklog> {
    return outBacklog(this.records.collection);
  }

  /** Tells all processes that a key is in use, before the first record is made under it. */
  private async nameKeys(keyIds: readonly string[]): Promise<void> {
    const fresh = [...new Set(keyIds)].filter((id) => !this.told.has(id));
    if (fresh.length === 0) return;
    await insertMissing(
      this.named,
      fresh.map((id) => ({ _id: id })),
    );
    for (const id of fresh) this.told.add(id);
  }

  /** Why the gate of this process says nothing just now (PROTOCOL F); null: it is open. */
  async closedFor(): Promise<'missing-hash-key' | 'restored' | null> {
    const ids = (await this.named.find({}).toArray()).map(({ _id }) => String(_id));
    if (ids.includes(CLOSED)) return 'restored';
    return this.ring.missing(ids).length > 0 ? 'missing-hash-key' : null;
  }

  /** A process that began with a newer key may have made records which this one would not find. */
  private async refuseMissingKeys(evenClosed: boolean): Promise<void> {
    const ids = (await this.named.find({}).toArray()).map(({ _id }) => String(_id));
    if (!evenClosed && ids.includes(CLOSED)) throw new GateClosed();
    const missing = this.ring.missing(ids.filter((id) => id !== CLOSED));
    if (missing.length > 0) throw new MissingHashKey(missing);
  }

  private addressed(tenant: string, target: Target) {
    const hashed =
      'address' in target
        ? this.ring.current(target.kind, target.address, tenant)
        : { keyId: target.keyId, hash: target.hash };
    return { tenant, addressKind: target.kind, normaliser: NORMALISER[target.kind], ...hashed };
  }

  private add(records: readonly Kept[]): Promise<void> {
    return this.write(
      records.map((record) => ({
        ...record,
        out: [
          { id: record._id, type: null, at: record.recordedAt, data: {}, journal: { what: record.kind } },
        ],
      })),
    );
  }

  private async write(records: readonly Kept[]): Promise<void> {
    if (records.length === 0) return;
    await this.nameKeys(records.map(({ keyId }) => keyId));
    const unique = [...new Map(records.map((record) => [record._id, record])).values()];
    const upserts = unique.map(({ _id, ...rest }) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true },
    }));
    try {
      await this.records.collection.bulkWrite(upserts as never[], { ordered: false });
    } catch (error) {
      // Two writers of one record: it stands, whoever was first.
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

/** Deterministic, and without the giver's name: it stays when the giver is erased. */
function recordId(
  {
    tenant,
    keyId,
    hash,
    kind,
    channel,
  }: Pick<Kept, 'tenant' | 'keyId' | 'hash' | 'channel'> & { kind: string },
  parts: readonly string[],
): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16);
  return [tenant, keyId, hash, kind, channel, digest].map(encodeURIComponent).join('/');
}

/** Only what a record says, without how it is kept. */
function asSaid({ _id, addressKind, normaliser, out: _out, ...said }: Kept): Suppression {
  return said;
}
