import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { moved, SCHEDULER } from '#campaigns/campaign-moves';
import { CampaignStore } from '#campaigns/campaign.store';
import { WatchCampaigns } from '#launch/watch-campaigns';
import { AuditStore } from '#privacy/audit.store';
import { Staff } from './campaign.fixture.js';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { choice, person, tell } from './visit.fixture.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test looks into an answer as it likes
type AnyBody = any;

let lagom: Lagom;
let staff: Staff;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-11-02T10:00:00Z' });
  staff = await Staff.of(lagom);
});
afterAll(() => lagom.close());

const ADDRESS = { lines: ['Storgatan 1'], postalCode: '831 31', country: 'SE' };
const living = (city: string) => ({ place: { city: [city] } });

describe('a campaign', () => {
  it('is not moved by a body that is not understood: its hour would be lost, and it sent at once', async () => {
    const id = await staff.approved(living('Nobody'));
    const ask = (move: string, type: string) =>
      lagom.api('POST', `/v1/campaigns/${id}/${move}`, '{"at": "2027-01-01T09:00"}', {
        headers: { ...staff.headers('marketer'), 'content-type': type },
      });
    for (const type of ['text/plain', 'application/xml', '']) {
      const answer = await ask('schedule', type);
      expect([type, answer.status, answer.body.detail]).toEqual([
        type,
        415,
        'a body comes as JSON, with Content-Type: application/json',
      ]);
    }
    expect(await staff.taken('marketer', 'GET', `/v1/campaigns/${id}`)).toMatchObject({ status: 'approved' });
    expect((await ask('schedule', 'application/merge-patch+json')).body).toMatchObject({
      status: 'scheduled',
    });
  });

  it('is changed, approved and moved only as it was read, where who asks says what they had read', async () => {
    const id = await staff.draft(living('Nobody'));
    const path = `/v1/campaigns/${id}`;
    const ask = (
      role: 'marketer' | 'approver',
      method: string,
      at: string,
      ifMatch: string,
      body?: unknown,
    ) => lagom.api(method, at, body, { headers: { ...staff.headers(role), 'if-match': ifMatch } });
    const read = async () => (await staff.ask('approver', 'GET', path)).headers.get('etag')!;
    const first = await read();
    const edited = await ask('marketer', 'PATCH', path, first, { name: 'Mitt' });
    expect([edited.status, edited.headers.get('etag')]).toEqual([200, await read()]);
    // Another marketer had it open too: what they did not see is not overwritten.
    const lost = await ask('marketer', 'PATCH', path, first, { name: 'Deras' });
    expect([lost.status, lost.body.detail]).toEqual([412, expect.stringContaining('read it again')]);
    await staff.act(id, 'submit');
    const looked = await read();
    await staff.taken('marketer', 'PATCH', path, { holdOut: 50 });
    await staff.act(id, 'submit');
    // Submitted as before, and not what the approver looked at.
    expect((await ask('approver', 'POST', `${path}/approve`, looked)).status).toBe(412);
    expect((await ask('approver', 'POST', `${path}/approve`, 'W/"x"')).status).toBe(412);
    expect((await ask('approver', 'POST', `${path}/approve`, `"x", ${await read()}`)).status).toBe(200);
    expect((await ask('marketer', 'POST', `${path}/schedule`, '*', { at: '2027-01-01T09:00' })).status).toBe(
      200,
    );
    expect(await staff.taken('marketer', 'GET', path)).toMatchObject({ name: 'Mitt', status: 'scheduled' });
  });

  it('stands in the audit with who moved it, once, also where its request died before it was told', async () => {
    const id = await staff.draft(living('Nobody'));
    jest.spyOn(AuditStore.prototype, 'addMissing').mockRejectedValueOnce(new Error('killed'));
    expect((await staff.ask('marketer', 'POST', `/v1/campaigns/${id}/submit`)).status).toBe(500);
    await staff.act(id, 'reject', { reason: 'Anna Ek har klagat' }, 'approver');
    await lagom.app.get(WatchCampaigns, { strict: false }).runOnce(lagom.now());
    const { body } = await lagom.api('GET', '/v1/audit?what=campaign.moved&limit=500');
    const own = body.items.filter((one: AnyBody) => one.about.campaign === id);
    expect(own.map(({ by, about }: AnyBody) => [by.name, about.detail]).reverse()).toEqual([
      ['marketer of a test', { move: 'submit' }],
      ['approver of a test', { move: 'reject' }],
    ]);
    expect(own.map(({ by }: AnyBody) => by.key)).not.toContain('scheduler');
  });

  it('is paused for whoever asks while the scheduler is pausing it at a limit', async () => {
    for (const customer of [1, 2].map(() => person({ address: { ...ADDRESS, city: 'Redan' } }))) {
      await tell(lagom, 'customer.consent-changed', {
        customer,
        choices: [choice('newsletter', 'email', 'given')],
      });
    }
    const id = await staff.approved(living('Redan'), { pace: { perHour: 1 } });
    await staff.act(id, 'schedule', {});
    await staff.until(id, 'sending');
    const store = lagom.app.get(CampaignStore, { strict: false });
    const campaign = (await store.find(CLINIC, id))!;
    const pausedFor = { why: 'bounces: 3 of 5 sent', at: lagom.now(), by: SCHEDULER };
    const begun = moved(campaign, 'pause', SCHEDULER, lagom.now(), { pausedFor }, pausedFor.why);
    if (begun.kind === 'refused') throw new Error(begun.detail);
    await store.write(campaign, begun.after);
    expect(await staff.act(id, 'pause', { reason: 'Fel pris' })).toMatchObject({
      status: 'paused',
      pausedFor: { why: 'bounces: 3 of 5 sent', by: SCHEDULER },
    });
  });
});
