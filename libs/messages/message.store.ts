import mongoose from 'mongoose';
import { pullPublished, waitingOut, type Outbox, type Outgoing, type OutEntry } from '#messaging/outbox';
import { outBacklog, type OutBacklog } from '#messaging/out-backlog';
import type { Metrics } from '#platform/metrics';
import { findByKeys } from '#platform/find-by-keys';
import { casMany, nonce } from '#platform/mongo';
import { insertMissing, ofTenant } from '#platform/versioned';
import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';
import type { DueClass, Stream } from '#purposes/stream';
import { keptTrace, readTrace } from './kept-trace.js';
import type { MessageCursor, MessageFilter, Pace } from './message-query.js';
import { HEADLINE, type Headline } from './headline.js';
import type { MessageRow } from './message.types.js';
import { OPEN, type Status } from './moves.js';
import { outEvent } from './out-event.js';
import { settledAtOnce, type Transition } from './transition.js';

const schema = new mongoose.Schema(
  {
    _id: String,
    tenant: String,
    customer: String,
    rev: String,
    status: String,
    campaign: String,
    booking: String,
    cart: String,
    purpose: String,
    channel: String,
    dueClass: String,
    dueAt: Date,
    createdAt: Date,
  },
  { collection: 'messages', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ status: 1, dueAt: 1 });
schema.index({ status: 1, tenant: 1, dueClass: 1, channel: 1, dueAt: 1 });
schema.index({ tenant: 1, customer: 1, status: 1 });
schema.index({ tenant: 1, booking: 1 });
schema.index({ tenant: 1, cart: 1 });
schema.index({ tenant: 1, campaign: 1, status: 1, dueAt: 1, variant: 1, notBefore: 1 });
schema.index({ tenant: 1, createdAt: 1, _id: 1 });
schema.index({ tenant: 1, settledAt: 1 });
schema.index({ 'attempts.ref': 1 });
schema.index({ 'out.at': 1 });
// Whoever reads a row finds its trace, however that was kept.
schema.post(['find', 'findOne'], (found: MessageRow | MessageRow[] | null) => {
  for (const row of [found ?? []].flat()) readTrace(row);
});

/** Not every server hands a document out as it was when it matched: it may have moved on by then. */
const isOpen = ({ status }: MessageRow): boolean => OPEN.includes(status);

/** The ledger. Rows are only ever inserted or moved by compare-and-set; a lost race is a shorter set, not an error. */
export class MessageStore implements Outbox {
  private readonly rows;

  /** @param metrics counts every move that won, here where all of them are written */
  constructor(
    connection: mongoose.Connection,
    private readonly metrics?: Pick<Metrics, 'message'>,
  ) {
    this.rows = connection.model<MessageRow>('Message', schema as unknown as mongoose.Schema<MessageRow>);
  }

  async createIndexes(): Promise<void> {
    await this.rows.createIndexes();
  }

  /** Inserts what is not there yet; the ids that were new. A row heard twice stays as it is. */
  async insertPlanned(rows: readonly MessageRow[]): Promise<Set<string>> {
    const inserted = await insertMissing(
      this.rows.collection,
      rows.map((row) => ({
        ...row,
        trace: keptTrace(row.trace),
        settledAt: settledAtOnce(row),
        out: [outEvent(row, null, row.createdAt)].filter((one) => one !== null),
      })),
    );
    for (const row of rows) if (inserted.has(row._id)) this.metrics?.message(row);
    return inserted;
  }

  async findByIds(tenant: string, ids: readonly string[]): Promise<MessageRow[]> {
    if (ids.length === 0) return [];
    const rows = await findByKeys<MessageRow>(this.rows.collection, tenant, ids);
    rows.forEach(readTrace);
    return rows;
  }

  /** All that was to be said about these bookings, whatever became of it. */
  async findAboutBookings(tenant: string, bookings: readonly string[]): Promise<MessageRow[]> {
    return this.rows
      .find({ tenant, booking: { $in: [...new Set(bookings)] } }, { trace: 0 })
      .lean<MessageRow[]>();
  }

