import type mongoose from 'mongoose';
import { bookingKey, type Booking } from '#customers/booking.types';
import { newCustomer, type Customer } from '#customers/customer.types';
import type { OutRecord } from '#messaging/event-sink';
import type { MessageRow } from '#messages/message.types';
import { nonce } from '#platform/mongo';
import { personOf } from './events.js';

/** People `from` and on. */
export interface Range {
  from: number;
  count: number;
}

export const TENANT = 'bench';
const DAY = 86_400_000;
const BATCH = 1_000;
/** How many messages a person of a full ledger was sent. */
const ROWS_A_PERSON = 10;

const rowId = (n: number, step = 'now'): string => `${TENANT}/p${n}/confirmation/${step}/b${n}/v1`;

function customerOf(n: number, now: Date): Customer {
  const { id, name, email, locale } = personOf(n);
  const gen = { version: 1, time: now, event: `e${n}` };
  return { ...newCustomer(TENANT, id, now), rev: nonce(), gen, name, email, locale };
}

function bookingOf(n: number, now: Date): Booking {
  const startsAt = new Date(now.getTime() + 10 * DAY);
  return {
    _id: bookingKey(TENANT, `b${n}`),
    tenant: TENANT,
    booking: `b${n}`,
    customer: `p${n}`,
    rev: nonce(),
    gen: { version: 1, time: now, event: `e${n}` },
    status: 'confirmed',
    service: 'Ansiktsbehandling',
    startsAt,
    endsAt: new Date(startsAt.getTime() + 3_600_000),
    timeZone: 'Europe/Stockholm',
    location: 'Prästgatan 31, Östersund',
    practitioner: 'Maria',
    price: { amount: 850, currency: 'SEK' },
    url: null,
    cart: null,
    previousStartsAt: null,
    cancelReason: null,
    sequence: 0,
    createdAt: now,
    updatedAt: now,
  };
}

function releasedRow(n: number, now: Date): MessageRow {
  return {
    _id: rowId(n),
    tenant: TENANT,
    customer: `p${n}`,
    rev: nonce(),
    status: 'released',
    reason: null,
    until: null,
    journey: 'confirmation',
    step: 'now',
    campaign: null,
    subject: { kind: 'booking', id: `b${n}` },
    booking: `b${n}`,
    cart: null,
    gen: 'v1',
    generation: { version: 1, time: now, event: `e${n}` },
    purpose: 'booking',
    stream: 'service',
    dueClass: 'service',
    template: 'booking-confirmation',
    channel: 'email',
    dueAt: now,
    expiresAt: new Date(now.getTime() + 3 * DAY),
    usefulUntil: null,
    release: 1,
    attempts: [],
    history: [
      { at: now, status: 'planned' },
      { at: now, status: 'released' },
    ],
    trace: [],
    content: null,
    event: `e${n}`,
    createdAt: now,
  };
}

/** People with a booking and a confirmation that is released, as ingest leaves them. */
export async function addReleased(connection: mongoose.Connection, range: Range): Promise<void> {
  const now = new Date();
  for (const numbers of batches(range)) {
    await insert(
      connection,
      'customers',
      numbers.map((n) => customerOf(n, now)),
    );
    await insert(
      connection,
      'bookings',
      numbers.map((n) => bookingOf(n, now)),
    );
    await insert(
      connection,
      'messages',
      numbers.map((n) => releasedRow(n, now)),
    );
  }
}

/** What the dispatcher is told of them. */
export const dueOf = ({ from, count }: Range): OutRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `${TENANT}/p${from + index}`,
    value: JSON.stringify({ tenant: TENANT, id: rowId(from + index), release: 1 }),
  }));

/**
 * Fills a ledger with copies of a row that was really sent: same trace, history and attempt, other ids. One person and
 * one booking for each ten of them.
 */
export async function addEnded(connection: mongoose.Connection, range: Range): Promise<void> {
  const like = await connection.collection<MessageRow>('messages').findOne({ status: 'accepted' });
  if (like === null) throw new Error('no message was sent yet that the others could be like');
  const attempt = like.attempts[0];
  if (attempt === undefined) throw new Error('a message was sent without an attempt');
  for (const numbers of batches(range)) {
    const people = numbers.filter((n) => n % ROWS_A_PERSON === 0);
    const now = new Date();
    if (people.length > 0) {
      await insert(
        connection,
        'customers',
        people.map((n) => customerOf(n, now)),
      );
      await insert(
        connection,
        'bookings',
        people.map((n) => bookingOf(n, now)),
      );
    }
    await insert(
      connection,
      'messages',
      numbers.map((n) => {
        const who = n - (n % ROWS_A_PERSON);
        // Spread over a year, as what was sent is.
        const at = new Date(now.getTime() - ((n * 7_919) % 365) * DAY - n);
        return {
          ...like,
          _id: rowId(who, `s${n % ROWS_A_PERSON}`),
          customer: `p${who}`,
          booking: `b${who}`,
          subject: { kind: 'booking', id: `b${who}` },
          rev: nonce(),
          dueAt: at,
          createdAt: at,
          event: `e${n}`,
          out: [],
          attempts: [{ ...attempt, ref: nonce(), at, providerId: `s-${n}` }],
        };
      }),
    );
  }
}

export async function insert(
  connection: mongoose.Connection,
  name: string,
  documents: unknown[],
): Promise<void> {
  await connection.collection(name).insertMany(documents as never[], { ordered: false });
}

/** Their numbers, a thousand at a time. */
export function* batches({ from, count }: Range): Generator<number[]> {
  for (let at = 0; at < count; at += BATCH) {
    yield Array.from({ length: Math.min(BATCH, count - at) }, (_, index) => from + at + index);
  }
}
