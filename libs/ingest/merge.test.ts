import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventOf, LagomEvent } from '#events/event';
import { standing } from '#consent/choices';
import type { ShortCode } from '#consent/short-code.store';
import { messageRow } from '#messages/message.fixture';
import { FAULTS } from '#platform/faults.fixture';
import { CLINIC, said } from '#privacy/ledger.fixture';
import { CampaignRows } from '#messages/campaign-rows';
import { WithdrawByLink } from '#privacy/withdraw-by-link';
import { booking, event, Hearing, hours, person } from './hearing.fixture.js';

const T = CLINIC.id;
const HOUR = 3_600_000;
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

const BO = person({ id: 'bo', email: 'bo@example.se', name: 'Bo Ek' });
const merge = (told: { id?: string; at?: number } = {}): EventOf<'customer.merged.v1'> =>
  event('customer.merged.v1', { customer: { id: 'anna' }, into: 'bo' }, told);
const updated = (customer: object, choices: object[] = [], at = 0): LagomEvent =>
  event('customer.updated.v1', { customer, ...(choices.length > 0 ? { choices } : {}) }, { at });
const bought = event(
  'purchase.completed.v1',
  {
    purchase: {
      id: 'p1',
      items: [{ id: 'i1', name: 'Salva', quantity: 1 }],
      total: { amount: 99, currency: 'SEK' },
    },
  },
  { at: -1 },
);

describe('who turned out to be somebody else', () => {
  it('is found as who goes on, with the facts that those lack', async () => {
    await line.one(updated(person({ phone: '0701740605', locale: 'en' }), [], -2));
    await line.one(updated(BO, [], -1));
    await line.one(merge());
    const bo = await line.person('bo');
    expect(bo).toMatchObject({ email: 'bo@example.se', name: 'Bo Ek', phone: '+46701740605', locale: 'en' });
    expect(bo.formerIds).toEqual(['anna']);
    expect(await line.customers.find(T, 'anna')).toEqual(bo);
    const [pointer] = await line.customers.findExact(T, ['anna']);
    expect(pointer).toMatchObject({ mergedInto: 'bo', email: null, name: null, phone: null, choiceLog: [] });
    expect(await line.customers.findHolders(T, 'email', 'anna@example.se')).toEqual([]);
  });

  it('gets what was planned, once, at the address of who goes on', async () => {
    await line.hear(booking('booking.confirmed.v1', 1), updated(BO));
    await line.one(merge());
    await line.runDue();
    line.clock.pass(71 * HOUR);
    await line.runDue();
    expect(line.provider.calls.map(({ to }) => to)).toEqual(['bo@example.se', 'bo@example.se']);
    expect(await line.rows('anna')).toEqual({});
    expect(await line.rows('bo')).toMatchObject({
      'confirmation now b1 v1': 'accepted',
      'reminder 1 b1 v1': 'accepted',
    });
  });

  it('hears nothing twice that was said before, when the booking is told again under the other id', async () => {
    await line.one(booking('booking.confirmed.v1', 1));
    await line.runDue();
    await line.one(updated(BO));
    await line.one(merge());
    await line.one(booking('booking.confirmed.v1', 1, {}, { data: { customer: BO } }));
    await line.one(booking('booking.confirmed.v1', 1, {}, { data: { customer: { id: 'anna' } } }));
    await line.runDue();
    expect(line.provider.calls).toHaveLength(1);
    const moved = { startsAt: hours(96) };
    await line.one(booking('booking.rescheduled.v1', 2, moved, { data: { customer: { id: 'anna' } } }));
    await line.runDue();
    expect(line.provider.calls.map(({ to }) => to)).toEqual(['anna@example.se', 'bo@example.se']);
  });

  it('brings along purchases, bookings, answers, tasks, replies and disclosures', async () => {
    await line.hear(
      booking('booking.confirmed.v1', 1),
      bought,
      event('handoff.requested.v1', {
        booking: { id: 'b1', service: 'Massage', startsAt: hours(72) },
        recipient: { id: 'r', kind: 'health', name: 'Vård AB' },
        data: {},
      }),
    );
    const answer = { booking: 'b1', customer: 'anna', score: 9, comment: null, language: 'sv' };
    await line.answers.keep(T, answer, line.clock.now());
    const reply = { _id: 'r1', tenant: T, message: null, channel: 'sms' as const, text: 'Hej' };
    await line.replies.add({ ...reply, customer: 'anna', at: line.clock.now() });
    const task = { kind: 'call' as const, customer: 'anna', purpose: null, message: null, of: 'x' };
    await line.tasks.open(T, [task], line.clock.now());
    await line.one(merge());
    const of = await Promise.all([
      line.bookings.findOfCustomer(T, 'bo'),
      line.purchases.findOfCustomer(T, 'bo'),
      line.replies.findOfCustomer(T, 'bo'),
      line.tasks.list(T, { customer: 'bo' }, { after: null, limit: 9 }),
      line.waiting.list(T, 'handoff.requested.v1', 9),
    ]);
    expect(of.map((found) => found.map(({ customer }) => customer))).toEqual(of.map(() => ['bo']));
    expect((await line.answers.find(T, 'b1'))?.customer).toBe('bo');
  });

  it('counts against the caps with what both got', async () => {
    const sends = (customer: string) =>
      [1, 2, 3].map((n) => ({ id: `${customer}/${n}`, at: line.clock.now(), group: 'marketing' }));
    await line.customer({ sends: sends('anna') });
    await line.customer({ customer: 'bo', sends: sends('bo') });
    await line.one(merge());
    expect((await line.person('bo')).sends.map(({ id }) => id).sort()).toHaveLength(6);
  });

  it('is restricted where one of them was, and a minor where one of them was', async () => {
    await line.one(updated(person({ birthDate: '2012-01-01' })));
    await line.restrict.restrict(T, 'anna');
    await line.one(merge());
    const bo = await line.person('bo');
    expect(bo.restrictedAt).not.toBeNull();
    expect(bo.minorSince).not.toBeNull();
  });

  it('of two rows of one campaign only one goes on', async () => {
    await line.customer();
    await line.customer({ customer: 'bo' });
    for (const customer of ['anna', 'bo'])
      await line.messages.insertPlanned([
        messageRow({ _id: `${T}/${customer}/c1`, customer, campaign: 'c1', dueAt: null }),
      ]);
    await line.one(merge());
    const rows = await line.messages.findOfCustomer(T, 'bo', 9);
    expect(rows.map(({ status }) => status).sort()).toEqual(['cancelled', 'planned']);
  });
});

