import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bookingKey } from '#customers/booking.types';
import { FAULTS } from '#platform/faults.fixture';
import { Tenants } from '#tenants/tenant';
import { DeleteExpired } from './delete-expired.js';
import { CLINIC, Ledger, NEIGHBOUR, NOW } from './ledger.fixture.js';
import { ReadFates } from './read-fates.js';
import { RequestStore } from './request.store.js';

const T = CLINIC.id;
const DAY = 86_400_000;
const day = (n: number): Date => new Date(NOW.getTime() + n * DAY);
/** Long past the 36 months, and just before. */
const LATER = day(36 * 31);
const SOON = day(30 * 36);

/** A process with its loop. */
function loopOf(ledger: Ledger) {
  const requests = new RequestStore(ledger.connection);
  const fates = new ReadFates(
    ...([ledger.customers, ledger.bookings, ledger.purchases, ledger.complaints, requests] as const),
  );
  const counted: Record<string, number> = {};
  const metrics = {
    deleted: (what: string, count: number) => (counted[what] = (counted[what] ?? 0) + count),
    minorsWaiting: (tenant: string, count: number) => (counted[`minors ${tenant}`] = count),
  };
  const loop = new DeleteExpired(
    fates,
    ledger.erase,
    ledger.customers,
    ledger.deletion,
    ledger.replies,
    ledger.tasks,
    ledger.inbox,
    ledger.register,
    ledger.measures,
    new Tenants([CLINIC]),
    metrics,
  );
  return { loop, requests, counted };
}

let ledger: Ledger;
/** The process that things happen to. */
let doomed: Ledger;
let own: ReturnType<typeof loopOf>;
let doomedOwn: ReturnType<typeof loopOf>;
beforeAll(async () => {
  ledger = await Ledger.open();
  doomed = await ledger.another();
  own = loopOf(ledger);
  doomedOwn = loopOf(doomed);
});
afterAll(async () => {
  await doomed.leave();
  await ledger.close();
});
beforeEach(() => ledger.clear());

const run = (at: Date) => {
  ledger.clock.set(at);
  return own.loop.runOnce(at);
};

/** Anna came today, bought something, answered, wrote back. */
async function anna(tenant = T): Promise<void> {
  await ledger.customer({}, tenant);
  await ledger.bookings.write([
    {
      before: null,
      after: {
        ...{ _id: bookingKey(tenant, 'b1'), tenant, booking: 'b1', customer: 'anna', rev: '' },
        ...{ gen: { version: 1, time: NOW, event: 'e1' }, status: 'completed', service: 'Massage' },
        ...{ startsAt: NOW, endsAt: null, timeZone: null, location: null, practitioner: null, price: null },
        ...{ url: null, cart: null, previousStartsAt: null, cancelReason: null, sequence: 0 },
        ...{ createdAt: NOW, updatedAt: NOW },
      },
    },
  ]);
  const of = { tenant, customer: 'anna' };
  await ledger.purchases.add([
    { _id: `${tenant}/p1`, ...of, purchase: 'p1', items: [], at: NOW, heardAt: NOW },
  ]);
  await ledger.register.add([
    {
      ...{ _id: `${tenant}/p1`, ...of, items: [{ id: 'i1', batch: 'x' }], boughtAt: NOW },
      contact: { email: 'old@example.se', phone: null, address: null },
    },
  ]);
  await ledger.answers.keep(
    tenant,
    { booking: 'b1', customer: 'anna', score: 9, comment: 'bra', language: 'sv' },
    NOW,
  );
  await ledger.replies.add({
    _id: `${tenant}-r`,
    ...of,
    message: null,
    channel: 'sms',
    text: 'Hej',
    at: NOW,
  });
  await ledger.row({ tenant, status: 'accepted', createdAt: NOW });
  await ledger.row({ tenant, step: 'young', status: 'accepted', createdAt: SOON });
}

const LEDGERS = ['customers', 'bookings', 'purchases', 'survey_answers', 'replies', 'messages', 'erasures'];
async function left(tenant = T): Promise<Record<string, number>> {
  const { db } = ledger.connection;
  const counts = LEDGERS.map(async (name) => [name, await db!.collection(name).countDocuments({ tenant })]);
  return Object.fromEntries((await Promise.all(counts)) as [string, number][]);
}
const NOTHING = Object.fromEntries(LEDGERS.map((name) => [name, 0]));

