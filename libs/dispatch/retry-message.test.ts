import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { newCampaign } from '#campaigns/campaign-moves';
import { campaignKey, CampaignStore } from '#campaigns/campaign.store';
import type { CampaignPlan } from '#campaigns/campaign.types';
import { said } from '#privacy/ledger.fixture';
import { Line } from './line.fixture.js';
import { RetryMessage } from './retry-message.js';

let line: Line;
let campaigns: CampaignStore;
let retrying: RetryMessage;
beforeAll(async () => {
  line = await Line.open();
  campaigns = new CampaignStore(line.connection);
  retrying = new RetryMessage(line.messages, campaigns, line.clock);
});
afterAll(() => line.close());
beforeEach(() => line.clear());

/** A confirmation of which the provider said this; then it accepts again. */
async function answered(kind: 'rejected' | 'unknown', changes: Parameters<Line['row']>[0] = {}) {
  const id = await line.confirmation('anna', changes);
  line.provider.answer = () => ({ kind, reason: 'as the test says' });
  await line.runDue();
  line.provider.answer = (envelope) => ({ kind: 'accepted', providerId: envelope.ref });
  return line.rowOf(id);
}

it.each(['rejected', 'unknown'] as const)('sends once more what ended %s, with another ref', async (kind) => {
  const row = await answered(kind);
  line.clock.pass(60_000);
  expect(await retrying.retry(row, 'Maja')).toMatchObject({
    kind: 'planned',
    row: { status: 'planned', dueAt: line.clock.now() },
  });
  await line.runDue();
  const after = await line.rowOf(row._id);
  expect(after.status).toBe('accepted');
  expect(after.history).toContainEqual({ at: line.clock.now(), status: 'planned', why: 'retried by Maja' });
  expect(new Set(line.provider.calls.map(({ ref }) => ref)).size).toBe(2);
});

it('asks the gate again: a no since then stands', async () => {
  const row = await answered('rejected', { purpose: 'survey', template: 'survey' });
  const now = line.clock.now();
  const no = said({ purpose: 'survey', state: 'objected' });
  await line.withdraw.hearChoices(row.tenant, 'anna', [no], {
    id: 'c1',
    at: now,
    recordedAt: now,
    via: 'staff',
  });
  await retrying.retry(row, 'Maja');
  await line.runDue();
  expect(await line.rowOf(row._id)).toMatchObject({ status: 'refused', reason: 'objected' });
  expect(line.provider.calls).toHaveLength(1);
});

it('leaves alone what is past its expiry', async () => {
  const row = await answered('unknown');
  line.clock.set(row.expiresAt!);
  const retried = await retrying.retry(row, 'Maja');
  expect(retried.kind === 'refused' && retried.why).toContain('expired');
  expect(await line.rowOf(row._id)).toEqual(row);
});

it.each(['planned', 'released', 'sending', 'accepted', 'refused', 'cancelled', 'bounced'] as const)(
  'leaves alone what is %s',
  async (status) => {
    const row = await line.row({ status });
    expect(await retrying.retry(row, 'Maja')).toMatchObject({ kind: 'refused' });
    expect((await line.rowOf(row._id)).status).toBe(status);
  },
);

it.each(['cancelled', 'archived'] as const)(
  'leaves alone what is of a campaign that is %s',
  async (status) => {
    const campaign = `c-${status}`;
    const row = await line.row({ status: 'failed', campaign });
    const ids = { _id: campaignKey(row.tenant, campaign), tenant: row.tenant, campaign };
    await campaigns.add({ ...newCampaign(ids, {} as CampaignPlan, 'Maja', line.clock.now()), status });
    const retried = await retrying.retry(row, 'Maja');
    expect(retried.kind === 'refused' && retried.why).toContain(`its campaign is ${status}`);
    expect((await line.rowOf(row._id)).status).toBe('failed');
  },
);

it('of two at once only one plans it', async () => {
  const row = await answered('unknown');
  const both = await Promise.all([retrying.retry(row, 'Maja'), retrying.retry(row, 'Nils')]);
  expect(both.map(({ kind }) => kind).sort()).toEqual(['planned', 'refused']);
  await line.runDue();
  expect(line.provider.calls).toHaveLength(2);
});
