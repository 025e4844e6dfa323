import mongoose from 'mongoose';
import { outBacklog, type OutBacklog } from '#messaging/out-backlog';
import { pullPublished, waitingOut, type Outbox, type Outgoing, type OutEntry } from '#messaging/outbox';
import { findByKeys } from '#platform/find-by-keys';
import { casMany, nonce } from '#platform/mongo';
import { ofTenant, writeVersioned, type VersionedChange } from '#platform/versioned';
import { customerOut } from './customer-out.js';
import { customerKey, type Customer, type Send } from './customer.types.js';
import { NO_DEALINGS, type Dealings } from './dealings.js';
import { findProspects } from './find-prospects.js';
import { foundBy, type FoundBy, type StateOf } from './found-by.js';
import { withMinorSince } from './minor-since.js';
import type { ProspectPage } from './read-prospect.js';

const schema = new mongoose.Schema(
  {
    _id: String,
    tenant: String,
    customer: String,
    rev: String,
    email: String,
    phone: String,
    erasedAt: Date,
  },
  { collection: 'customers', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, email: 1 });
schema.index({ tenant: 1, phone: 1 });
schema.index({ tenant: 1, _id: 1 });
schema.index({ 'out.at': 1 });

/** Of who was merged into one who was merged in turn, and so on: more than that is a circle, which nobody makes. */
const MOST_HOPS = 20;
/** How many addresses one query names. */
const QUERY_SIZE = 1_000;

export type CustomerChange = Pick<VersionedChange<Customer>, 'before' | 'after'>;

/** What a customer's document has for queries and for the publisher, and who reads a customer never sees. */
interface Beside {
  out?: OutEntry[];
  found?: FoundBy;
  dealings?: Dealings & { rev: string };
  /** When a place was last taken for a marketing message. */
  lastMarketingAt?: Date | null;
}

/** The people. Every write is a compare-and-set on `rev`; a lost race is a shorter map, not an error. */
export class CustomerStore implements Outbox {
  private readonly customers;

  /** @param stateOf what stands of a log of choices: people are found by it */
  constructor(
    private readonly connection: mongoose.Connection,
    private readonly stateOf: StateOf,
  ) {
    this.customers = connection.model<Customer>('Customer', schema as unknown as mongoose.Schema<Customer>);
  }

  async createIndexes(): Promise<void> {
    await this.customers.createIndexes();
  }

  /** Of one who was merged: who goes on for them, under their own id. */
  async find(tenant: string, customer: string): Promise<Customer | null> {
    return (await this.findMany(tenant, [customer])).get(customer) ?? null;
  }

  /** As `find`, by the id that was asked for; who is not there is not in the map. */
  async findMany(tenant: string, customers: readonly string[]): Promise<Map<string, Customer>> {
    const known = new Map<string, Customer>();
    let ids: readonly string[] = customers;
    for (let hops = 0; ids.length > 0 && hops < MOST_HOPS; hops++) {
      for (const one of await this.findExact(tenant, ids)) known.set(one.customer, one);
      // Hardly ever anybody: then there is no second query.
      const merged = [...known.values()].flatMap(({ mergedInto }) => mergedInto ?? []);
      ids = merged.filter((id) => !known.has(id));
    }
    const followed = [...new Set(customers)].map((id) => [id, follow(known, id)] as const);
    return new Map(followed.filter((pair): pair is [string, Customer] => pair[1] !== null));
  }

  /** Only who stands under these very ids, merged or not: for who merges, erases and forgets. */
  async findExact(tenant: string, customers: readonly string[]): Promise<Customer[]> {
    if (customers.length === 0) return [];
    const keys = customers.map((id) => customerKey(tenant, id));
    return (await findByKeys<Customer>(this.customers.collection, tenant, keys)).map(bare);
  }

