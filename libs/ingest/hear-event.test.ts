import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CLINIC, NEIGHBOUR, NOW, said } from '#privacy/ledger.fixture';
import { booking, event, Hearing, hours, person } from './hearing.fixture.js';

const T = CLINIC.id;
let line: Hearing;
beforeAll(async () => {
  line = await Hearing.open();
});
afterAll(() => line.close());
beforeEach(() => line.clear());

const subjects = (): (string | undefined)[] => line.provider.calls.map(({ content }) => content.subject);

describe('a booking', () => {
  it('is confirmed: a confirmation at once, a reminder the day before', async () => {
    const result = await line.one(booking('booking.confirmed.v1', 1));
    expect(result).toMatchObject({ outcome: 'applied', stale: [], cancelled: [], refused: [], warnings: [] });
    expect(result.planned).toHaveLength(2);
    await line.drain();
    expect(subjects()).toEqual(['booking-confirmation']);
    expect(await line.rows()).toEqual({
      'confirmation now b1 v1': 'accepted',
      'reminder 1 b1 v1': 'planned',
    });
  });

  it('is changed, changed back, and cancelled: each is said, only the last reminder is left, then none', async () => {
    await line.one(booking('booking.confirmed.v1', 1));
    await line.drain();
    await line.one(booking('booking.rescheduled.v1', 2, { startsAt: hours(96) }));
    await line.drain();
    const back = await line.one(booking('booking.rescheduled.v1', 3));
    await line.drain();
    expect(back.cancelled).toHaveLength(1);
    expect(await line.rows()).toMatchObject({
      'reminder 1 b1 v1': 'cancelled',
      'reminder 1 b1 v2': 'cancelled',
      'reminder 1 b1 v3': 'planned',
    });
    await line.one(booking('booking.cancelled.v1', 4));
    await line.drain();
    expect(subjects()).toEqual([
      'booking-confirmation',
      'booking-change',
      'booking-change',
      'booking-cancellation',
    ]);
    expect(await line.rows()).toMatchObject({ 'reminder 1 b1 v3': 'cancelled' });
    expect((await line.bookings.findMany(T, ['b1'])).get('b1')).toMatchObject({
      status: 'cancelled',
      sequence: 3,
    });
  });

  it('is cancelled before its confirmation comes: that is stale, and says nothing', async () => {
    await line.one(booking('booking.cancelled.v1', 2));
    const late = await line.one(booking('booking.confirmed.v1', 1));
    expect(late).toMatchObject({ outcome: 'applied', stale: ['booking'], planned: [], cancelled: [] });
    await line.drain();
    expect(subjects()).toEqual(['booking-cancellation']);
  });

  it('is cancelled without counting on its version: the reminder goes, what was not said is not said', async () => {
    const confirmed = await line.one(booking('booking.confirmed.v1', 1));
    await line.one(booking('booking.cancelled.v1', 1));
    expect(await line.rows()).toMatchObject({ 'reminder 1 b1 v1': 'cancelled' });
    await line.drain();
    expect(subjects()).toEqual(['booking-cancellation']);
    expect(await line.rowOf(confirmed.planned[0]!)).toMatchObject({ status: 'refused', reason: 'too-late' });
  });

  it('is told without versions: time decides, also at the very same time', async () => {
    await line.one(booking('booking.confirmed.v1', null, {}, { at: -2 }));
    await line.one(booking('booking.rescheduled.v1', null, { startsAt: hours(96) }, { at: -1 }));
    const stale = await line.one(
      booking('booking.rescheduled.v1', null, { startsAt: hours(48) }, { at: -3 }),
    );
    expect(stale.stale).toContain('booking');
    await line.one(booking('booking.cancelled.v1', null, {}, { at: -1 }));
    const rows = await line.rows();
    const planned = Object.entries(rows).filter(([, status]) => status === 'planned');
    expect(planned).toEqual([]);
  });

  it('that has begun, or whose reminder is past, has refused rows', async () => {
    const begun = await line.one(booking('booking.confirmed.v1', 1, { startsAt: hours(-1) }));
    expect(begun).toMatchObject({ planned: [], refused: [expect.any(String), expect.any(String)] });
    const soon = await line.one(booking('booking.confirmed.v1', 1, { id: 'b2', startsAt: hours(3) }));
    expect([soon.planned.length, soon.refused.length]).toEqual([1, 1]);
  });

  it('of two people in one batch is one booking: the second sees what the first wrote', async () => {
    const bo = { data: { customer: person({ id: 'bo', email: 'bo@example.se' }) } };
    const results = await line.hear(
      booking('booking.confirmed.v1', 2, { location: 'Storgatan 1' }),
      booking('booking.rescheduled.v1', 3, { startsAt: hours(96) }, bo),
      booking('booking.confirmed.v1', 1, {}, { data: { customer: person({ id: 'cay' }) } }),
    );
    expect(results.map(({ stale }) => stale)).toEqual([[], [], ['booking']]);
    expect((await line.bookings.findMany(T, ['b1'])).get('b1')).toMatchObject({
      customer: 'bo',
      location: 'Storgatan 1',
      previousStartsAt: new Date(hours(72)),
    });
  });

  it('of fifty people in one batch too', async () => {
    const events = Array.from({ length: 50 }, (_, n) =>
      booking('booking.rescheduled.v1', n, {}, { data: { customer: person({ id: `c${n}` }) } }),
    );
    const results = await line.hear(...events);
    expect(results.every(({ outcome }) => outcome === 'applied')).toBe(true);
    expect((await line.bookings.findMany(T, ['b1'])).get('b1')).toMatchObject({ customer: 'c49' });
  });
});

