import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newCampaign } from '#campaigns/campaign-moves';
import { CampaignStore } from '#campaigns/campaign.store';
import type { Campaign } from '#campaigns/campaign.types';
import { SegmentStore } from '#campaigns/segment.store';
import { DeriveBacklog } from '#customers/derive-backlog';
import { DeriveDealings } from '#customers/derive-dealings';
import { newCustomer } from '#customers/customer.types';
import { FAULTS } from '#platform/faults.fixture';
import { CLINIC, Ledger, NEIGHBOUR, NOW } from '#privacy/ledger.fixture';
import { Launch } from './launch.js';
import { hashOfPlan } from './plan-hash.js';
import { Segments } from './segments.js';

const T = CLINIC.id;
const PAGE = 100;
const MEMBERS = 210;
const later = (ms: number): Date => new Date(NOW.getTime() + ms);

/** A process that launches, on a store that others share. */
class Launcher {
  readonly campaigns;
  readonly launch;
  readonly segments;
  readonly backlog;

  constructor(readonly ledger: Ledger) {
    this.campaigns = new CampaignStore(ledger.connection);
    this.segments = new SegmentStore(ledger.connection);
    const dealings = new DeriveDealings(ledger.customers, ledger.bookings, ledger.purchases);
    this.backlog = new DeriveBacklog(ledger.connection, ledger.customers, dealings);
    const segments = new Segments(this.segments, ledger.customers, this.backlog, ledger.clock);
    this.launch = new Launch(
      this.campaigns,
      segments,
      ledger.customers,
      ledger.messages,
      ledger.tenants,
      PAGE,
    );
    // Again, now that the collections of this process are all there.
    ledger.faults.attach(ledger.connection);
  }
}

let first: Ledger;
let doomed: Launcher;
let line: Launcher;
beforeAll(async () => {
  first = await Ledger.open();
  line = new Launcher(first);
  doomed = new Launcher(await first.another());
  await Promise.all([line.campaigns.createIndexes(), line.segments.createIndexes()]);
  const people = Array.from({ length: MEMBERS }, (_, n) =>
    newCustomer(T, `m${String(n).padStart(5, '0')}`, NOW),
  );
  await first.customers.write([
    ...people.map((after) => ({ before: null, after: { ...after, locale: 'sv' } })),
    { before: null, after: { ...newCustomer(T, 'later', later(2_000)), locale: 'sv' } },
    { before: null, after: { ...newCustomer(T, 'english', NOW), locale: 'en' } },
    { before: null, after: { ...newCustomer(NEIGHBOUR.id, 'm00000', NOW), locale: 'sv' } },
  ]);
  await line.backlog.runOnce(NOW);
  const said = { name: 'Svenska', createdAt: NOW, createdBy: 'eva', updatedAt: NOW, updatedBy: 'eva' };
  const predicate = { locale: { anyOf: ['sv'] } };
  await line.segments.add({ _id: `${T}/s-1`, tenant: T, segment: 's-1', rev: 'r', predicate, ...said });
});
afterAll(async () => {
  await doomed.ledger.leave();
  await first.close();
});

/** A campaign that is due. */
async function scheduled(id: string): Promise<Campaign> {
  const plan = {
    ...{ name: 'x', purpose: 'newsletter' as const, channel: 'email' as const, segment: 's-1', holdOut: 10 },
    variants: [{ name: 'A', template: 't-1', version: 1, weight: 1 }],
    ...{ graceMinutes: 0, pace: null, limits: { complaints: 1, bounces: 1, errors: 1, least: 1 } },
  };
  const signed = { key: 'k', by: 'eva', at: NOW, hash: hashOfPlan(plan, { locale: { anyOf: ['sv'] } }) };
  const campaign: Campaign = {
    ...newCampaign({ _id: `${T}/${id}`, tenant: T, campaign: id }, plan, 'eva', NOW),
    ...{ status: 'scheduled', submitted: signed, approved: signed, launchAt: NOW },
    schedule: { at: null, zone: 'tenant', ifPassed: 'send' },
  };
  await line.campaigns.add(campaign);
  return campaign;
}
const rowsOf = (id: string) => first.messages.list(T, { campaign: id }, { after: null, limit: 10_000 });

it('makes one row of each member who was known at the launch, of nobody else, and says how many', async () => {
  await scheduled('c-whole');
  expect(await line.launch.runOnce(later(1_000))).toEqual({ launched: 1, members: MEMBERS });
  const rows = await rowsOf('c-whole');
  expect(new Set(rows.map(({ customer }) => customer)).size).toBe(MEMBERS);
  expect(rows.some(({ customer }) => customer === 'later' || customer === 'english')).toBe(false);
  expect(rows.every(({ dueAt }) => dueAt === null)).toBe(true);
  const held = rows.filter(({ variant }) => variant === 'hold-out');
  expect(held.length / MEMBERS).toBeCloseTo(0.1, 1);
  expect(new Set(held.map(({ status }) => status))).toEqual(new Set(['cancelled']));
  expect(await line.campaigns.find(T, 'c-whole')).toMatchObject({
    status: 'sending',
    launch: { members: MEMBERS, at: later(1_000), endedAt: later(1_000) },
  });
  expect(await line.launch.runOnce(later(9_000))).toEqual({ launched: 0, members: 0 });
});

it.each(FAULTS)('with a %s at each write makes the same rows in the end', async (fault) => {
  let n = 1;
  for (let isStruck = true; isStruck; n += 1) {
    const id = `c-${fault}-${n}`;
    await scheduled(id);
    doomed.ledger.faults.arm(n, fault);
    await doomed.launch.runOnce(later(1_000)).catch(() => undefined);
    isStruck = doomed.ledger.faults.struck;
    await doomed.ledger.faults.revive();
    await doomed.launch.runOnce(later(1_500));
    const rows = await rowsOf(id);
    expect([n, rows.length, new Set(rows.map(({ customer }) => customer)).size]).toEqual([
      n,
      MEMBERS,
      MEMBERS,
    ]);
    const campaign = await line.campaigns.find(T, id);
    expect(campaign?.launch).toMatchObject({ members: MEMBERS });
    await first.connection.db!.collection('messages').deleteMany({});
    await first.connection.db!.collection('campaigns').deleteMany({});
  }
  expect(n).toBeGreaterThan(6);
});

it('stops at the page where it is paused, and goes on from there', async () => {
  const campaign = await scheduled('c-paused');
  const insert = first.messages.insertPlanned.bind(first.messages);
  let pages = 0;
  first.messages.insertPlanned = async (rows) => {
    pages += 1;
    const done = await insert(rows);
    const now = (await line.campaigns.find(T, 'c-paused'))!;
    if (pages === 1) await line.campaigns.write(now, { ...now, status: 'paused' });
    return done;
  };
  await line.launch.runOnce(later(1_000));
  expect([pages, (await rowsOf('c-paused')).length]).toEqual([1, PAGE]);
  const paused = (await line.campaigns.find(T, 'c-paused'))!;
  await line.campaigns.write(paused, { ...paused, status: 'sending' });
  await line.launch.runOnce(later(2_000));
  first.messages.insertPlanned = insert;
  expect((await rowsOf('c-paused')).length).toBe(MEMBERS);
  expect(await line.campaigns.find(T, 'c-paused')).toMatchObject({ launch: { members: MEMBERS } });
  expect(campaign.launch).toBeNull();
});
