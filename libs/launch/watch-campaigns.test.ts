import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AddressClaimStore } from '#campaigns/address-claim.store';
import { moved, newCampaign } from '#campaigns/campaign-moves';
import { CampaignStore } from '#campaigns/campaign.store';
import type { Campaign } from '#campaigns/campaign.types';
import { newCustomer } from '#customers/customer.types';
import { CampaignRows } from '#messages/campaign-rows';
import { AuditStore } from '#privacy/audit.store';
import { CLINIC, Ledger, NEIGHBOUR, NOW } from '#privacy/ledger.fixture';
import { Launch } from './launch.js';
import type { Segments } from './segments.js';
import { WatchCampaigns } from './watch-campaigns.js';

const T = CLINIC.id;
const DAY = 86_400_000;
const later = (ms: number): Date => new Date(NOW.getTime() + ms);

let ledger: Ledger;
let campaigns: CampaignStore;
let launch: Launch;
let audit: AuditStore;
beforeAll(async () => {
  ledger = await Ledger.open();
  campaigns = new CampaignStore(ledger.connection);
  await campaigns.createIndexes();
  audit = new AuditStore(ledger.connection);
  await audit.createIndexes();
  // Of a campaign that is launched, whom it means is known.
  launch = new Launch(
    campaigns,
    undefined as unknown as Segments,
    ledger.customers,
    ledger.messages,
    ledger.tenants,
  );
  await ledger.customers.write(
    Array.from({ length: 20 }, (_, n) => ({
      before: null,
      after: { ...newCustomer(T, `m${n}`, NOW), locale: 'sv' },
    })),
  );
});
afterAll(() => ledger.close());

/** A campaign that has just been launched, without a row yet. */
async function launched(id: string): Promise<Campaign> {
  const plan = {
    ...{ name: 'x', purpose: 'newsletter' as const, channel: 'email' as const, segment: 's-1', holdOut: 0 },
    variants: [{ name: 'A', template: 't-1', version: 1, weight: 1 }],
    ...{ graceMinutes: 0, pace: null, limits: { complaints: 1, bounces: 1, errors: 1, least: 1 } },
  };
  const predicate = { locale: { anyOf: ['sv'] } };
  const campaign: Campaign = {
    ...newCampaign({ _id: `${T}/${id}`, tenant: T, campaign: id }, plan, 'eva', NOW),
    ...{ status: 'sending', launch: { at: NOW, predicate, after: null, members: 0, endedAt: null } },
  };
  await campaigns.add(campaign);
  return (await campaigns.find(T, id))!;
}
const rowsOf = (id: string) => ledger.messages.list(T, { campaign: id }, { after: null, limit: 1_000 });

const MINUTE = 60_000;
const watcher = (): WatchCampaigns =>
  new WatchCampaigns(
    campaigns,
    new CampaignRows(ledger.connection),
    ledger.messages,
    new AddressClaimStore(ledger.connection),
    audit,
  );
async function cancel(id: string, at: Date): Promise<void> {
  const before = (await campaigns.find(T, id))!;
  const after = moved(before, 'cancel', 'eva', at);
  if (after.kind === 'refused') throw new Error(after.detail);
  expect(await campaigns.write(before, after.after)).not.toBeNull();
}
const statusesOf = async (id: string) => [...new Set((await rowsOf(id)).map(({ status }) => status))].sort();