describe('an event heard again', () => {
  it('changes nothing, whatever else it says', async () => {
    const first = await line.one(booking('booking.confirmed.v1', 1, {}, { id: 'same' }));
    const again = await line.one(booking('booking.cancelled.v1', 9, {}, { id: 'same' }));
    expect(again).toEqual({ ...first, outcome: 'duplicate' });
    expect((await line.bookings.findMany(T, ['b1'])).get('b1')).toMatchObject({ status: 'confirmed' });
  });

  it('in the same batch, by another person, changes nothing either', async () => {
    const bo = { id: 'same', data: { customer: person({ id: 'bo' }) } };
    const [, second] = await line.hear(
      booking('booking.confirmed.v1', 1, {}, { id: 'same' }),
      booking('booking.confirmed.v1', 1, { id: 'b2' }, bo),
    );
    expect(second?.outcome).toBe('duplicate');
    expect(await line.customers.find(T, 'bo')).toBeNull();
  });

  it('at another tenant is another event', async () => {
    await line.hear(
      booking('booking.confirmed.v1', 1, {}, { id: 'same' }),
      booking('booking.confirmed.v1', 1, {}, { id: 'same', tenant: NEIGHBOUR.id }),
    );
    expect(Object.keys(await line.rows('anna', NEIGHBOUR.id))).toHaveLength(2);
    expect(Object.keys(await line.rows())).toHaveLength(2);
  });

  it('by two processes at once plans and sends once', async () => {
    const other = await line.another();
    const confirmed = booking('booking.confirmed.v1', 1);
    await Promise.all([line.one(confirmed), other.one(confirmed)]);
    await other.leave();
    // The second hearing may give the rows a new `rev` just before the first releases them: then the scheduler does.
    await line.runDue();
    expect(subjects()).toEqual(['booking-confirmation']);
  });
});

describe('the two parts of an event', () => {
  it('a stale customer part does not drop the booking part, nor the reverse', async () => {
    const told = (version: number, name: string) => ({ data: { customer: person({ version, name }) } });
    await line.one(booking('booking.confirmed.v1', 5, {}, told(5, 'Anna Ek')));
    const one = await line.one(
      booking('booking.rescheduled.v1', 6, { startsAt: hours(96) }, told(4, 'Anna Gammal')),
    );
    expect(one.stale).toEqual(['customer']);
    expect(one.planned).toHaveLength(2);
    const two = await line.one(booking('booking.rescheduled.v1', 1, {}, told(6, 'Anna Ny')));
    expect(two.stale).toEqual(['booking']);
    expect((await line.person()).name).toBe('Anna Ny');
    expect((await line.bookings.findMany(T, ['b1'])).get('b1')).toMatchObject({
      startsAt: new Date(hours(96)),
    });
  });

  it('warns of what was kept out', async () => {
    const customer = person({ phone: '12', attributes: { shoe: 41 } });
    const { warnings } = await line.one(event('customer.updated.v1', { customer }));
    expect(warnings.map(({ path }) => path)).toEqual([
      'data.customer.phone',
      'data.customer.attributes.shoe',
    ]);
  });

  it('an address that changes makes what was planned ask again', async () => {
    const { planned } = await line.one(booking('booking.confirmed.v1', 1));
    const before = await Promise.all(planned.map((id) => line.rowOf(id)));
    await line.one(
      event('customer.updated.v1', { customer: person({ email: 'new@example.se' }) }, { at: 1 }),
    );
    const after = await Promise.all(planned.map((id) => line.rowOf(id)));
    expect(after.map(({ status }) => status)).toEqual(before.map(({ status }) => status));
    expect(after.some(({ rev }, n) => rev === before[n]?.rev)).toBe(false);
    await line.drain();
    expect(line.provider.calls.map(({ to }) => to)).toEqual(['new@example.se']);
  });
});

