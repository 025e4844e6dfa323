import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CLINIC } from '#privacy/ledger.fixture';
import { event, Hearing, person } from './hearing.fixture.js';

const T = CLINIC.id;
const DAY = 86_400_000;
let line: Hearing;
beforeAll(async () => {
  line = await Hearing.open();
});
afterAll(() => line.close());
beforeEach(() => line.clear());

const updated = (customer: object, told: object = {}) => event('customer.updated.v1', { customer }, told);

describe('complaints', () => {
  const complaint = (type: 'complaint.received.v1' | 'complaint.resolved.v1', at: number) =>
    event(type, { complaint: { id: 'k1', warranty: true } }, { at });

  it('are open until they are resolved, in whichever order that is heard', async () => {
    await line.one(complaint('complaint.received.v1', -3));
    expect(await line.complaints.findOfCustomers(T, ['anna'])).toMatchObject([
      { status: 'open', warranty: true },
    ]);
    await line.one(complaint('complaint.resolved.v1', -1));
    await line.one(complaint('complaint.received.v1', -2));
    expect(await line.complaints.findOfCustomers(T, ['anna'])).toMatchObject([{ status: 'resolved' }]);
  });
});

describe('what was bought', () => {
  const bought = event('purchase.completed.v1', {
    purchase: {
      id: 'p1',
      items: [{ id: 'i1', name: 'Salva', batch: 'B7', quantity: 1 }],
      total: { amount: 99, currency: 'SEK' },
    },
  });

  it('is entered in the safety register by item and batch, without its name', async () => {
    await line.one(bought);
    const entries = await line.register.findBuyers(T, { item: 'i1', batches: ['B7'] }, null, 9);
    expect(entries).toMatchObject([{ customer: 'anna', contact: { email: 'anna@example.se' } }]);
    expect(JSON.stringify(entries)).not.toMatch(/Salva|Anna Ek/);
    expect(await line.register.findBuyers('wellbe', { item: 'i1', batches: [] }, null, 9)).toEqual([]);
  });

  it('is named by an erasure with the law that keeps it, and until when', async () => {
    await line.one(bought);
    await line.one(updated(person({ email: 'new@example.se' })));
    const erasure = await line.erase.erase(T, 'anna', 'person');
    expect(erasure?.kept).toContainEqual({
      code: 'safety',
      what: expect.stringContaining('recalls only'),
      ground: expect.stringContaining('2023/988 art. 35'),
      howLong: '10 years from the last purchase',
      until: '2036-05-04T07:00:00.000Z',
    });
    const entries = await line.register.findBuyers(T, { item: 'i1', batches: [] }, null, 9);
    expect(entries).toMatchObject([{ customer: null, contact: { email: 'new@example.se' } }]);
  });
});

describe('an id of which not even a tombstone is left', () => {
  it('is not brought back by a backfill; a new event is a new beginning', async () => {
    await line.one(updated(person()));
    await line.erase.erase(T, 'anna', 'person');
    line.clock.pass(31 * DAY);
    await line.erase.sweepDue(line.clock.now());
    expect(await line.customers.findExact(T, ['anna'])).toEqual([]);
    const back = updated(person({ email: 'other@example.se' }), { backfill: true, at: 24 });
    expect((await line.one(back)).outcome).toBe('erased');
    expect(await line.customers.find(T, 'anna')).toBeNull();
    // Of somebody else nothing is known to have been erased.
    const bo = updated(person({ id: 'bo', email: 'bo@example.se' }), { backfill: true, at: 24 });
    expect((await line.one(bo)).outcome).toBe('applied');
    expect((await line.one(updated(person(), { at: 31 * 24 }))).outcome).toBe('applied');
    expect(await line.person('anna')).toMatchObject({ email: 'anna@example.se', erasedAt: null });
  });
});

describe('people who share an address', () => {
  it('an erasure of one leaves the service messages of the other alone', async () => {
    const family = { email: 'family@example.se' };
    const visit = { booking: { id: 'b9', service: 'Massage', startsAt: '2026-05-20T08:00:00Z' } };
    await line.one(updated(person(family)));
    await line.one(event('booking.confirmed.v1', { ...visit, customer: person({ id: 'bo', ...family }) }));
    await line.erase.erase(T, 'anna', 'person');
    await line.runDue();
    expect(line.provider.calls.map(({ to }) => to)).toEqual(['family@example.se']);
  });

  it('a no of one to marketing holds for the other, also when the one is erased', async () => {
    const family = { email: 'family@example.se' };
    const no = { purpose: 'marketing', channel: 'all', state: 'objected', noticeVersion: '1' };
    const choices = [{ ...no, language: 'sv', method: 'phone', place: 'desk' }];
    await line.one(event('customer.updated.v1', { customer: person(family), choices }));
    await line.one(updated(person({ id: 'bo', ...family })));
    await line.erase.erase(T, 'anna', 'person');
    const found = await line.suppressions.findByAddresses(T, [
      { kind: 'email', address: 'family@example.se' },
    ]);
    expect(found.get('family@example.se')).toContainEqual(
      expect.objectContaining({ kind: 'opt-out', purpose: 'marketing', state: 'objected', by: '' }),
    );
  });
});