  /** Everyone of the tenant with that address (normalised). */
  async findHolders(tenant: string, kind: 'email' | 'phone', address: string): Promise<Customer[]> {
    const found = await this.customers.find({ tenant, [kind]: address }).lean<Customer[]>();
    return found.map(bare);
  }

  /** Everyone of the tenant who has one of these addresses (normalised), in as few queries as may be. */
  async findHoldersOf(
    tenant: string,
    addresses: readonly { kind: 'email' | 'phone'; address: string }[],
  ): Promise<Customer[]> {
    const found = new Map<string, Customer>();
    for (const kind of ['email', 'phone'] as const) {
      const wanted = [...new Set(addresses.flatMap((one) => (one.kind === kind ? [one.address] : [])))];
      for (let start = 0; start < wanted.length; start += QUERY_SIZE) {
        const named = wanted.slice(start, start + QUERY_SIZE);
        const [only] = named;
        const holders = await this.customers
          .find({ tenant, [kind]: named.length === 1 ? only : { $in: named } })
          .lean<Customer[]>();
        for (const holder of holders) found.set(holder.customer, bare(holder));
      }
    }
    return [...found.values()];
  }

  /** Who is who, of every tenant, page by page by `_id`. */
  async pageIds(
    after: string | null,
    limit: number,
  ): Promise<Pick<Customer, '_id' | 'tenant' | 'customer'>[]> {
    return this.customers
      .find(after === null ? {} : { _id: { $gt: after } }, { tenant: 1, customer: 1 })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<Pick<Customer, '_id' | 'tenant' | 'customer'>[]>();
  }

  /** How many documents a tenant has of people, the erased's tombstones and all. */
  async count(tenant: string): Promise<number> {
    return this.customers.countDocuments({ tenant });
  }

  /** How many people are not erased, and how many entries their logs of choices have. */
  async countKnown(tenant: string): Promise<{ people: number; choices: number }> {
    const [known] = await this.customers.aggregate<{ people: number; choices: number }>([
      { $match: { tenant, erasedAt: null } },
      {
        $group: {
          _id: null,
          people: { $sum: 1 },
          choices: { $sum: { $size: { $ifNull: ['$choiceLog', []] } } },
        },
      },
    ]);
    return { people: known?.people ?? 0, choices: known?.choices ?? 0 };
  }

  /** How many people are meant by a filter (`compile-predicate.ts`), of those who were known then. */
  async countMatching(tenant: string, filter: Record<string, unknown>, knownBy: Date): Promise<number> {
    return this.customers.countDocuments(matching(tenant, filter, knownBy) as never);
  }

  /** The same people, page by page by `_id`, which never changes. */
  async pageMatching(
    tenant: string,
    filter: Record<string, unknown>,
    knownBy: Date,
    { after, limit }: { after: string | null; limit: number },
  ): Promise<Customer[]> {
    const found = await this.customers
      .find(matching(tenant, filter, knownBy, after) as never)
      .sort({ _id: 1 })
      .limit(limit)
      .lean<Customer[]>();
    return found.map(bare);
  }

  /**
   * As `pageMatching`, with as little of each as the gate looks at, read one by one as it is asked about them. One answer's
   * worth: where people are long it has fewer of them than `limit` also where more follow; after the last page comes an
   * empty one.
   */
  async pageProspects(
    tenant: string,
    filter: Record<string, unknown>,
    knownBy: Date,
    channel: 'email' | 'sms',
    { after, limit }: { after: string | null; limit: number },
  ): Promise<ProspectPage> {
    return findProspects(
      this.connection.db!,
      this.customers.collection.collectionName,
      matching(tenant, filter, knownBy, after),
      channel,
      limit,
    );
  }

  /** One page of the tenant's people, in the order of `_id`; tombstones too. */
  async page(tenant: string, after: string | null, limit: number): Promise<Customer[]> {
    const found = await this.customers
      .find({ _id: ofTenant(tenant, after), tenant })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<Customer[]>();
    return found.map(bare);
  }