  /** Planned rows of every tenant whose time has come, the oldest first. */
  async findDue(now: Date, limit: number): Promise<MessageRow[]> {
    return this.rows
      .find({ status: 'planned', dueAt: { $lte: now } })
      .sort({ dueAt: 1 })
      .limit(limit)
      .lean<MessageRow[]>();
  }

  /** When the next planned row falls due, if one does before or at `until` (and later than `after`). */
  async nextDueAt(until: Date, after?: Date): Promise<Date | null> {
    const [row] = await this.rows
      .find(
        { status: 'planned', dueAt: { ...(after === undefined ? {} : { $gt: after }), $lte: until } },
        { dueAt: 1 },
      )
      .sort({ dueAt: 1 })
      .limit(1)
      .lean<Pick<MessageRow, 'dueAt'>[]>();
    return row?.dueAt ?? null;
  }

  /** Since when the oldest row of a class is due that nobody has claimed yet; null: none is. */
  async oldestDueAt(dueClass: DueClass, now: Date): Promise<Date | null> {
    const [row] = await this.rows
      .find({ status: { $in: ['planned', 'released'] }, dueClass, dueAt: { $lte: now } }, { dueAt: 1 })
      .sort({ dueAt: 1 })
      .limit(1)
      .lean<Pick<MessageRow, 'dueAt'>[]>();
    return row?.dueAt ?? null;
  }

  /** How many rows of this pace are on their way. */
  async countOnTheWay(of: Pace): Promise<number> {
    return this.rows.countDocuments({ status: { $in: ['released', 'sending'] }, ...of });
  }

  /**
   * Whether a row is released, or being sent on that channel, that no legal duty asks for. Two reads, in the order in
   * which rows move: none slips from the one to the other unseen.
   */
  async isOnTheWay(
    tenant: string,
    { stream, channel, purpose }: { stream: Stream | null; channel: Channel | null; purpose: Purpose | null },
  ): Promise<boolean> {
    const about = {
      tenant,
      dueClass: { $ne: 'recall' as const },
      ...(stream === null ? {} : { stream }),
      ...(purpose === null ? {} : { purpose }),
    };
    // Its channel is chosen when it is claimed.
    if ((await this.rows.exists({ ...about, status: 'released' })) !== null) return true;
    const sending = { ...about, status: 'sending' as const, ...(channel === null ? {} : { channel }) };
    return (await this.rows.exists(sending)) !== null;
  }

  /** Planned rows of one pace whose time has come, the oldest first. */
  async findDueOf(of: Pace, now: Date, limit: number): Promise<MessageRow[]> {
    return this.rows
      .find({ status: 'planned', ...of, dueAt: { $lte: now } })
      .sort({ dueAt: 1 })
      .limit(limit)
      .lean<MessageRow[]>();
  }

  /** All rows of one state, page by page by `_id` (for repair and for the boot of the in-memory topic). */
  async pageByStatus(status: Status, after: string | null, limit: number): Promise<MessageRow[]> {
    return this.rows
      .find({ status, ...(after === null ? {} : { _id: { $gt: after } }) })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<MessageRow[]>();
  }

  /** How many rows of all tenants stand in these states. */
  async countByStatus(statuses: readonly Status[]): Promise<number> {
    return this.rows.countDocuments({ status: { $in: statuses } });
  }

  /** What may still be called off for these customers. */
  async findOpenOf(tenant: string, customers: readonly string[]): Promise<MessageRow[]> {
    if (customers.length === 0) return [];
    const found = await this.rows
      .find({ tenant, customer: { $in: [...new Set(customers)] }, status: { $in: OPEN } })
      .lean<MessageRow[]>();
    return found.filter(isOpen);
  }

