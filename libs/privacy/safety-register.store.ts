import { DateTime } from 'luxon';
import mongoose from 'mongoose';
import type { Customer } from '#customers/customer.types';
import { isDuplicateKey } from '#platform/mongo';

/** As long as the maker answers for a product, and must keep what shows how it was made (GPSR art. 9(3)). */
export const SAFETY_YEARS = 10;

/** How to reach somebody about a danger, and for nothing else (GPSR (EU) 2023/988 art. 35(3)). */
export type SafetyContact = Pick<Customer, 'email' | 'phone' | 'address'>;

/** Who bought what, by item and batch. Holds no name, no price, no visit. */
export interface SafetyEntry {
  /** As the purchase's. */
  _id: string;
  tenant: string;
  /** null: the person is erased, or their time is over; only this way to reach them is left. */
  customer: string | null;
  items: { id: string; batch: string | null }[];
  contact: SafetyContact;
  boughtAt: Date;
  /** When the duty to be able to warn ends. */
  until: Date;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, customer: String, until: Date },
  { collection: 'safety_register', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, 'items.id': 1, _id: 1 });
schema.index({ tenant: 1, customer: 1 });
schema.index({ until: 1 });

/**
 * The safety register: addresses kept under legal duty so that a recall reaches who bought the product, whatever else was
 * erased. It stands apart from the customers, and only recalls read it: no segment, no campaign, no gate. Who may know it
 * is held by safety-register.test.ts.
 */
export class SafetyRegister {
  private readonly entries;

  constructor(connection: mongoose.Connection) {
    this.entries = connection.model<SafetyEntry>(
      'SafetyEntry',
      schema as unknown as mongoose.Schema<SafetyEntry>,
    );
  }

  async createIndexes(): Promise<void> {
    await this.entries.createIndexes();
  }

  /** The first hearing of a purchase stands. */
  async add(entries: readonly Omit<SafetyEntry, 'until'>[]): Promise<void> {
    if (entries.length === 0) return;
    const writes = entries.map(({ _id, ...entry }) => ({
      updateOne: {
        filter: { _id: _id as never },
        update: { $setOnInsert: { ...entry, until: keptUntil(entry.boughtAt) } },
        upsert: true,
      },
    }));
    try {
      await this.entries.collection.bulkWrite(writes, { ordered: false });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** Before a person is forgotten: how they can be reached last. An empty contact leaves what there is. */
  async noteContact(tenant: string, customer: string, { email, phone, address }: SafetyContact) {
    if (email === null && phone === null && address === null) return;
    await this.entries.updateMany({ tenant, customer }, { $set: { contact: { email, phone, address } } });
  }

  /** The person is forgotten, the duty stays: until when; null: there is none. */
  async letGo(tenant: string, customer: string): Promise<Date | null> {
    const theirs = await this.entries.find({ tenant, customer }, { until: 1 }).lean<SafetyEntry[]>();
    if (theirs.length === 0) return null;
    await this.entries.updateMany({ tenant, customer }, { $set: { customer: null } });
    return new Date(Math.max(...theirs.map(({ until }) => until.getTime())));
  }

  /** Who bought an item (any of these batches, where some are named), page by page by `_id`. For recalls only. */
  async findBuyers(
    tenant: string,
    product: { item: string; batches: readonly string[] },
    after: string | null,
    limit: number,
  ): Promise<SafetyEntry[]> {
    const { item, batches } = product;
    // What was sold without a batch may be of any.
    const batch = batches.length === 0 ? {} : { batch: { $in: [...batches, null] } };
    return this.entries
      .find({
        tenant,
        items: { $elemMatch: { id: item, ...batch } },
        ...(after === null ? {} : { _id: { $gt: after } }),
      })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<SafetyEntry[]>();
  }

  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<SafetyEntry[]> {
    if (customers.length === 0) return [];
    return this.entries.find({ tenant, customer: { $in: [...customers] } }).lean<SafetyEntry[]>();
  }

  /** Gives what is theirs to who goes on for them (merge); nothing the second time. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    await this.entries.updateMany({ tenant, customer: from }, { $set: { customer: into } });
  }

  /** The duty is over; how many there were. */
  async deleteExpired(now: Date): Promise<number> {
    return (await this.entries.deleteMany({ until: { $lte: now } })).deletedCount;
  }
}

function keptUntil(boughtAt: Date): Date {
  return DateTime.fromJSDate(boughtAt, { zone: 'utc' }).plus({ years: SAFETY_YEARS }).toJSDate();
}
