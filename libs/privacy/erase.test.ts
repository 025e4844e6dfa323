import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bookingKey } from '#customers/booking.types';
import { transition } from '#messages/transition';
import type { MessageRow } from '#messages/message.types';
import { FAULTS } from '#platform/faults.fixture';
import { CLINIC, Ledger, NEIGHBOUR, NOW, said } from './ledger.fixture.js';
import { monthsLater } from './retention-plan.js';

const T = CLINIC.id;
const hour = (n: number): Date => new Date(NOW.getTime() + n * 3_600_000);
let ledger: Ledger;
beforeAll(async () => {
  ledger = await Ledger.open();
});
afterAll(() => ledger.close());
beforeEach(() => ledger.clear());

/** Everything that is kept of Anna, at the clinic and at its neighbour. */
async function anna(tenants = [T, NEIGHBOUR.id]): Promise<void> {
  for (const tenant of tenants) {
    await ledger.customer(
      { phone: '+46701740605', birthDate: '1980-05-17', attributes: { member: true } },
      tenant,
    );
    await ledger.withdraw.hearChoices(tenant, 'anna', [said()], {
      id: 'c',
      at: NOW,
      recordedAt: NOW,
      via: 'page',
    });
    const booking = { ...BOOKING, _id: bookingKey(tenant, 'b1'), tenant };
    await ledger.bookings.write([{ before: null, after: booking }]);
    await ledger.purchases.add([
      { _id: `${tenant}/p1`, tenant, purchase: 'p1', customer: 'anna', items: [], at: NOW, heardAt: NOW },
    ]);
    await ledger.row({ tenant });
    const sent = await ledger.row({
      tenant,
      step: 'sent',
      status: 'accepted',
      trace: [{ check: 'known', saw: 'a known customer', passed: true }],
      content: { template: 'booking-confirmation', version: '1', locale: 'sv' },
    });
    const seen = await ledger.person('anna', tenant);
    await ledger.customers.reserve([{ seen, sends: [{ id: sent._id, at: NOW, group: null }] }]);
  }
}

const BOOKING = {
  booking: 'b1',
  customer: 'anna',
  rev: '',
  gen: { version: 1, time: NOW, event: 'e1' },
  status: 'confirmed' as const,
  service: 'Massage',
  startsAt: hour(30),
  endsAt: null,
  timeZone: null,
  location: null,
  practitioner: 'Eva',
  price: null,
  url: null,
  cart: null,
  previousStartsAt: null,
  cancelReason: null,
  sequence: 0,
  createdAt: NOW,
  updatedAt: NOW,
};

/** What is left of Anna at a tenant, less the nonces. */
async function left(tenant: string): Promise<unknown> {
  const customer = await ledger.person('anna', tenant);
  const rows = await ledger.messages.findOfCustomer(tenant, 'anna', 100);
  const found = await ledger.suppressions.findByAddresses(tenant, [
    { kind: 'email', address: 'anna@example.se' },
    { kind: 'phone', address: '+46701740605' },
  ]);
  return {
    customer: { ...customer, rev: '' },
    bookings: await ledger.bookings.findOfCustomer(tenant, 'anna'),
    purchases: await ledger.purchases.findOfCustomer(tenant, 'anna'),
    rows: rows
      .map(({ step, status, trace, content }) => ({ step, status, trace, content }))
      .sort((a, b) => (a.step < b.step ? -1 : 1)),
    suppressions: [...found].map(([address, records]) => [
      address,
      records.map((one) => [one.kind, one.kind === 'suppressed' ? one.cause : one.by]).sort(),
    ]),
    open: await ledger.requests.findOpen(10),
  };
}

const gone = {
  customer: {
    name: null,
    email: null,
    phone: null,
    birthDate: null,
    attributes: {},
    choiceLog: [],
    sends: [],
    erasedAt: NOW,
  },
  bookings: [],
  purchases: [],
  rows: [
    { step: 'now', status: 'cancelled', trace: [], content: null },
    { step: 'sent', status: 'accepted', trace: [], content: null },
  ],
  suppressions: [
    [
      'anna@example.se',
      [
        ['opt-out', ''],
        ['suppressed', 'erasure'],
      ],
    ],
    [
      '+46701740605',
      [
        ['opt-out', ''],
        ['suppressed', 'erasure'],
      ],
    ],
  ],
  open: [],
};

