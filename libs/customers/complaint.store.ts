import mongoose from 'mongoose';
import { isDuplicateKey } from '#platform/mongo';

/** That somebody complained, and whether it is resolved: while it is not, their data is kept (a claim may follow). */
export interface Complaint {
  _id: string;
  tenant: string;
  complaint: string;
  customer: string;
  status: 'open' | 'resolved';
  warranty: boolean;
  /** The time of the event that said so last: an older one changes nothing. */
  at: Date;
  heardAt: Date;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, customer: String, status: String, at: Date, heardAt: Date },
  { collection: 'complaints', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, customer: 1, status: 1 });

/** Complaints and warranty matters, as the booking system tells of them: that there is one, not what it says. */
export class ComplaintStore {
  private readonly complaints;

  constructor(connection: mongoose.Connection) {
    this.complaints = connection.model<Complaint>(
      'Complaint',
      schema as unknown as mongoose.Schema<Complaint>,
    );
  }

  async createIndexes(): Promise<void> {
    await this.complaints.createIndexes();
  }

  /** The later word stands, whatever the order in which they are heard. */
  async hear(said: readonly Omit<Complaint, '_id'>[]): Promise<void> {
    for (const one of said) {
      const _id = [one.tenant, one.complaint].map(encodeURIComponent).join('/');
      try {
        await this.complaints.updateOne({ _id, at: { $lte: one.at } }, { $set: one }, { upsert: true });
      } catch (error) {
        // There is a later word.
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }

  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<Complaint[]> {
    if (customers.length === 0) return [];
    return this.complaints.find({ tenant, customer: { $in: [...customers] } }).lean<Complaint[]>();
  }

  /** Gives what is theirs to who goes on for them (merge); nothing the second time. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    await this.complaints.updateMany({ tenant, customer: from }, { $set: { customer: into } });
  }

  /** Deletes what was heard of a person up to then; how many there were. */
  async deleteOfCustomer(tenant: string, customer: string, upTo: Date): Promise<number> {
    return (await this.complaints.deleteMany({ tenant, customer, heardAt: { $lte: upTo } })).deletedCount;
  }
}
