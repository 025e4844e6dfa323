import type { SuppressionStore } from '#consent/suppression.store';
import type { BookingStore } from '#customers/booking.store';
import type { Booking } from '#customers/booking.types';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import { DeriveDealings } from '#customers/derive-dealings';
import type { PurchaseStore } from '#customers/purchase.store';
import type { ReleaseDue } from '#dispatch/release-due';
import type { LagomEvent } from '#events/event';
import type { Journeys } from '#journeys/load-journeys';
import { plan, type Plan } from '#journeys/plan';
import type { MessageStore } from '#messages/message.store';
import type { Clock } from '#platform/clock';
import { isLostServer } from '#platform/mongo';
import { NO_TRACING, type Tracing } from '#platform/tracing';
import type { Erase } from '#privacy/erase';
import type { DoubleOptIn } from '#privacy/double-opt-in';
import type { GoneIds } from '#privacy/gone-ids';
import { withSubscriber, type Subscribers } from '#privacy/subscribers';
import { effectOf, type Withdraw } from '#privacy/withdraw';
import { RULES } from '#purposes/purposes';
import type { Tenant, Tenants } from '#tenants/tenant';
import { askAgain, emailNamed } from './ask-again.js';
import { callOff } from './call-off.js';
import { changedBy } from './changed-by.js';
import {
  bookingIdOf,
  consider,
  isPast,
  sameCustomer,
  type Considered,
  type PersonEvent,
} from './consider.js';
import { ErasedAddresses } from './erased-addresses.js';
import { again, nothing, type HearResult } from './hear-result.js';
import type { HeardEventStore } from './heard-event.store.js';
import { asFormerly } from './merged-people.js';
import { byTenant, nextWave } from './next-wave.js';
import type { OtherFacts } from './other-facts.js';
import { traced } from './trace-plans.js';

/** How often an event that lost a race for its documents starts over. */
const TRIES = 20;

export type { HearResult } from './hear-result.js';

/** Nothing is promised that is not done. */
const KEPT = { path: 'type', detail: 'kept; nothing is sent for this type by itself' };

interface Item {
  event: PersonEvent;
  index: number;
  tries: number;
}

type Taken = Extract<Considered, { kind: 'considered' }> & {
  item: Item;
  before: Customer | null;
  bookingBefore: Booking | null;
  /** Who the customer was to us before the booking system named their address. */
  subscriber: Customer | null;
};

/**
 * Takes events in (PROTOCOL D), in batches: customers, then bookings, each by compare-and-set guarded by generation;
 * then the rows that the journeys plan; then what they call off; what was heard is noted last. A crash anywhere leaves an
 * event that is heard again and then changes only what is still missing. Shared by Kafka and HTTP.
 */
export class HearEvents {
  private readonly dealings: DeriveDealings;

  constructor(
    private readonly customers: CustomerStore,
    private readonly bookings: BookingStore,
    purchases: PurchaseStore,
    private readonly suppressions: SuppressionStore,
    private readonly messages: MessageStore,
    private readonly heard: HeardEventStore,
    private readonly journeys: Journeys,
    private readonly tenants: Tenants,
    private readonly withdraw: Withdraw,
    private readonly erase: Erase,
    private readonly otherFacts: OtherFacts,
    private readonly gone: GoneIds,
    private readonly subscribers: Subscribers,
    private readonly doubleOptIn: DoubleOptIn,
    private readonly releaseDue: ReleaseDue,
    private readonly clock: Clock,
    private readonly tracing: Tracing = NO_TRACING,
  ) {
    this.dealings = new DeriveDealings(customers, bookings, purchases);
  }