describe('a cart', () => {
  const started = (told = {}) =>
    booking(
      'booking.started.v1',
      null,
      {},
      { ...told, data: { cartId: 'c1', choices: [said({ state: 'given' })] } },
    );

  it('that is left is spoken of at the tenant’s times, once per cart and step', async () => {
    await line.one(started());
    await line.one(started({ at: 1 }));
    expect(await line.rows()).toEqual({
      'abandoned-booking 1 c1 0': 'planned',
      'abandoned-booking 2 c1 0': 'planned',
    });
  });

  it('that leads to a booking, whatever that is called, is not spoken of', async () => {
    await line.one(started());
    await line.one(booking('booking.confirmed.v1', 1, { id: 'b2' }, { data: { cartId: 'c1' }, at: 1 }));
    expect(await line.rows()).toMatchObject({
      'abandoned-booking 1 c1 0': 'cancelled',
      'abandoned-booking 2 c1 0': 'cancelled',
    });
  });

  it('whose start is heard last has refused rows', async () => {
    await line.one(booking('booking.confirmed.v1', 1, { id: 'b2' }, { data: { cartId: 'c1' } }));
    const late = await line.one(started());
    expect([late.planned.length, late.refused.length]).toEqual([0, 2]);
    // Of the same booking it is stale, and fires nothing.
    const same = await line.one(
      booking('booking.started.v1', null, { id: 'b2' }, { data: { cartId: 'c1' }, at: 5 }),
    );
    expect(same.stale).toEqual(['booking']);
  });
});

describe('what is past', () => {
  it('of a backfill nothing past is sent, and facts are taken', async () => {
    const result = await line.one(booking('booking.confirmed.v1', 1, {}, { backfill: true, at: -24 }));
    expect([result.planned.length, result.refused.length]).toEqual([1, 1]);
    await line.drain();
    expect(subjects()).toEqual([]);
    expect(await line.rows()).toMatchObject({ 'reminder 1 b1 v1': 'planned' });
  });

  it('an event older than the tenant’s maxEventAge is the same', async () => {
    const old = booking('booking.confirmed.v1', 1, {}, { at: -73 });
    expect((await line.one(old)).refused).toHaveLength(1);
    const young = booking('booking.confirmed.v1', 1, { id: 'b2' }, { at: -71 });
    expect((await line.one(young)).refused).toHaveLength(0);
  });
});

describe('an erased person', () => {
  it('is not brought back by an older event, comes back by a later one, and gets no marketing', async () => {
    await line.one(booking('booking.confirmed.v1', 1, {}, { at: -1 }));
    await line.one(event('customer.deleted.v1', { customer: { id: 'anna' } }));
    expect(await line.person()).toMatchObject({ email: null, erasedAt: NOW });
    const old = await line.one(booking('booking.rescheduled.v1', 2, {}, { at: -0.5 }));
    expect(old.outcome).toBe('erased');
    expect(await line.bookings.findOfCustomer(T, 'anna')).toEqual([]);
    line.clock.pass(3_600_000);
    const back = await line.one(booking('booking.confirmed.v1', 1, { id: 'b2' }, { at: 1 }));
    expect(back.planned).toHaveLength(2);
    await line.drain();
    expect(subjects()).toEqual(['booking-confirmation']);
    const records = await line.suppressions.findByAddresses(T, [
      { kind: 'email', address: 'anna@example.se' },
    ]);
    expect(records.get('anna@example.se')).toMatchObject([{ cause: 'erasure', scope: 'marketing' }]);
  });

  it('who books again while the deletion is on its way is not erased from then on', async () => {
    line.clock.pass(600_000);
    await line.one(event('customer.deleted.v1', { customer: { id: 'anna' } }, { at: 0 }));
    const back = await line.one(booking('booking.confirmed.v1', 1, {}, { at: 0.1 }));
    expect(back).toMatchObject({ outcome: 'applied' });
    expect(back.planned).toHaveLength(2);
  });

  it('heard of again by a backfill stays erased, and the address too', async () => {
    await line.one(booking('booking.confirmed.v1', 1, {}, { at: -1 }));
    await line.one(event('customer.deleted.v1', { customer: { id: 'anna' } }));
    const same = await line.one(booking('booking.confirmed.v1', 3, {}, { at: 1, backfill: true }));
    expect(same.outcome).toBe('erased');
    const customer = person({ id: 'anna-2', email: 'Anna@example.se' });
    await line.one(event('customer.updated.v1', { customer }, { backfill: true }));
    expect((await line.person('anna-2')).email).toBeNull();
  });
});

it('a purchase is kept once, and a recall noted', async () => {
  const purchase = {
    id: 'p1',
    items: [{ id: 'oil', name: 'Oil', batch: '7', quantity: 1 }],
    total: { amount: '10.00', currency: 'SEK' },
  };
  const bought = event('purchase.completed.v1', { purchase });
  await line.hear(bought, bought, event('purchase.completed.v1', { purchase }));
  expect(await line.purchases.findOfCustomer(T, 'anna')).toMatchObject([{ items: [{ batch: '7' }] }]);
});
