import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Envelope, Outcome } from '#channels/outcome';
import type { MessageRow } from '#messages/message.types';
import { transition } from '#messages/transition';
import { CLINIC, NEIGHBOUR, said } from '#privacy/ledger.fixture';
import type { DispatchBatch } from './dispatch-batch.js';
import { accepted, Line } from './line.fixture.js';

const T = CLINIC.id;
let line: Line;
beforeAll(async () => {
  line = await Line.open();
});
afterAll(() => line.close());
beforeEach(() => line.clear());

const answers = (outcome: Outcome): void => {
  line.provider.answer = () => outcome;
};

describe('one message', () => {
  it('goes out once, with its attempt, its trace and its place', async () => {
    const id = await line.confirmation();
    await line.runDue();
    const row = await line.rowOf(id);
    expect(row).toMatchObject({
      status: 'accepted',
      channel: 'email',
      content: { template: 'booking-confirmation', locale: 'sv' },
      attempts: [{ n: 1, outcome: 'accepted', channel: 'email' }],
    });
    expect(row.history.map(({ status }) => status)).toEqual(['planned', 'released', 'sending', 'accepted']);
    expect(row.trace.every((step) => step.passed)).toBe(true);
    expect(line.provider.calls).toMatchObject([
      { to: 'anna@example.se', message: id, ref: row.attempts[0]?.ref },
    ]);
    expect(row.attempts[0]?.providerId).toBe(`p-${row.attempts[0]?.ref}`);
    expect((await line.person()).sends).toMatchObject([{ id, group: null }]);
  });

  it('of the neighbour stays at the neighbour', async () => {
    await line.customer({}, NEIGHBOUR.id);
    await line.booking({}, NEIGHBOUR.id);
    const row = await line.row({ tenant: NEIGHBOUR.id });
    // Told under the wrong tenant, it is nobody's.
    await line.releaseDue.runOnce(line.clock.now());
    const [due] = line.topics.take();
    expect(await line.dispatch.run(CLINIC, [due!])).toEqual([{ kind: 'done' }]);
    expect(line.provider.calls).toEqual([]);
    await line.dispatch.run(NEIGHBOUR, [due!]);
    expect(await line.rowOf(row._id, NEIGHBOUR.id)).toMatchObject({ status: 'accepted' });
  });
});

