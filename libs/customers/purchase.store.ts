import mongoose from 'mongoose';
import { insertMissing } from '#platform/versioned';

/** What was bought, so that a recall finds who bought it, by item and batch. */
export interface Purchase {
  _id: string;
  tenant: string;
  purchase: string;
  customer: string;
  items: { id: string; name: string; batch: string | null; quantity: number }[];
  at: Date;
  heardAt: Date;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, customer: String },
  { collection: 'purchases', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, customer: 1 });
schema.index({ tenant: 1, 'items.id': 1 });

/** Purchases, as heard: the first hearing stands. */
export class PurchaseStore {
  private readonly purchases;

  constructor(connection: mongoose.Connection) {
    this.purchases = connection.model<Purchase>('Purchase', schema as unknown as mongoose.Schema<Purchase>);
  }

  async createIndexes(): Promise<void> {
    await this.purchases.createIndexes();
  }

  async add(purchases: readonly Purchase[]): Promise<void> {
    await insertMissing(this.purchases.collection, purchases);
  }

  async findOfCustomer(tenant: string, customer: string): Promise<Purchase[]> {
    return this.purchases.find({ tenant, customer }).sort({ at: -1 }).lean<Purchase[]>();
  }

  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<Purchase[]> {
    if (customers.length === 0) return [];
    return this.purchases
      .find({ tenant, customer: { $in: [...customers] } })
      .sort({ at: -1 })
      .lean<Purchase[]>();
  }

  /** Gives what is theirs to who goes on for them (merge); nothing the second time. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    await this.purchases.updateMany({ tenant, customer: from }, { $set: { customer: into } });
  }

  /** Deletes a person's purchases up to then (erasure); how many there were. */
  async deleteOfCustomer(tenant: string, customer: string, upTo: Date): Promise<number> {
    const { deletedCount } = await this.purchases.collection.deleteMany({
      tenant,
      customer,
      heardAt: { $lte: upTo },
    });
    return deletedCount;
  }
}