describe('retention', () => {
  it('deletes a person and all that is theirs, 36 months after the last visit, and nobody of another tenant', async () => {
    await anna();
    await anna(NEIGHBOUR.id);
    const before = await left();
    expect(await run(SOON)).toMatchObject({ customers: 0, messages: 0 });
    expect(await left()).toEqual(before);
    expect(await run(LATER)).toMatchObject({ customers: 1 });
    expect(await left()).toEqual(NOTHING);
    expect(own.counted['customers']).toBe(1);
    expect(await left(NEIGHBOUR.id)).toEqual(before);
  });

  it('leaves what a recall needs to warn the buyer, at their last address and without their id', async () => {
    await anna();
    await run(LATER);
    const [entry] = await ledger.register.findBuyers(T, { item: 'i1', batches: ['x'] }, null, 9);
    expect(entry).toMatchObject({ customer: null, contact: { email: 'anna@example.se' } });
    expect(await ledger.register.findBuyers(T, { item: 'i1', batches: ['y'] }, null, 9)).toEqual([]);
    expect(await run(day(3_660))).toMatchObject({ safetyEntries: 1 });
  });

  it('leaves suppressions: they outlive who they are about', async () => {
    await anna();
    await ledger.withdraw.suppressAddress(T, {
      ...{ kind: 'email', address: 'anna@example.se', channel: 'email', scope: 'all', cause: 'bounce' },
    });
    await run(LATER);
    const found = await ledger.suppressions.findByAddresses(T, [
      { kind: 'email', address: 'anna@example.se' },
    ]);
    expect(found.get('anna@example.se')).toMatchObject([{ cause: 'bounce' }]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a restriction', () => ledger.restrict.restrict(T, 'anna')],
    [
      'an open complaint',
      () =>
        ledger.complaints.hear([
          {
            ...{ tenant: T, complaint: 'k1', customer: 'anna', status: 'open', warranty: true },
            ...{ at: NOW, heardAt: NOW },
          },
        ]),
    ],
    [
      'an open request',
      () =>
        own.requests.add({
          ...{ _id: 'q1', tenant: T, customer: 'anna', kind: 'access', way: 'phone', note: null },
          ...{ receivedAt: NOW, dueAt: NOW, extended: false, status: 'open', endedAt: null, log: [] },
        }),
    ],
  ])('%s holds all of it', async (_, hold) => {
    await anna();
    await hold();
    const before = await left();
    expect(await run(LATER)).toMatchObject({ customers: 0, messages: 0 });
    expect(await left()).toEqual(before);
  });

  it('is held by a complaint until it is resolved, whatever is heard first', async () => {
    await anna();
    const told = { tenant: T, complaint: 'k1', customer: 'anna', warranty: false, heardAt: NOW };
    await ledger.complaints.hear([{ ...told, status: 'resolved', at: day(2) }]);
    await ledger.complaints.hear([{ ...told, status: 'open', at: day(1) }]);
    expect(await run(LATER)).toMatchObject({ customers: 1 });
  });

  it('deletes old rows of those who stay, and of nobody', async () => {
    await ledger.customer({ updatedAt: LATER });
    await ledger.row({ status: 'accepted', createdAt: NOW });
    await ledger.row({ step: 'young', status: 'accepted', createdAt: SOON });
    await ledger.row({ step: 'open', status: 'planned', createdAt: NOW });
    await ledger.row({ customer: 'nobody', status: 'accepted', createdAt: NOW });
    expect(await run(LATER)).toMatchObject({ customers: 0, messages: 2 });
    const rows = await ledger.messages.findOfCustomer(T, 'anna', 9);
    expect(rows.map(({ step }) => step).sort()).toEqual(['open', 'young']);
  });

  it('leaves who was written while they were looked at', async () => {
    await anna();
    const read = await ledger.person();
    await ledger.withdraw.change(T, 'anna', (one) => ({ ...one, name: 'Anna Ny' }), {
      ends: () => null,
      concerns: () => false,
    });
    expect(await ledger.erase.expire(read)).toBe(false);
    expect(await ledger.person()).toMatchObject({ name: 'Anna Ny' });
    expect(await left()).toMatchObject({ bookings: 1, erasures: 0 });
  });
});

describe('a minor without a guardian’s consent', () => {
  const minor = { birthDate: '2012-01-01', updatedAt: NOW };

  it('is counted while their data waits, and deleted with it when the wait is over', async () => {
    await ledger.customer(minor);
    await ledger.row();
    await run(day(29));
    expect(own.counted[`minors ${T}`]).toBe(1);
    expect(await ledger.person()).toMatchObject({ minorSince: NOW, erasedAt: null });
    expect(await run(day(30))).toMatchObject({ minors: 1 });
    expect(await ledger.person()).toMatchObject({ birthDate: null, email: null, erasedAt: day(30) });
    expect((await ledger.messages.findOfCustomer(T, 'anna', 9)).map(({ status }) => status)).toEqual([
      'cancelled',
    ]);
    await run(day(31));
    expect(own.counted[`minors ${T}`]).toBe(0);
  });

  it('leaves their parents’ address alone', async () => {
    await ledger.customer({ ...minor, email: 'family@example.se' });
    await run(day(31));
    const found = await ledger.suppressions.findByAddresses(T, [
      { kind: 'email', address: 'family@example.se' },
    ]);
    expect(found.get('family@example.se')).toEqual([]);
  });

  it('a consent in time, also while it is being deleted, stops it; one that is taken back begins a new wait', async () => {
    const known = await ledger.customer(minor);
    const guardianConsent = { by: 'Eva', at: day(20), evidence: null };
    const after = { ...known, guardianConsent, updatedAt: day(20) };
    const won = await ledger.customers.write([{ before: known, after }]);
    expect(await run(day(31))).toMatchObject({ minors: 0 });
    const done = await ledger.erase.erase(T, 'anna', 'minor', day(31), (one) => one.guardianConsent === null);
    expect(done).toBeNull();
    const back = { ...won.get('anna')!, guardianConsent: null, updatedAt: day(40) };
    await ledger.customers.write([{ before: won.get('anna')!, after: back }]);
    expect(await run(day(69))).toMatchObject({ minors: 0 });
    expect(await run(day(70))).toMatchObject({ minors: 1 });
  });

  it('a corrected birth date that still is a minor’s begins no new wait; coming of age ends it', async () => {
    const known = await ledger.customer(minor);
    const after = { ...known, birthDate: '2012-02-02', updatedAt: day(20) };
    await ledger.customers.write([{ before: known, after }]);
    expect((await ledger.person()).minorSince).toEqual(NOW);
    await ledger.customer({ customer: 'bo', birthDate: '2008-05-20', updatedAt: NOW });
    expect(await run(day(30))).toMatchObject({ minors: 1 });
    expect((await ledger.person('bo')).erasedAt).toBeNull();
  });
});

describe('after an erasure', () => {
  it('the tombstone is swept behind until nothing of before can come, then only a keyed hash of the id is left', async () => {
    await anna();
    await ledger.erase.erase(T, 'anna', 'person');
    await ledger.replies.add({
      ...{ _id: 'late', tenant: T, customer: 'anna', message: null, channel: 'sms' as const },
      ...{ text: 'sent before', at: day(0.5) },
    });
    ledger.clock.set(day(2));
    expect(await ledger.erase.sweepDue(day(2))).toEqual({ swept: 1, tombstones: 0 });
    expect(await left()).toMatchObject({ replies: 0, customers: 1 });
    expect(await ledger.erase.sweepDue(day(2.5))).toEqual({ swept: 0, tombstones: 0 });
    expect(await ledger.erase.sweepDue(day(31))).toEqual({ swept: 1, tombstones: 1 });
    expect(await left()).toMatchObject({ customers: 0, erasures: 0 });
    const gone = await ledger.connection.db!.collection('erased_ids').find({}).toArray();
    expect(JSON.stringify(gone)).not.toContain('anna');
    expect(gone).toHaveLength(1);
  });

  it('who has come back keeps what is new', async () => {
    await ledger.customer();
    await ledger.erase.erase(T, 'anna', 'person');
    const before = await ledger.person();
    const back = { ...before, erasedAt: null, erasedBefore: NOW, createdAt: day(1), name: 'Anna Ny' };
    await ledger.customers.write([{ before, after: back }]);
    await ledger.row({ createdAt: day(1) });
    await ledger.erase.sweepDue(day(31));
    expect(await ledger.person()).toMatchObject({ name: 'Anna Ny' });
    expect(await left()).toMatchObject({ messages: 1, erasures: 0 });
  });
});

// One before the n-th write is one after the last: what is left out here says nothing new.
const STRUCK = FAULTS.filter((fault) => fault !== 'crash-after' && fault !== 'blip-before');
describe.each(STRUCK)('with a %s at each of its writes', (kind) => {
  it('the next pass finds the rest, and nothing of theirs is left behind', async () => {
    for (let n = 1; ; n++) {
      await ledger.clear();
      await anna();
      await ledger.customer({ customer: 'kid', birthDate: '2012-01-01', updatedAt: NOW });
      doomed.clock.set(LATER);
      doomed.faults.arm(n, kind);
      await doomedOwn.loop.runOnce(LATER).catch(() => undefined);
      await doomed.faults.revive();
      if (!doomed.faults.struck) {
        expect(n).toBeGreaterThan(12);
        break;
      }
      await doomed.erase.resume();
      await doomedOwn.loop.runOnce(LATER);
      const { customers, erasures, ...rest } = await left();
      // The minor's tombstone and its request stand until the horizon.
      expect({ n, customers, erasures }).toEqual({ n, customers: 1, erasures: 1 });
      expect(rest).toMatchObject({ bookings: 0, purchases: 0, survey_answers: 0, replies: 0, messages: 0 });
      const [entry] = await ledger.register.findBuyers(T, { item: 'i1', batches: [] }, null, 9);
      expect(entry).toMatchObject({ customer: null, contact: { email: 'anna@example.se' } });
    }
  });
});