it.each([
  ['a page that was on its way when it was cancelled and swept is called off', 'cancel', 0],
  ['a launcher that dies with that page leaves nothing planned', 'die', 0],
  ['one that only slept, past all sweeps, has them begin anew', 'cancel', 11 * MINUTE],
] as const)('%s', async (_, how, asleepMs) => {
  const id = `c-race-${how}-${asleepMs}`;
  await launched(id);
  const watch = watcher();
  const insert = ledger.messages.insertPlanned.bind(ledger.messages);
  ledger.messages.insertPlanned = async (rows) => {
    ledger.messages.insertPlanned = insert;
    await cancel(id, later(1_000));
    await watch.sweep((await campaigns.find(T, id))!, later(1_000));
    if (asleepMs > 0) {
      await watch.runOnce(later(asleepMs));
      expect((await campaigns.find(T, id))!.sweptAt).not.toBeNull();
    }
    const done = await insert(rows);
    if (how === 'die') throw new Error('SIGKILL');
    return done;
  };
  await launch
    .runOnce(later(1_000))
    .catch((error: unknown) => expect(error).toMatchObject({ message: 'SIGKILL' }));
  // Without this page there is nothing to be shown.
  expect(await statusesOf(id)).toContain('planned');
  await watch.runOnce(later(asleepMs + 5_000));
  expect(await statusesOf(id)).toEqual(['cancelled']);
  await watch.runOnce(later(asleepMs + 12 * MINUTE));
  expect((await campaigns.find(T, id))!.sweptAt).not.toBeNull();
});

it('is swept also when it is archived meanwhile', async () => {
  const id = 'c-archived';
  const before = await launched(id);
  await launch.runOnce(later(1_000));
  await cancel(id, later(2_000));
  const cancelled = (await campaigns.find(T, id))!;
  const archived = moved(cancelled, 'archive', 'eva', later(3_000));
  if (archived.kind === 'refused') throw new Error(archived.detail);
  await campaigns.write(cancelled, archived.after);
  expect(await statusesOf(before.campaign)).toEqual(['planned']);
  await watcher().runOnce(later(4_000));
  expect(await statusesOf(id)).toEqual(['cancelled']);
});

it('campaigns that do not end keep no other from its turn', async () => {
  for (let n = 0; n < 150; n += 1) await launched(`c-a-long-${n}`);
  await launched('c-z-last');
  await launch.runOnce(later(1_000));
  expect(await statusesOf('c-z-last')).toEqual(['planned']);
});

it('counts all that was sent only where a limit would be reached had no more been sent since', async () => {
  const id = 'c-limits';
  const before = await launched(id);
  const limits = { complaints: 0.2, bounces: 1, errors: 1, least: 5 };
  await campaigns.write(before, { ...before, limits });
  await launch.runOnce(later(1_000));
  const ids = (await rowsOf(id)).map(({ _id }) => _id);
  expect(ids).toHaveLength(20);
  const stand = (from: number, to: number, status: string) =>
    ledger.connection
      .collection('messages')
      .updateMany({ _id: { $in: ids.slice(from, to) } as never }, { $set: { status } });
  const rows = new CampaignRows(ledger.connection);
  const counted = jest.spyOn(rows, 'countByStatus');
  const watch = new WatchCampaigns(
    ...([campaigns, rows, ledger.messages, new AddressClaimStore(ledger.connection), audit] as const),
  );
  /** Of this campaign: whether all that was sent was counted, and how it stands then. */
  const look = async (): Promise<{ all: number; status: string }> => {
    counted.mockClear();
    await watch.runOnce(later(2_000));
    const asked = counted.mock.calls.filter(([, campaign]) => campaign === id);
    const all = asked.filter(([, , statuses]) => statuses.includes('accepted')).length;
    return { all, status: (await campaigns.find(T, id))!.status };
  };
  // Fewer than a limit is looked at from: they are counted until there are more.
  await stand(0, 4, 'accepted');
  expect([await look(), await look()]).toEqual(Array(2).fill({ all: 1, status: 'sending' }));
  await stand(4, 10, 'accepted');
  expect(await look()).toEqual({ all: 1, status: 'sending' });
  await stand(0, 2, 'complained');
  expect(await look()).toEqual({ all: 0, status: 'sending' });
  // 3 of 10 would be too many, of the 15 that there are by now they are just not.
  await stand(10, 15, 'delivered');
  await stand(2, 3, 'complained');
  expect([await look(), await look()]).toEqual([
    { all: 1, status: 'sending' },
    { all: 0, status: 'sending' },
  ]);
  await stand(3, 4, 'complained');
  expect(await look()).toEqual({ all: 1, status: 'pausing' });
  expect((await campaigns.find(T, id))!.pausedFor?.why).toBe(
    'complaints: 4 of 15 sent, more than 20 per cent',
  );
});

