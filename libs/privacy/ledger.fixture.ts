import mongoose from 'mongoose';
import { aClinic } from '#channels/tenant.fixture';
import { MeasureStore } from '#campaigns/measure.store';
import { InboxStore } from '#channels/inbox.store';
import { stateOf } from '#consent/choices';
import { HashRing } from '#consent/hash-ring';
import { ShortCodeStore } from '#consent/short-code.store';
import { SuppressionStore } from '#consent/suppression.store';
import { BookingStore } from '#customers/booking.store';
import { CustomerStore } from '#customers/customer.store';
import { newCustomer, type Customer } from '#customers/customer.types';
import { DeriveDealings } from '#customers/derive-dealings';
import { WaitingEventStore } from '#customers/waiting-event.store';
import { DeadLetterStore } from '#messaging/dead-letter.store';
import { PurchaseStore } from '#customers/purchase.store';
import { ComplaintStore } from '#customers/complaint.store';
import { ReplyStore } from '#customers/reply.store';
import { TaskStore } from '#customers/task.store';
import { SurveyAnswerStore } from '#customers/survey-answer.store';
import { openEmbeddedStore, type EmbeddedStore } from '#embedded/embedded-store';
import { RowDeletion } from '#messages/row-deletion';
import { CampaignRows } from '#messages/campaign-rows';
import { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import { messageRow } from '#messages/message.fixture';
import { StoppedClock } from '#platform/clock';
import { Faults } from '#platform/faults.fixture';
import { connectMongo } from '#platform/mongo';
import type { ChoiceStatement } from '#purposes/choice';
import { Tenants, type Tenant } from '#tenants/tenant';
import { Erase } from './erase.js';
import { Merge } from './merge.js';
import { MergeStore } from './merge.store.js';
import { ErasureStore } from './erasure.store.js';
import { SafetyRegister } from './safety-register.store.js';
import { Restrict } from './restrict.js';
import { Withdraw } from './withdraw.js';

export const NOW = new Date('2026-05-04T07:00:00Z');
const HOUR = 3_600_000;

const both = {
  email: { from: 'hej@kliniken.example', account: 'mail', perSecond: 10_000 },
  sms: { from: 'Kliniken', account: 'sms', perSecond: 10_000 },
};
/** A clinic that runs every journey, by mail and SMS. */
export const CLINIC: Tenant = aClinic(
  {},
  {
    senders: { service: both, marketing: both },
    journeys: {
      reminder: { at: [{ kind: 'day-before', days: 1, time: '09:00' }] },
      'abandoned-booking': {
        after: [
          { kind: 'after', ms: HOUR },
          { kind: 'after', ms: 24 * HOUR },
        ],
      },
      survey: { after: [{ kind: 'after', ms: 24 * HOUR }] },
    },
    attributes: { member: { type: 'boolean' }, since: { type: 'date' } },
  },
);
/** A neighbour with the same people: what forgets the tenant is seen. */
export const NEIGHBOUR: Tenant = { ...CLINIC, id: 'wellbe' };

/** The collections that were written to in this file of tests, by whom ever: the others hold nothing to be forgotten. */
const written = new Set<string>();
type Write = (this: { collectionName: string }, ...args: unknown[]) => unknown;
const driver = mongoose.mongo.Collection.prototype as unknown as Record<string, Write>;
for (const name of ['insertOne', 'insertMany', 'bulkWrite', 'updateOne', 'updateMany', 'replaceOne'].concat([
  'findOneAndUpdate',
  'findOneAndReplace',
])) {
  const write = driver[name]!;
  driver[name] = function (...args) {
    written.add(this.collectionName);
    return write.apply(this, args);
  };
}

/** The stores of one process on one server, and what changes facts, wired by hand. */
export class Ledger {
  readonly faults = new Faults();
  readonly tenants = new Tenants([CLINIC, NEIGHBOUR]);
  readonly ring = new HashRing([{ id: 'k1', key: Buffer.alloc(32, 7) }]);
  readonly customers;
  readonly bookings;
  readonly purchases;
  readonly answers;
  readonly waiting;
  readonly deadLetters;
  readonly messages;
  readonly campaignRows: CampaignRows;
  readonly suppressions;
  readonly codes;
  readonly inbox;
  readonly requests;
  readonly merges;
  readonly tasks;
  readonly replies;
  readonly complaints;
  readonly register;
  readonly deletion;
  readonly measures;
  readonly withdraw;
  readonly restrict;
  readonly erase;
  readonly merge;

  protected constructor(
    readonly store: EmbeddedStore,
    readonly connection: mongoose.Connection,
    readonly clock: StoppedClock,
  ) {
    this.customers = new CustomerStore(connection, stateOf);
    this.bookings = new BookingStore(connection);
    this.purchases = new PurchaseStore(connection);
    this.answers = new SurveyAnswerStore(connection);
    this.waiting = new WaitingEventStore(connection);
    this.deadLetters = new DeadLetterStore(connection);
    this.messages = new MessageStore(connection);
    this.campaignRows = new CampaignRows(connection);
    this.suppressions = new SuppressionStore(connection, this.ring);
    this.codes = new ShortCodeStore(connection, 'a secret of thirty-two characters');
    this.inbox = new InboxStore(connection);
    this.requests = new ErasureStore(connection);
    this.merges = new MergeStore(connection);
    this.tasks = new TaskStore(connection);
    this.replies = new ReplyStore(connection);
    this.complaints = new ComplaintStore(connection);
    this.register = new SafetyRegister(connection);
    this.deletion = new RowDeletion(connection);
    this.measures = new MeasureStore(connection);
    this.withdraw = new Withdraw(this.suppressions, this.customers, this.messages, clock);
    this.restrict = new Restrict(this.withdraw, clock);
    this.erase = new Erase(
      this.requests,
      this.customers,
      this.bookings,
      this.purchases,
      this.answers,
      this.waiting,
      this.deadLetters,
      this.messages,
      this.suppressions,
      this.codes,
      this.inbox,
      this.withdraw,
      clock,
      this.tasks,
      this.replies,
      null,
      this.merges,
      this.complaints,
      this.register,
      this.deletion,
      this.ring,
      this.measures,
      this.tenants,
    );
    this.merge = new Merge(
      this.merges,
      this.customers,
      this.messages,
      this.suppressions,
      [
        this.bookings,
        this.purchases,
        this.answers,
        this.waiting,
        this.tasks,
        this.replies,
        this.codes,
        this.suppressions,
        this.complaints,
        this.register,
        this.measures,
      ],
      this.withdraw,
      this.erase,
      new DeriveDealings(this.customers, this.bookings, this.purchases),
      clock,
    );
  }

  /** A first process on a store of its own. */
  static async open(): Promise<Ledger> {
    const store = await openEmbeddedStore({ dataDir: 'memory' });
    return new Ledger(store, await connectMongo(store.uri), new StoppedClock(NOW)).first();
  }

  /** Another process on the same store, by the same clock. */
  async another(): Promise<Ledger> {
    return new Ledger(this.store, await connectMongo(this.store.uri), this.clock).ready();
  }

  protected async first(): Promise<this> {
    for (const store of Object.values(this) as { createIndexes?: () => Promise<void> }[]) {
      await store.createIndexes?.();
    }
    return this.ready();
  }

  protected ready(): this {
    this.faults.attach(this.connection);
    return this;
  }

  /** Ends this process; the store lives on. */
  leave(): Promise<void> {
    return this.connection.close();
  }

  async close(): Promise<void> {
    await this.leave();
    await this.store.close();
  }

  /** Forgets everything, between tests. */
  async clear(): Promise<void> {
    this.clock.set(NOW);
    for (const name of written) await this.connection.db!.collection(name).deleteMany({});
  }

  async customer(changes: Partial<Customer> = {}, tenant = CLINIC.id): Promise<Customer> {
    const id = changes.customer ?? 'anna';
    const after = { ...newCustomer(tenant, id, NOW), email: `${id}@example.se`, name: 'Anna Ek', ...changes };
    const won = await this.customers.write([{ before: null, after }]);
    const written = won.get(id);
    if (written === undefined) throw new Error(`${id} is known already`);
    return written;
  }

  /** A row as it is; its id is made of what tells it apart. */
  async row(changes: Partial<MessageRow> = {}): Promise<MessageRow> {
    const row = messageRow({ dueAt: this.clock.now(), ...changes });
    const _id =
      changes._id ?? `${row.tenant}/${row.customer}/${row.journey}/${row.step}/${row.subject.id}/${row.gen}`;
    await this.messages.insertPlanned([{ ...row, _id }]);
    return { ...row, _id };
  }

  async rowOf(id: string, tenant = CLINIC.id): Promise<MessageRow> {
    const [row] = await this.messages.findByIds(tenant, [id]);
    if (row === undefined) throw new Error(`no row ${id}`);
    return row;
  }

  async person(id = 'anna', tenant = CLINIC.id): Promise<Customer> {
    const customer = await this.customers.find(tenant, id);
    if (customer === null) throw new Error(`nobody is ${id}`);
    return customer;
  }
}

/** What a person says; a withdrawal of all marketing, if nothing else. */
export function said(changes: Partial<ChoiceStatement> = {}): ChoiceStatement {
  return {
    purpose: 'marketing',
    channel: 'all',
    state: 'withdrawn',
    noticeVersion: '3',
    language: 'sv',
    method: 'checkbox',
    place: '/account',
    ...changes,
  };
}