describe('choices of two who are one', () => {
  const no = said({ purpose: 'newsletter' });
  const yes = said({ purpose: 'newsletter', state: 'given' });

  it.each<[string, object[], object[], string]>([
    ['a no of the one', [no], [yes], 'withdrawn'],
    ['a no of the other', [yes], [no], 'withdrawn'],
    ['a yes of one alone', [yes], [], 'given'],
    ['a no to all marketing stands before a yes by name', [said()], [yes], 'withdrawn'],
  ])('%s', async (_, annas, bos, state) => {
    await line.one(updated(person(), annas, -3));
    await line.one(updated(BO, bos, -2));
    await line.one(merge());
    const { choiceLog } = await line.person('bo');
    expect(standing(choiceLog, 'newsletter', 'email').state).toBe(state);
  });

  it('what the one took back of a broad no stays given', async () => {
    await line.one(updated(person({ version: 1 }), [said()], -3));
    await line.one(updated(person({ version: 2 }), [yes], -2));
    await line.one(merge());
    const { choiceLog } = await line.person('bo');
    expect(standing(choiceLog, 'newsletter', 'email').state).toBe('given');
    expect(standing(choiceLog, 'offers', 'email').state).toBe('withdrawn');
  });

  it('an unsubscribe link of the old id holds for who goes on', async () => {
    await line.one(updated(person(), [yes], -3));
    await line.one(updated(BO, [], -2));
    const payload = {
      ...{ tenant: T, customer: 'anna', purpose: 'newsletter' as const, channel: 'email' as const },
      ...line.ring.current('email', 'anna@example.se', T),
    };
    const codes = await line.codes.ensure(T, 'unsubscribe', [{ message: 'm1', payload }]);
    await line.one(merge());
    const byLink = new WithdrawByLink(
      line.withdraw,
      line.suppressions,
      line.customers,
      line.ring,
      new CampaignRows(line.connection),
      line.clock,
    );
    const now = async () => standing((await line.person('bo')).choiceLog, 'newsletter', 'email').state;
    expect(await now()).toBe('given');
    const code = (await line.codes.find('unsubscribe', codes.get('m1')!)) as ShortCode;
    expect(code.payload).toMatchObject({ customer: 'bo', hash: payload.hash });
    // The token of a mail names the old id for ever.
    let isDone = false;
    const hearing = byLink.hear(payload, [no]).finally(() => (isDone = true));
    // The address is nobody's any more: what may be on its way there is waited out.
    while (!isDone) {
      line.clock.pass(1_000);
      await pause(1);
    }
    await hearing;
    expect(await now()).toBe('withdrawn');
  });
});

