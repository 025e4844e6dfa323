import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Staff } from './campaign.fixture.js';
import { startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { choice, person, tell, type Person } from './visit.fixture.js';

/** The clinic's file lets her write and approve. */
const BOTH = 'maja@wellnesskliniken.se';
let lagom: Lagom;
let staff: Staff;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-11-02T10:00:00Z' });
  staff = await Staff.of(lagom);
});
afterAll(() => lagom.close());

/** Somebody who wants newsletters, in a city of their own so that a segment finds them. */
async function reader(city: string, facts: Partial<Person> = {}, channel = 'email'): Promise<Person> {
  const address = { lines: ['Storgatan 1'], postalCode: '831 31', city, country: 'SE' };
  const customer = person({ address, ...facts });
  await tell(lagom, 'customer.consent-changed', {
    customer,
    choices: [choice('newsletter', channel, 'given')],
  });
  return customer;
}
const living = (city: string) => ({ place: { city: [city] } });

describe('a campaign', () => {
  it('goes from a draft to sent: written, counted, approved by somebody else, launched, told', async () => {
    const [anna, bo] = [
      await reader('Ett', { name: 'Anna Ek' }),
      await reader('Ett', { name: null, locale: 'en' }),
    ];
    const silent = person({ address: { lines: ['x'], postalCode: '1', city: 'Ett', country: 'SE' } });
    await tell(lagom, 'customer.updated', { customer: silent });
    const id = await staff.draft(living('Ett'));
    const reach = await staff.act(id, 'reach');
    expect(reach).toMatchObject({
      members: 3,
      permitted: 2,
      withoutName: 1,
      refused: { 'no-consent': 1 },
      held: {},
      hours: null,
    });
    expect(reach.examples['no-consent']).toEqual([silent.id]);
    await staff.act(id, 'submit');
    await staff.act(id, 'approve', undefined, 'approver');
    expect(await staff.act(id, 'schedule', {})).toMatchObject({ status: 'scheduled' });
    const sent = await staff.until(id, 'sent');
    expect(sent).toMatchObject({ launch: { members: 3 }, approved: { by: 'approver of a test' } });
    expect(sent.history.map((entry: { move: string }) => entry.move)).toEqual([
      'submit',
      'approve',
      'schedule',
      'launch',
      'end',
    ]);
    expect(await staff.rows(id)).toEqual({
      [anna.id]: 'accepted',
      [bo.id]: 'accepted',
      [silent.id]: 'refused no-consent',
    });
    const [mail] = await lagom.inbox({ to: anna.email! });
    expect(mail).toMatchObject({
      subject: 'Nyheter',
      purpose: 'newsletter',
      from: expect.stringContaining('nyheter@'),
    });
    expect(mail!.html).toContain('Hej Anna!');
    expect(mail!.headers).toHaveProperty('List-Unsubscribe');
    expect((await lagom.inbox({ to: bo.email! }))[0]!.html).toContain('Hej du!');
    const audit = await lagom.api('GET', '/v1/audit?what=campaign.moved');
    expect(audit.body.items.length).toBeGreaterThanOrEqual(3);
  });

  it('is not submitted before it is whole; each fault is pointed at', async () => {
    const { id } = await staff.taken('marketer', 'POST', '/v1/campaigns', {
      name: 'Halv',
      purpose: 'offers',
      channel: 'sms',
    });
    const answer = await staff.ask('marketer', 'POST', `/v1/campaigns/${id}/submit`);
    expect([answer.status, answer.body.errors.map((one: { pointer: string }) => one.pointer)]).toEqual([
      422,
      ['#/segment', '#/variants'],
    ]);
    const wrong = await staff.ask('marketer', 'POST', '/v1/campaigns', {
      name: 'x',
      purpose: 'booking',
      channel: 'fax',
      holdOut: 90,
      nobody: 1,
    });
    expect(wrong.body.errors.map((one: { pointer: string }) => one.pointer).sort()).toEqual([
      '#/channel',
      '#/holdOut',
      '#/nobody',
      '#/purpose',
    ]);
  });

  it('is approved by an approver, never by who submitted it', async () => {
    const id = await staff.draft(living('Nobody'));
    expect((await staff.ask('approver', 'POST', `/v1/campaigns/${id}/submit`)).status).toBe(403);
    // The first key may do all, but not both.
    expect((await lagom.api('POST', `/v1/campaigns/${id}/submit`)).status).toBe(200);
    expect((await staff.ask('marketer', 'POST', `/v1/campaigns/${id}/approve`)).status).toBe(403);
    const own = await lagom.api('POST', `/v1/campaigns/${id}/approve`);
    expect([own.status, own.body.detail]).toEqual([
      409,
      expect.stringContaining('somebody else approves it'),
    ]);
    const keyOf = async (role: string, person: string) =>
      lagom.api('POST', '/v1/keys', { role, name: role, person });
    const [writes, approves] = [await keyOf('marketer', BOTH), await keyOf('approver', BOTH.toUpperCase())];
    const by = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
    const ownToo = await staff.draft(living('Nobody'));
    await lagom.api('POST', `/v1/campaigns/${ownToo}/submit`, undefined, by(writes.body.key));
    const twice = await lagom.api(
      'POST',
      `/v1/campaigns/${ownToo}/approve`,
      undefined,
      by(approves.body.key),
    );
    expect([twice.status, twice.body.detail]).toEqual([
      409,
      'this campaign was submitted by the same person: somebody else approves it',
    ]);
    expect((await staff.act(ownToo, 'approve', undefined, 'approver')).status).toBe('approved');
    const pointers = async (role: string, person: string) =>
      (await keyOf(role, person)).body.errors.map((one: { pointer: string }) => one.pointer);
    expect(await pointers('approver', 'anna@example.se')).toEqual(['#/person']);
    expect(await pointers('privacy', BOTH)).toEqual(['#/role']);
    const back = await staff.act(id, 'reject', { reason: 'Fel bild' }, 'approver');
    expect(back).toMatchObject({ status: 'draft', submitted: null });
    expect(back.history.at(-1)).toMatchObject({ move: 'reject', why: 'Fel bild' });
    expect((await staff.ask('approver', 'POST', `/v1/campaigns/${id}/reject`, {})).status).toBe(422);
  });

  it('loses its approval by an edit, and by another meaning of its segment', async () => {
    const id = await staff.approved(living('Nobody'));
    expect(await staff.taken('marketer', 'PATCH', `/v1/campaigns/${id}`, { name: 'Annat' })).toMatchObject({
      status: 'draft',
      approved: null,
      submitted: null,
    });
    expect((await staff.ask('marketer', 'POST', `/v1/campaigns/${id}/schedule`, {})).status).toBe(409);

    const other = await staff.approved(living('Nobody'), { graceMinutes: 10 });
    await staff.act(other, 'schedule', {});
    await staff.meanOthers(other);
    await lagom.advance('PT11M');
    const voided = await staff.until(other, 'draft');
    expect(voided.history.at(-1)).toMatchObject({ move: 'void', by: 'scheduler' });
    expect(await staff.rows(other)).toEqual({});
  });

  it.each<[string, string[]]>([
    ['draft', ['approve', 'reject', 'schedule', 'unschedule', 'pause', 'resume']],
    ['submitted', ['submit', 'schedule', 'unschedule', 'pause', 'resume', 'archive']],
    ['approved', ['submit', 'approve', 'reject', 'unschedule', 'pause', 'resume', 'archive']],
    ['scheduled', ['submit', 'approve', 'reject', 'schedule', 'pause', 'resume', 'archive']],
    ['sending', ['submit', 'approve', 'reject', 'schedule', 'unschedule', 'resume', 'archive']],
    ['paused', ['submit', 'approve', 'reject', 'schedule', 'unschedule', 'pause', 'archive']],
    ['sent', ['submit', 'approve', 'reject', 'schedule', 'unschedule', 'pause', 'resume', 'cancel']],
    ['cancelled', ['submit', 'approve', 'reject', 'schedule', 'unschedule', 'pause', 'resume', 'cancel']],
    [
      'archived',
      ['submit', 'approve', 'reject', 'schedule', 'unschedule', 'pause', 'resume', 'cancel', 'archive'],
    ],
  ])('that is %s refuses every move that it does not have', async (status, moves) => {
    const isUnderWay = ['sending', 'paused'].includes(status);
    if (isUnderWay) await Promise.all([reader(`Under ${status}`), reader(`Under ${status}`)]);
    const plan = isUnderWay ? { pace: { perHour: 1 } } : {};
    const id = await staff.draft(living(isUnderWay ? `Under ${status}` : 'Nobody'), plan);
    if (!['draft', 'cancelled', 'archived'].includes(status)) await staff.act(id, 'submit');
    if (isUnderWay || ['approved', 'scheduled', 'sent'].includes(status))
      await staff.act(id, 'approve', undefined, 'approver');
    if (status === 'scheduled') await staff.act(id, 'schedule', { at: '2027-01-01T09:00' });
    if (isUnderWay || status === 'sent') await staff.act(id, 'schedule', {});
    if (status === 'paused') {
      await staff.until(id, 'sending');
      await staff.act(id, 'pause');
    }
    if (status === 'cancelled') await staff.act(id, 'cancel');
    if (status === 'archived') await staff.act(id, 'archive');
    await staff.until(id, status);
    for (const move of moves) {
      const role = ['approve', 'reject'].includes(move) ? 'approver' : 'marketer';
      const answer = await staff.ask(
        role,
        'POST',
        `/v1/campaigns/${id}/${move}`,
        move === 'reject' ? { reason: 'x' } : undefined,
      );
      expect([move, answer.status, answer.body.detail]).toEqual([
        move,
        409,
        expect.stringContaining(`this campaign is ${status}`),
      ]);
    }
    if (isUnderWay || ['sent', 'cancelled', 'archived'].includes(status)) {
      expect((await staff.ask('marketer', 'PATCH', `/v1/campaigns/${id}`, { name: 'x' })).status).toBe(409);
    }
  });

  it('is put away once it is sent, and is found there', async () => {
    const id = await staff.approved(living('Nobody'));
    await staff.act(id, 'schedule', {});
    await staff.until(id, 'sent');
    expect(await staff.act(id, 'archive')).toMatchObject({ status: 'archived' });
    const { items } = await staff.taken('marketer', 'GET', '/v1/campaigns?status=archived');
    expect(items.map((one: { id: string }) => one.id)).toContain(id);
    expect(await staff.taken('marketer', 'GET', `/v1/campaigns/${id}/report`)).toMatchObject({
      status: 'archived',
    });
  });

  it('for an answer to a survey goes by the sender of its stream', async () => {
    const id = await staff.draft(living('Nobody'), { purpose: 'survey' });
    expect(await staff.act(id, 'submit')).toMatchObject({ status: 'submitted' });
  });

  it('is taken back from its schedule, copied, and nobody else’s', async () => {
    const id = await staff.approved(living('Nobody'));
    await staff.act(id, 'schedule', { at: '2027-01-01T09:00' });
    expect(await staff.act(id, 'unschedule')).toMatchObject({
      status: 'approved',
      schedule: null,
      launchAt: null,
    });
    const copy = await staff.act(id, 'duplicate');
    expect(copy).toMatchObject({ status: 'draft', name: 'Vårbrev (2)', approved: null, history: [] });
    expect((await lagom.api('GET', `/v1/campaigns/${id}`, undefined, { tenant: TRAVEL })).status).toBe(404);
    expect(
      (await lagom.api('POST', `/v1/campaigns/${id}/cancel`, undefined, { tenant: TRAVEL })).status,
    ).toBe(404);
  });
});

