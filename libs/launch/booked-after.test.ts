import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { bookingKey, type Booking } from '#customers/booking.types';
import { CLINIC, Ledger, NEIGHBOUR, NOW } from '#privacy/ledger.fixture';
import { BookedAfter } from './booked-after.js';

const T = CLINIC.id;
const DAY = 86_400_000;
const WINDOW = 14 * DAY;
const day = (days: number): Date => new Date(NOW.getTime() + days * DAY);

let ledger: Ledger;
let booked: BookedAfter;
beforeAll(async () => {
  ledger = await Ledger.open();
  booked = new BookedAfter(ledger.campaignRows, ledger.bookings);
});
afterAll(() => ledger.close());
beforeEach(() => ledger.clear());

/** A member whose hour came at once, and whose row was settled so many days later (as it is made, in a test). */
async function member(customer: string, variant: string, settled: number): Promise<void> {
  const status = variant === 'hold-out' ? ('cancelled' as const) : ('accepted' as const);
  const subject = { kind: 'campaign' as const, id: 'c-1' };
  const own = {
    customer,
    variant,
    status,
    subject,
    campaign: 'c-1',
    notBefore: NOW,
    createdAt: day(settled),
  };
  await ledger.row(own);
  await ledger.row({ ...own, tenant: NEIGHBOUR.id });
}

async function books(customer: string, at: number): Promise<void> {
  const id = `${customer}-${at}`;
  const known = { tenant: T, booking: id, customer, status: 'confirmed', createdAt: day(at) };
  const gen = { version: 1, time: day(at), event: id };
  await ledger.bookings.write([
    { before: null, after: { ...known, gen, _id: bookingKey(T, id) } as Booking },
  ]);
}

it('looks at who was held out as long as at who got it last: the pace takes nothing from the comparison', async () => {
  // A pace of ten days: the last one books within the window of their own message, long after their hour.
  await member('first', 'A', 0);
  await member('last', 'A', 10);
  await member('held', 'hold-out', 0);
  await books('last', 20);
  await books('held', 20);
  await books('first', 20);
  // After the end, and before the hour, of nobody.
  await books('held', 25);
  await books('first', -1);
  const ask = { tenant: T, campaign: 'c-1', from: day(-2), to: day(10 + 14), windowMs: WINDOW };
  const found = await booked.of(ask);
  expect(
    found.map(({ variant, afterMessage, afterHour }) => [variant, afterMessage, afterHour]).sort(),
  ).toEqual([
    ['A', 1, 2],
    ['hold-out', 0, 1],
  ]);
  const before = await booked.of({ ...ask, to: day(19) });
  expect(before.map(({ afterHour }) => afterHour)).toEqual(before.map(() => 0));
});
