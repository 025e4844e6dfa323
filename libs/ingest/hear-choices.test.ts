import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CLINIC, said } from '#privacy/ledger.fixture';
import { booking, event, Hearing, person } from './hearing.fixture.js';

const T = CLINIC.id;
let line: Hearing;
beforeAll(async () => {
  line = await Hearing.open();
});
afterAll(() => line.close());
beforeEach(() => line.clear());

const cart = (choices: unknown[], told = {}, customer = person()) =>
  booking('booking.started.v1', null, {}, { ...told, data: { cartId: 'c1', choices, customer } });
const changed = (choices: unknown[], at: number, customer = person()) =>
  event('customer.consent-changed.v1', { choices, customer }, { at });
const CART = { 'abandoned-booking 1 c1 0': 'cancelled', 'abandoned-booking 2 c1 0': 'cancelled' };
const given = said({ state: 'given' });

describe('a no in an event', () => {
  it('ends what is planned, and is on the address', async () => {
    await line.one(cart([given], { at: -0.5 }));
    await line.one(changed([said()], 0));
    expect(await line.rows()).toEqual(CART);
    const records = await line.suppressions.findByAddresses(T, [
      { kind: 'email', address: 'anna@example.se' },
    ]);
    expect(records.get('anna@example.se')).toMatchObject([
      { purpose: 'marketing', state: 'withdrawn', by: 'anna' },
    ]);
  });

  it('is taken from an event whose facts are stale', async () => {
    await line.one(cart([given], { at: -2 }, person({ version: 7 })));
    const stale = changed([said()], -1, person({ version: 3, name: 'Old' }));
    expect((await line.one(stale)).stale).toEqual(['customer']);
    expect(await line.rows()).toEqual(CART);
    expect((await line.person()).name).toBe('Anna Ek');
  });

  it('that the person has taken back since ends nothing, nobody’s', async () => {
    const no = said({ purpose: 'abandoned-booking' });
    await line.one(cart([{ ...no, state: 'given' }], { at: -0.1 }));
    await line.one(event('customer.updated.v1', { customer: person({ id: 'bo' }) }));
    const before = await line.person('bo');
    // The second time as after a crash: it is still not what stands.
    for (let hearing = 0; hearing < 2; hearing++) {
      await line.one(changed([no], -1));
      expect(Object.values(await line.rows())).toEqual(['planned', 'planned']);
      expect((await line.person()).choiceLog).toHaveLength(2);
      expect((await line.person('bo')).rev).toBe(before.rev);
      await line.connection.db!.collection('heard_events').deleteMany({});
    }
    await line.one(changed([no], 0));
    expect(await line.rows()).toEqual(CART);
    expect((await line.person('bo')).rev).not.toBe(before.rev);
  });

  it('to all marketing leaves alone what was given by name since', async () => {
    await line.one(
      cart([said({ state: 'given', purpose: 'abandoned-booking', channel: 'email' })], { at: -0.1 }),
    );
    await line.one(changed([said()], -1));
    expect(Object.values(await line.rows())).toEqual(['planned', 'planned']);
    // What it still covers, it stops.
    const records = await line.suppressions.findByAddresses(T, [
      { kind: 'email', address: 'anna@example.se' },
    ]);
    expect(records.get('anna@example.se')).toHaveLength(1);
  });

  it('holds for everyone with the address, and a contract goes on', async () => {
    const bo = person({ id: 'bo', name: 'Bo' });
    await line.one(cart([given], { at: -0.5 }, bo));
    await line.one(booking('booking.confirmed.v1', 1, { id: 'b2' }, { data: { customer: bo } }));
    await line.one(changed([said()], 0));
    expect(await line.rows('bo')).toMatchObject({ ...CART, 'reminder 1 b2 v1': 'planned' });
    await line.drain();
    expect(line.provider.calls.map(({ message }) => message)).toHaveLength(1);
  });

  it('about surveys is the person’s own', async () => {
    const bo = person({ id: 'bo', name: 'Bo' });
    for (const customer of [person(), bo]) {
      const id = `b-${String(customer['id'])}`;
      await line.one(booking('booking.completed.v1', 1, { id }, { data: { customer } }));
    }
    await line.one(changed([said({ purpose: 'survey', channel: 'all', state: 'objected' }), said()], 0));
    expect(await line.rows()).toEqual({ 'survey 1 b-anna v1': 'cancelled' });
    expect(await line.rows('bo')).toEqual({ 'survey 1 b-bo v1': 'planned' });
  });

  it('said after a given whose clock ran ahead is heard', async () => {
    await line.one(cart([given], { at: 5 }));
    line.clock.pass(60_000);
    const at = line.clock.now();
    await line.withdraw.hearChoices(T, 'anna', [said()], { id: 'page', at, recordedAt: at, via: 'page' });
    expect(await line.rows()).toEqual(CART);
    const again = { data: { cartId: 'c2' }, at: 6 };
    expect((await line.one(booking('booking.started.v1', null, {}, again))).planned).toHaveLength(2);
    line.clock.pass(8 * 3_600_000);
    await line.runDue();
    expect(line.provider.calls).toEqual([]);
    expect(await line.rows()).toMatchObject({ 'abandoned-booking 1 c2 0': 'refused' });
  });

  it('is in the log once, however often its event comes', async () => {
    const no = changed([said()], 0);
    await line.one(no);
    await line.connection.db!.collection('heard_events').deleteMany({});
    await line.one(no);
    expect((await line.person()).choiceLog).toHaveLength(1);
  });
});