  /** One result for each event, in order. Throws where a server is lost: then nothing is acknowledged. */
  async hear(events: readonly LagomEvent[]): Promise<HearResult[]> {
    const results: HearResult[] = events.map(() => nothing('applied'));
    let open: Item[] = events.flatMap((event, index) =>
      event.type === 'product.recalled.v1' ? [] : [{ event, index, tries: 0 }],
    );
    await this.takeRecalls(events, results);
    while (open.length > 0) {
      const wave = nextWave(open);
      const lost = new Set<Item>();
      for (const group of byTenant(wave)) {
        for (const item of await this.wave(group.tenant, group.items, results)) lost.add(item);
      }
      const inWave = new Set(wave);
      for (const item of lost) {
        item.tries += 1;
        if (item.tries >= TRIES) throw new Error(`an event lost ${TRIES} races for its documents in a row`);
      }
      open = open.filter((item) => !inWave.has(item) || lost.has(item));
    }
    return results;
  }

  /** One event for each of these people; those that lost a race are returned. */
  private async wave(tenantId: string, items: readonly Item[], results: HearResult[]): Promise<Item[]> {
    const tenant = this.tenant(tenantId);
    const now = this.clock.now();
    const known = await this.heard.findMany(
      tenantId,
      items.map(({ event }) => event.id),
    );
    const fresh = items.filter(({ event, index }) => {
      const before = known.get(event.id);
      if (before !== undefined) results[index] = again(before);
      return before === undefined;
    });
    const { taken, erased, merged } = await this.consider(tenant, fresh, now);
    for (const item of erased) results[item.index] = nothing('erased');

    const { again: mergedAgain, lost } = await this.otherFacts.onward(merged);
    for (const item of mergedAgain) results[item.index] = nothing('applied');
    const kept = await this.writeCustomers(tenantId, taken, lost);
    await this.subscribers.handOver(kept.flatMap(({ subscriber }) => subscriber ?? []));
    const booked = await this.writeBookings(kept, lost);
    await this.otherFacts.take(
      tenantId,
      booked.map(({ item: { event }, customer }) => ({ event, customer })),
      now,
    );
    await this.dealings.of(tenantId, changedBy(booked), now);
    const { plans, planned: told } = traced(await this.plan(tenant, booked, now), this.tracing);
    const inserted = await this.messages.insertPlanned(plans.flatMap(({ plan: { rows } }) => rows));
    told();
    const cancelled = await callOff(
      this.messages,
      tenantId,
      plans.flatMap(({ plan: { callOff: one } }) => one ?? []),
      now,
    );
    await this.release(plans, inserted, now);

    const own = await this.plannedHere(tenantId, plans, inserted);
    for (const { taken: one, plan: planned } of plans) {
      const rows = planned.rows.filter((row) => own.has(row._id));
      results[one.item.index] = {
        outcome: 'applied',
        stale: [
          ...(one.customerStale ? ['customer' as const] : []),
          ...(one.bookingStale ? ['booking' as const] : []),
        ],
        planned: rows.filter((row) => row.status === 'planned').map((row) => row._id),
        refused: rows.filter((row) => row.status === 'refused').map((row) => row._id),
        cancelled: planned.callOff === null ? [] : (cancelled.get(planned.callOff) ?? []),
        warnings: one.item.event.type === 'handoff.requested.v1' ? [...one.warnings, KEPT] : one.warnings,
      };
    }
    await this.eraseAgain(tenantId, booked);
    const heard = [...plans.map(({ taken: { item } }) => item), ...erased, ...mergedAgain];
    await this.note(heard, results, now);
    return lost;
  }

