import type mongoose from 'mongoose';
import { casMany, nonce } from '#platform/mongo';
import type { MessageRow } from './message.types.js';
import type { Status } from './moves.js';

const OPEN: readonly Status[] = ['planned', 'released', 'sending'];
/** How often a row that others write is read again. */
const TRIES = 5;

const byHour = (
  one: Pick<MessageRow, '_id' | 'notBefore'>,
  other: Pick<MessageRow, '_id' | 'notBefore'>,
): number =>
  (one.notBefore?.getTime() ?? 0) - (other.notBefore?.getTime() ?? 0) || (one._id < other._id ? -1 : 1);

/** The rows of campaigns, as those who launch, pace and watch them ask for them. */
export class CampaignRows {
  private readonly rows;

  constructor(connection: mongoose.Connection) {
    this.rows = connection.collection<MessageRow>('messages');
  }

  /**
   * Rows of these parts that wait for their campaign and whose hour has come, the earliest first, those of one hour in the
   * order of their ids, so that no variant goes before another. A read for each part: parts that are not asked for cost
   * nothing, however many wait in them.
   */
  async findWaiting(
    tenant: string,
    campaign: string,
    parts: readonly string[],
    now: Date,
    limit: number,
  ): Promise<MessageRow[]> {
    if (limit <= 0) return [];
    const found = await Promise.all(
      parts.map((variant) =>
        this.rows
          .find({ tenant, campaign, status: 'planned', dueAt: null, variant, notBefore: { $lte: now } })
          .sort({ notBefore: 1 })
          .limit(limit)
          .toArray(),
      ),
    );
    return found.flat().sort(byHour).slice(0, limit);
  }

  /** Rows that wait for their campaign, whatever their hour; of one part only where it is named. */
  async findLeft(
    tenant: string,
    campaign: string,
    part: string | null,
    limit: number,
  ): Promise<MessageRow[]> {
    const of = part === null ? {} : { variant: part };
    return this.rows
      .find({ tenant, campaign, status: 'planned', dueAt: null, ...of })
      .limit(limit)
      .toArray();
  }

  /** When the next hour comes of a row of these parts that waits, after `after`; null: of none. */
  async nextHour(
    tenant: string,
    campaign: string,
    parts: readonly string[],
    after: Date,
  ): Promise<Date | null> {
    const found = await Promise.all(
      parts.map((variant) =>
        this.rows
          .find({ tenant, campaign, status: 'planned', dueAt: null, variant, notBefore: { $gt: after } })
          .project<Pick<MessageRow, '_id' | 'notBefore'>>({ notBefore: 1 })
          .sort({ notBefore: 1 })
          .limit(1)
          .toArray(),
      ),
    );
    return found.flat().sort(byHour)[0]?.notBefore ?? null;
  }

  /** How these rows stand; who is gone is not among them. */
  async findStandings(tenant: string, ids: readonly string[]): Promise<RowStanding[]> {
    if (ids.length === 0) return [];
    return this.rows
      .find({ _id: { $in: [...ids] }, tenant })
      .project<RowStanding>({ tenant: 1, status: 1, rev: 1, dueAt: 1, settledAt: 1 })
      .toArray();
  }

  /** A new `rev` for rows that wait for their campaign: who had read them before pulls them no more. Those that got one. */
  async touchWaiting(rows: readonly RowStanding[]): Promise<Set<string>> {
    if (rows.length === 0) return new Set();
    return casMany(
      this.rows as never,
      rows.map(({ _id, tenant, rev }) => ({
        nonce: nonce(),
        filter: { _id, tenant, status: 'planned', dueAt: null, rev },
        update: {},
      })),
    );
  }

  /** The rows to which these refs of attempts belong, without their traces. */
  async findByRefs(tenant: string, refs: readonly string[]): Promise<MessageRow[]> {
    if (refs.length === 0) return [];
    return this.rows
      .find(
        { 'attempts.ref': { $in: [...refs] }, tenant, campaign: { $ne: null } },
        { projection: { trace: 0 } },
      )
      .toArray();
  }

  /**
   * Gives rows that wait their `dueAt`; how many still waited. Who waited for the winner gets it in the same write: nobody
   * is due without a variant, and nobody has two.
   */
  async pull(
    rows: readonly MessageRow[],
    dueAt: Date,
    expiresAt: Date,
    winner: { waits: string; variant: string; template: string } | null,
  ): Promise<number> {
    const pulled = await casMany(
      this.rows as never,
      rows.map((row) => ({
        nonce: nonce(),
        filter: { _id: row._id, tenant: row.tenant, status: 'planned', rev: row.rev },
        update: {
          $set: {
            // Anew where it was pulled before a pause: the time that the campaign lay still is not its own.
            ...{ dueAt, expiresAt, reason: null, until: null },
            ...(winner !== null && row.variant === winner.waits
              ? { variant: winner.variant, template: winner.template }
              : {}),
          },
        },
      })),
    );
    return pulled.size;
  }

