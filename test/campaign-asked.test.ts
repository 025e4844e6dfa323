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

  it('tells who approves or schedules it that its segment means others by now, and may be submitted again', async () => {
    const id = await staff.draft(living('Nobody'));
    const moves: [string, 'marketer' | 'approver', string][] = [
      ['approve', 'approver', 'submitted'],
      ['schedule', 'marketer', 'approved'],
    ];
    for (const [move, role, since] of moves) {
      await staff.act(id, 'submit');
      if (move === 'schedule') await staff.act(id, 'approve', undefined, 'approver');
      await staff.meanOthers(id);
      const { status, body } = await staff.ask(role, 'POST', `/v1/campaigns/${id}/${move}`);
      expect([status, body.detail]).toEqual([
        409,
        `this campaign means other people since it was ${since}, as its segment was changed: it is a draft again, to be submitted again`,
      ]);
      const { history, ...campaign } = await staff.taken('marketer', 'GET', `/v1/campaigns/${id}`);
      expect(campaign).toMatchObject({ status: 'draft', submitted: null, approved: null, schedule: null });
      expect(history.at(-1)).toMatchObject({ move: 'void', by: `${role} of a test` });
    }
    await staff.act(id, 'submit');
    await staff.act(id, 'approve', undefined, 'approver');
    expect(await staff.act(id, 'schedule', { at: '2027-01-01T09:00' })).toMatchObject({
      status: 'scheduled',
    });
    expect((await staff.ask('marketer', 'POST', `/v1/campaigns/${id}/cancel`)).status).toBe(200);
  });

  it('keeps its approval where an edit says what stands already', async () => {
    const plan = {
      ...{ pace: { perHour: 60 }, utm: { source: 'lagom', medium: 'email', campaign: 'vår' } },
      limits: { complaints: 0.001, bounces: 0.01, errors: 0.1, least: 50 },
    };
    const id = await staff.approved(living('Nobody'), plan);
    const path = `/v1/campaigns/${id}`;
    const stands = await staff.taken('marketer', 'GET', path);
    const { name, purpose, channel, segment, variants, holdOut, testShare, winnerRule, graceMinutes } =
      stands;
    const whole = { name, purpose, channel, segment, variants, holdOut, testShare, winnerRule, graceMinutes };
    for (const same of [
      {},
      { name },
      { ...plan, utm: { campaign: 'vår', medium: 'email', source: 'lagom' } },
      whole,
    ]) {
      expect(await staff.taken('marketer', 'PATCH', path, same)).toEqual(stands);
    }
    // Without a variant's name or weight it is the same one, too.
    const [{ template, version }] = variants;
    expect(await staff.taken('marketer', 'PATCH', path, { variants: [{ template, version }] })).toEqual(
      stands,
    );
    expect((await staff.taken('marketer', 'PATCH', path, { name, holdOut: 1 })).status).toBe('draft');
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
