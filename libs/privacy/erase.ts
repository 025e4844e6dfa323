import type { MeasureStore } from '#campaigns/measure.store';
import type { InboxStore } from '#channels/inbox.store';
import type { HashRing } from '#consent/hash-ring';
import type { ShortCodeStore } from '#consent/short-code.store';
import type { SuppressionStore } from '#consent/suppression.store';
import type { BookingStore } from '#customers/booking.store';
import type { CustomerStore } from '#customers/customer.store';
import type { ComplaintStore } from '#customers/complaint.store';
import { emptied, type Customer } from '#customers/customer.types';
import type { ReplyStore } from '#customers/reply.store';
import type { PurchaseStore } from '#customers/purchase.store';
import type { SurveyAnswerStore } from '#customers/survey-answer.store';
import type { TaskStore } from '#customers/task.store';
import type { WaitingEventStore } from '#customers/waiting-event.store';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import type { RowDeletion } from '#messages/row-deletion';
import type { DeadLetterStore } from '#messaging/dead-letter.store';
import type { Clock } from '#platform/clock';
import type { Tenants } from '#tenants/tenant';
import type { AskProviders } from './ask-providers.js';
import { personHashes } from './choice-journal.js';
import type { ErasureRequest, ErasureStore } from './erasure.store.js';
import type { MergeStore } from './merge.store.js';
import { keptAfterErasure, newestOf, type Kept } from './kept.js';
import type { Requests } from './requests.js';
import type { SafetyRegister } from './safety-register.store.js';
import { addressesOf, type Address, type Withdraw } from './withdraw.js';

export interface Erasure {
  erased: string[];
  kept: Kept[];
}

/**
 * Erases a person (GDPR 17, PROTOCOL F1): the request is noted, the addresses are suppressed for marketing, the customer
 * becomes a tombstone by compare-and-set, what is open is cancelled, the rest is deleted or scrubbed. The tombstone
 * refuses events older than it; a crash in between is taken up by `resume`.
 */
export class Erase {
  constructor(
    private readonly requests: ErasureStore,
    private readonly customers: CustomerStore,
    private readonly bookings: BookingStore,
    private readonly purchases: PurchaseStore,
    private readonly answers: SurveyAnswerStore,
    private readonly waiting: WaitingEventStore,
    private readonly deadLetters: DeadLetterStore,
    private readonly messages: MessageStore,
    private readonly suppressions: SuppressionStore,
    private readonly codes: ShortCodeStore,
    private readonly inbox: InboxStore,
    private readonly withdraw: Withdraw,
    private readonly clock: Clock,
    private readonly tasks: Pick<TaskStore, 'forgetCustomer'>,
    private readonly replies: Pick<ReplyStore, 'deleteOfCustomer'>,
    private readonly log: Pick<Requests, 'begin' | 'finish' | 'forgetWords'> | null,
    private readonly merges: Pick<MergeStore, 'findInto' | 'deleteInto'>,
    private readonly complaints: Pick<ComplaintStore, 'deleteOfCustomer'>,
    private readonly register: Pick<SafetyRegister, 'noteContact' | 'letGo'>,
    private readonly deletion: Pick<RowDeletion, 'deleteOfCustomer'>,
    private readonly ring: HashRing,
    private readonly measures: Pick<MeasureStore, 'deleteOfCustomer'>,
    private readonly tenants: Pick<Tenants, 'get'>,
    private readonly providers: Pick<AskProviders, 'queueAddresses' | 'queueMessages'> | null = null,
  ) {}

  /**
   * `null`: nobody is known by this id. Answers once the tombstone stands and nothing more is sent. What was said up to
   * `askedAt` is refused from then on, what is said later is a new beginning.
   */
  async erase(
    tenant: string,
    asked: string,
    from: ErasureRequest['from'],
    askedAt = this.clock.now(),
    /** What must still hold when the tombstone is written (a minor's guardian may consent meanwhile). */
    onlyIf: (customer: Customer) => boolean = () => true,
  ): Promise<Erasure | null> {
    const known = await this.customers.find(tenant, asked);
    if (known === null || !onlyIf(known)) return null;
    // Of one who was merged it is who goes on for them: all that there is is theirs.
    const { customer } = known;
    const now = this.clock.now();
    await this.requests.open(tenant, customer, from, now);
    const way = WAY[from];
    if (way !== undefined) await this.log?.begin(tenant, customer, 'erasure', way, from);
    await this.register.noteContact(tenant, customer, known);
    await this.providers?.queueAddresses(tenant, customer, addressesOf(known));
    // Nobody has objected for whom only the time is over: their parents may have the address too.
    const suppressed = way === undefined ? [] : addressesOf(known);
    await this.suppress(tenant, suppressed, now);
    let addresses = suppressed;
    let isStopped = false;
    await this.withdraw.change(
      tenant,
      customer,
      (before) => {
        isStopped = !onlyIf(before);
        if (isStopped) return before;
        if (way !== undefined) addresses = addressesOf(before);
        return {
          ...emptied(before, now),
          // In flight is found by these, then nothing needs them: see `sweep`.
          sends: before.sends,
          erasedAt: before.erasedAt ?? (askedAt < now ? askedAt : now),
        };
      },
      { ends: () => (isStopped ? null : 'erased'), concerns: () => true },
    );
    if (isStopped) {
      await this.requests.forget(tenant, customer);
      return null;
    }
    // Whoever else has the address gets no marketing there any more: nothing of theirs may be on its way either.
    const others = (row: MessageRow): boolean => row.stream === 'marketing' && row.customer !== customer;
    await this.withdraw.settle(
      tenant,
      [],
      { ends: (row) => (others(row) ? 'suppressed' : null), concerns: others },
      { addresses: suppressed },
    );
    // They were told in between.
    await this.suppress(
      tenant,
      addresses.filter(({ address }) => !suppressed.some((one) => one.address === address)),
      now,
    );
    const hadAddress = suppressed.length > 0 || addresses.length > 0;
    return this.sweep(tenant, customer, { hadAddress, heardBy: this.clock.now(), saidBy: askedAt });
  }