it('who had which address is forgotten two weeks after the end, of that campaign only', async () => {
  const claims = new AddressClaimStore(ledger.connection);
  for (const [id, ended] of [
    ['c-old', true],
    ['c-new', true],
    ['c-open', false],
  ] as const) {
    const before = await launched(id);
    const status = ended ? ('sent' as const) : ('sending' as const);
    const updatedAt = id === 'c-new' ? later(DAY) : NOW;
    await campaigns.write(before, { ...before, status, updatedAt });
    const wanted = Array.from({ length: 1_200 }, (_, n) => ({
      ...{ campaign: id, keyId: 'k', hash: `h${n}`, message: `m${n}` },
    }));
    await claims.claim(T, wanted);
  }
  const held = async (campaign: string) =>
    (await claims.holders(T, [{ campaign, keyId: 'k', hash: 'h7', message: 'other' }])).size;
  const watch = watcher();
  expect(await watch.deleteOldClaims(later(14 * DAY))).toBe(0);
  expect(await watch.deleteOldClaims(later(14 * DAY + 1))).toBe(1_200);
  expect([await held('c-old'), await held('c-new'), await held('c-open')]).toEqual([0, 1, 1]);
  // Once: it is not looked for again.
  expect(await watch.deleteOldClaims(later(14 * DAY + 2))).toBe(0);
  expect(await campaigns.find(T, 'c-old')).toMatchObject({ claimsDeletedAt: later(14 * DAY + 1) });
});

describe('what the scheduler does to a campaign', () => {
  const told = async (tenant: string, campaign: string) =>
    (await audit.list(tenant, {}, { after: null, limit: 500 })).filter(
      ({ about }) => about.campaign === campaign,
    );
  /** As the audit says it, but for its id. */
  const line = (campaign: string, move: string, at: Date, why?: string) => ({
    ...{ _id: expect.any(String), tenant: T, at, what: 'campaign.moved' },
    by: { key: 'scheduler', name: 'scheduler' },
    about: { campaign, detail: { move, ...(why === undefined ? {} : { why }) } },
  });
  const sent = (id: string, status: 'bounced' | 'accepted', n: number) =>
    ledger.row({
      ...{ _id: `${T}/p${n}/${id}`, tenant: T, customer: `p${n}`, campaign: id, variant: 'A', journey: null },
      ...{ subject: { kind: 'campaign', id }, status, dueAt: null },
    });

  it('stands in the audit with the reason: its pause at a limit, and that it is paused', async () => {
    const before = await launched('c-limit');
    const limits = { complaints: 1, bounces: 0.1, errors: 1, least: 2 };
    await campaigns.write(before, { ...before, limits, launch: { ...before.launch!, endedAt: NOW } });
    await sent('c-limit', 'bounced', 1);
    await sent('c-limit', 'accepted', 2);
    await watcher().runOnce(later(MINUTE));
    await watcher().runOnce(later(2 * MINUTE));
    expect((await campaigns.find(T, 'c-limit'))!.status).toBe('paused');
    expect(await told(T, 'c-limit')).toEqual([
      line('c-limit', 'halt', later(2 * MINUTE)),
      line('c-limit', 'pause', later(MINUTE), 'bounces: 1 of 2 sent, more than 10 per cent'),
    ]);
    expect(await told(NEIGHBOUR.id, 'c-limit')).toEqual([]);
  });

  it.each(['before the audit has it', 'after the audit has it'] as const)(
    'stands there once where it dies %s: that it has ended',
    async (when) => {
      const id = `c-end-${when.split(' ')[0]}`;
      const before = await launched(id);
      await campaigns.write(before, { ...before, launch: { ...before.launch!, endedAt: NOW } });
      const killed = (): Promise<never> => Promise.reject(new Error('SIGKILL'));
      const write = campaigns.write.bind(campaigns);
      const dies =
        when === 'before the audit has it'
          ? jest.spyOn(audit, 'addMissing').mockImplementation(killed)
          : jest
              .spyOn(campaigns, 'write')
              .mockImplementation((was, after) =>
                after.unaudited?.length === 0 ? killed() : write(was, after),
              );
      await expect(watcher().runOnce(later(MINUTE))).rejects.toThrow('SIGKILL');
      dies.mockRestore();
      expect((await campaigns.find(T, id))!.status).toBe('sent');
      await watcher().runOnce(later(2 * MINUTE));
      await watcher().runOnce(later(3 * MINUTE));
      expect(await told(T, id)).toEqual([line(id, 'end', later(MINUTE))]);
      expect((await campaigns.find(T, id))!.unaudited).toEqual([]);
    },
  );

  it('stands there as it takes an approval back, with why', async () => {
    const before = await launched('c-void');
    const approved = { key: 'k', by: 'bo', at: NOW, hash: 'of other people' };
    await campaigns.write(before, {
      ...{ ...before, approved, status: 'scheduled' },
      ...{ launchAt: NOW, launch: null },
    });
    const means = { kind: 'asked', predicate: { locale: { anyOf: ['sv'] } } };
    const segments = { askFor: () => Promise.resolve(means) } as unknown as Segments;
    const { customers, messages, tenants } = ledger;
    await new Launch(campaigns, segments, customers, messages, tenants).runOnce(later(MINUTE));
    await watcher().runOnce(later(2 * MINUTE));
    expect((await campaigns.find(T, 'c-void'))!.status).toBe('draft');
    expect(await told(T, 'c-void')).toEqual([
      line('c-void', 'void', later(MINUTE), 'whom its segment means was changed after it was approved'),
    ]);
  });

  it('leaves out what staff does: that is told by their request', async () => {
    await launched('c-hand');
    await cancel('c-hand', later(1_000));
    await watcher().runOnce(later(MINUTE));
    expect(await told(T, 'c-hand')).toEqual([]);
  });
});