describe('a given', () => {
  it('lifts a no that came as an event by a higher version only', async () => {
    const tell = (state: 'given' | 'withdrawn', version: number | undefined, at: number) =>
      line.one(changed([said({ state })], at, person(version === undefined ? {} : { version })));
    await tell('withdrawn', 2, -3);
    await tell('given', undefined, -2);
    await tell('given', 1, -1);
    await line.one(cart([], { at: 0 }));
    line.clock.pass(2 * 3_600_000);
    await line.runDue();
    expect(await line.rows()).toMatchObject({ 'abandoned-booking 1 c1 0': 'refused' });
    await tell('given', 3, 0);
    line.clock.pass(23 * 3_600_000);
    await line.runDue();
    expect(line.provider.calls).toHaveLength(1);
  });
});

describe('the soft opt-in', () => {
  const offered = (customer: Record<string, unknown>, at = 0) =>
    booking(
      'booking.confirmed.v1',
      1,
      { id: `b${at}` },
      { at, data: { customer, marketingOptOutOffered: true } },
    );

  it('is met for the addresses that the event names, in their one form', async () => {
    await line.one(offered(person({ email: 'Anna@Example.se', phone: '070-174 06 05' })));
    expect((await line.person()).softOptIns).toMatchObject([
      { channel: 'email', address: 'anna@example.se' },
      { channel: 'phone', address: '+46701740605' },
    ]);
  });

  it('of a stale event is met for the address of then, not for today’s', async () => {
    await line.one(
      event('customer.updated.v1', { customer: person({ version: 5, email: 'new@example.se' }) }),
    );
    await line.one(offered(person({ version: 1, email: 'old@example.se' })));
    expect((await line.person()).softOptIns).toMatchObject([{ address: 'old@example.se' }]);
  });

  it('is not met where no address is named, and once for each', async () => {
    await line.one(offered({ id: 'anna' }));
    await line.one(offered(person(), 1));
    await line.one(offered(person(), 2));
    expect((await line.person()).softOptIns).toHaveLength(1);
  });
});

describe('two people who turn out to be one', () => {
  const merge = (at = 0) => event('customer.merged.v1', { customer: { id: 'anna' }, into: 'bo' }, { at });

  it('the stricter choice wins, also where the other is not known yet', async () => {
    await line.one(changed([said({ purpose: 'survey', state: 'objected' })], -1));
    await line.one(merge());
    const bo = person({ id: 'bo', email: 'bo@example.se' });
    await line.one(booking('booking.completed.v1', 1, {}, { data: { customer: bo } }));
    line.clock.pass(100 * 3_600_000);
    await line.runDue();
    expect(await line.rows('bo')).toEqual({ 'survey 1 b1 v1': 'refused' });
  });

  it('a no that was taken back is none', async () => {
    const no = said({ purpose: 'newsletter' });
    await line.one(changed([no], -3, person({ version: 1 })));
    await line.one(changed([{ ...no, state: 'given' }], -2, person({ version: 2 })));
    await line.one(event('customer.updated.v1', { customer: person({ id: 'bo', email: 'bo@example.se' }) }));
    await line.one(merge());
    // What stands of the one is what the other said too, with its proof.
    expect((await line.person('bo')).choiceLog).toMatchObject([{ ...no, state: 'given', lifts: false }]);
  });
});
