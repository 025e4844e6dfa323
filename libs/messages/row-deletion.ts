import type mongoose from 'mongoose';
import type { MessageRow } from './message.types.js';
import type { Status } from './moves.js';

type Row = Pick<MessageRow, '_id' | 'tenant' | 'customer' | 'rev' | 'createdAt'>;

/** Nothing is sent by these any more. What is `unknown` waits for a person. */
const ENDED: readonly Status[] = [
  ...(['accepted', 'delivered', 'bounced', 'complained'] as const),
  ...(['refused', 'cancelled', 'failed', 'expired'] as const),
];

/** Takes rows out of the ledger whose time is over: the only one that does. */
export class RowDeletion {
  private readonly rows;

  constructor(connection: mongoose.Connection) {
    this.rows = connection.collection<Omit<MessageRow, '_id'> & { _id: string }>('messages');
  }

  /** Those of a person up to then, but for one that is just being sent; how many there were. */
  async deleteOfCustomer(tenant: string, customer: string, upTo: Date): Promise<number> {
    const { deletedCount } = await this.rows.deleteMany({
      ...{ tenant, customer, createdAt: { $lte: upTo } },
      status: { $ne: 'sending' },
    });
    return deletedCount;
  }

  /** Ended rows of a tenant that are older, the oldest first, page by page. */
  async findOld(tenant: string, before: Date, after: Row | null, limit: number): Promise<Row[]> {
    const later =
      after === null
        ? {}
        : {
            $or: [
              { createdAt: { $gt: after.createdAt } },
              { createdAt: after.createdAt, _id: { $gt: after._id } },
            ],
          };
    return this.rows
      .find(
        { tenant, createdAt: { $lt: before }, status: { $in: [...ENDED] }, ...later },
        { projection: { tenant: 1, customer: 1, rev: 1, createdAt: 1 } },
      )
      .sort({ createdAt: 1, _id: 1 })
      .limit(limit)
      .toArray();
  }

  /** Those that still are as they were read; how many. */
  async delete(rows: readonly Row[]): Promise<number> {
    if (rows.length === 0) return 0;
    const { deletedCount } = await this.rows.bulkWrite(
      rows.map(({ _id, tenant, rev }) => ({ deleteOne: { filter: { _id, tenant, rev } } })),
      { ordered: false },
    );
    return deletedCount;
  }
}
