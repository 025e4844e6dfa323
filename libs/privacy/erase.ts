import type { InboxStore } from '#channels/inbox.store';
import type { ShortCodeStore } from '#consent/short-code.store';
import type { SuppressionStore } from '#consent/suppression.store';
import type { BookingStore } from '#customers/booking.store';
import type { CustomerStore } from '#customers/customer.store';
import { emptied } from '#customers/customer.types';
import type { ReplyStore } from '#customers/reply.store';
import type { PurchaseStore } from '#customers/purchase.store';
import type { SurveyAnswerStore } from '#customers/survey-answer.store';
import type { TaskStore } from '#customers/task.store';
import type { WaitingEventStore } from '#customers/waiting-event.store';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import type { DeadLetterStore } from '#messaging/dead-letter.store';
import type { Clock } from '#platform/clock';
import type { ErasureRequest, ErasureStore } from './erasure.store.js';
import type { MergeStore } from './merge.store.js';
import { keptAfterErasure, type Kept } from './kept.js';
import type { Requests } from './requests.js';
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
    private readonly tasks: Pick<TaskStore, 'forgetCustomer'> | null = null,
    private readonly replies: Pick<ReplyStore, 'deleteOfCustomer'> | null = null,
    private readonly log: Pick<Requests, 'begin' | 'finish' | 'forgetWords'> | null = null,
    private readonly merges: Pick<MergeStore, 'findInto' | 'deleteInto'> | null = null,
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
  ): Promise<Erasure | null> {
    const known = await this.customers.find(tenant, asked);
    if (known === null) return null;
    // Of one who was merged it is who goes on for them: all that there is is theirs.
    const { customer } = known;
    const now = this.clock.now();
    await this.requests.open(tenant, customer, from, now);
    await this.log?.begin(tenant, customer, 'erasure', WAY[from], from);
    const suppressed = addressesOf(known);
    await this.suppress(tenant, suppressed, now);
    let addresses = suppressed;
    await this.withdraw.change(
      tenant,
      customer,
      (before) => {
        addresses = addressesOf(before);
        return {
          ...emptied(before, now),
          // In flight is found by these, then nothing needs them: see `sweep`.
          sends: before.sends,
          erasedAt: before.erasedAt ?? (askedAt < now ? askedAt : now),
        };
      },
      { ends: () => 'erased', concerns: () => true },
    );
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

  /** Takes up what a crash broke off; how many requests were finished. */
  async resume(): Promise<number> {
    const open = await this.requests.findOpen(100);
    for (const { tenant, customer, from, requestedAt } of open) {
      const known = await this.customers.find(tenant, customer);
      if (known === null) {
        await this.log?.finish(tenant, customer, 'erasure', 'lagom');
        await this.requests.done(tenant, customer, this.clock.now());
      } else if (known.erasedAt === null && known.createdAt > requestedAt) {
        // The tombstone stood, and they have come back since: only what was before is swept.
        await this.sweep(tenant, customer, { hadAddress: false, heardBy: requestedAt, saidBy: requestedAt });
      } else await this.erase(tenant, customer, from, known.erasedAt ?? requestedAt);
    }
    return open.length;
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
    const former = (await this.merges?.findInto(tenant, customer)) ?? [];
    if (former.length === 0) return;
    const [onward] = await this.customers.findExact(tenant, [customer]);
    const erasedAt = onward?.erasedAt ?? onward?.erasedBefore ?? this.clock.now();
    for (const { from } of former) {
      for (let left = true; left;) {
        const [pointer] = await this.customers.findExact(tenant, [from]);
        left = pointer?.mergedInto != null;
        if (pointer === undefined || !left) break;
        const after = { ...emptied(pointer, this.clock.now()), sends: pointer.sends, erasedAt };
        await this.customers.write([{ before: pointer, after }]);
      }
      await this.deadLetters.deleteByKey(tenant, from);
      await this.customers.forgetSends(tenant, from);
    }
    await this.merges?.deleteInto(tenant, customer);
  }

  private async sweep(
    tenant: string,
    customer: string,
    { hadAddress, heardBy, saidBy }: { hadAddress: boolean; heardBy: Date; saidBy: Date },
  ): Promise<Erasure> {
    await this.forgetFormer(tenant, customer);
    const all = await this.messages.findOfCustomer(tenant, customer, Number.MAX_SAFE_INTEGER);
    const rows = all.filter((row) => row.createdAt <= heardBy);
    const [bookings, purchases, answers, handoffs, letters, scrubbed] = await Promise.all([
      this.bookings.deleteOfCustomer(tenant, customer, { heardBy, saidBy }),
      this.purchases.deleteOfCustomer(tenant, customer, heardBy),
      this.answers.deleteOfCustomer(tenant, customer, heardBy),
      this.waiting.deleteOfCustomer(tenant, customer, heardBy),
      this.deadLetters.deleteByKey(tenant, customer),
      this.messages.scrubCustomer(tenant, customer),
      this.inbox.forget(
        tenant,
        rows.map((row) => row._id),
      ),
      this.suppressions.forgetGiver(tenant, customer),
      this.codes.forgetCustomer(tenant, customer),
      this.customers.forgetSends(tenant, customer),
      this.tasks?.forgetCustomer(tenant, customer),
      this.replies?.deleteOfCustomer(tenant, customer, heardBy),
      this.log?.forgetWords(tenant, customer),
    ]);
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
        ...(scrubbed > 0 ? ['messages'] : []),
      ],
      kept: keptAfterErasure({ hadAddress, hadMessages: scrubbed > 0 }, this.clock.now()),
    };
  }
}

/** The ways in, in the words of the record of requests. */
const WAY = { person: 'page', staff: 'staff', 'booking-system': 'booking-system' } as const;
