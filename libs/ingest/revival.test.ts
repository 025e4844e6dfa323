import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { standing } from '#consent/choices';
import { CLINIC, said } from '#privacy/ledger.fixture';
import { booking, event, Hearing, person } from './hearing.fixture.js';

const T = CLINIC.id;
let line: Hearing;
beforeAll(async () => {
  line = await Hearing.open();
});
afterAll(() => line.close());
beforeEach(() => line.clear());

describe('who came back after an erasure', () => {
  it('is told nothing that was said before it, late or not', async () => {
    await line.one(booking('booking.confirmed.v1', 1, {}, { at: -3 }));
    await line.erase.erase(T, 'anna', 'person');
    const back = { id: 'anna', email: 'new@example.se', name: 'Anna Ek' };
    line.clock.pass(3_600_000);
    const later = await line.one(
      booking('booking.confirmed.v1', 1, { id: 'b2' }, { at: 1, data: { customer: back } }),
    );
    expect(later.outcome).toBe('applied');
    const given = said({ state: 'given' });
    const old = await line.one(
      booking('booking.confirmed.v1', 2, {}, { at: -1, data: { choices: [given], customer: back } }),
    );
    expect(old.outcome).toBe('erased');
    const anna = await line.person();
    expect(anna).toMatchObject({ email: 'new@example.se', choiceLog: [] });
    expect((await line.bookings.findMany(T, ['b1'])).size).toBe(0);
  });

  it('is not brought back by an event as old as a backfill', async () => {
    await line.one(booking('booking.confirmed.v1', 1, {}, { at: -3 }));
    await line.erase.erase(T, 'anna', 'person');
    line.clock.pass(5 * 86_400_000);
    const late = await line.one(booking('booking.confirmed.v1', 2, {}, { at: 1 }));
    expect(late.outcome).toBe('erased');
    expect((await line.person()).erasedAt).not.toBeNull();
  });
});

describe('an address of somebody erased', () => {
  it('stays with the living who has it, whatever a backfill repeats', async () => {
    const bo = person({ id: 'bo', email: 'home@example.se' });
    await line.one(
      event('customer.updated.v1', { customer: person({ email: 'home@example.se' }) }, { at: -2 }),
    );
    await line.one(event('customer.updated.v1', { customer: bo }, { at: -2 }));
    await line.erase.erase(T, 'anna', 'person');
    const repeated = await line.one(
      event('customer.updated.v1', { customer: bo }, { at: -1, backfill: true }),
    );
    expect(repeated.warnings).toEqual([]);
    expect((await line.person('bo')).email).toBe('home@example.se');
  });

  it('is not given to anybody by a backfill', async () => {
    await line.one(event('customer.updated.v1', { customer: person() }, { at: -2 }));
    await line.erase.erase(T, 'anna', 'person');
    const cy = person({ id: 'cy' });
    const told = await line.one(event('customer.updated.v1', { customer: cy }, { at: -1, backfill: true }));
    expect(told.warnings).toMatchObject([{ path: 'data.customer.email' }]);
    expect((await line.person('cy')).email).toBeNull();
  });
});

describe('a given with a higher version', () => {
  const changed = (state: 'given' | 'withdrawn', version: number, at: number, backfill?: true) =>
    event(
      'customer.consent-changed.v1',
      { choices: [said({ state })], customer: person({ version }) },
      { at, ...(backfill ? { backfill } : {}) },
    );
  const stands = async () => standing((await line.person()).choiceLog, 'newsletter', 'email').state;

  it('lifts an event’s own no', async () => {
    await line.hear(changed('withdrawn', 3, -2), changed('given', 4, -1));
    expect(await stands()).toBe('given');
  });

  it('lifts nothing where it is the older one, or a backfill', async () => {
    await line.hear(changed('withdrawn', 3, -1), changed('given', 4, -2));
    expect(await stands()).toBe('withdrawn');
    await line.one(changed('given', 5, 0, true));
    expect(await stands()).toBe('withdrawn');
  });
});

describe('what is planned by nobody yet', () => {
  it('is kept whole, and says so', async () => {
    const recall = {
      id: 'r1',
      product: { id: 'p1', name: 'Massage oil' },
      hazard: 'It may burn.',
      instructions: 'Do not use it.',
      remedy: ['refund'],
      contact: 'Call us.',
    };
    const heard = await line.one(event('product.recalled.v1', { customer: undefined, recall }));
    expect(heard.warnings.map(({ detail }) => detail).join()).toContain('kept');
    const [kept] = await line.waiting.list(T, 'product.recalled.v1', 10);
    expect(JSON.parse(kept?.data ?? '')).toMatchObject({ recall: { id: 'r1', hazard: 'It may burn.' } });
  });
});

describe('facts written behind an erasure', () => {
  it('go again before the event is answered', async () => {
    await line.one(event('customer.updated.v1', {}, { at: -1 }));
    // The erasure runs whole between the reading of the living person and the writing of the booking.
    const write = line.bookings.write.bind(line.bookings);
    line.bookings.write = async (changes) => {
      line.bookings.write = write;
      await line.erase.erase(T, 'anna', 'person');
      return write(changes);
    };
    await line.one(booking('booking.confirmed.v1', 1, {}, { at: -0.5 }));
    expect((await line.person()).erasedAt).not.toBeNull();
    expect((await line.bookings.findOfCustomer(T, 'anna')).length).toBe(0);
    expect(Object.values(await line.rows())).not.toContain('planned');
  });
});