  /**
   * Writes what still is as it was read, and with it what the world is told of it; the customers that won, as they now
   * stand.
   */
  async write(changes: readonly CustomerChange[]): Promise<Map<string, Customer>> {
    const won = await writeVersioned(
      this.customers.collection,
      changes.map(({ before, after }) => ({
        before,
        after: withMinorSince(before, after),
        tell: customerOut(before, after),
        beside: this.beside(before, after),
      })),
    );
    return new Map(won.map((customer) => [customer.customer, customer]));
  }

  /** What queries find these people by as their bookings and purchases stand; who is erased is not among them. */
  async findDealings(
    tenant: string,
    customers: readonly string[],
  ): Promise<{ customer: string; dealings: (Dealings & { rev: string }) | null }[]> {
    if (customers.length === 0) return [];
    const ids = [...new Set(customers)].map((id) => customerKey(tenant, id));
    const found = await this.customers
      .find({ _id: { $in: ids }, tenant, erasedAt: null }, { customer: 1, dealings: 1 })
      .lean<(Pick<Customer, 'customer'> & Beside)[]>();
    return found.map(({ customer, dealings }) => ({ customer, dealings: dealings ?? null }));
  }

  /**
   * Writes dealings over those that were `seen` by their own nonce; the customer ids that won. The customer's `rev` stays:
   * nothing that a permit was given on has changed.
   */
  async writeDealings(
    tenant: string,
    changes: readonly { customer: string; seen: string | null; after: Dealings }[],
  ): Promise<Set<string>> {
    const won = await casMany(
      this.customers.collection,
      changes.map(({ customer, seen, after }) => {
        const rev = nonce();
        return {
          nonce: rev,
          filter: { _id: customerKey(tenant, customer), tenant, 'dealings.rev': seen, erasedAt: null },
          update: { $set: { dealings: { ...after, rev } } },
        };
      }),
      'dealings.rev',
    );
    return new Set(
      changes.flatMap(({ customer }) => (won.has(customerKey(tenant, customer)) ? [customer] : [])),
    );
  }

  /**
   * Derives anew what these people are found by. Who is written meanwhile has it from that write, or is read again: their
   * write may have carried a part of it only.
   */
  async findAgain(tenant: string, customers: readonly string[]): Promise<void> {
    let open = [...new Set(customers)];
    while (open.length > 0) {
      const known = [...(await this.findMany(tenant, open)).values()];
      const won = await casMany(
        this.customers.collection,
        known.map((customer) => ({
          nonce: customer.rev,
          filter: { _id: customer._id, tenant, rev: customer.rev },
          update: { $set: { found: foundBy(customer, this.stateOf) } },
        })),
      );
      open = known.flatMap(({ _id, customer }) => (won.has(_id) ? [] : [customer]));
    }
  }

  /** Derived with each write: what it was derived from has not changed where only other facts have. */
  private beside(before: Customer | null, after: Customer): Record<string, unknown> {
    if (before === null || after.erasedAt !== null || after.mergedInto != null) {
      const nothing = { dealings: { ...NO_DEALINGS, rev: nonce() }, lastMarketingAt: null };
      return { ...nothing, found: foundBy(after, this.stateOf) } satisfies Beside;
    }
    if (before.choiceLog !== after.choiceLog) return { found: foundBy(after, this.stateOf) } satisfies Beside;
    // The fold of a log costs more than all the rest of a write.
    const { choices: _choices, ...found } = foundBy({ ...after, choiceLog: [] }, this.stateOf);
    return Object.fromEntries(Object.entries(found).map(([name, value]) => [`found.${name}`, value]));
  }