  private async consider(
    tenant: Tenant,
    items: readonly Item[],
    now: Date,
  ): Promise<{ taken: Taken[]; erased: Item[]; merged: { item: Item; into: string }[] }> {
    const events = items.map(({ event }) => event);
    const [customers, bookings, erasedAddresses, subscribers] = await Promise.all([
      this.customers.findMany(
        tenant.id,
        events.map((event) => event.data.customer.id),
      ),
      this.bookings.findMany(
        tenant.id,
        events.flatMap((event) => bookingIdOf(event) ?? []),
      ),
      ErasedAddresses.read(this.suppressions, this.gone, tenant, events, now),
      this.subscribers.findMany(
        tenant.id,
        events.flatMap((event) => emailNamed(event) ?? []),
      ),
    ]);
    const taken: Taken[] = [];
    const erased: Item[] = [];
    const merged: { item: Item; into: string }[] = [];
    for (const item of items) {
      const { id } = item.event.data.customer;
      const before = customers.get(id) ?? null;
      if (before !== null && before.customer !== id) {
        merged.push({ item, into: before.customer });
        continue;
      }
      if (before === null && erasedAddresses.hasId(id)) {
        erased.push(item);
        continue;
      }
      const bookingId = bookingIdOf(item.event);
      const bookingBefore = bookingId === null ? null : (bookings.get(bookingId) ?? null);
      const considered = consider(
        item.event,
        {
          customer: before,
          booking: bookingBefore,
          isErasedAddress: (address) => erasedAddresses.has(address),
        },
        tenant,
        now,
      );
      if (considered.kind === 'erased') {
        erased.push(item);
        continue;
      }
      // What was said on our own page before a booking system named the address is this customer's now.
      const named = considered.customer.email;
      const subscriber =
        (named !== null && named === emailNamed(item.event) && subscribers.get(named)) || null;
      const customer = subscriber ? withSubscriber(considered.customer, subscriber) : considered.customer;
      taken.push({ ...considered, customer, item, before, bookingBefore, subscriber });
    }
    return { taken, erased, merged };
  }

  /** D1, and for what concerns messages already planned: B. */
  private async writeCustomers(tenant: string, taken: readonly Taken[], lost: Item[]): Promise<Taken[]> {
    await this.suppressions.optOut(
      tenant,
      taken.flatMap(({ optOuts }) => optOuts),
    );
    const changed = taken.filter(({ before, customer }) => !sameCustomer(before, customer));
    const won = await this.customers.write(
      changed.map(({ before, customer }) => ({ before, after: customer })),
    );
    const kept = taken.filter((one) => {
      const isWon = !changed.includes(one) || won.has(one.customer.customer);
      if (!isWon) lost.push(one.item);
      return isWon;
    });
    for (const one of kept) {
      if (one.noes.length === 0 && !one.concerns) continue;
      const effect = effectOf(one.noes, one.customer.customer, one.customer.choiceLog);
      await this.withdraw.settle(
        tenant,
        [won.get(one.customer.customer) ?? one.customer],
        one.concerns
          ? { ends: (row) => effect.ends(row), concerns: (row) => RULES[row.purpose].basis !== 'legal-duty' }
          : effect,
        { addresses: one.shared },
      );
    }
    return kept;
  }

  /** D2. An event whose booking lost its race starts over whole: what its customer part wrote is written already. */
  private async writeBookings(taken: readonly Taken[], lost: Item[]): Promise<Taken[]> {
    const won = await this.bookings.write(
      taken.flatMap(({ booking, bookingBefore }) =>
        booking === null ? [] : [{ before: bookingBefore, after: booking }],
      ),
    );
    return taken.filter((one) => {
      const isWon = one.booking === null || won.has(one.booking.booking);
      if (!isWon) lost.push(one.item);
      return isWon;
    });
  }

  private async plan(
    tenant: Tenant,
    taken: readonly Taken[],
    now: Date,
  ): Promise<{ taken: Taken; plan: Plan }[]> {
    const doneCarts = await this.bookings.findDoneCarts(
      tenant.id,
      taken.flatMap(({ booking }) => (booking?.status === 'started' ? (booking.cart ?? []) : [])),
    );
    const asking = await askAgain(
      this.doubleOptIn,
      tenant,
      taken.map(({ customer, item: { event } }) => ({ customer, event })),
      now,
    );
    const plans = taken.map((one) => {
      const planned = plan(this.journeys, {
        event: one.item.event,
        tenant,
        customer: one.customer,
        booking: one.booking,
        gen: one.gen,
        cartDone: one.booking?.cart != null && doneCarts.has(one.booking.cart),
        now,
        past: isPast(one.item.event, tenant, now),
      });
      const ask = asking.get(one.item.event.id);
      return { taken: one, plan: ask === undefined ? planned : { ...planned, rows: [...planned.rows, ask] } };
    });
    return asFormerly(this.messages, tenant.id, plans);
  }