describe('later events of the id that was merged', () => {
  it('go to who goes on: facts by time, whatever their versions count', async () => {
    await line.one(updated({ ...BO, version: 40 }, [], -3));
    await line.one(merge({ at: -2 }));
    await line.one(updated(person({ version: 2, name: 'Anna Bo' }), [], -1));
    expect(await line.person('bo')).toMatchObject({ name: 'Anna Bo', email: 'anna@example.se' });
    await line.one(updated({ ...BO, version: 41 }));
    expect(await line.person('bo')).toMatchObject({ name: 'Bo Ek', email: 'bo@example.se' });
  });

  it('that say it again, or the other way round, change nothing', async () => {
    await line.one(updated(BO));
    await line.one(merge({ id: 'm1' }));
    const before = await line.person('bo');
    await line.one(merge({ id: 'm2' }));
    await line.one(event('customer.merged.v1', { customer: { id: 'bo' }, into: 'anna' }));
    const { rev: _, gen: _gen, updatedAt: _at, ...after } = await line.person('bo');
    expect(before).toMatchObject(after);
  });

  it('follow a chain, in whichever order it was told', async () => {
    await line.one(event('customer.merged.v1', { customer: { id: 'bo' }, into: 'cia' }));
    await line.one(merge());
    expect((await line.person('anna')).customer).toBe('cia');
    await line.one(event('customer.merged.v1', { customer: { id: 'cia' }, into: 'dan' }));
    await line.one(booking('booking.confirmed.v1', 1));
    expect((await line.bookings.findOfCustomer(T, 'dan')).map(({ booking: id }) => id)).toEqual(['b1']);
    expect((await line.person('dan')).formerIds?.sort()).toEqual(['anna', 'bo', 'cia']);
  });

  it('in one batch with the merge reach who goes on too', async () => {
    await line.hear(updated(person(), [], -2), merge({ at: -1 }), booking('booking.confirmed.v1', 1));
    expect((await line.bookings.findOfCustomer(T, 'bo')).length).toBe(1);
    await line.runDue();
    expect(line.provider.calls).toHaveLength(1);
  });
});