describe('what the provider says', () => {
  it.each<[Outcome, string, string | null]>([
    [{ kind: 'rejected', reason: 'bad-request' }, 'failed', 'bad-request'],
    [{ kind: 'unknown', reason: 'timeout' }, 'unknown', 'timeout'],
    [{ kind: 'late' }, 'planned', 'given back: its facts had grown old'],
  ])('%j: the row is %s', async (outcome, status, why) => {
    const id = await line.confirmation();
    answers(outcome);
    await line.runDue();
    const row = await line.rowOf(id);
    expect(row.status).toBe(status);
    expect(row.history.at(-1)?.why).toBe(why);
    expect(line.provider.calls).toHaveLength(1);
  });

  it('a rate limit: is planned for then, and goes out then', async () => {
    const id = await line.confirmation();
    answers({ kind: 'retry-at', afterMs: 60_000, reason: 'rate-limited' });
    await line.runDue();
    const row = await line.rowOf(id);
    expect(row).toMatchObject({ status: 'planned', attempts: [{ outcome: 'rate-limited' }] });
    expect(row.dueAt?.getTime()).toBe(line.clock.now().getTime() + 60_000);
    line.provider.answer = accepted;
    await line.runDue();
    expect(line.provider.calls).toHaveLength(1);
    line.clock.pass(60_000);
    await line.runDue();
    expect(await line.rowOf(id)).toMatchObject({ status: 'accepted', attempts: [{}, { n: 2 }] });
    const refs = line.provider.calls.map(({ ref }) => ref);
    expect(new Set(refs).size).toBe(2);
  });

  it('down for hours: tried less and less often, until it is of no use any more', async () => {
    const id = await line.confirmation();
    answers({ kind: 'retry-at', afterMs: 0, reason: 'refused' });
    const waits: number[] = [];
    for (let tries = 0; tries < 8; tries++) {
      await line.runDue();
      const wait = (await line.rowOf(id)).dueAt!.getTime() - line.clock.now().getTime();
      waits.push(wait);
      line.clock.pass(wait);
    }
    expect(waits.slice(0, 5)).toEqual([5_000, 15_000, 60_000, 300_000, 900_000]);
    line.clock.pass(4 * 86_400_000);
    await line.runDue();
    expect((await line.rowOf(id)).status).toBe('expired');
    expect(line.provider.calls).toHaveLength(8);
  });

  it('a bad address: is suppressed, and a contract falls on to the other channel', async () => {
    const id = await line.confirmation();
    line.provider.answer = (envelope: Envelope) =>
      envelope.channel === 'email' ? { kind: 'bad-address', reason: 'no-mailbox' } : accepted(envelope);
    await line.runDue();
    await line.runDue();
    expect(line.provider.calls.map(({ channel }) => channel)).toEqual(['email', 'sms']);
    expect(await line.rowOf(id)).toMatchObject({ status: 'accepted', channel: 'sms' });
    const found = await line.suppressions.findByAddresses(T, [{ kind: 'email', address: 'anna@example.se' }]);
    expect(found.get('anna@example.se')).toMatchObject([
      { kind: 'suppressed', cause: 'bad-address', scope: 'all' },
    ]);
  });

  it('two bad addresses of one person in a batch: neither waits for the other', async () => {
    const ids = [
      await line.confirmation('anna'),
      await line.confirmation('anna', { booking: 'b-2', subject: { kind: 'booking', id: 'b-2' } }),
    ];
    await line.booking({ booking: 'b-2' });
    line.provider.answer = (envelope) =>
      envelope.channel === 'email' ? { kind: 'bad-address', reason: 'no-mailbox' } : accepted(envelope);
    // The clock stands still: a wait for what is in flight would never end.
    await line.runDue();
    await line.runDue();
    for (const id of ids) expect(await line.rowOf(id)).toMatchObject({ status: 'accepted', channel: 'sms' });
  });

  it('opted out at the provider: a survey ends, and the place is free again', async () => {
    const id = await line.confirmation('anna', { journey: 'survey', purpose: 'survey', template: 'survey' });
    answers({ kind: 'opted-out', reason: 'stop' });
    await line.runDue();
    expect(await line.rowOf(id)).toMatchObject({ status: 'failed', attempts: [{ outcome: 'opted-out' }] });
    expect((await line.person()).sends).toEqual([]);
  });

  it('nothing at all: the others of the batch are recorded meanwhile', async () => {
    const hung = await line.confirmation('anna');
    const quick = await line.confirmation('bo');
    let letGo: (outcome: Outcome) => void = () => undefined;
    const waiting = new Promise<Outcome>((resolve) => (letGo = resolve));
    line.provider.answer = (envelope) => (envelope.message === hung ? waiting : accepted(envelope));
    const run = line.runDue();
    await until(async () => (await line.rowOf(quick)).status === 'accepted');
    expect((await line.rowOf(hung)).status).toBe('sending');
    letGo({ kind: 'unknown', reason: 'timeout' });
    await run;
    expect((await line.rowOf(hung)).status).toBe('unknown');
  });

  it('a bug in one: the others are recorded all the same', async () => {
    const broken = await line.confirmation('anna');
    const sound = await line.confirmation('bo');
    const { dispatch } = line;
    const sendAll = async (
      items: { envelope: Envelope }[],
      tell: (item: object, outcome: Outcome) => Promise<void>,
    ): Promise<void> => {
      for (const item of items) {
        if (item.envelope.message === sound) await tell(item, accepted(item.envelope));
      }
      throw new Error('a permit is for another address');
    };
    const passOn = () => 'never' as const;
    const spoilt = Object.create(dispatch, { senders: { value: { sendAll, passOn } } }) as DispatchBatch;
    await line.releaseDue.runOnce(line.clock.now());
    await expect(spoilt.run(CLINIC, line.topics.take())).rejects.toThrow('another address');
    expect((await line.rowOf(sound)).status).toBe('accepted');
    expect((await line.rowOf(broken)).status).toBe('sending');
  });
});