  /** What may still be called off about these bookings or carts. */
  async findOpenAbout(
    tenant: string,
    about: { bookings: readonly string[]; carts: readonly string[] },
  ): Promise<MessageRow[]> {
    const either = [
      ...(about.bookings.length > 0 ? [{ booking: { $in: [...about.bookings] } }] : []),
      ...(about.carts.length > 0 ? [{ cart: { $in: [...about.carts] } }] : []),
    ];
    const found = await Promise.all(
      either.map((by) => this.rows.find({ tenant, ...by, status: { $in: OPEN } }).lean<MessageRow[]>()),
    );
    return [...new Map(found.flat().map((row) => [row._id, row])).values()].filter(isOpen);
  }

  /** The row to which a provider's `ref` belongs. */
  async findByRef(tenant: string, ref: string): Promise<MessageRow | null> {
    return this.rows.findOne({ 'attempts.ref': ref, tenant }).lean<MessageRow>();
  }

  async findOfCustomer(tenant: string, customer: string, limit: number): Promise<MessageRow[]> {
    return this.rows
      .find({ tenant, customer })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit)
      .lean<MessageRow[]>();
  }

  /** Everything that was to be said to these people, newest first. */
  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<MessageRow[]> {
    if (customers.length === 0) return [];
    return this.rows
      .find({ tenant, customer: { $in: [...customers] } }, { out: 0 })
      .sort({ createdAt: -1, _id: -1 })
      .lean<MessageRow[]>();
  }

  /** One page, newest first. */
  async list(
    tenant: string,
    filter: MessageFilter,
    page: { after: MessageCursor | null; limit: number },
  ): Promise<MessageRow[]> {
    const { from, to, ...equal } = filter;
    const bounds = [
      ...(from === undefined ? [] : [{ createdAt: { $gte: from } }]),
      ...(to === undefined ? [] : [{ createdAt: { $lt: to } }]),
      ...(page.after === null
        ? []
        : [
            {
              $or: [
                { createdAt: { $lt: page.after.createdAt } },
                { createdAt: page.after.createdAt, _id: { $lt: page.after.id } },
              ],
            },
          ]),
    ];
    return this.rows
      .find({ tenant, ...equal, ...(bounds.length > 0 ? { $and: bounds } : {}) })
      .sort({ createdAt: -1, _id: -1 })
      .limit(page.limit)
      .lean<MessageRow[]>();
  }

  /** One page of the tenant's rows without history, trace and content, in the order of `_id`. */
  async page(tenant: string, after: string | null, limit: number): Promise<MessageRow[]> {
    return this.rows
      .find({ _id: ofTenant(tenant, after), tenant }, { trace: 0, history: 0, content: 0, out: 0 })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<MessageRow[]>();
  }

  /** How many a tenant has. */
  async count(tenant: string): Promise<number> {
    return this.rows.countDocuments({ tenant });
  }

  /** Every tenant's rows in few words, those created last first: for the developer's window. */
  async headlines(limit: number): Promise<Headline[]> {
    return this.rows.find({}, HEADLINE).sort({ createdAt: -1 }).limit(limit).lean<Headline[]>();
  }

  /** Writes the moves that still hold; the ids that moved, each to its transition's `after`. */
  async apply(transitions: readonly Transition[]): Promise<Set<string>> {
    const won = await casMany(this.rows.collection, transitions);
    for (const { after } of transitions) if (won.has(after._id)) this.metrics?.message(after);
    return won;
  }

  async findOut(limit: number, settledBefore?: Date): Promise<Outgoing[]> {
    const fields = { tenant: 1, customer: 1, purpose: 1, rev: 1, out: 1 } as const;
    const rows = await this.rows.find(waitingOut(settledBefore), fields).limit(limit).lean<MessageRow[]>();
    return rows.map(({ _id, tenant, customer, purpose, rev, out = [] }) => ({
      ...{ _id, tenant, customer, rev, out },
      about: { message: _id, customer, purpose },
    }));
  }

  pullOut(published: readonly Outgoing[]): Promise<void> {
    return pullPublished(this.rows.collection, published);
  }

  outBacklog(): Promise<OutBacklog> {
    return outBacklog(this.rows.collection);
  }

  /** A new `rev` and nothing else: what was read before this can no longer be claimed (PROTOCOL B3). */
  async touch(rows: readonly MessageRow[]): Promise<Set<string>> {
    return casMany(
      this.rows.collection,
      rows.map((row) => {
        const rev = nonce();
        return {
          nonce: rev,
          filter: { _id: row._id, tenant: row.tenant, status: row.status, rev: row.rev },
          update: { $set: { rev } },
        };
      }),
    );
  }

  /** Gives a row that waits without a `dueAt` one; false where it was written by others meanwhile. */
  async makeDue(row: MessageRow, dueAt: Date): Promise<boolean> {
    const written = await casMany(this.rows.collection, [
      {
        nonce: nonce(),
        filter: { _id: row._id, tenant: row.tenant, status: 'planned', dueAt: null, rev: row.rev },
        update: { $set: { dueAt, reason: null, until: null } },
      },
    ]);
    return written.size > 0;
  }

  /**
   * A line in a row's history; where it stands does not change. False where it was written by others meanwhile, or is
   * just being sent: its sender's next write asks for the `rev` that it knows. `tell` goes out with it.
   */
  async note(row: MessageRow, why: string, at: Date, tell?: OutEntry): Promise<boolean> {
    if (row.status === 'sending') return false;
    const rev = nonce();
    const written = await casMany(this.rows.collection, [
      {
        nonce: rev,
        filter: { _id: row._id, tenant: row.tenant, status: row.status, rev: row.rev },
        update: {
          $set: { rev },
          $push: { history: { at, status: row.status, why }, ...(tell === undefined ? {} : { out: tell }) },
        },
      },
    ]);
    return written.size > 0;
  }

  /** Gives these rows to another person, by compare-and-set; what lost a race stays and is looked at again. */
  async giveTo(rows: readonly MessageRow[], into: string): Promise<void> {
    if (rows.length === 0) return;
    await this.rows.collection.bulkWrite(
      rows.map(({ _id, tenant, status, rev }) => ({
        updateOne: {
          filter: { _id: _id as never, tenant, status, rev },
          // Of one that is just being sent, its sender's record asks for the `rev` that it knows.
          update: { $set: { customer: into, ...(status === 'sending' ? {} : { rev: nonce() }) } },
        },
      })),
      { ordered: false },
    );
  }

  /** The provider's id of an attempt, where a receipt came before our own record (PROTOCOL E2). */
  async noteProviderId(tenant: string, id: string, ref: string, providerId: string): Promise<void> {
    const row = await this.rows.findOne({ _id: id, tenant }).lean<MessageRow>();
    const n = row?.attempts.findIndex((attempt) => attempt.ref === ref) ?? -1;
    if (row === null || n < 0) return;
    await this.rows.collection.updateOne(
      { _id: id as never, rev: row.rev },
      { $set: { [`attempts.${n}.providerId`]: providerId, rev: nonce() } },
    );
  }

  /** Takes away what ties these rows to a person beyond the id, keeping state and counts (PROTOCOL F1). */
  async scrubCustomer(tenant: string, customer: string): Promise<number> {
    const rows = await this.rows.find({ tenant, customer }, { _id: 1 }).lean<Pick<MessageRow, '_id'>[]>();
    if (rows.length === 0) return 0;
    await this.rows.collection.bulkWrite(
      rows.flatMap((row) => {
        const nothing = { trace: [], content: null };
        const filter = { _id: row._id as never, tenant };
        return [
          {
            updateOne: {
              filter: { ...filter, status: { $ne: 'sending' as const } },
              update: { $set: { ...nothing, rev: nonce() } },
            },
          },
          // Its sender's record asks for the `rev` that it knows: what became of the call must not be lost.
          { updateOne: { filter: { ...filter, status: 'sending' as const }, update: { $set: nothing } } },
        ];
      }),
      { ordered: false },
    );
    return rows.length;
  }
}
