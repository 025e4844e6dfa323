import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { newCampaign } from '#campaigns/campaign-moves';
import { CampaignStore } from '#campaigns/campaign.store';
import type { Campaign } from '#campaigns/campaign.types';
import { RampDayStore } from '#campaigns/ramp-day.store';
import { FAULTS } from '#platform/faults.fixture';
import { CLINIC, Ledger, NEIGHBOUR, NOW } from '#privacy/ledger.fixture';
import { BookedAfter } from './booked-after.js';
import { ChooseWinner } from './choose-winner.js';
import { TestShares } from './test-shares.js';
import { PullCampaigns } from './pull-campaigns.js';
import { RampQuota } from './ramp-quota.js';

const T = CLINIC.id;
const HOUR = 3_600_000;
const later = (ms: number): Date => new Date(NOW.getTime() + ms);

/** A process that ends tests and pulls, on a store that others share. */
class Scheduler {
  readonly campaigns;
  readonly choose;
  readonly pull;

  constructor(readonly ledger: Ledger) {
    const { connection, campaignRows, bookings, measures } = ledger;
    this.campaigns = new CampaignStore(connection);
    const booked = new BookedAfter(campaignRows, bookings);
    this.choose = new ChooseWinner(
      this.campaigns,
      campaignRows,
      new TestShares(campaignRows, measures, booked),
      ledger.messages,
    );
    this.pull = new PullCampaigns(
      this.campaigns,
      campaignRows,
      new RampQuota(new RampDayStore(connection), campaignRows),
      ledger.tenants,
    );
    ledger.faults.attach(connection);
  }

  /** From the end of the test to the pull of who waited. */
  async run(): Promise<void> {
    for (const at of [later(0), later(HOUR), later(HOUR + 1_000)]) {
      await this.pull.runOnce(at);
      await this.choose.runOnce(at);
    }
    await this.pull.runOnce(later(HOUR + 2_000));
  }
}

let line: Scheduler;
let doomed: Scheduler;
beforeAll(async () => {
  line = new Scheduler(await Ledger.open());
  doomed = new Scheduler(await line.ledger.another());
  await line.campaigns.createIndexes();
});
beforeEach(() => line.ledger.clear());
afterAll(async () => {
  await doomed.ledger.leave();
  await line.ledger.close();
});

/** A campaign of which the test has been sent: B's person has booked. The neighbour's is another of the same name. */
async function tested(id: string, tenant: string, winnerRule: Campaign['winnerRule']): Promise<void> {
  const variants = ['A', 'B'].map((name) => ({ name, template: `t-${name}`, version: 1, weight: 1 }));
  const plan = {
    ...{ name: 'x', purpose: 'newsletter' as const, channel: 'email' as const, segment: 's-1', holdOut: 0 },
    ...{ variants, testShare: 50, winnerRule, graceMinutes: 0, pace: null },
    limits: { complaints: 1, bounces: 1, errors: 1, least: 1 },
  };
  await line.campaigns.add({
    ...newCampaign({ _id: `${tenant}/${id}`, tenant, campaign: id }, plan, 'eva', NOW),
    status: 'sending',
    launch: { at: later(-HOUR), predicate: { and: [] }, after: null, members: 5, endedAt: NOW },
  });
  const parts = { a: 'A', b: 'B', c: 'winner', d: 'winner', e: 'winner' };
  for (const [customer, variant] of Object.entries(parts)) {
    const isSent = variant !== 'winner';
    await line.ledger.row({
      ...{ _id: `${tenant}/${customer}/${id}`, tenant, customer, campaign: id, variant, journey: null },
      ...{
        subject: { kind: 'campaign', id },
        template: 't-A',
        notBefore: later(-HOUR),
        createdAt: later(-HOUR),
      },
      ...(isSent ? { status: 'accepted', dueAt: later(-HOUR) } : { status: 'planned', dueAt: null }),
    });
  }
}

const rows = async (id: string, tenant = T) =>
  new Map(
    (await line.ledger.messages.list(tenant, { campaign: id }, { after: null, limit: 100 })).map((row) => [
      row.customer,
      row,
    ]),
  );