describe('never twice', () => {
  it('told twice, in one batch or in two', async () => {
    const id = await line.confirmation();
    await line.releaseDue.runOnce(line.clock.now());
    const [due] = line.topics.take();
    await line.dispatch.run(CLINIC, [due!, due!]);
    await line.dispatch.run(CLINIC, [due!]);
    expect(line.provider.accepted).toEqual(new Map([[id, 1]]));
  });

  it('told to many dispatchers at once', async () => {
    const ids = await Promise.all(['anna', 'bo', 'cay', 'dag'].map((name) => line.confirmation(name)));
    await line.releaseDue.runOnce(line.clock.now());
    const batch = line.topics.take();
    const others = await Promise.all([line.another(), line.another()]);
    const verdicts = await Promise.all([line, ...others].map((one) => one.dispatch.run(CLINIC, batch)));
    await Promise.all(others.map((one) => one.leave()));
    expect(line.provider.accepted).toEqual(new Map(ids.map((id) => [id, 1])));
    expect(verdicts.flat().every(({ kind }) => kind === 'done')).toBe(true);
  });

  it('a record of an earlier release is stale, and does not hide the later one', async () => {
    const id = await line.confirmation();
    await line.releaseDue.runOnce(line.clock.now());
    const [old] = line.topics.take();
    answers({ kind: 'retry-at', afterMs: 0, reason: 'refused' });
    await line.dispatch.run(CLINIC, [old!]);
    line.provider.answer = accepted;
    line.clock.pass(60_000);
    await line.releaseDue.runOnce(line.clock.now());
    const [fresh] = line.topics.take();
    expect(await line.dispatch.run(CLINIC, [old!])).toEqual([{ kind: 'done' }]);
    expect((await line.rowOf(id)).status).toBe('released');
    await line.dispatch.run(CLINIC, [fresh!, old!]);
    expect((await line.rowOf(id)).status).toBe('accepted');
  });

  it('a permit that grew old is given back unsent', async () => {
    const id = await line.confirmation();
    await line.releaseDue.runOnce(line.clock.now());
    // The clock passes W between the claim and the call.
    const restore = between(line.messages, 'apply', async () => line.clock.pass(5_000));
    await line.drain();
    restore();
    expect(line.provider.calls).toEqual([]);
    expect(await line.rowOf(id)).toMatchObject({ status: 'planned', attempts: [{ outcome: 'late' }] });
    await line.runDue();
    expect(line.provider.accepted.get(id)).toBe(1);
  });
});