  /** What is due at once goes at once, by the scheduler's own function. */
  private async release(
    plans: readonly { plan: Plan }[],
    inserted: ReadonlySet<string>,
    now: Date,
  ): Promise<void> {
    const due = plans
      .flatMap(({ plan: { rows } }) => rows)
      .filter(
        (row) => inserted.has(row._id) && row.status === 'planned' && row.dueAt !== null && row.dueAt <= now,
      );
    // The plan is written, which is what was promised; where the topics are away, the scheduler releases what is due. Where
    // the ledger is lost the event is heard again, and what stands as released is looked for then.
    await this.releaseDue.release(due, now).catch((error: unknown) => {
      if (isLostServer(error)) throw error;
    });
  }

  /** Rows that stand because of these events: new ones, and those of an earlier, broken-off hearing, which go on. */
  private async plannedHere(
    tenant: string,
    plans: readonly { taken: Taken; plan: Plan }[],
    inserted: ReadonlySet<string>,
  ): Promise<Set<string>> {
    const there = plans.flatMap(({ plan: { rows } }) =>
      rows.filter((row) => !inserted.has(row._id)).map((row) => row._id),
    );
    const byId = new Map((await this.messages.findByIds(tenant, there)).map((row) => [row._id, row]));
    const broken = plans.flatMap(({ taken, plan: { rows } }) =>
      rows.flatMap(({ _id }) => {
        const row = byId.get(_id);
        return row?.event === taken.item.event.id ? [row] : [];
      }),
    );
    // It may have been broken off before the topic had them; repair would look for them minutes later (PROTOCOL C1, C2).
    const released = broken.filter(({ status }) => status === 'released');
    await this.releaseDue.produce(released).catch(() => undefined);
    return new Set([...inserted, ...broken.map(({ _id }) => _id)]);
  }

  /** Facts that were written behind an erasure or a merge go again (PROTOCOL F1): it stood before they were all there. */
  private async eraseAgain(tenant: string, booked: readonly Taken[]): Promise<void> {
    const people = await this.customers.findMany(
      tenant,
      booked.map(({ customer }) => customer.customer),
    );
    for (const [id, { customer, erasedAt }] of people) {
      if (erasedAt !== null) await this.erase.erase(tenant, customer, 'staff', erasedAt);
      else if (customer !== id) await this.otherFacts.moveBehind(tenant, id, customer);
    }
  }

  private async note(items: readonly Item[], results: readonly HearResult[], now: Date): Promise<void> {
    await this.heard.add(
      items.map(({ event, index }) => {
        const { planned = [], cancelled = [], refused = [] } = results[index] ?? {};
        const { tenant, id, type } = event;
        return { tenant, event: id, type, at: now, planned, cancelled, refused };
      }),
    );
  }

  /** A recall has no customer: it is kept whole until it is planned, and says so. */
  private async takeRecalls(events: readonly LagomEvent[], results: HearResult[]): Promise<void> {
    const now = this.clock.now();
    const recalls = events.filter((event) => event.type === 'product.recalled.v1');
    if (recalls.length === 0) return;
    await this.otherFacts.takeRecalls(recalls, now);
    events.forEach((event, index) => {
      if (event.type === 'product.recalled.v1') results[index] = { ...nothing('applied'), warnings: [KEPT] };
    });
    await this.heard.add(
      events.flatMap(({ type, tenant, id }) =>
        type === 'product.recalled.v1'
          ? [{ tenant, event: id, type, at: now, planned: [], cancelled: [], refused: [] }]
          : [],
      ),
    );
  }

  private tenant(id: string): Tenant {
    const tenant = this.tenants.get(id);
    if (tenant === undefined) throw new Error('an event of an unknown tenant passed its reader');
    return tenant;
  }
}
