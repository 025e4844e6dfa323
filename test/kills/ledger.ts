import type mongoose from 'mongoose';
import type { Customer } from '#customers/customer.types';
import { messageRow } from '#messages/message.fixture';
import type { DeadLetter } from '#messaging/dead-letter.store';
import type { MessageRow } from '#messages/message.types';
import { connectMongo, nonce } from '#platform/mongo';
import { TENANT } from './teller.js';

const PAGE = 5_000;

/** The test's own look at the ledger, past all processes. */
export class Ledger {
  private constructor(private readonly connection: mongoose.Connection) {}

  static async open(uri: string): Promise<Ledger> {
    return new Ledger(await connectMongo(uri));
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  /** Messages of long ago, delivered to people of whom this test hears nothing. */
  async fill(count: number): Promise<void> {
    const rows = this.connection.collection<MessageRow>('messages');
    for (let from = 0; from < count; from += PAGE) {
      const batch = Array.from({ length: Math.min(PAGE, count - from) }, (_, index) => old(from + index));
      await rows.insertMany(batch, { ordered: false });
    }
  }

  /** The rows of these people, in all. */
  async rowsOf(customers: readonly string[]): Promise<MessageRow[]> {
    return this.connection
      .collection<MessageRow>('messages')
      .find({ tenant: TENANT, customer: { $in: [...customers] } })
      .toArray();
  }

  /** Of these people those who have said no to something, whatever it was. */
  async refusing(customers: readonly string[]): Promise<Set<string>> {
    const people = await this.connection
      .collection<Customer>('customers')
      .find({ tenant: TENANT, customer: { $in: [...customers] } })
      .toArray();
    const saying = people.filter(({ choiceLog }) => choiceLog.some(({ state }) => state !== 'given'));
    return new Set(saying.map(({ customer }) => customer));
  }

  async rowsIn(statuses: readonly MessageRow['status'][]): Promise<MessageRow[]> {
    return this.connection
      .collection<MessageRow>('messages')
      .find({ status: { $in: [...statuses] } })
      .toArray();
  }

  /** Where dead letters lie, and why they died. */
  async dead(): Promise<string[]> {
    const letters = await this.connection
      .collection<DeadLetter>('deadletters')
      .find({}, { projection: { reason: 1 } })
      .toArray();
    return letters.map(({ _id, reason }) => `${_id} ${reason}`);
  }

  /** The ids of the events that were noted as heard. */
  async heard(): Promise<Set<string>> {
    const events = await this.connection
      .collection<{ _id: string; event: string }>('heard_events')
      .find({}, { projection: { event: 1 } })
      .toArray();
    return new Set(events.map(({ event }) => event));
  }
}

function old(index: number): MessageRow {
  const at = new Date(Date.UTC(2026, 0, 1) + index * 1_000);
  const customer = `old-${Math.floor(index / 4)}`;
  return messageRow({
    _id: `${TENANT}/${customer}/confirmation/now/old-${index}/v1`,
    ...{ tenant: TENANT, customer, rev: nonce(), status: 'delivered', dueAt: at, createdAt: at },
    ...{ booking: `old-${index}`, subject: { kind: 'booking', id: `old-${index}` }, event: `old-${index}` },
    attempts: [{ n: 1, ref: nonce(), channel: 'email', at, outcome: 'accepted', providerId: null }],
    history: [
      { at, status: 'planned' },
      { at, status: 'delivered', why: 'receipt' },
    ],
  });
}