describe('an erasure', () => {
  it('leaves a tombstone, rows without content, and keyed hashes for marketing', async () => {
    await anna();
    const neighbour = await left(NEIGHBOUR.id);
    const answer = await ledger.erase.erase(T, 'anna', 'person');
    expect(answer?.erased).toEqual(['customer', 'bookings', 'purchases', 'messages']);
    expect(answer?.kept).toMatchObject([
      { code: 'address-hash', until: null, howLong: expect.stringMatching(/^without end: /) },
      // 36 calendar months of Stockholm after the newest message.
      { code: 'sent', until: monthsLater(NOW, 36, 'Europe/Stockholm').toISOString() },
      { code: 'request', howLong: '3 years from when it was done' },
    ]);
    expect(await left(T)).toMatchObject(gone);
    expect(await left(NEIGHBOUR.id)).toEqual(neighbour);
  });

  it('of nobody is told so; a second one finds nothing more', async () => {
    expect(await ledger.erase.erase(T, 'anna', 'staff')).toBeNull();
    await anna();
    await ledger.erase.erase(T, 'anna', 'staff');
    ledger.clock.pass(60_000);
    const answer = await ledger.erase.erase(T, 'anna', 'staff');
    expect(answer?.kept.map(({ code }) => code)).toEqual(['sent', 'request']);
    expect(await left(T)).toMatchObject(gone);
  });

  it('counts from when it was asked for, never from the future', async () => {
    await ledger.customer();
    await ledger.erase.erase(T, 'anna', 'booking-system', hour(-1));
    expect((await ledger.person()).erasedAt).toEqual(hour(-1));
    await ledger.customer({ customer: 'bo' });
    await ledger.erase.erase(T, 'bo', 'booking-system', hour(1));
    expect((await ledger.person('bo')).erasedAt).toEqual(NOW);
  });

  it('takes away a booking that the system dates later than the erasure', async () => {
    await anna();
    const before = (await ledger.bookings.findMany(T, ['b1'])).get('b1')!;
    await ledger.bookings.write([
      { before, after: { ...before, gen: { version: 2, time: hour(5), event: 'e2' } } },
    ]);
    await ledger.erase.erase(T, 'anna', 'staff');
    expect(await ledger.bookings.findOfCustomer(T, 'anna')).toEqual([]);
  });

  it('leaves to the sender what it is about to record of a call in flight', async () => {
    await anna();
    const [row] = await ledger.messages.findByIds(T, [`${T}/anna/confirmation/now/b1/v1`]);
    const released = transition(row as MessageRow & { status: 'planned' }, 'released', undefined, NOW);
    const sending = transition(
      released.after as MessageRow & { status: 'released' },
      'sending',
      undefined,
      NOW,
    );
    await ledger.messages.apply([released]);
    await ledger.messages.apply([sending]);
    await ledger.erase.erase(T, 'anna', 'staff');
    const done = transition(sending.after as MessageRow & { status: 'sending' }, 'accepted', undefined, NOW);
    expect((await ledger.messages.apply([done])).size).toBe(1);
    expect(await ledger.rowOf(row!._id)).toMatchObject({ status: 'accepted', trace: [], content: null });
  });

  it('broken off and taken up after the person has come back, sweeps only what was before', async () => {
    await anna();
    await ledger.requests.open(T, 'anna', 'person', NOW);
    ledger.clock.pass(1_000);
    const before = await ledger.person();
    const back = { ...before, erasedAt: null, choiceLog: [], createdAt: ledger.clock.now(), name: 'Anna Ny' };
    await ledger.customers.write([{ before, after: back }]);
    const booking = { ...BOOKING, _id: bookingKey(T, 'b2'), tenant: T, booking: 'b2' };
    const later = { time: hour(1), version: 1, event: 'e9' };
    await ledger.bookings.write([
      { before: null, after: { ...booking, gen: later, updatedAt: ledger.clock.now() } },
    ]);
    expect(await ledger.erase.resume()).toBe(1);
    expect(await ledger.person()).toMatchObject({ name: 'Anna Ny', erasedAt: null });
    expect((await ledger.bookings.findOfCustomer(T, 'anna')).map(({ booking: id }) => id)).toEqual(['b2']);
    expect(await ledger.requests.findOpen(10)).toEqual([]);
  });
});

describe.each(FAULTS)('with a %s at each of its writes', (kind) => {
  let doomed: Ledger;
  beforeAll(async () => {
    doomed = await ledger.another();
  });
  afterAll(() => doomed.leave());

  it('is taken up and ends as if nothing had been', async () => {
    for (let n = 1; ; n++) {
      await ledger.clear();
      await anna([T]);
      doomed.faults.arm(n, kind);
      const ended = await doomed.erase.erase(T, 'anna', 'person').catch(() => 'broken off');
      await doomed.faults.revive();
      if (!doomed.faults.struck) {
        expect(n).toBeGreaterThan(8);
        break;
      }
      ledger.clock.pass(60_000);
      await doomed.erase.resume();
      // Before the request was written nothing had been promised: who asks is asked to try again.
      if (ended === 'broken off' && (await ledger.person()).erasedAt === null) {
        await doomed.erase.erase(T, 'anna', 'person');
      }
      const { customer, ...rest } = gone;
      const at = expect.any(Date) as unknown;
      expect(await left(T)).toMatchObject({ ...rest, customer: { ...customer, erasedAt: at } });
    }
  });
});
