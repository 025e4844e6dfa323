import { createHash } from 'node:crypto';
import mongoose from 'mongoose';
import { insertMissing } from '#platform/versioned';
import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';

/** What would have been sent, as `/inbox` shows it (CONTRACTS). */
export interface InboxMessage {
  /** Short, opaque, fit for a URL. */
  id: string;
  /** The ledger's row. */
  message: string;
  tenant: string;
  at: Date;
  channel: Channel;
  purpose: Purpose;
  from: string;
  fromName?: string;
  replyTo?: string;
  to: string;
  subject?: string;
  text: string;
  html?: string;
  headers?: Record<string, string>;
  /** `content` is base64. */
  attachments?: { filename: string; contentType: string; content: string }[];
}

/** With the provider's `ref`, by which a bounce, a complaint or a STOP finds its row, and what was answered to it. */
export type CapturedMessage = InboxMessage & { ref: string; replies?: { at: Date; text: string }[] };

/** A message in few words: enough for a list of thousands. */
export type InboxHeadline = Pick<
  InboxMessage,
  'id' | 'message' | 'tenant' | 'at' | 'channel' | 'purpose' | 'to' | 'subject'
> & {
  /** The beginning of what it says, where it has no subject. */
  begins?: string;
};

/** All that are given must be equal, to the letter. */
export interface InboxFilter {
  to?: string;
  purpose?: Purpose;
  channel?: Channel;
}

interface InboxRow extends InboxMessage {
  /** The ref: a repeat writes nothing twice. */
  _id: string;
  replies?: { at: Date; text: string }[];
  /** Order among those of one instant: the inbox's clock stands still at each `dueAt`. */
  order: number;
}

const schema = new mongoose.Schema(
  { _id: String, id: String, at: Date, order: Number, to: String, purpose: String, channel: String },
  { collection: 'inbox', versionKey: false, autoIndex: false, strict: false, _id: false, id: false },
);
schema.index({ id: 1 }, { unique: true });
schema.index({ at: -1, order: -1 });
schema.index({ to: 1, at: -1, order: -1 });
schema.index({ tenant: 1, message: 1 });

const HEADLINE = { id: 1, message: 1, tenant: 1, at: 1, channel: 1, purpose: 1, to: 1, subject: 1 } as const;
/** How much of an SMS stands in a list. */
const BEGINNING = 120;

/** What the capturing senders keep instead of sending. Shared by all tenants: it is the developer's window. */
export class InboxStore {
  private readonly rows;
  private order = 0;

  constructor(connection: mongoose.Connection) {
    this.rows = connection.model<InboxRow>('Inbox', schema as unknown as mongoose.Schema<InboxRow>);
  }

  async createIndexes(): Promise<void> {
    await this.rows.createIndexes();
  }

  /** Keeps these, each ref once. */
  async keep(messages: readonly Omit<CapturedMessage, 'id'>[]): Promise<void> {
    await insertMissing(
      this.rows.collection,
      messages.map(({ ref, ...message }) => ({
        _id: ref,
        id: inboxId(ref),
        order: this.order++,
        ...message,
      })),
    );
  }

  /** Newest first. */
  async list(filter: InboxFilter = {}, limit?: number): Promise<InboxMessage[]> {
    const { to, purpose, channel } = filter;
    const query = this.rows
      .find({
        ...(to === undefined ? {} : { to: { $eq: to } }),
        ...(purpose === undefined ? {} : { purpose: { $eq: purpose } }),
        ...(channel === undefined ? {} : { channel: { $eq: channel } }),
      })
      .sort({ at: -1, order: -1 });
    if (limit !== undefined) query.limit(limit);
    const rows = await query.lean<InboxRow[]>();
    return rows.map((row) => shown(row));
  }

  /** In few words, newest first. */
  async headlines(limit: number): Promise<InboxHeadline[]> {
    const rows = await this.rows
      .find({}, HEADLINE)
      .sort({ at: -1, order: -1 })
      .limit(limit)
      .lean<(Omit<InboxHeadline, 'begins'> & { _id: string })[]>();
    const silent = rows.filter(({ subject }) => subject === undefined).map(({ _id }) => _id);
    const texts = await this.rows
      .find({ _id: { $in: silent } }, { text: 1 })
      .lean<{ _id: string; text: string }[]>();
    const begins = new Map(texts.map(({ _id, text }) => [_id, text.slice(0, BEGINNING)]));
    return rows.map(({ _id, ...row }) => {
      const beginning = begins.get(_id);
      return { ...row, ...(beginning === undefined ? {} : { begins: beginning }) };
    });
  }

  async get(id: string): Promise<CapturedMessage | null> {
    const row = await this.rows.findOne({ id: { $eq: id } }).lean<InboxRow>();
    return row ? captured(row) : null;
  }

  /** All that one row of the ledger sent, newest first: more than one where it was tried again. */
  async ofMessage(tenant: string, message: string): Promise<CapturedMessage[]> {
    const rows = await this.rows.find({ tenant, message }).sort({ at: -1, order: -1 }).lean<InboxRow[]>();
    return rows.map(captured);
  }

  /** All that these rows sent, newest first. */
  async ofMessages(tenant: string, messages: readonly string[]): Promise<CapturedMessage[]> {
    if (messages.length === 0) return [];
    const rows = await this.rows
      .find({ tenant, message: { $in: [...messages] } })
      .sort({ at: -1, order: -1 })
      .lean<InboxRow[]>();
    return rows.map(captured);
  }

  /** Keeps what was answered; false where the message is not here. */
  async keepReply(id: string, reply: { at: Date; text: string }): Promise<boolean> {
    const { matchedCount } = await this.rows.updateOne({ id: { $eq: id } }, { $push: { replies: reply } });
    return matchedCount === 1;
  }

  /** For an erasure: throws away what these rows sent; how many there were. */
  async forget(tenant: string, messages: readonly string[]): Promise<number> {
    if (messages.length === 0) return 0;
    return (await this.rows.deleteMany({ tenant, message: { $in: [...messages] } })).deletedCount;
  }

  /** What is older; how many there were. */
  async deleteBefore(tenant: string, at: Date): Promise<number> {
    return (await this.rows.deleteMany({ tenant, at: { $lt: at } })).deletedCount;
  }

  /** How many were thrown away. */
  async clear(): Promise<number> {
    return (await this.rows.deleteMany({})).deletedCount;
  }
}

/** The id of a captured message; the ref itself is for webhooks only. */
export function inboxId(ref: string): string {
  return createHash('sha256').update(ref).digest('base64url').slice(0, 14);
}

function shown({ _id, order, replies, ...message }: InboxRow): InboxMessage {
  void _id;
  void order;
  void replies;
  return message;
}

function captured(row: InboxRow): CapturedMessage {
  return {
    ...shown(row),
    ref: row._id,
    ...(row.replies === undefined ? {} : { replies: row.replies }),
  };
}