  /**
   * Deletes one whose time is over, as they were read: by `{_id, rev}` (PROTOCOL F2), then all that is theirs. No tombstone:
   * no event of before is young enough to be taken. False: they were written meanwhile, and stay.
   */
  async expire(read: Customer): Promise<boolean> {
    const { tenant, customer } = read;
    const now = this.clock.now();
    await this.requests.open(tenant, customer, 'retention', now);
    await this.register.noteContact(tenant, customer, read);
    await this.providers?.queueAddresses(tenant, customer, addressesOf(read));
    const isGone = (await this.customers.drop([read])) > 0;
    if (isGone) await this.forget(tenant, customer, { heardBy: now, saidBy: now, rows: 'delete' });
    await this.requests.forget(tenant, customer);
    return isGone;
  }

  /** Takes up what a crash broke off; how many requests were finished. */
  async resume(): Promise<number> {
    const open = await this.requests.findOpen(100);
    for (const { tenant, customer, from, requestedAt } of open) {
      const [known] = await this.customers.findExact(tenant, [customer]);
      const hasComeBack = known !== undefined && known.erasedAt === null && known.createdAt > requestedAt;
      const by = { heardBy: requestedAt, saidBy: requestedAt };
      if (from === 'retention' || (from === 'minor' && known?.erasedAt == null)) {
        // Where the person still stands nothing has begun: the loop decides anew.
        if (known === undefined) await this.forget(tenant, customer, { ...by, rows: 'delete' });
        else if (hasComeBack) await this.forgetBefore(tenant, customer, by);
        await this.requests.forget(tenant, customer);
      } else if (known === undefined) {
        await this.log?.finish(tenant, customer, 'erasure', 'lagom');
        await this.requests.done(tenant, customer, this.clock.now());
      } else if (hasComeBack) {
        // The tombstone stood, and they have come back since: only what was before is swept.
        await this.sweep(tenant, customer, { hadAddress: false, ...by });
      } else await this.erase(tenant, customer, from, known.erasedAt ?? requestedAt);
    }
    return open.length;
  }

  /**
   * Looks behind erasures for what came later (an event of before from a topic or a dead letter), daily until none can come
   * any more; then the tombstone goes, and of the id only a keyed hash is left. How many of each.
   */
  async sweepDue(now: Date): Promise<{ swept: number; tombstones: number }> {
    const due = await this.requests.findSweepable(now, 100);
    let tombstones = 0;
    for (const request of due) {
      const { tenant, customer, requestedAt, dropAt } = request;
      const [known] = await this.customers.findExact(tenant, [customer]);
      const erasedAt = known?.erasedAt ?? null;
      if (erasedAt !== null) {
        await this.forget(tenant, customer, { heardBy: now, saidBy: erasedAt, rows: 'scrub' });
      } else {
        await this.forgetBefore(tenant, customer, { heardBy: requestedAt, saidBy: requestedAt });
      }
      if (dropAt === undefined || now < dropAt) {
        await this.requests.swept(request, now);
        continue;
      }
      // Read anew: the sweep has written it.
      const [last] = await this.customers.findExact(tenant, [customer]);
      if (last?.erasedAt != null) {
        const [hashed] = personHashes(this.ring, tenant, customer);
        if (hashed !== undefined) await this.requests.addGone(tenant, hashed, last.erasedAt);
        if ((await this.customers.drop([last])) === 0) continue;
        tombstones += 1;
      }
      await this.requests.forget(tenant, customer);
    }
    return { swept: due.length, tombstones };
  }

  private suppress(tenant: string, addresses: readonly Address[], at: Date): Promise<void> {
    return this.suppressions.suppress(
      tenant,
      addresses.map(({ kind, address }) => ({
        kind,
        address,
        channel: 'all' as const,
        scope: 'marketing' as const,
        cause: 'erasure' as const,
        at,
        recordedAt: at,
      })),
    );
  }

