import type { MeasureStore } from '#campaigns/measure.store';
import type { InboxStore } from '#channels/inbox.store';
import type { CustomerStore } from '#customers/customer.store';
import type { ReplyStore } from '#customers/reply.store';
import type { TaskStore } from '#customers/task.store';
import type { RowDeletion } from '#messages/row-deletion';
import type { Metrics } from '#platform/metrics';
import { Paced } from '#platform/paced';
import type { Tenant, Tenants } from '#tenants/tenant';
import type { Erase } from './erase.js';
import type { Fated, ReadFates } from './read-fates.js';
import { isMinor, monthsLater } from './retention-plan.js';
import type { SafetyRegister } from './safety-register.store.js';

const PAGE = 100;
/** One pass ends, so that the lease is looked at again; the next goes on where it was. */
const PAGES = 100;

/** How many were deleted, of what. */
export type Deleted = Record<
  'customers' | 'minors' | 'messages' | 'replies' | 'tasks' | 'captured' | 'safetyEntries',
  number
>;

/** How far a tenant's people, and its old rows, have been looked through. */
interface Place {
  customer: string | null;
  row: Awaited<ReturnType<RowDeletion['findOld']>>[number] | null;
  /** Counted on the way round. */
  minors: number;
}

/**
 * Retention (PROTOCOL F2): looks at everybody, page by page, and deletes whose time is over, by `{_id, rev}`, with all that
 * is theirs; a minor's data whose wait is over; and what is nobody's any more by its age. The restricted and the held
 * stay (retention-plan.ts). Where it has come is remembered in the process only: begun anew, it finds the same.
 */
export class DeleteExpired {
  private readonly places = new Map<string, Place>();

  constructor(
    private readonly fates: ReadFates,
    private readonly erase: Erase,
    private readonly customers: CustomerStore,
    private readonly rows: RowDeletion,
    private readonly replies: Pick<ReplyStore, 'deleteStrangersBefore'>,
    private readonly tasks: Pick<TaskStore, 'deleteEndedBefore'>,
    private readonly inbox: Pick<InboxStore, 'deleteBefore'>,
    private readonly register: Pick<SafetyRegister, 'deleteExpired'>,
    private readonly measures: Pick<MeasureStore, 'deleteMany'>,
    private readonly tenants: Tenants,
    private readonly metrics: Pick<Metrics, 'deleted' | 'minorsWaiting'>,
  ) {}

  /** One pass over each tenant, at a pace that leaves the ledger to others; counts only. */
  async runOnce(now: Date, stopping?: AbortSignal): Promise<Deleted> {
    const paced = new Paced(stopping);
    const deleted: Deleted = {
      ...{ customers: 0, minors: 0, messages: 0, replies: 0, tasks: 0, captured: 0 },
      safetyEntries: await this.register.deleteExpired(now),
    };
    for (const tenant of this.tenants.all()) {
      const place = this.places.get(tenant.id) ?? { customer: null, row: null, minors: 0 };
      this.places.set(tenant.id, place);
      await this.people(tenant, place, deleted, now, paced);
      const before = monthsLater(now, -tenant.policy.retentionMonths, tenant.policy.timeZone);
      await this.oldRows(tenant, place, before, deleted, now, paced);
      deleted.replies += await this.replies.deleteStrangersBefore(tenant.id, before);
      deleted.tasks += await this.tasks.deleteEndedBefore(tenant.id, before);
      deleted.captured += await this.inbox.deleteBefore(tenant.id, before);
    }
    for (const [what, count] of Object.entries(deleted)) this.metrics.deleted(what, count);
    return deleted;
  }

  private async people(
    tenant: Tenant,
    place: Place,
    deleted: Deleted,
    now: Date,
    paced: Paced,
  ): Promise<void> {
    for (let pages = 0; pages < PAGES; pages++) {
      const page = await this.fates.page(tenant, place.customer, PAGE, now);
      for (const fated of page) {
        if (fated.fate.kind === 'delete') await this.delete(tenant, fated, deleted, now);
        else if (fated.fate.why === 'minor-waiting') place.minors += await this.awaitGuardian(fated, now);
      }
      place.customer = page.at(-1)?.customer._id ?? null;
      if (page.length === PAGE) {
        if (await paced.mayGoOn()) continue;
        return;
      }
      place.customer = null;
      this.metrics.minorsWaiting(tenant.id, place.minors);
      place.minors = 0;
      return;
    }
  }

  private async delete(
    tenant: Tenant,
    { customer, fate }: Fated,
    deleted: Deleted,
    now: Date,
  ): Promise<void> {
    if (fate.kind !== 'delete') return;
    if (fate.why === 'retention') {
      if (await this.erase.expire(customer)) deleted.customers += 1;
      return;
    }
    // A guardian may consent, or staff correct the birth date, until the tombstone is written.
    const still = (one: typeof customer): boolean =>
      isMinor(one, tenant.policy, now) && one.restrictedAt === null;
    const done = await this.erase.erase(tenant.id, customer.customer, 'minor', now, still);
    if (done !== null) deleted.minors += 1;
  }

  /** Who was written before waits were reckoned begins theirs now. */
  private async awaitGuardian({ customer }: Fated, now: Date): Promise<number> {
    if (customer.minorSince == null) {
      await this.customers.write([{ before: customer, after: { ...customer, minorSince: now } }]);
    }
    return 1;
  }

  /** Ended rows that are older than the retention, whoever's they are; those of the restricted and the held stay. */
  private async oldRows(
    tenant: Tenant,
    place: Place,
    before: Date,
    deleted: Deleted,
    now: Date,
    paced: Paced,
  ): Promise<void> {
    for (let pages = 0; pages < PAGES; pages++) {
      const rows = await this.rows.findOld(tenant.id, before, place.row, PAGE);
      const people = await this.customers.findMany(
        tenant.id,
        rows.map(({ customer }) => customer),
      );
      const fates = await this.fates.of(tenant, [...people.values()], now);
      const held = new Set(fates.filter(isHeld).map(({ customer }) => customer.customer));
      const over = rows.filter(({ customer }) => !held.has(people.get(customer)?.customer ?? ''));
      // Before the rows: a crash in between leaves what is found again.
      await this.measures.deleteMany(
        tenant.id,
        over.map(({ _id }) => _id),
      );
      deleted.messages += await this.rows.delete(over);
      place.row = rows.at(-1) ?? null;
      if (rows.length === PAGE) {
        if (await paced.mayGoOn()) continue;
        return;
      }
      place.row = null;
      return;
    }
  }
}

/** What is restricted is only stored; what a claim or an answer may need stays whole. */
function isHeld({ fate }: Fated): boolean {
  return fate.kind === 'keep' && ['restricted', 'open-complaint', 'open-request'].includes(fate.why);
}
