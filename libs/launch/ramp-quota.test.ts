import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newCampaign } from '#campaigns/campaign-moves';
import { CampaignStore } from '#campaigns/campaign.store';
import { RampDayStore } from '#campaigns/ramp-day.store';
import type { MessageRow } from '#messages/message.types';
import { FAULTS } from '#platform/faults.fixture';
import { nonce } from '#platform/mongo';
import { CLINIC, Ledger, NEIGHBOUR } from '#privacy/ledger.fixture';
import { Tenants } from '#tenants/tenant';
import { PullCampaigns } from './pull-campaigns.js';
import { RampQuota } from './ramp-quota.js';
import { dayIn, rampOf } from './ramp.js';

const T = CLINIC.id;
const HOUR = 3_600_000;
/** The domain of the ledger's clinic. */
const DOMAIN = 'kliniken.example';
const ZONE = CLINIC.timeZone;
const DAYS = [3, 4, 6];
const warming = { ...CLINIC, ramp: { [DOMAIN]: { from: '2026-12-01', days: DAYS } } };
const tenants = new Tenants([warming, { ...NEIGHBOUR, ramp: {} }]);
const EVENING = new Date('2026-12-01T20:00:00Z');
const later = (ms: number): Date => new Date(EVENING.getTime() + ms);

/** A process that pulls, on a store that others share. `gate` comes before each of its reads and writes. */
class Scheduler {
  readonly campaigns;
  readonly days;
  readonly quota;
  readonly pull;

  constructor(
    readonly ledger: Ledger,
    gate?: () => Promise<void>,
  ) {
    const { connection, campaignRows: rows } = ledger;
    const gated = <Store extends object>(store: Store): Store =>
      gate === undefined
        ? store
        : new Proxy(store, {
            get: (target, name) => {
              const own: unknown = Reflect.get(target, name);
              if (typeof own !== 'function') return own;
              if (name === 'inStates') return (own as () => unknown).bind(target);
              return async (...asked: unknown[]) => {
                await gate();
                return (own as (...all: unknown[]) => unknown).apply(target, asked);
              };
            },
          });
    this.campaigns = new CampaignStore(connection);
    this.days = new RampDayStore(connection);
    this.quota = new RampQuota(gated(this.days), gated(rows));
    this.pull = new PullCampaigns(gated(this.campaigns), gated(rows), this.quota, tenants);
    ledger.faults.attach(connection);
  }
}

let line: Scheduler;
let doomed: Scheduler;
beforeAll(async () => {
  line = new Scheduler(await Ledger.open());
  doomed = new Scheduler(await line.ledger.another());
  await Promise.all([line.campaigns.createIndexes(), line.days.createIndexes()]);
});
beforeEach(() => line.ledger.clear());
afterAll(async () => {
  await doomed.ledger.leave();
  await line.ledger.close();
});

/** A campaign under way of which so many rows wait. */
async function sending(id: string, count: number, tenant = T): Promise<void> {
  const plan = {
    ...{ name: 'x', purpose: 'newsletter' as const, channel: 'email' as const, segment: 's-1', holdOut: 0 },
    variants: [{ name: 'A', template: 't-1', version: 1, weight: 1 }],
    ...{ graceMinutes: 0, pace: null, limits: { complaints: 1, bounces: 1, errors: 1, least: 1 } },
  };
  await line.campaigns.add({
    ...newCampaign({ _id: `${tenant}/${id}`, tenant, campaign: id }, plan, 'eva', EVENING),
    status: 'sending',
    launch: { at: EVENING, predicate: { and: [] }, after: null, members: count, endedAt: EVENING },
  });
  for (let n = 0; n < count; n += 1) {
    await line.ledger.row({
      ...{
        _id: `${tenant}/m${n}/${id}`,
        tenant,
        customer: `m${n}`,
        campaign: id,
        variant: 'A',
        journey: null,
      },
      ...{ subject: { kind: 'campaign', id }, notBefore: later(-72 * HOUR), createdAt: later(-72 * HOUR) },
      ...{ status: 'planned', dueAt: null },
    });
  }
}

const rowsIn = async (where: object): Promise<MessageRow[]> =>
  line.ledger.connection
    .db!.collection('messages')
    .find(where)
    .sort({ _id: 1 })
    .toArray() as unknown as Promise<MessageRow[]>;
const due = (): Promise<MessageRow[]> => rowsIn({ tenant: T, status: 'planned', dueAt: { $ne: null } });
async function end(row: MessageRow, set: Partial<MessageRow>, at: Date): Promise<boolean> {
  const ended = set.status === 'planned' ? {} : { settledAt: at };
  const done = await line.ledger.connection
    .db!.collection<MessageRow>('messages')
    .updateOne({ _id: row._id, rev: row.rev }, { $set: { ...set, ...ended, rev: nonce() } });
  return done.matchedCount === 1;
}
const place = (): Promise<unknown> => line.days.find(T, DOMAIN);