  /** The ids that were merged into this one are tombstones of their own from now on. */
  private async forgetFormer(tenant: string, customer: string): Promise<void> {
    const former = await this.merges.findInto(tenant, customer);
    if (former.length === 0) return;
    const [onward] = await this.customers.findExact(tenant, [customer]);
    const erasedAt = onward?.erasedAt ?? onward?.erasedBefore ?? this.clock.now();
    for (const { from } of former) {
      await this.requests.open(tenant, from, 'staff', this.clock.now());
      for (let left = true; left;) {
        const [pointer] = await this.customers.findExact(tenant, [from]);
        left = pointer?.mergedInto != null;
        if (pointer === undefined || !left) break;
        const after = { ...emptied(pointer, this.clock.now()), sends: pointer.sends, erasedAt };
        await this.customers.write([{ before: pointer, after }]);
      }
      await this.deadLetters.deleteByKey(tenant, from);
      await this.customers.forgetSends(tenant, from);
      await this.requests.done(tenant, from, this.clock.now());
    }
    await this.merges.deleteInto(tenant, customer);
  }

  /** Everything of a person up to then, wherever it is kept. */
  private async forget(
    tenant: string,
    customer: string,
    { heardBy, saidBy, rows: what }: { heardBy: Date; saidBy: Date; rows: 'scrub' | 'delete' },
  ): Promise<Forgotten> {
    await this.forgetFormer(tenant, customer);
    const all = await this.messages.findOfCustomer(tenant, customer, Number.MAX_SAFE_INTEGER);
    const rows = all.filter((row) => row.createdAt <= heardBy);
    await this.providers?.queueMessages(tenant, rows);
    const [before, letters, messages, safety] = await Promise.all([
      this.forgetBefore(tenant, customer, { heardBy, saidBy }),
      this.deadLetters.deleteByKey(tenant, customer),
      what === 'scrub'
        ? this.messages.scrubCustomer(tenant, customer)
        : this.deletion.deleteOfCustomer(tenant, customer, heardBy),
      this.register.letGo(tenant, customer),
      this.inbox.forget(
        tenant,
        rows.map((row) => row._id),
      ),
      this.suppressions.forgetGiver(tenant, customer),
      this.codes.forgetCustomer(tenant, customer),
      this.customers.forgetSends(tenant, customer),
      this.tasks.forgetCustomer(tenant, customer),
      this.log?.forgetWords(tenant, customer),
    ]);
    return { ...before, letters, messages, newestMessage: newestOf(all), safety };
  }

  /** What tells when it was heard: of one who has come back only what was before goes. */
  private async forgetBefore(
    tenant: string,
    customer: string,
    { heardBy, saidBy }: { heardBy: Date; saidBy: Date },
  ): Promise<Pick<Forgotten, 'bookings' | 'purchases' | 'answers' | 'handoffs'>> {
    const [bookings, purchases, answers, handoffs] = await Promise.all([
      this.bookings.deleteOfCustomer(tenant, customer, { heardBy, saidBy }),
      this.purchases.deleteOfCustomer(tenant, customer, heardBy),
      this.answers.deleteOfCustomer(tenant, customer, heardBy),
      this.waiting.deleteOfCustomer(tenant, customer, heardBy),
      this.replies.deleteOfCustomer(tenant, customer, heardBy),
      this.complaints.deleteOfCustomer(tenant, customer, heardBy),
      this.measures.deleteOfCustomer(tenant, customer, heardBy),
    ]);
    return { bookings, purchases, answers, handoffs };
  }

  private async sweep(
    tenant: string,
    customer: string,
    { hadAddress, heardBy, saidBy }: { hadAddress: boolean; heardBy: Date; saidBy: Date },
  ): Promise<Erasure> {
    const by = { heardBy, saidBy, rows: 'scrub' as const };
    const gone = await this.forget(tenant, customer, by);
    const { bookings, purchases, answers, handoffs, letters, messages, newestMessage, safety } = gone;
    await this.log?.finish(tenant, customer, 'erasure', 'lagom');
    await this.requests.done(tenant, customer, this.clock.now());
    return {
      erased: [
        'customer',
        ...(bookings > 0 ? ['bookings'] : []),
        ...(purchases > 0 ? ['purchases'] : []),
        ...(answers > 0 ? ['survey answers'] : []),
        ...(handoffs > 0 ? ['handoffs'] : []),
        ...(letters > 0 ? ['dead letters'] : []),
        ...(messages > 0 ? ['messages'] : []),
      ],
      kept: keptAfterErasure(
        { hadAddress, newestMessage, safetyUntil: safety },
        this.tenants.get(tenant)?.policy ?? null,
        this.clock.now(),
      ),
    };
  }
}

/** How much there was. */
interface Forgotten {
  bookings: number;
  purchases: number;
  answers: number;
  handoffs: number;
  letters: number;
  messages: number;
  newestMessage: Date | null;
  /** Until when the safety register goes on; null: it holds nothing of them. */
  safety: Date | null;
}

/** The ways in, in the words of the record of requests; absent: nobody asked, their time is over. */
const WAY: Partial<Record<ErasureRequest['from'], 'page' | 'staff' | 'booking-system'>> = {
  person: 'page',
  staff: 'staff',
  'booking-system': 'booking-system',
};