it.each(FAULTS)(
  'with a %s at each write names one winner, and gives it to each who waits, once',
  async (fault) => {
    let n = 1;
    for (let isStruck = true; isStruck; n += 1) {
      const id = `c-${fault}-${n}`;
      await line.ledger.clear();
      await tested(id, T, { by: 'bookings', after: 'PT1H', least: 1 });
      await tested(id, NEIGHBOUR.id, null);
      await line.ledger.bookings.write([
        {
          before: null,
          after: {
            ...{ _id: `${T}/b-1`, tenant: T, booking: 'b-1', customer: 'b', rev: 'r', status: 'confirmed' },
            ...{ gen: { version: 1, time: later(60_000), event: 'e' }, createdAt: later(60_000) },
          } as never,
        },
      ]);
      doomed.ledger.faults.arm(n, fault);
      await doomed.run().catch(() => undefined);
      isStruck = doomed.ledger.faults.struck;
      await doomed.ledger.faults.revive();
      await line.run();
      const campaign = (await line.campaigns.find(T, id))!;
      expect([
        n,
        campaign.winner?.variant,
        campaign.history.filter(({ move }) => move === 'winner').length,
      ]).toEqual([n, 'B', 1]);
      const found = await rows(id);
      expect(
        [...found].map(([customer, { variant, template }]) => [customer, variant, template]).sort(),
      ).toEqual([
        ['a', 'A', 't-A'],
        ['b', 'B', 't-A'],
        ['c', 'B', 't-B'],
        ['d', 'B', 't-B'],
        ['e', 'B', 't-B'],
      ]);
      expect(['c', 'd', 'e'].map((one) => found.get(one)?.dueAt !== null)).toEqual([true, true, true]);
      // Nobody has named theirs: they wait.
      const theirs = await rows(id, NEIGHBOUR.id);
      expect(['c', 'd', 'e'].map((one) => [theirs.get(one)?.variant, theirs.get(one)?.dueAt])).toEqual(
        ['c', 'd', 'e'].map(() => ['winner', null]),
      );
    }
    expect(n).toBeGreaterThan(3);
  },
);

const DAY = 24 * HOUR;

it.each(FAULTS)(
  'with a %s at each write of a lapse ends each who waited, once, and nobody is named any more',
  async (fault) => {
    let n = 1;
    for (let isStruck = true; isStruck; n += 1) {
      const id = `c-${fault}-${n}`;
      await line.ledger.clear();
      await tested(id, T, null);
      await tested(id, NEIGHBOUR.id, { by: 'bookings', after: 'P30D', least: 1 });
      await line.choose.runOnce(later(0));
      expect(await line.campaigns.countUndecided(T)).toBe(1);
      expect(await line.choose.nextAt(later(30 * DAY), later(0))).toEqual(later(7 * DAY));
      await line.choose.runOnce(later(7 * DAY - 1));
      expect((await rows(id)).get('c')?.status).toBe('planned');
      doomed.ledger.faults.arm(n, fault);
      await doomed.choose.runOnce(later(7 * DAY)).catch(() => undefined);
      isStruck = doomed.ledger.faults.struck;
      await doomed.ledger.faults.revive();
      await line.choose.runOnce(later(7 * DAY + 1_000));
      await line.pull.runOnce(later(7 * DAY + 2_000));
      const campaign = (await line.campaigns.find(T, id))!;
      expect([n, campaign.history.filter(({ move }) => move === 'lapse').length]).toEqual([n, 1]);
      expect(await line.campaigns.countUndecided(T)).toBe(0);
      const found = [...(await rows(id)).values()].map(({ status, reason, history }) => [
        ...[status, reason],
        history.filter((entry) => entry.status === 'expired').length,
      ]);
      expect([n, found.sort()]).toEqual([
        n,
        [
          ['accepted', null, 0],
          ['accepted', null, 0],
          ['expired', 'expired', 1],
          ['expired', 'expired', 1],
          ['expired', 'expired', 1],
        ],
      ]);
      // A rule that is still to be asked has its time.
      expect([...(await rows(id, NEIGHBOUR.id)).values()].map(({ status }) => status)).toContain('planned');
    }
    expect(n).toBeGreaterThan(2);
  },
);

it('gives who waited their days from when a paused test goes on', async () => {
  await tested('c-paused', T, null);
  await line.choose.runOnce(later(0));
  const campaign = (await line.campaigns.find(T, 'c-paused'))!;
  const resumed = { at: later(20 * DAY), by: 'eva', move: 'resume' as const, from: 'paused' as const };
  await line.campaigns.write(campaign, { ...campaign, history: [{ ...resumed, to: 'sending' }] });
  await line.choose.runOnce(later(20 * DAY + 1_000));
  expect(await line.choose.nextAt(later(90 * DAY), later(20 * DAY))).toEqual(later(27 * DAY));
});
