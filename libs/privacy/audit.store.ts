import { randomUUID } from 'node:crypto';
import mongoose from 'mongoose';
import { insertMissing } from '#platform/versioned';

/** What is written down of what staff does, and the scheduler to a campaign. Words are added, never renamed: entries are kept for years. */
export const AUDITED = [
  'customer.rectified',
  'customer.restricted',
  'customer.unrestricted',
  'customer.exported',
  'customer.erased',
  'choices.put',
  'message.content-read',
  'message.retried',
  'request.opened',
  'request.done',
  'request.extended',
  'request.refused',
  'task.ended',
  'survey.comments-read',
  'dead-letters.redriven',
  'stop-button.pressed',
  'stop-button.let-go',
  'key.created',
  'key.deleted',
  'segment.created',
  'segment.changed',
  'template.created',
  'template.version-added',
  'template.published',
  'campaign.created',
  'campaign.moved',
  'campaign.test-sent',
  'import.begun',
  'import.cancelled',
  'records.exported',
  'dead-letter.read',
  'customer.previewed',
] as const;
export type Audited = (typeof AUDITED)[number];

/** Who did it. */
export interface AuditActor {
  /** The id of the API key; `first` is LAGOM_ADMIN_KEY, `scheduler` nobody's: what a campaign came to by itself. */
  key: string;
  /** The key's name, as it was then. */
  name: string;
}

/** What it was about: ids, nothing that names a person. */
export interface AuditSubject {
  customer?: string;
  message?: string;
  request?: string;
  task?: string;
  key?: string;
  segment?: string;
  template?: string;
  campaign?: string;
  /** In words and numbers of ours: which fields, which scope, how many. */
  detail?: Record<string, string | number | boolean | readonly string[]>;
}

export interface AuditEntry {
  _id: string;
  tenant: string;
  at: Date;
  by: AuditActor;
  what: Audited;
  about: AuditSubject;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, at: Date, what: String },
  { collection: 'audit', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, at: -1, _id: -1 });
schema.index({ tenant: 1, 'about.customer': 1, at: -1 });
schema.index({ at: 1 });

/** What an entry is looked for by; all given must hold. */
export interface AuditFilter {
  customer?: string | undefined;
  what?: Audited | undefined;
  /** Bounds on `at`: from inclusive, to exclusive. */
  from?: Date | undefined;
  to?: Date | undefined;
}

/** Who of the staff did what, and when: only added to. Ids only, so that an erasure need not rewrite it. */
export class AuditStore {
  private readonly entries;

  constructor(connection: mongoose.Connection) {
    this.entries = connection.model<AuditEntry>('Audit', schema as unknown as mongoose.Schema<AuditEntry>);
  }

  async createIndexes(): Promise<void> {
    await this.entries.createIndexes();
  }

  async add(entry: Omit<AuditEntry, '_id'>): Promise<void> {
    await this.entries.collection.insertOne({ _id: randomUUID(), ...entry } as never);
  }

  /** Adds those whose `_id` is not there yet: who says it again adds nothing. */
  async addMissing(entries: readonly AuditEntry[]): Promise<void> {
    await insertMissing(this.entries.collection, entries);
  }

  /** One page, newest first. */
  async list(
    tenant: string,
    { customer, what, from, to }: AuditFilter,
    page: { after: { at: Date; id: string } | null; limit: number },
  ): Promise<AuditEntry[]> {
    const { after, limit } = page;
    const bounds = [
      ...(from === undefined ? [] : [{ at: { $gte: from } }]),
      ...(to === undefined ? [] : [{ at: { $lt: to } }]),
      ...(after === null
        ? []
        : [{ $or: [{ at: { $lt: after.at } }, { at: after.at, _id: { $lt: after.id } }] }]),
    ];
    return this.entries
      .find({
        tenant,
        ...(customer === undefined ? {} : { 'about.customer': customer }),
        ...(what === undefined ? {} : { what }),
        ...(bounds.length > 0 ? { $and: bounds } : {}),
      })
      .sort({ at: -1, _id: -1 })
      .limit(limit)
      .lean<AuditEntry[]>();
  }

  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<AuditEntry[]> {
    if (customers.length === 0) return [];
    return this.entries
      .find({ tenant, 'about.customer': { $in: [...customers] } })
      .sort({ at: -1 })
      .lean<AuditEntry[]>();
  }

  /** Forgets what is older; how many there were. */
  async deleteBefore(at: Date): Promise<number> {
    return (await this.entries.deleteMany({ at: { $lt: at } })).deletedCount;
  }
}
