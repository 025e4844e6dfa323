import mongoose from 'mongoose';
import { insertMissing } from '#platform/versioned';

/** What somebody wrote back, for staff to read: nobody else has it. */
export interface Reply {
  /** As the task's that it opened. */
  _id: string;
  tenant: string;
  /** null: nobody is known by the address. */
  customer: string | null;
  /** The row that was answered, as far as can be told. */
  message: string | null;
  channel: 'email' | 'sms';
  text: string;
  at: Date;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, customer: String, at: Date },
  { collection: 'replies', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, customer: 1 });
schema.index({ at: 1 });

/** Answers to our messages: short, without attachments, forgotten with their person. */
export class ReplyStore {
  private readonly replies;

  constructor(connection: mongoose.Connection) {
    this.replies = connection.model<Reply>('Reply', schema as unknown as mongoose.Schema<Reply>);
  }

  async createIndexes(): Promise<void> {
    await this.replies.createIndexes();
  }

  /** The first telling stands. */
  async add(reply: Reply): Promise<void> {
    await insertMissing(this.replies.collection, [reply]);
  }

  async find(tenant: string, id: string): Promise<Reply | null> {
    return this.replies.findOne({ _id: id, tenant }).lean<Reply>();
  }

  async findOfCustomer(tenant: string, customer: string): Promise<Reply[]> {
    return this.replies.find({ tenant, customer }).sort({ at: -1 }).lean<Reply[]>();
  }

  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<Reply[]> {
    if (customers.length === 0) return [];
    return this.replies
      .find({ tenant, customer: { $in: [...customers] } })
      .sort({ at: -1 })
      .lean<Reply[]>();
  }

  /** Of one tenant, by their ids. */
  async findMany(tenant: string, ids: readonly string[]): Promise<Map<string, Reply>> {
    if (ids.length === 0) return new Map();
    const found = await this.replies.find({ _id: { $in: [...ids] }, tenant }).lean<Reply[]>();
    return new Map(found.map((reply) => [reply._id, reply]));
  }

  /** Gives what is theirs to who goes on for them (merge); nothing the second time. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    await this.replies.updateMany({ tenant, customer: from }, { $set: { customer: into } });
  }

  /** Deletes what a person wrote up to then (erasure); how many there were. */
  async deleteOfCustomer(tenant: string, customer: string, upTo: Date): Promise<number> {
    return (await this.replies.deleteMany({ tenant, customer, at: { $lte: upTo } })).deletedCount;
  }

  /** Forgets what people of whom nobody is known wrote before then; how many there were. */
  async deleteStrangersBefore(tenant: string, at: Date): Promise<number> {
    return (await this.replies.deleteMany({ tenant, customer: null, at: { $lt: at } })).deletedCount;
  }
}
