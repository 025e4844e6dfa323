import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LagomEvent } from '#events/event';
import { said } from '#privacy/ledger.fixture';
import { booking, event, Hearing, hours, person } from './hearing.fixture.js';

let line: Hearing;
beforeAll(async () => {
  line = await Hearing.open();
});
afterAll(() => line.close());

/** One thing that happens to a person; versions and times come in any order, and some are told twice. */
const happening = fc.record({
  type: fc.constantFrom(
    'started',
    'confirmed',
    'rescheduled',
    'cancelled',
    'completed',
    'choice',
    'facts',
    'deleted',
  ),
  version: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 4 }),
  at: fc.integer({ min: -40, max: 10 }),
  day: fc.integer({ min: 2, max: 5 }),
  isTwice: fc.boolean(),
});
type Happening = typeof happening extends fc.Arbitrary<infer V> ? V : never;

function tell(id: string, { type, version, at, day }: Happening): LagomEvent {
  const told = { at: at / 10 };
  const customer = person({ id, email: `${id}@example.se`, ...(version === null ? {} : { version }) });
  const on = { id: `b-${id}`, startsAt: hours(day * 24) };
  const data = { customer, cartId: `cart-${id}` };
  switch (type) {
    case 'started':
      return booking('booking.started.v1', version, on, { ...told, data });
    case 'confirmed':
      return booking('booking.confirmed.v1', version, on, { ...told, data });
    case 'rescheduled':
      return booking('booking.rescheduled.v1', version, on, { ...told, data });
    case 'cancelled':
      return booking('booking.cancelled.v1', version, on, { ...told, data });
    case 'completed':
      return booking('booking.completed.v1', version, on, { ...told, data });
    case 'choice': {
      const state = day % 2 === 0 ? ('given' as const) : ('withdrawn' as const);
      return event('customer.consent-changed.v1', { customer, choices: [said({ state })] }, told);
    }
    case 'deleted':
      return event('customer.deleted.v1', { customer: { id } }, told);
    default:
      return event('customer.updated.v1', { customer: { ...customer, name: `Name ${day}` } }, told);
  }
}

/** All that is kept, less the nonces. */
async function everything(): Promise<unknown> {
  const read = async (name: string): Promise<unknown[]> => {
    const kept = await line.connection.db!.collection(name).find({}).sort({ _id: 1 }).toArray();
    return kept.map((one) => ({
      ...one,
      rev: '',
      ...('dealings' in one ? { dealings: { ...(one['dealings'] as object), rev: '' } } : {}),
      out: ((one['out'] ?? []) as object[]).map((told) => ({ ...told, id: '' })),
    }));
  };
  return Promise.all(['customers', 'bookings', 'messages', 'suppressions', 'heard_events'].map(read));
}

async function heard(batches: readonly LagomEvent[][]): Promise<unknown> {
  await line.clear();
  for (const batch of batches) await line.hear(...batch);
  return everything();
}

/** The same events, each person's in their order, put together by `picks`. */
function interleaved(byPerson: readonly LagomEvent[][], picks: readonly number[]): LagomEvent[] {
  const left = byPerson.map((events) => [...events]).filter((events) => events.length > 0);
  const all: LagomEvent[] = [];
  for (let n = 0; left.length > 0; n++) {
    const at = (picks[n % picks.length] ?? 0) % left.length;
    const next = left[at]?.shift();
    if (next) all.push(next);
    if (left[at]?.length === 0) left.splice(at, 1);
  }
  return all;
}

function split(events: readonly LagomEvent[], sizes: readonly number[]): LagomEvent[][] {
  const batches: LagomEvent[][] = [];
  for (let from = 0, n = 0; from < events.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    batches.push(events.slice(from, from + size));
    from += size;
  }
  return batches;
}

const histories = (people: number, most: number) =>
  fc.array(fc.array(happening, { minLength: 1, maxLength: most }), { minLength: people, maxLength: people });

const asEvents = (all: readonly Happening[][]): LagomEvent[][] =>
  all.map((one, n) =>
    one.flatMap((what) => {
      const once = tell(`p${n}`, what);
      return what.isTwice ? [once, once] : [once];
    }),
  );

it('leaves the same, however the events of several people are mixed and cut into batches', async () => {
  await fc.assert(
    fc.asyncProperty(
      histories(4, 5),
      fc.array(fc.nat(50), { minLength: 5, maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
      async (all, picks, sizes) => {
        const byPerson = asEvents(all);
        const oneByOne = await heard(split(byPerson.flat(), [1]));
        expect(await heard(split(interleaved(byPerson, picks), sizes))).toEqual(oneByOne);
      },
    ),
    { numRuns: 12 },
  );
});

it('500 events of 100 people in one batch leave the same as in small ones', async () => {
  const [all] = fc.sample(histories(100, 5), { numRuns: 1, seed: 7 });
  const filled = all!.map((one) => [...one, ...one, ...one, ...one, ...one].slice(0, 5));
  const byPerson = filled.map((one, n) => one.map((what) => tell(`p${n}`, what)));
  const events = interleaved(byPerson, [3, 41, 7, 12, 99, 0, 58]);
  expect(events).toHaveLength(500);
  const whole = await heard([events]);
  const rows = await line.messages.countByStatus(['planned', 'released', 'refused', 'cancelled']);
  expect(rows).toBeGreaterThan(150);
  expect(await heard(split(events, [37, 11, 64]))).toEqual(whole);
});
