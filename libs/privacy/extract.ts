import type { MeasureStore } from '#campaigns/measure.store';
import type { InboxStore } from '#channels/inbox.store';
import type { HashRing } from '#consent/hash-ring';
import type { ShortCodeStore } from '#consent/short-code.store';
import type { Suppression } from '#consent/suppression';
import type { SuppressionStore } from '#consent/suppression.store';
import type { BookingStore } from '#customers/booking.store';
import type { ComplaintStore } from '#customers/complaint.store';
import type { Customer } from '#customers/customer.types';
import type { CustomerStore } from '#customers/customer.store';
import type { PurchaseStore } from '#customers/purchase.store';
import type { ReplyStore } from '#customers/reply.store';
import type { SurveyAnswerStore } from '#customers/survey-answer.store';
import type { TaskStore } from '#customers/task.store';
import type { WaitingEventStore } from '#customers/waiting-event.store';
import type { MessageStore } from '#messages/message.store';
import type { DeadLetterStore } from '#messaging/dead-letter.store';
import type { Clock } from '#platform/clock';
import type { Tenant } from '#tenants/tenant';
import type { AuditStore } from './audit.store.js';
import type { DoubleOptInStore } from './double-opt-in.store.js';
import type { PersonExtract } from './extract.types.js';
import { personExtract, type KeptOfPerson } from './person-extract.js';
import type { RequestStore } from './request.store.js';
import type { SafetyRegister } from './safety-register.store.js';
import { addressesOf } from './withdraw.js';

/** So many people are read at once; more are several rounds. */
const AT_ONCE = 100;

/** All stores that hold something of a person: personal-collections.ts says which and its test that none is left out. */
export interface PersonalStores {
  customers: CustomerStore;
  bookings: BookingStore;
  purchases: PurchaseStore;
  answers: SurveyAnswerStore;
  waiting: WaitingEventStore;
  tasks: TaskStore;
  replies: ReplyStore;
  messages: MessageStore;
  deadLetters: DeadLetterStore;
  inbox: InboxStore;
  suppressions: SuppressionStore;
  codes: ShortCodeStore;
  asks: DoubleOptInStore;
  requests: RequestStore;
  audit: AuditStore;
  complaints: ComplaintStore;
  register: SafetyRegister;
  measures: MeasureStore;
}

/**
 * Everything that is stored about people (GDPR 15, 20): for their own page, for staff and for the command line. One query
 * a collection for up to 100 people at once; changes nothing.
 */
export class Extract {
  constructor(
    private readonly stores: PersonalStores,
    private readonly ring: HashRing,
    private readonly clock: Clock,
  ) {}

  /** By customer id; who is not known is not in the map. Of one who was erased, what was kept. */
  async of(tenant: Tenant, customers: readonly string[]): Promise<Map<string, PersonExtract>> {
    const all = [...new Set(customers)];
    const extracts = new Map<string, PersonExtract>();
    for (let start = 0; start < all.length; start += AT_ONCE) {
      const known = await this.stores.customers.findMany(tenant.id, all.slice(start, start + AT_ONCE));
      const kept = await this.read(tenant.id, [...known.values()]);
      const now = this.clock.now();
      for (const [id, customer] of known)
        extracts.set(id, personExtract(tenant, customer, kept(customer), now));
    }
    return extracts;
  }

  async one(tenant: Tenant, customer: string): Promise<PersonExtract | null> {
    return (await this.of(tenant, [customer])).get(customer) ?? null;
  }