  /**
   * Takes a place for each message about to be claimed (PROTOCOL A4), by compare-and-set on the customer as the gate saw
   * it; `sends` is the whole new list. The customer ids that won.
   */
  async reserve(reservations: readonly { seen: Customer; sends: Send[] }[]): Promise<Set<string>> {
    const won = await casMany(
      this.customers.collection,
      reservations.map(({ seen, sends }) => {
        const rev = nonce();
        const lastMarketingAt = lastOf(sends);
        return {
          nonce: rev,
          filter: { _id: seen._id, tenant: seen.tenant, rev: seen.rev, erasedAt: null },
          update: { $set: { rev, sends, ...(lastMarketingAt === null ? {} : { lastMarketingAt }) } },
        };
      }),
    );
    return new Set(reservations.filter(({ seen }) => won.has(seen._id)).map(({ seen }) => seen.customer));
  }

  /** Gives places back that were reserved for what the provider refused for ever. */
  async giveBack(tenant: string, places: readonly { customer: string; message: string }[]): Promise<void> {
    if (places.length === 0) return;
    await this.customers.collection.bulkWrite(
      places.map(({ customer, message }) => ({
        updateOne: {
          filter: { _id: customerKey(tenant, customer) as never, tenant },
          update: { $pull: { sends: { id: message } } as never, $set: { rev: nonce() } },
        },
      })),
      { ordered: false },
    );
  }

  /** Takes out those that still are as they were read; how many. */
  async drop(customers: readonly Customer[]): Promise<number> {
    if (customers.length === 0) return 0;
    const done = await this.customers.collection.bulkWrite(
      customers.map(({ _id, tenant, rev }) => ({
        deleteOne: { filter: { _id: _id as never, tenant, rev } },
      })),
      { ordered: false },
    );
    return done.deletedCount;
  }

  /** Which messages went to a person that is erased: their ids name journeys. */
  async forgetSends(tenant: string, customer: string): Promise<void> {
    await this.customers.collection.updateOne(
      { _id: customerKey(tenant, customer) as never, tenant, erasedAt: { $ne: null } },
      { $set: { sends: [], rev: nonce() } },
    );
  }

  async findOut(limit: number, settledBefore?: Date): Promise<Outgoing[]> {
    const fields = { tenant: 1, customer: 1, rev: 1, out: 1 } as const;
    const found = await this.customers
      .find(waitingOut(settledBefore), fields)
      .limit(limit)
      .lean<(Customer & { out: OutEntry[] })[]>();
    return found.map(({ _id, tenant, customer, rev, out }) => ({
      ...{ _id, tenant, customer, rev, out },
      about: { customer },
    }));
  }

  pullOut(published: readonly Outgoing[]): Promise<void> {
    return pullPublished(this.customers.collection, published);
  }

  outBacklog(): Promise<OutBacklog> {
    return outBacklog(this.customers.collection);
  }
}

/** Tombstones are nobody, nor who was merged into somebody else. */
const matching = (
  tenant: string,
  filter: Record<string, unknown>,
  knownBy: Date,
  after: string | null = null,
): Record<string, unknown> => ({
  tenant,
  ...(after === null ? {} : { _id: { $gt: after } }),
  erasedAt: null,
  mergedInto: null,
  createdAt: { $lte: knownBy },
  $and: [filter],
});

/** A customer as everybody reads them. */
function bare(customer: Customer & Beside): Customer {
  delete customer.out;
  delete customer.found;
  delete customer.dealings;
  delete customer.lastMarketingAt;
  return customer;
}

const lastOf = (sends: readonly Send[]): Date | null =>
  sends.reduce<Date | null>(
    (last, { at, group }) => (group === 'marketing' && (last === null || at > last) ? at : last),
    null,
  );

/** Who goes on for an id; null: nobody is known. */
function follow(known: ReadonlyMap<string, Customer>, id: string): Customer | null {
  let customer = known.get(id) ?? null;
  for (let hops = 0; customer?.mergedInto && hops < MOST_HOPS; hops++) {
    customer = known.get(customer.mergedInto) ?? null;
  }
  return customer;
}