it('moves rows that were left waiting for a campaign that has ended, once: tried again while there is time, else over', async () => {
  const left = async (id: string, customer: string, expiresAt: Date | null): Promise<void> => {
    await ledger.row({
      ...{ _id: `${T}/${customer}/${id}`, tenant: T, customer, campaign: id, variant: 'A', journey: null },
      ...{ subject: { kind: 'campaign', id }, createdAt: NOW, notBefore: NOW },
      ...{ status: 'planned', dueAt: null, expiresAt },
    });
  };
  const ended = async (id: string, status: 'sent' | 'archived'): Promise<void> => {
    const before = await launched(id);
    const line = { at: NOW, by: 'scheduler', move: 'end' as const, from: 'sending' as const };
    await campaigns.write(before, { ...before, status, history: [{ ...line, to: 'sent' }] });
  };
  await ended('c-left', 'sent');
  await ended('c-put-away', 'archived');
  await left('c-left', 'tried', later(2 * DAY));
  await left('c-left', 'past', later(1_000));
  await left('c-left', 'never', null);
  await left('c-put-away', 'tried', later(2 * DAY));
  const watch = watcher();
  expect(await watch.moveLeftBehind(later(MINUTE))).toBe(0);
  expect(await watch.moveLeftBehind(later(DAY))).toBe(4);
  const stand = async (id: string) =>
    (await rowsOf(id)).map(({ customer, status, dueAt }) => [customer, status, dueAt]).sort();
  expect(await stand('c-left')).toEqual([
    ['never', 'expired', null],
    ['past', 'expired', null],
    ['tried', 'planned', later(DAY)],
  ]);
  expect(await stand('c-put-away')).toEqual([['tried', 'expired', null]]);
  expect([await watch.moveLeftBehind(later(DAY)), await watch.moveLeftBehind(later(DAY))]).toEqual([0, 0]);
  expect((await campaigns.find(T, 'c-left'))?.lookedThroughAt).toEqual(later(DAY));
});