it('pulls of all campaigns of a domain together what its day has, evenly, and of another tenant’s all', async () => {
  await sending('c-1', 9);
  await sending('c-2', 9);
  await sending('c-1', 9, NEIGHBOUR.id);
  expect(await line.pull.runOnce(EVENING)).toEqual({ pulled: 3 + 9 });
  expect((await due()).map(({ campaign }) => campaign).sort()).toEqual(['c-1', 'c-1', 'c-2']);
  expect(await line.pull.runOnce(later(1_000))).toEqual({ pulled: 0 });
  expect(await line.pull.nextAt(later(24 * HOUR), EVENING)).toEqual(new Date('2026-12-01T23:00:00Z'));
});

it('gives what one campaign leaves of its share to the others, in one pass', async () => {
  await sending('c-1', 1);
  await sending('c-2', 9);
  expect(await line.pull.runOnce(later(48 * HOUR))).toEqual({ pulled: 6 });
  expect(
    (await due())
      .map(({ campaign }) => campaign)
      .sort()
      .join(),
  ).toMatch(/^c-1(,c-2){5}$/);
});

it('gives back what ended unsent, what its campaign took back too, and nothing that was or may have been sent', async () => {
  await sending('c-1', 12);
  await line.pull.runOnce(later(48 * HOUR));
  const [refused, given, sent, unknown, failed, left] = await due();
  const at = later(48 * HOUR + 1_000);
  await end(refused!, { status: 'refused' }, at);
  await end(given!, { status: 'planned', dueAt: null }, at);
  await end(sent!, { status: 'bounced' }, at);
  await end(unknown!, { status: 'unknown' }, at);
  await end(failed!, { status: 'failed' }, at);
  expect(await line.pull.runOnce(at)).toEqual({ pulled: 3 });
  expect(await place()).toMatchObject({ day: '2026-12-03', taken: 6 });
  expect((await due()).map(({ _id }) => _id)).toContain(left!._id);
});

it('counts in the new day what the old one has not ended, and what was sent since midnight', async () => {
  await sending('c-1', 12);
  await line.pull.runOnce(EVENING);
  const [before, after, open] = await due();
  await end(before!, { status: 'accepted' }, new Date('2026-12-01T22:59:59Z'));
  await end(after!, { status: 'accepted' }, new Date('2026-12-01T23:00:01Z'));
  expect(await line.pull.runOnce(new Date('2026-12-01T23:00:02Z'))).toEqual({ pulled: 2 });
  expect(await place()).toMatchObject({ day: '2026-12-02', taken: 4 });
  expect((await due()).map(({ _id }) => _id)).toContain(open!._id);
});

it('has no end before its first day, and none after its last', async () => {
  await sending('c-1', 12);
  expect(await line.pull.runOnce(later(-24 * HOUR))).toEqual({ pulled: 0 });
  expect(await line.pull.nextAt(later(24 * HOUR), later(-48 * HOUR))).toEqual(
    new Date('2026-11-30T23:00:00Z'),
  );
  expect(await line.pull.runOnce(later(72 * HOUR))).toEqual({ pulled: 12 });
});

it('forgets the rows of a day that is over, and a domain that is warm', async () => {
  await sending('c-1', 2);
  await line.pull.runOnce(EVENING);
  for (const row of await due()) await end(row, { status: 'accepted' }, EVENING);
  expect([await line.pull.closeDays(later(HOUR)), await place()]).toMatchObject([0, { open: { length: 2 } }]);
  expect(await line.pull.closeDays(later(24 * HOUR))).toBe(1);
  expect(await place()).toMatchObject({ day: '2026-12-02', taken: 0, open: [] });
  expect([await line.pull.closeDays(later(96 * HOUR)), await place()]).toEqual([1, null]);
});

it('gives a place that was reserved and never used back, and nobody who slept over it pulls', async () => {
  await sending('c-1', 12);
  const of = rampOf(warming, DOMAIN)!;
  const asleep = await rowsIn({ tenant: T, status: 'planned' });
  await line.quota.room(of, EVENING);
  const placed = await line.quota.reserve(of, asleep, EVENING);
  expect(placed).toHaveLength(3);
  expect(await line.pull.runOnce(later(1_000))).toEqual({ pulled: 3 });
  expect(await line.ledger.campaignRows.pull(placed, later(2_000), later(HOUR), null)).toBe(0);
  expect(await place()).toMatchObject({ taken: 3 });
});