describe('a campaign under way', () => {
  it('pauses in the middle; who opts out meanwhile gets nothing when it goes on', async () => {
    const people = await Promise.all([1, 2, 3].map(() => reader('Paus')));
    const id = await staff.approved(living('Paus'), { pace: { perHour: 60 } });
    await staff.act(id, 'schedule', {});
    await staff.until(id, 'sending');
    // How far it has got is nothing that was done to it: what was read a while ago pauses it still.
    const ifMatch = (await staff.ask('marketer', 'GET', `/v1/campaigns/${id}`)).headers.get('etag')!;
    await lagom.advance('PT1S');
    const began = performance.now();
    const paused = await lagom.api(
      'POST',
      `/v1/campaigns/${id}/pause`,
      { reason: 'Fel pris' },
      { headers: { ...staff.headers('marketer'), 'if-match': ifMatch } },
    );
    expect(paused.body).toMatchObject({ status: 'paused', pausedFor: { why: 'Fel pris' } });
    // It waits for what is under way, W at most; a provider that hangs would be waited for longer.
    expect(performance.now() - began).toBeLessThan(30_000);
    const before = await staff.rows(id);
    expect(Object.values(before).filter((status) => status === 'accepted')).toHaveLength(1);
    await lagom.advance('PT2H');
    expect(await staff.rows(id)).toEqual(before);

    const [out, in_] = people.filter(({ id: one }) => before[one] !== 'accepted');
    await tell(lagom, 'customer.consent-changed', {
      customer: { id: out!.id },
      choices: [choice('newsletter', 'email', 'withdrawn')],
    });
    await staff.act(id, 'resume');
    await lagom.advance('PT10M');
    await staff.until(id, 'sent');
    expect(await staff.rows(id)).toMatchObject({ [out!.id]: 'refused withdrawn', [in_!.id]: 'accepted' });
    expect(await lagom.inbox({ to: out!.email! })).toEqual([]);
  });

  it('has ended when the clock that is led has gone over its end', async () => {
    await reader('Framåt');
    const id = await staff.approved(living('Framåt'));
    await staff.act(id, 'schedule', {});
    await lagom.advance('PT1M');
    expect((await staff.taken('marketer', 'GET', `/v1/campaigns/${id}`)).status).toBe('sent');
  });

  it('is cancelled for good: what was planned is called off', async () => {
    await Promise.all([1, 2, 3].map(() => reader('Slut')));
    const id = await staff.approved(living('Slut'), { pace: { perHour: 60 } });
    await staff.act(id, 'schedule', {});
    await staff.until(id, 'sending');
    await lagom.advance('PT1S');
    expect(await staff.act(id, 'cancel')).toMatchObject({ status: 'cancelled' });
    await lagom.advance('PT2H');
    expect(Object.values(await staff.rows(id)).sort()).toEqual(['accepted', 'cancelled', 'cancelled']);
  });

  it('can be called back in its grace', async () => {
    await reader('Nåd');
    const id = await staff.approved(living('Nåd'), { graceMinutes: 10 });
    await staff.act(id, 'schedule', {});
    await lagom.advance('PT9M');
    expect(await staff.act(id, 'unschedule')).toMatchObject({ status: 'approved' });
    await staff.act(id, 'schedule', {});
    await lagom.advance('PT11M');
    await staff.until(id, 'sent');
  });

  it('writes to an address once, whoever has it, and not in the name of who may not get it', async () => {
    const email = 'familjen@example.se';
    const minor = await reader('Delad', { id: 'a-minor', email, birthDate: '2015-01-01' });
    const [one, two] = [
      await reader('Delad', { id: 'b-first', email }),
      await reader('Delad', { id: 'c-second', email }),
    ];
    const id = await staff.approved(living('Delad'));
    expect(await staff.act(id, 'reach')).toMatchObject({
      members: 3,
      permitted: 1,
      refused: { minor: 1, duplicate: 1 },
    });
    await staff.act(id, 'schedule', {});
    await staff.until(id, 'sent');
    const rows = await staff.rows(id);
    expect(rows[minor.id]).toBe('refused minor');
    expect([rows[one.id], rows[two.id]].sort()).toEqual(['accepted', 'refused duplicate']);
    expect(await lagom.inbox({ to: email })).toHaveLength(1);
  });

  it('writes to an address in the name of whom something can be said to, though somebody else had it first', async () => {
    const email = 'ett-hem@example.se';
    const nameless = await reader('Hem', { id: 'a-nameless', email, name: null });
    const named = await reader('Hem', { id: 'b-named', email, name: 'Bo Ek' });
    const id = await staff.approved(living('Hem'), {
      variants: [await staff.content('Hej {{person.firstName}}!')],
    });
    await staff.act(id, 'schedule', {});
    await staff.until(id, 'sent');
    expect(await staff.rows(id)).toEqual({
      [nameless.id]: 'refused invalid-template',
      [named.id]: 'accepted',
    });
    expect(await lagom.inbox({ to: email })).toHaveLength(1);
  });

  it('counts against the cap of a person with the others that they get', async () => {
    const anna = await reader('Tak');
    const ids = [];
    for (let n = 0; n < 6; n += 1) ids.push(await staff.approved(living('Tak')));
    await Promise.all(ids.map((id) => staff.act(id, 'schedule', {})));
    const ends: string[] = [];
    for (const id of ids) {
      await staff.until(id, 'sent');
      ends.push((await staff.rows(id))[anna.id]!);
    }
    expect(ends.sort()).toEqual([...Array<string>(5).fill('accepted'), 'refused capped']);
  });

  it('is compared with who is held out and split among its variants, the same whenever it is asked', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, n) => reader('Delning', { id: `split-${n}` })));
    const variants = [await staff.content('A', 'Ämne A'), await staff.content('B', 'Ämne B')];
    const id = await staff.approved(living('Delning'), { variants, holdOut: 30 });
    const reach = await staff.act(id, 'reach');
    await staff.act(id, 'schedule', {});
    await staff.until(id, 'sent');
    const stands = Object.values(await staff.rows(id));
    expect(stands.filter((one) => one === 'cancelled')).toHaveLength(reach.heldOut);
    expect(stands.filter((one) => one === 'accepted')).toHaveLength(reach.permitted);
    expect(Number(reach.heldOut) + Number(reach.permitted)).toBe(12);
  });
});