  private async read(
    tenant: string,
    people: readonly Customer[],
  ): Promise<(customer: Customer) => KeptOfPerson> {
    const ids = people.map(({ customer }) => customer);
    // Dead letters and staff's acts stay under the id that they were about, also once it was merged.
    const everyId = people.flatMap(everyIdOf);
    const { stores, ring } = this;
    const addresses = people.flatMap(addressesOf);
    const hashes = addresses.flatMap(({ kind, address }) => ring.every(kind, address, tenant));
    const [
      bookings,
      purchases,
      answers,
      events,
      tasks,
      replies,
      rows,
      letters,
      codes,
      requests,
      acts,
      complaints,
      register,
      measures,
    ] = await Promise.all([
      stores.bookings.findOfCustomers(tenant, ids),
      stores.purchases.findOfCustomers(tenant, ids),
      stores.answers.findOfCustomers(tenant, ids),
      stores.waiting.findOfCustomers(tenant, ids),
      stores.tasks.findOfCustomers(tenant, ids),
      stores.replies.findOfCustomers(tenant, ids),
      stores.messages.findOfCustomers(tenant, ids),
      stores.deadLetters.findByKeys(tenant, everyId),
      stores.codes.findOfCustomers(tenant, ids),
      stores.requests.findOfCustomers(tenant, ids),
      stores.audit.findOfCustomers(tenant, everyId),
      stores.complaints.findOfCustomers(tenant, ids),
      stores.register.findOfCustomers(tenant, ids),
      stores.measures.findOfCustomers(tenant, ids),
    ]);
    const [records, said, asks, captured] = await Promise.all([
      stores.suppressions.findByAddresses(tenant, addresses, { evenClosed: true }),
      stores.suppressions.findByGivers(tenant, ids),
      stores.asks.findAsks(tenant, hashes),
      stores.inbox.ofMessages(
        tenant,
        rows.map(({ _id }) => _id),
      ),
    ]);
    const by = {
      bookings: grouped(bookings),
      purchases: grouped(purchases),
      answers: grouped(answers),
      events: grouped(events),
      tasks: grouped(tasks),
      replies: grouped(replies),
      rows: grouped(rows),
      requests: grouped(requests),
      complaints: grouped(complaints),
      register: grouped(register),
      measures: grouped(measures),
      letters: groupBy(letters, ({ key }) => key ?? ''),
      codes: groupBy(codes, ({ payload }) => payload.customer),
      acts: groupBy(acts, ({ about }) => about.customer ?? ''),
      said: groupBy(said, (one) => one.by),
      captured: groupBy(captured, ({ message }) => message),
      asks: groupBy(asks, ({ hash }) => hash),
    };
    return (customer) => {
      const id = customer.customer;
      const own = addressesOf(customer);
      const mine = by.rows.get(id) ?? [];
      const about = own.flatMap(({ address }): { address: string | null; record: Suppression }[] =>
        (records.get(address) ?? []).map((record) => ({ address, record })),
      );
      // What they said about an address that they have no more is known by its hash only.
      const former = (by.said.get(id) ?? [])
        .filter((one) => !about.some(({ record }) => record.hash === one.hash))
        .map((record) => ({ address: null, record }));
      return {
        bookings: by.bookings.get(id) ?? [],
        purchases: by.purchases.get(id) ?? [],
        answers: by.answers.get(id) ?? [],
        events: by.events.get(id) ?? [],
        tasks: by.tasks.get(id) ?? [],
        replies: by.replies.get(id) ?? [],
        rows: mine,
        letters: everyIdOf(customer).flatMap((one) => by.letters.get(one) ?? []),
        codes: by.codes.get(id) ?? [],
        requests: by.requests.get(id) ?? [],
        complaints: by.complaints.get(id) ?? [],
        register: by.register.get(id) ?? [],
        measures: by.measures.get(id) ?? [],
        acts: everyIdOf(customer).flatMap((one) => by.acts.get(one) ?? []),
        records: [...about, ...former],
        captured: mine.flatMap(({ _id }) => by.captured.get(_id) ?? []),
        asked: own.flatMap(({ kind, address }) =>
          ring
            .every(kind, address, tenant)
            .flatMap(({ hash }) => (by.asks.get(hash) ?? []).map(({ at }) => at)),
        ),
      };
    };
  }
}

const everyIdOf = ({ customer, formerIds = [] }: Customer): string[] => [customer, ...formerIds];

const grouped = <T extends { customer: string | null }>(all: readonly T[]): Map<string, T[]> =>
  groupBy(all, ({ customer }) => customer ?? '');

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}