it('gives no place back that somebody takes up meanwhile', async () => {
  await sending('c-1', 12);
  const of = rampOf(warming, DOMAIN)!;
  const waiting = () => rowsIn({ tenant: T, status: 'planned', dueAt: null });
  await line.quota.room(of, EVENING);
  await line.quota.reserve(of, await waiting(), EVENING);
  const write = line.days.write.bind(line.days);
  let placed: MessageRow[] = [];
  // The rows have their new `rev`, the day does not know yet.
  line.days.write = async (before, after) => {
    line.days.write = write;
    placed = await doomed.quota.reserve(of, await waiting(), EVENING);
    return write(before, after);
  };
  await line.quota.room(of, EVENING);
  const pulled = await line.ledger.campaignRows.pull(placed, later(1_000), later(HOUR), null);
  expect([placed.length, await place()]).toMatchObject([3, { taken: pulled }]);
});

it.each(FAULTS)(
  'with a %s at each write never has more on their way than the day has, and all of it in the end',
  async (fault) => {
    let n = 1;
    for (let isStruck = true; isStruck; n += 1) {
      await line.ledger.clear();
      await sending('c-1', 5);
      await sending('c-2', 5);
      doomed.ledger.faults.arm(n, fault);
      await doomed.pull.runOnce(EVENING).catch(() => undefined);
      isStruck = doomed.ledger.faults.struck;
      await doomed.ledger.faults.revive();
      expect([n, (await due()).length <= 3]).toEqual([n, true]);
      // The first pass may find places that the dead one had taken; by the next they are given back.
      for (const at of [later(1_000), later(2_000), later(3_000)]) await line.pull.runOnce(at);
      expect([n, (await due()).length, await place()]).toMatchObject([n, 3, { taken: 3 }]);
    }
    expect(n).toBeGreaterThan(4);
  },
);

/** Lets those who wait at it go on one at a time, in the order that `pick` says. */
class Turns {
  private waiting: (() => void)[] = [];
  private live = 0;
  private wake: (() => void) | null = null;

  readonly gate = (): Promise<void> =>
    new Promise((resolve) => {
      this.waiting.push(resolve);
      this.wake?.();
    });

  /** Runs them all to their ends. */
  async run(processes: readonly (() => Promise<void>)[], pick: (among: number) => number): Promise<void> {
    this.live = processes.length;
    const ends = processes.map((process) =>
      process().finally(() => {
        this.live -= 1;
        this.wake?.();
      }),
    );
    while (this.live > 0) {
      // Whoever was let go has come to the next gate, or to its end.
      while (this.waiting.length < this.live) await new Promise<void>((resolve) => (this.wake = resolve));
      // Mostly whoever went last goes on: so the others sleep for long.
      const last = this.waiting.length - 1;
      const [next] = this.waiting.splice(pick(4) > 0 ? last : pick(this.waiting.length), 1);
      next?.();
    }
    await Promise.all(ends);
  }
}

it('never sends more on a day than its number, however schedulers, senders and midnights interleave', async () => {
  const turns = new Turns();
  const crowd = [1, 2, 3].map(() => new Scheduler(line.ledger, turns.gate));
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat({ max: 9_999 })), async (chance) => {
      const draw = (below: number): number => (chance.next().value as number) % below;
      await line.ledger.clear();
      await sending('c-1', 9);
      await sending('c-2', 7);
      let now = EVENING;
      const calls: Record<string, number> = {};
      /** Time goes on whoever's turn it is: some steps take hours. */
      const pass = (): Date => (now = new Date(now.getTime() + (draw(16) === 0 ? 3 * HOUR : 1_000)));
      const schedule = async (scheduler: Scheduler): Promise<void> => {
        for (let passes = 0; passes < 4; passes += 1) {
          await turns.gate();
          // It may sleep over midnight with this time in its hand.
          await scheduler.pull.runOnce(pass());
        }
      };
      const dispatch = async (): Promise<void> => {
        for (let tries = 0; tries < 12; tries += 1) {
          await turns.gate();
          const [row] = await due();
          if (row === undefined) continue;
          await turns.gate();
          switch (draw(6)) {
            case 0:
              await end(row, { status: 'refused', dueAt: row.dueAt }, pass());
              break;
            case 1:
              await end(row, { status: 'planned', dueAt: null }, pass());
              break;
            default: {
              if (!(await end(row, { status: 'planned', dueAt: row.dueAt }, now))) break;
              const [own] = await rowsIn({ _id: row._id });
              await turns.gate();
              if (!(await end(own!, { status: 'sending', dueAt: row.dueAt }, now))) break;
              const [claimed] = await rowsIn({ _id: row._id });
              await turns.gate();
              const day = dayIn(ZONE, pass());
              calls[day] = (calls[day] ?? 0) + 1;
              await turns.gate();
              await end(claimed!, { status: draw(4) === 0 ? 'unknown' : 'accepted' }, pass());
            }
          }
        }
      };
      await turns.run([...crowd.map((scheduler) => () => schedule(scheduler)), dispatch, dispatch], draw);
      for (const [index, number] of DAYS.entries()) {
        const day = `2026-12-0${index + 1}`;
        expect([day, (calls[day] ?? 0) <= number]).toEqual([day, true]);
      }
    }),
    { numRuns: 25 },
  );
}, 60_000);
