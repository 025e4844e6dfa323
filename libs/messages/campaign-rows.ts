import type mongoose from 'mongoose';
import { casMany, nonce } from '#platform/mongo';
import type { MessageRow } from './message.types.js';
import type { Status } from './moves.js';

const OPEN: readonly Status[] = ['planned', 'released', 'sending'];

/** The rows of campaigns, as those who launch, pace and watch them ask for them. */
export class CampaignRows {
  private readonly rows;

  constructor(connection: mongoose.Connection) {
    this.rows = connection.collection<MessageRow>('messages');
  }

  /** Rows that wait for their campaign and whose hour has come, the earliest first. */
  async findWaiting(tenant: string, campaign: string, now: Date, limit: number): Promise<MessageRow[]> {
    if (limit <= 0) return [];
    return this.rows
      .find({ tenant, campaign, status: 'planned', dueAt: null, notBefore: { $lte: now } })
      .sort({ notBefore: 1 })
      .limit(limit)
      .toArray();
  }

  /** When the next hour comes of a row that waits, after `after`; null: of none. */
  async nextHour(tenant: string, campaign: string, after: Date): Promise<Date | null> {
    const [row] = await this.rows
      .find({ tenant, campaign, status: 'planned', dueAt: null, notBefore: { $gt: after } })
      .project<Pick<MessageRow, 'notBefore'>>({ notBefore: 1 })
      .sort({ notBefore: 1 })
      .limit(1)
      .toArray();
    return row?.notBefore ?? null;
  }

  /** Gives rows that wait their `dueAt`; how many still waited. */
  async pull(rows: readonly MessageRow[], dueAt: Date, expiresAt: Date): Promise<number> {
    const pulled = await casMany(
      this.rows as never,
      rows.map((row) => ({
        nonce: nonce(),
        filter: { _id: row._id, tenant: row.tenant, status: 'planned', rev: row.rev },
        // Anew where it was pulled before a pause: the time that the campaign lay still is not its own.
        update: { $set: { dueAt, expiresAt, reason: null, until: null } },
      })),
    );
    return pulled.size;
  }

  /** How many rows are pulled and not at their end: due, released or being sent. */
  async countOnTheWay(tenant: string, campaign: string, now: Date): Promise<number> {
    const [moving, due] = await Promise.all([
      this.rows.countDocuments({ tenant, campaign, status: { $in: ['released', 'sending'] } }),
      this.rows.countDocuments({ tenant, campaign, status: 'planned', dueAt: { $lte: now } }),
    ]);
    return moving + due;
  }

  /** Rows of a campaign in these states, in no order. */
  async findIn(
    tenant: string,
    campaign: string,
    statuses: readonly Status[],
    limit: number,
  ): Promise<MessageRow[]> {
    return this.rows
      .find({ tenant, campaign, status: { $in: [...statuses] } })
      .limit(limit)
      .toArray();
  }

  async countIn(tenant: string, campaign: string, statuses: readonly Status[]): Promise<number> {
    return this.rows.countDocuments({ tenant, campaign, status: { $in: [...statuses] } });
  }

  /** Whether any row may still move by itself. */
  async isOpen(tenant: string, campaign: string): Promise<boolean> {
    return (await this.rows.findOne({ tenant, campaign, status: { $in: [...OPEN] } })) !== null;
  }

  /** How many rows stand in each state, by reason where there is one. */
  async countByStatus(
    tenant: string,
    campaign: string,
  ): Promise<{ status: Status; reason: string | null; count: number }[]> {
    const groups = await this.rows
      .aggregate<{ _id: { status: Status; reason: string | null }; count: number }>([
        { $match: { tenant, campaign } },
        { $group: { _id: { status: '$status', reason: '$reason' }, count: { $sum: 1 } } },
      ])
      .toArray();
    return groups.map(({ _id, count }) => ({ status: _id.status, reason: _id.reason ?? null, count }));
  }
}
