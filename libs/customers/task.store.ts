import { createHash } from 'node:crypto';
import mongoose from 'mongoose';
import { outBacklog, type OutBacklog } from '#messaging/out-backlog';
import { pullPublished, waitingOut, type Outbox, type Outgoing, type OutEntry } from '#messaging/outbox';
import { insertMissing, withoutOut } from '#platform/versioned';
import type { Task, TaskEnd, TaskKind, TaskOpening, TaskState } from './task.js';

const schema = new mongoose.Schema(
  { _id: String, tenant: String, customer: String, kind: String, status: String, openedAt: Date },
  { collection: 'tasks', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, openedAt: 1, _id: 1 });
schema.index({ tenant: 1, status: 1, openedAt: 1, _id: 1 });
schema.index({ tenant: 1, customer: 1 });
schema.index({ kind: 1, status: 1, _id: 1 });
schema.index({ 'out.at': 1 });

/** What staff is to do. A task opens once, and ends once: who came first stands. */
export class TaskStore implements Outbox {
  private readonly tasks;

  constructor(connection: mongoose.Connection) {
    this.tasks = connection.model<Task>('Task', schema as unknown as mongoose.Schema<Task>);
  }

  async createIndexes(): Promise<void> {
    await this.tasks.createIndexes();
  }

  /** Opens what is not there yet, whatever has become of it; the ids that are new. */
  open(tenant: string, openings: readonly TaskOpening[], at: Date): Promise<Set<string>> {
    return insertMissing(
      this.tasks.collection,
      openings.map(({ of, ...what }) => {
        const _id = taskId(tenant, { ...what, of });
        const task: Task = {
          ...{ _id, tenant, ...what, status: 'open', openedAt: at },
          ...{ endedAt: null, endedBy: null },
        };
        const told: OutEntry = { id: _id, type: 'task.opened.v1', at, data: {} };
        return { ...task, out: [told] };
      }),
    );
  }

  async find(tenant: string, id: string): Promise<Task | null> {
    const found = await this.tasks.findOne({ _id: id, tenant }).lean<Task>();
    return found && withoutOut(found);
  }

  /** One page, those that were opened first. */
  async list(
    tenant: string,
    filter: { status?: TaskState | undefined; kind?: TaskKind | undefined; customer?: string | undefined },
    page: { after: { openedAt: Date; id: string } | null; limit: number },
  ): Promise<Task[]> {
    const { after, limit } = page;
    const equal = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    const later =
      after === null
        ? {}
        : {
            $or: [
              { openedAt: { $gt: after.openedAt } },
              { openedAt: after.openedAt, _id: { $gt: after.id } },
            ],
          };
    const found = await this.tasks
      .find({ tenant, ...equal, ...later })
      .sort({ openedAt: 1, _id: 1 })
      .limit(limit)
      .lean<Task[]>();
    return found.map(withoutOut);
  }

  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<Task[]> {
    if (customers.length === 0) return [];
    const found = await this.tasks
      .find({ tenant, customer: { $in: [...customers] } })
      .sort({ openedAt: -1 })
      .lean<Task[]>();
    return found.map(withoutOut);
  }

  /** Open ones of a kind, of every tenant, page by page by `_id`. */
  async pageOpen(kind: TaskKind, after: string | null, limit: number): Promise<Task[]> {
    const found = await this.tasks
      .find({ kind, status: 'open', ...(after === null ? {} : { _id: { $gt: after } }) })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<Task[]>();
    return found.map(withoutOut);
  }

  /** `open` → its end; the task as it stands, whoever ended it. null: not known. */
  async end(tenant: string, id: string, how: TaskEnd, by: string, at: Date): Promise<Task | null> {
    await this.tasks.updateOne(
      { _id: id, tenant, status: 'open' },
      { $set: { status: how, endedAt: at, endedBy: by } },
    );
    return this.find(tenant, id);
  }

  /** Gives what is theirs to who goes on for them (merge); nothing the second time. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    await this.tasks.updateMany({ tenant, customer: from }, { $set: { customer: into } });
  }

  /** For an erasure: what was to be done about a person, but for their own requests; how many there were. */
  async forgetCustomer(tenant: string, customer: string): Promise<number> {
    return (await this.tasks.deleteMany({ tenant, customer, kind: { $ne: 'request' } })).deletedCount;
  }

  /** Forgets what was opened before then and has ended; how many there were. */
  async deleteEndedBefore(tenant: string, at: Date): Promise<number> {
    const ended = { tenant, status: { $ne: 'open' as const }, openedAt: { $lt: at } };
    return (await this.tasks.deleteMany(ended)).deletedCount;
  }

  async findOut(limit: number, settledBefore?: Date): Promise<Outgoing[]> {
    const fields = { tenant: 1, customer: 1, kind: 1, purpose: 1, message: 1, out: 1 } as const;
    const found = await this.tasks
      .find(waitingOut(settledBefore), fields)
      .limit(limit)
      .lean<(Task & { out: OutEntry[] })[]>();
    return found.map(({ _id, tenant, customer, kind, purpose, message, out }) => ({
      ...{ _id, tenant, customer, out },
      about: {
        ...{ task: _id, kind },
        ...(customer === null ? {} : { customer }),
        ...(purpose === null ? {} : { purpose }),
        ...(message === null ? {} : { message }),
      },
    }));
  }

  pullOut(published: readonly Outgoing[]): Promise<void> {
    return pullPublished(this.tasks.collection, published);
  }

  outBacklog(): Promise<OutBacklog> {
    return outBacklog(this.tasks.collection);
  }
}

/** Fit for a path, and tells nothing. */
export function taskId(tenant: string, { kind, of }: Pick<TaskOpening, 'kind' | 'of'>): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, kind, of]))
    .digest('hex')
    .slice(0, 32);
}