  /** Whether a message of these parts may still go out: none of theirs has its end before. */
  async isOpenIn(tenant: string, campaign: string, parts: readonly string[]): Promise<boolean> {
    const open = [
      { status: { $in: ['released', 'sending'] as Status[] } },
      // Only what is pulled has a `dueAt`.
      { status: 'planned' as const, dueAt: { $gt: new Date(0) } },
      ...parts.map((variant) => ({ status: 'planned' as const, dueAt: null, variant })),
    ];
    for (const where of open) {
      if ((await this.rows.findOne({ tenant, campaign, ...where })) !== null) return true;
    }
    return false;
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

  /** How many rows stand in each of these states; where none does, there is nothing of it. */
  async countByStatus(
    tenant: string,
    campaign: string,
    statuses: readonly Status[],
  ): Promise<{ status: Status; count: number }[]> {
    const groups = await this.rows
      .aggregate<{ _id: Status; count: number }>([
        { $match: { tenant, campaign, status: { $in: [...statuses] } } },
        { $group: { _id: '$status', count: { $sum: 1 } } },
      ])
      .toArray();
    return groups.map(({ _id, count }) => ({ status: _id, count }));
  }

  /**
   * How its rows stand, in as many groups as there are different ones: tens, however many rows there are. Plain fields
   * only: an expression for each row is what costs.
   */
  async groups(tenant: string, campaign: string): Promise<RowGroup[]> {
    const groups = await this.rows
      .aggregate<{
        _id: Partial<GroupKey> & { isMeasured?: boolean };
        count: number;
        unsubscribed: number;
        settled: Date | null;
        hour: Date | null;
      }>([
        { $match: { tenant, campaign } },
        {
          $group: {
            _id: {
              ...{ status: '$status', reason: '$reason', variant: '$variant', locale: '$content.locale' },
              isMeasured: '$content.measured',
            },
            count: { $sum: 1 },
            unsubscribed: { $sum: '$unsubscribed' },
            settled: { $max: '$settledAt' },
            hour: { $max: '$notBefore' },
          },
        },
      ])
      .toArray();
    return groups.map(({ _id, count, unsubscribed, settled, hour }) => ({
      status: _id.status ?? 'planned',
      reason: _id.reason ?? null,
      variant: _id.variant ?? null,
      locale: _id.locale ?? null,
      ...{ count, unsubscribed, measured: _id.isMeasured === true ? count : 0, last: settled ?? hour },
    }));
  }

  /** The rows that these people have in a campaign, as far as a report asks. */
  async findOfPeople(tenant: string, campaign: string, customers: readonly string[]): Promise<PersonRow[]> {
    if (customers.length === 0) return [];
    return this.rows
      .find({ tenant, customer: { $in: [...new Set(customers)] }, campaign })
      .project<PersonRow>({
        ...{ customer: 1, status: 1, variant: 1, settledAt: 1, notBefore: 1, 'content.locale': 1 },
      })
      .toArray();
  }

  /**
   * Writes down that somebody left by the link of this campaign's message, or by its provider's; the first time counts.
   * After a merge a person may have two rows in it: it is one that was tried that had a link.
   */
  async noteUnsubscribed(
    tenant: string,
    of: { _id: string } | { customer: string; campaign: string },
    at: Date,
    why = 'unsubscribed by its link',
  ): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const rows = await this.rows.find({ ...of, tenant }).toArray();
      const row = rows.find(({ attempts }) => attempts.length > 0);
      if (row === undefined || row.unsubscribedAt != null) return;
      const entry = { at, status: row.status, why };
      const { matchedCount } = await this.rows.updateOne(
        { _id: row._id, tenant, rev: row.rev },
        {
          // Of one that is just being sent, its sender's record asks for the `rev` that it knows.
          $set: {
            unsubscribedAt: at,
            unsubscribed: 1,
            ...(row.status === 'sending' ? {} : { rev: nonce() }),
          },
          $push: { history: entry },
        },
      );
      if (matchedCount > 0) return;
    }
  }
}

export interface GroupKey {
  status: Status;
  reason: string | null;
  /** A variant's name, or `hold-out`. */
  variant: string | null;
  /** In which language it was said; null: it was not. */
  locale: string | null;
}

/** Rows of a campaign that are alike. */
export interface RowGroup extends GroupKey {
  count: number;
  /** Of them: how many left by its link. */
  unsubscribed: number;
  /** Of them: whose opens and clicks may be looked at. */
  measured: number;
  /** When the last of them was settled; of those that wait, from when on it may go. */
  last: Date | null;
}

/** A row as far as who counts what a day has sent asks. */
export type RowStanding = Pick<MessageRow, '_id' | 'tenant' | 'status' | 'rev' | 'dueAt' | 'settledAt'>;

/** A row as far as a report asks. */
export type PersonRow = Pick<
  MessageRow,
  '_id' | 'customer' | 'status' | 'variant' | 'settledAt' | 'notBefore'
> & {
  content: { locale: string } | null;
};
