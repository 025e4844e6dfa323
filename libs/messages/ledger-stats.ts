import type mongoose from 'mongoose';
import type { MessageRow } from './message.types.js';

/** What messages can be counted by beside the day. Only `variant` tells who was held out from who was called off. */
export const STAT_FIELDS = ['purpose', 'channel', 'campaign', 'variant', 'reason', 'status'] as const;
export type StatField = (typeof STAT_FIELDS)[number];

/** Messages that are alike, and how many. */
export type Counted = Partial<Record<StatField, string | null>> & { count: number };

/**
 * Counts the ledger, never a counter: what a crash leaves is right. A message counts when it was first sent, refused or
 * called off (`settledAt`), by where it stands now; what still waits is not counted.
 */
export class LedgerStats {
  private readonly rows;

  constructor(connection: mongoose.Connection) {
    this.rows = connection.collection<MessageRow>('messages');
  }

  /** Those settled from `from` to before `to`: reads no other rows. */
  async count(tenant: string, from: Date, to: Date, by: readonly StatField[]): Promise<Counted[]> {
    const groups = await this.rows
      .aggregate<{ _id: Partial<Record<StatField, string>> | null; count: number }>([
        { $match: { tenant, settledAt: { $gte: from, $lt: to } } },
        {
          $group: {
            _id: by.length === 0 ? null : Object.fromEntries(by.map((field) => [field, `$${field}`])),
            count: { $sum: 1 },
          },
        },
      ])
      .toArray();
    return groups.map(({ _id, count }) => ({
      ...Object.fromEntries(by.map((field) => [field, _id?.[field] ?? null])),
      count,
    }));
  }
}