describe('an erasure of who goes on', () => {
  it('forgets the other id too: older events about either are refused, newer ones begin anew', async () => {
    await line.hear(updated(person(), [], -3), updated(BO, [], -3), merge({ at: -2 }));
    expect(await line.erase.erase(T, 'anna', 'person')).toMatchObject({ erased: ['customer'] });
    const left = await line.customers.findExact(T, ['anna', 'bo']);
    expect(left).toMatchObject([
      { erasedAt: line.clock.now(), email: null, mergedInto: null, formerIds: [] },
      { erasedAt: line.clock.now(), email: null, formerIds: [] },
    ]);
    for (const who of [person(), BO]) {
      expect((await line.one(updated(who, [], -1))).outcome).toBe('erased');
    }
    line.clock.pass(2 * HOUR);
    await line.one(updated(person(), [], 1));
    expect(await line.person('anna')).toMatchObject({ customer: 'anna', email: 'anna@example.se' });
  });

  it('is not what a booking system asks for that deletes the id that it has merged', async () => {
    await line.hear(updated(person(), [], -3), updated(BO, [], -3), merge({ at: -2 }));
    await line.one(event('customer.deleted.v1', { customer: { id: 'anna' } }));
    expect(await line.person('bo')).toMatchObject({ erasedAt: null, email: expect.any(String) });
    await line.one(event('customer.deleted.v1', { customer: { id: 'bo' } }, { id: 'of-bo' }));
    expect((await line.person('bo')).erasedAt).not.toBeNull();
  });

  it('asked for before the merge was told holds for both', async () => {
    await line.hear(updated(person(), [], -3), updated(BO, [], -3));
    await line.erase.erase(T, 'bo', 'person');
    await line.one(merge({ at: -1 }));
    expect((await line.person('anna')).erasedAt).not.toBeNull();
  });
});

const BEFORE: LagomEvent[] = [
  booking('booking.confirmed.v1', 1, {}, { at: -0.2, data: { choices: [said({ state: 'given' })] } }),
  bought,
  updated(BO, [said({ purpose: 'survey', state: 'objected' })], -0.1),
];
const MERGE = merge({ at: -0.1 });

/** Everything of both, less the nonces. */
async function end(): Promise<unknown> {
  const people = await line.customers.findExact(T, ['anna', 'bo']);
  const rows = await Promise.all(['anna', 'bo'].map((id) => line.messages.findOfCustomer(T, id, 100)));
  const records = await line.suppressions.findByAddresses(T, [
    { kind: 'email', address: 'anna@example.se' },
    { kind: 'email', address: 'bo@example.se' },
  ]);
  return {
    people: people.map((one) => ({
      ...one,
      rev: '',
      sends: one.sends.map(({ id }) => id).sort(),
    })),
    bookings: (await line.bookings.findOfCustomer(T, 'bo')).map((one) => ({ ...one, rev: '' })),
    purchases: await line.purchases.findOfCustomer(T, 'bo'),
    rows: rows.map((all) => all.map(({ _id, status }) => `${_id} ${status}`).sort()),
    records: [...records.values()].map((all) =>
      all.map((one) => (one.kind === 'opt-out' ? [one.purpose, one.by] : [one.cause])),
    ),
    accepted: [...line.provider.accepted].sort(),
    open: await line.merges.findOpen(9),
  };
}

async function tell(n: number, fault: (typeof FAULTS)[number]): Promise<boolean> {
  await line.hear(...BEFORE);
  doomed.faults.arm(n, fault);
  await doomed.hear(MERGE).catch(() => undefined);
  const isStruck = doomed.faults.struck;
  await doomed.faults.revive();
  // Who told of it may never tell again: then the loop takes it up.
  if (isStruck && n % 2 === 0) await doomed.merge.runOnce(line.clock.now());
  if (isStruck) await doomed.hear(MERGE);
  await doomed.runDue();
  return isStruck;
}

// One before the n-th write is one after the last: what is left out here says nothing new.
const STRUCK = FAULTS.filter((fault) => fault !== 'crash-after' && fault !== 'blip-before');
describe.each(STRUCK)('a merge with a %s at each write', (fault) => {
  it('ends as if nothing had been', async () => {
    await tell(Number.POSITIVE_INFINITY, fault);
    const expected = await end();
    expect(expected).toMatchObject({ open: [], accepted: [[expect.stringContaining('confirmation'), 1]] });
    let n = 1;
    for (let isStruck = true; isStruck; n++) {
      await line.clear();
      isStruck = await tell(n, fault);
      expect({ n, ...((await end()) as object) }).toEqual({ n, ...(expected as object) });
    }
    expect(n).toBeGreaterThan(15);
  });
});