describe('races', () => {
  it('a no between the facts and the place: is heard', async () => {
    const id = await line.confirmation('anna', { journey: 'survey', purpose: 'survey', template: 'survey' });
    await line.releaseDue.runOnce(line.clock.now());
    const no = said({ purpose: 'survey' });
    const restore = between(line.customers, 'reserve', async () => {
      restore();
      const at = line.clock.now();
      await line.withdraw.hearChoices(T, 'anna', [no], { id: 'x', at, recordedAt: at, via: 'page' });
    });
    await line.drain();
    expect(line.provider.calls).toEqual([]);
    expect((await line.rowOf(id)).status).toBe('cancelled');
  });

  it('a row touched between the place and the claim: is asked about again', async () => {
    const id = await line.confirmation();
    await line.releaseDue.runOnce(line.clock.now());
    const restore = between(line.messages, 'apply', async () => {
      restore();
      await line.restrict.restrict(T, 'anna');
    });
    // The first write of a pass without refusals is empty: the claim is the second.
    await line.drain();
    expect(line.provider.calls).toEqual([]);
    expect(await line.rowOf(id)).toMatchObject({ status: 'refused', reason: 'restricted' });
  });

  it('a place taken for what was called off before the claim is free again', async () => {
    const id = await line.confirmation('anna', {
      journey: 'abandoned-booking',
      purpose: 'survey',
      template: 'survey',
    });
    await line.releaseDue.runOnce(line.clock.now());
    const restore = between(
      line.customers,
      'reserve',
      () => Promise.resolve(),
      async () => {
        restore();
        const row = (await line.rowOf(id)) as MessageRow & { status: 'released' };
        await line.messages.apply([transition(row, 'cancelled', 'called off', line.clock.now())]);
      },
    );
    await line.drain();
    expect((await line.rowOf(id)).status).toBe('cancelled');
    expect((await line.person()).sends).toEqual([]);
  });

  it('a customer that somebody writes again and again: the message comes back as a row', async () => {
    const id = await line.confirmation();
    await line.releaseDue.runOnce(line.clock.now());
    const restore = between(line.customers, 'reserve', async () => {
      const before = await line.person();
      await line.customers.write([{ before, after: before }]);
    });
    const [due] = line.topics.take();
    expect(await line.dispatch.run(CLINIC, [due!])).toEqual([{ kind: 'done' }]);
    restore();
    expect(line.provider.calls).toEqual([]);
    const row = await line.rowOf(id);
    expect(row.status).toBe('planned');
    line.clock.set(row.dueAt!);
    await line.runDue();
    expect(line.provider.accepted.get(id)).toBe(1);
  });

  it('a customer that is not there yet: three looks, then the gate refuses', async () => {
    const row = await line.row({ customer: 'late' });
    await line.releaseDue.runOnce(line.clock.now());
    const [due] = line.topics.take();
    expect(await line.dispatch.run(CLINIC, [due!])).toMatchObject([{ kind: 'retry-at' }]);
    expect((await line.rowOf(row._id)).status).toBe('released');
    expect(await line.dispatch.run(CLINIC, [{ ...due!, deliveries: 3 }])).toEqual([{ kind: 'done' }]);
    expect(await line.rowOf(row._id)).toMatchObject({ status: 'refused', reason: 'unknown-customer' });
  });

  it.each([
    ['a booking', 'confirmed', {}],
    ['the booking of a cart', 'started', { subject: { kind: 'cart', id: 'c1' }, gen: '0' }],
  ] as const)(
    '%s that is not there yet: what is there by the second look is sent',
    async (_, status, about) => {
      const id = await line.confirmation('anna', about);
      const booking = await line.booking({ booking: 'b-anna', customer: 'anna', status });
      await line.connection.collection('bookings').deleteMany({});
      await line.releaseDue.runOnce(line.clock.now());
      const [due] = line.topics.take();
      expect(await line.dispatch.run(CLINIC, [due!])).toEqual([
        { kind: 'retry-at', reason: 'its booking was not found' },
      ]);
      expect((await line.rowOf(id)).status).toBe('released');
      await line.booking(booking);
      expect(await line.dispatch.run(CLINIC, [{ ...due!, deliveries: 2 }])).toEqual([{ kind: 'done' }]);
      expect(line.provider.accepted.get(id)).toBe(1);
    },
  );

  it.each([
    ['a booking', {}],
    ['the booking of a cart', { subject: { kind: 'cart', id: 'c1' }, gen: '0' } as const],
  ])('%s that does not come: three looks, then the gate refuses', async (_, about) => {
    const id = await line.confirmation('anna', about);
    await line.connection.collection('bookings').deleteMany({});
    await line.releaseDue.runOnce(line.clock.now());
    const [due] = line.topics.take();
    for (const deliveries of [1, 2]) {
      expect(await line.dispatch.run(CLINIC, [{ ...due!, deliveries }])).toMatchObject([
        { kind: 'retry-at' },
      ]);
      expect((await line.rowOf(id)).status).toBe('released');
    }
    expect(await line.dispatch.run(CLINIC, [{ ...due!, deliveries: 3 }])).toEqual([{ kind: 'done' }]);
    expect(await line.rowOf(id)).toMatchObject({ status: 'refused', reason: 'too-late' });
    expect(line.provider.calls).toEqual([]);
  });

  it('messages about one thing go one after the other', async () => {
    const first = await line.confirmation();
    const second = await line.confirmation('anna', { journey: 'reminder', template: 'booking-reminder' });
    await line.runDue();
    const rows = [await line.rowOf(first), await line.rowOf(second)];
    expect(rows.map(({ status }) => status).sort()).toEqual(['accepted', 'planned']);
    line.clock.pass(2_000);
    await line.runDue();
    expect(line.provider.accepted).toEqual(
      new Map([
        [first, 1],
        [second, 1],
      ]),
    );
  });
});

/** Runs something before (and after) every call of a method, until it is restored. */
function between<T extends object>(
  target: T,
  name: keyof T & string,
  before: () => Promise<void>,
  after: () => Promise<void> = () => Promise.resolve(),
): () => void {
  const real = (target[name] as (...args: unknown[]) => Promise<unknown>).bind(target);
  let on = true;
  (target as Record<string, unknown>)[name] = async (...args: unknown[]) => {
    // An empty write is none.
    if (on && Array.isArray(args[0]) && args[0].length > 0) await before();
    const result = await real(...args);
    if (on && Array.isArray(args[0]) && args[0].length > 0) await after();
    return result;
  };
  return () => {
    on = false;
    delete (target as Record<string, unknown>)[name];
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}
