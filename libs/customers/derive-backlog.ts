import mongoose from 'mongoose';
import { Paced } from '#platform/paced';
import type { CustomerStore } from './customer.store.js';
import type { DeriveDealings } from './derive-dealings.js';

/** Rises when what is derived changes its shape: then everybody's is worked out again. */
const VERSION = 1;
const PAGE = 100;
/** What somebody who asks waits for. */
const PAGES_AT_ONCE = 20;

interface Checkpoint {
  _id: string;
  after: string | null;
  isDone: boolean;
}

const schema = new mongoose.Schema(
  { _id: String, after: String, isDone: Boolean },
  { collection: 'backlogs', versionKey: false, autoIndex: false, strict: false, _id: false },
);

/**
 * Works out what people are found by for all who were written before anybody asked: page by page, the checkpoint moved
 * after the work. Whoever is written meanwhile is derived already; doing one twice changes nothing.
 */
export class DeriveBacklog {
  private readonly checkpoints;
  private isDone = false;

  constructor(
    connection: mongoose.Connection,
    private readonly customers: CustomerStore,
    private readonly dealings: DeriveDealings,
  ) {
    this.checkpoints = connection.model<Checkpoint>(
      'Backlog',
      schema as unknown as mongoose.Schema<Checkpoint>,
    );
  }

  /** How many people were worked out; 0 once all are. At a pace that leaves the ledger to others. */
  async runOnce(now: Date, stopping?: AbortSignal): Promise<number> {
    const paced = new Paced(stopping);
    return this.pages(now, () => paced.mayGoOn());
  }

  private async pages(now: Date, mayGoOn: () => Promise<boolean>): Promise<number> {
    let count = 0;
    while (!(await this.isFinished())) {
      const { after = null } = (await this.checkpoints.findOne({ _id: CHECKPOINT }).lean<Checkpoint>()) ?? {};
      const people = await this.customers.pageIds(after, PAGE);
      await this.derive(people, now);
      const last = people.at(-1);
      const isLast = people.length < PAGE;
      await this.checkpoints.updateOne(
        { _id: CHECKPOINT },
        { $set: { after: last?._id ?? after, isDone: isLast } },
        { upsert: true },
      );
      count += people.length;
      if (!isLast && !(await mayGoOn())) break;
    }
    return count;
  }

  /** Whether everybody is found; works at it for a moment where not: few people are soon done. */
  async isReady(now: Date): Promise<boolean> {
    if (await this.isFinished()) return true;
    let left = PAGES_AT_ONCE;
    await this.pages(now, async () => (left -= 1) > 0);
    return this.isFinished();
  }

  private async isFinished(): Promise<boolean> {
    this.isDone ||= (await this.checkpoints.findOne({ _id: CHECKPOINT }).lean<Checkpoint>())?.isDone === true;
    return this.isDone;
  }

  private async derive(people: readonly { tenant: string; customer: string }[], now: Date): Promise<void> {
    const byTenant = new Map<string, string[]>();
    for (const { tenant, customer } of people) {
      byTenant.set(tenant, [...(byTenant.get(tenant) ?? []), customer]);
    }
    for (const [tenant, customers] of byTenant) {
      await this.customers.findAgain(tenant, customers);
      await this.dealings.of(tenant, { bookings: customers, purchases: customers }, now);
    }
  }
}

const CHECKPOINT = `customers/${VERSION}`;
