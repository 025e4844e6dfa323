import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LagomEvent } from '#events/event';
import { FAULTS, type Fault } from '#platform/faults.fixture';
import { CLINIC, said } from '#privacy/ledger.fixture';
import { booking, Hearing, hours, person } from './hearing.fixture.js';

const T = CLINIC.id;
let line: Hearing;
/** The process that things happen to. */
let doomed: Hearing;
beforeAll(async () => {
  line = await Hearing.open();
  doomed = await line.another();
});
afterAll(async () => {
  await doomed.leave();
  await line.close();
});
beforeEach(() => line.clear());

const bo = { data: { customer: person({ id: 'bo', email: 'bo@example.se' }) } };
const given = said({ state: 'given' });

const STORIES: [string, LagomEvent[]][] = [
  [
    'two confirmations in a batch',
    [booking('booking.confirmed.v1', 1), booking('booking.confirmed.v1', 1, { id: 'b2' }, bo)],
  ],
  [
    'a change',
    [booking('booking.confirmed.v1', 1), booking('booking.rescheduled.v1', 2, { startsAt: hours(96) })],
  ],
  [
    'a cancellation, with a no to surveys and a new address',
    [
      booking('booking.confirmed.v1', 1),
      booking(
        'booking.cancelled.v1',
        2,
        {},
        {
          data: {
            customer: person({ email: 'new@example.se' }),
            choices: [said({ purpose: 'survey', state: 'objected' }), said()],
          },
        },
      ),
    ],
  ],
  [
    'a visit that took place, and the next one',
    [
      booking('booking.completed.v1', 2, { startsAt: hours(-1) }),
      booking('booking.confirmed.v1', 1, { id: 'b2' }),
    ],
  ],
  [
    'a cart that leads to a booking',
    [
      booking(
        'booking.started.v1',
        null,
        { id: 'b0' },
        { at: -0.5, data: { cartId: 'c1', choices: [given] } },
      ),
      booking('booking.confirmed.v1', 1, {}, { data: { cartId: 'c1' } }),
    ],
  ],
];

/** What is left in the end, less the nonces and what was only heard again. */
async function end(): Promise<unknown> {
  const people = await Promise.all(['anna', 'bo'].map((id) => line.customers.find(T, id)));
  const bookings = await line.bookings.findMany(T, ['b0', 'b1', 'b2']);
  const rows = await Promise.all(['anna', 'bo'].map((id) => line.messages.findOfCustomer(T, id, 100)));
  const heard = await line.connection.db!.collection('heard_events').countDocuments();
  const dealings = await line.customers.findDealings(T, ['anna', 'bo']);
  return {
    heard,
    dealings: dealings.map((one) => ({ ...one, dealings: { ...one.dealings, rev: '' } })),
    people: people.map((one) => one && { ...one, rev: '', sends: one.sends.map(({ id }) => id).sort() }),
    bookings: [...bookings.values()].map((one) => ({ ...one, rev: '' })),
    rows: rows
      .flat()
      .map(({ _id, status, reason, attempts }) => ({ _id, status, reason, attempts: attempts.length }))
      .sort((a, b) => (a._id < b._id ? -1 : 1)),
    accepted: [...line.provider.accepted].sort(),
  };
}

/** Hears the events in one batch until it is through, as a broker tells them until it is told so; then sends. */
async function tell(events: readonly LagomEvent[], n: number, fault: Fault): Promise<boolean> {
  doomed.faults.arm(n, fault);
  await doomed.hear(...events).catch(() => undefined);
  const isStruck = doomed.faults.struck;
  await doomed.faults.revive();
  if (isStruck) {
    // Whatever it left `released` and never produced goes on with this hearing, without waiting for repair.
    await doomed.hear(...events);
  }
  await doomed.runDue();
  return isStruck;
}

describe.each(STORIES)('%s', (_, events) => {
  it.each(FAULTS)('with a %s at each write ends as if nothing had been', async (fault) => {
    await tell(events, Number.POSITIVE_INFINITY, fault);
    const expected = await end();
    let n = 1;
    for (let isStruck = true; isStruck; n++) {
      await line.clear();
      isStruck = await tell(events, n, fault);
      expect({ n, ...((await end()) as object) }).toEqual({ n, ...(expected as object) });
    }
    expect(n).toBeGreaterThan(6);
  });
});
