import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Staff } from './campaign.fixture.js';
import { startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { choice, person, tell, until } from './visit.fixture.js';

/** The clinic's file names her as staff. */
const EVA = 'eva@wellnesskliniken.se';
const EVAS_NUMBER = '+46701740612';
let lagom: Lagom;
let staff: Staff;
beforeAll(async () => {
  lagom = await startLagom();
  staff = await Staff.of(lagom);
});
afterAll(() => lagom.close());

const nobody = { place: { city: ['Ingenstans'] } };

it('a test goes to staff only: marked, without live links, and outside every count', async () => {
  const id = await staff.draft(nobody);
  const path = `/v1/campaigns/${id}/test-send`;
  const stranger = await staff.ask('marketer', 'POST', path, { to: [EVA, 'anna@example.se'] });
  expect([stranger.status, stranger.body.errors]).toMatchObject([422, [{ pointer: '#/to/1' }]]);
  expect(await lagom.inbox()).toEqual([]);
  const tested = await staff.taken('marketer', 'POST', path, { to: [EVA.toUpperCase()] });
  expect(tested.items).toEqual([{ to: EVA, variant: 'A', outcome: 'accepted' }]);
  const [mail] = await lagom.inbox({ to: EVA });
  expect(mail).toMatchObject({ subject: '[Test] Nyheter', purpose: 'newsletter' });
  expect(mail!.html).toContain('Hej Eva!');
  expect(mail!.html).toContain('/u/preview');
  expect(await lagom.messages({ campaign: id })).toEqual([]);
  expect((await staff.taken('marketer', 'GET', '/v1/stats')).total).toBe(0);
  const audit = await lagom.api('GET', '/v1/audit?what=campaign.test-sent');
  expect(audit.body.items).toHaveLength(1);
});

it('a test goes once to who is named twice, and says what is wrong where there is nothing to send', async () => {
  const before = (await lagom.inbox({ to: EVA })).length;
  const id = await staff.draft(nobody);
  const path = `/v1/campaigns/${id}/test-send`;
  const twice = { to: [EVA, EVA.toUpperCase()] };
  expect((await staff.taken('marketer', 'POST', path, twice)).items).toHaveLength(1);
  expect(await lagom.inbox({ to: EVA })).toHaveLength(before + 1);
  for (const locale of ['', 'no language', 5]) {
    const { status, body } = await staff.ask('marketer', 'POST', path, { to: [EVA], locale });
    expect([status, body.errors]).toMatchObject([422, [{ pointer: '#/locale' }]]);
  }
  await staff.taken('marketer', 'PATCH', `/v1/campaigns/${id}`, {
    variants: [{ template: 't-none', version: 1 }],
  });
  expect((await staff.taken('marketer', 'POST', path, { to: [EVA] })).items).toMatchObject([
    { outcome: 'refused', reason: 'invalid-template', problem: 'its version is not there' },
  ]);
  await staff.taken('marketer', 'PATCH', `/v1/campaigns/${id}`, { variants: [] });
  for (const [act, body] of [
    ['test-send', { to: [EVA] }],
    ['preview', {}],
  ] as const) {
    const answer = await staff.ask('marketer', 'POST', `/v1/campaigns/${id}/${act}`, body);
    expect([answer.status, answer.body.detail]).toEqual([
      409,
      'this campaign names no version of a template yet',
    ]);
  }
});

it('goes to the staff that the other tenant names, from there', async () => {
  const theirs = await Staff.of(lagom, TRAVEL);
  const id = await theirs.draft(nobody);
  const BO = 'bo@wellbe-ims.com';
  const path = `/v1/campaigns/${id}/test-send`;
  expect((await theirs.ask('marketer', 'POST', path, { to: [EVA] })).status).toBe(422);
  expect((await theirs.taken('marketer', 'POST', path, { to: [BO] })).items).toMatchObject([
    { to: BO, outcome: 'accepted' },
  ]);
  expect(await lagom.inbox({ to: BO })).toMatchObject([{ subject: '[Test] Nyheter', tenant: TRAVEL }]);
});

it('a test is stopped by the gate like everything else', async () => {
  const id = await staff.draft(nobody);
  await lagom.api('POST', '/v1/pause', { stream: 'marketing' });
  const path = `/v1/campaigns/${id}/test-send`;
  expect((await staff.taken('marketer', 'POST', path, { to: [EVA] })).items).toMatchObject([
    { outcome: 'held', reason: 'paused' },
  ]);
  await lagom.api('POST', '/v1/resume', { stream: 'marketing' });
  // Somebody else with this address wants no newsletters there.
  await tell(lagom, 'customer.consent-changed', {
    customer: person({ email: EVA }),
    choices: [choice('newsletter', 'email', 'objected')],
  });
  expect((await staff.taken('marketer', 'POST', path, { to: [EVA] })).items).toMatchObject([
    { outcome: 'refused', reason: 'objected' },
  ]);
});

it('a test of an SMS goes to the number of staff: marked, its links dead, outside every count, and never at night', async () => {
  const day = await startLagom({ at: '2026-11-02T10:00:00Z' });
  try {
    const people = await Staff.of(day);
    const id = await people.draft(nobody, { channel: 'sms' });
    const path = `/v1/campaigns/${id}/test-send`;
    for (const stranger of [EVA, '+46701740699', 'none']) {
      const answer = await people.ask('marketer', 'POST', path, { to: [EVAS_NUMBER, stranger] });
      expect([answer.status, answer.body.errors]).toMatchObject([
        422,
        [{ pointer: '#/to/1', detail: expect.stringContaining('no number of approval.people') }],
      ]);
    }
    expect(await day.inbox()).toEqual([]);
    // As it is written at home, too.
    expect((await people.taken('marketer', 'POST', path, { to: ['070-174 06 12'] })).items).toEqual([
      { to: EVAS_NUMBER, variant: 'A', outcome: 'accepted' },
    ]);
    const [sms] = await day.inbox({ to: EVAS_NUMBER });
    expect(sms).toMatchObject({ channel: 'sms', purpose: 'newsletter', from: 'WellnessNu' });
    expect(sms!.text).toMatch(/^\[Test\] .*Hej Eva!/s);
    expect(sms!.text).toContain('/o/preview');
    expect(await day.messages({ campaign: id })).toEqual([]);
    expect((await people.taken('marketer', 'GET', '/v1/stats')).total).toBe(0);
    const sent = async () => (await people.taken('marketer', 'POST', path, { to: [EVAS_NUMBER] })).items;
    await day.advanceTo('2026-11-02T21:00:00Z');
    expect(await sent()).toMatchObject([{ outcome: 'held', reason: 'quiet-hours' }]);
    // Somebody else with this number wants none there.
    await tell(day, 'customer.consent-changed', {
      customer: person({ phone: EVAS_NUMBER }),
      choices: [choice('newsletter', 'sms', 'withdrawn')],
    });
    expect(await sent()).toMatchObject([{ outcome: 'refused', reason: 'withdrawn' }]);
    expect(await day.inbox({ to: EVAS_NUMBER })).toHaveLength(1);
  } finally {
    await day.close();
  }
});

it('a campaign pauses by itself at its limits and says why; resumed, it looks at what comes from then on', async () => {
  const readers = [1, 2, 3].map(() =>
    person({ address: { lines: ['x'], postalCode: '1', city: 'Gräns', country: 'SE' } }),
  );
  for (const customer of readers) {
    await tell(lagom, 'customer.consent-changed', {
      customer,
      choices: [choice('newsletter', 'email', 'given')],
    });
  }
  const limits = { complaints: 0.002, bounces: 0.05, errors: 0.2, least: 1 };
  const id = await staff.approved({ place: { city: ['Gräns'] } }, { limits, pace: { perHour: 1 } });
  await staff.act(id, 'schedule', {});
  const mails = async (count: number) =>
    until(
      async () =>
        (await lagom.inbox({ purpose: 'newsletter' })).filter(({ to }) =>
          readers.some(({ email }) => email === to),
        ),
      (all) => all.length === count && all,
    );
  const complain = async (all: { id: string }[], known: readonly { id: string }[] = []) => {
    const [mail] = all.filter((one) => !known.some((other) => other.id === one.id));
    await lagom.api('POST', `/inbox/${mail!.id}/complain`);
  };
  const pauses = async (why: string) => {
    await until(
      () => staff.taken('marketer', 'GET', `/v1/campaigns/${id}`),
      (campaign: { pausedFor: { why: string } | null }) => campaign.pausedFor?.why === why,
    );
    // A moved clock is a later look: what was under way has ended.
    await lagom.advance('PT1M');
    await staff.until(id, 'paused');
  };
  const first = await mails(1);
  await complain(first);
  await pauses('complaints: 1 of 1 sent, more than 0.2 per cent');

  await staff.act(id, 'resume');
  await lagom.advance('PT1H');
  const second = await mails(2);
  expect(await staff.taken('marketer', 'GET', `/v1/campaigns/${id}`)).toMatchObject({
    ...{ status: 'sending', pausedFor: null },
  });
  await complain(second, first);
  await pauses('complaints: 1 of 1 sent since it was resumed, more than 0.2 per cent');
});

it('a campaign may be stricter than its tenant, never laxer', async () => {
  const limits = { complaints: 0.5, bounces: 0.05, errors: 1, least: 1_000 };
  const path = `/v1/campaigns/${await staff.draft(nobody)}`;
  const answers = [
    await staff.ask('marketer', 'PATCH', path, { limits }),
    await staff.ask('marketer', 'POST', '/v1/campaigns', {
      ...{ name: 'x', purpose: 'offers', channel: 'email', limits },
    }),
  ];
  for (const { status, body } of answers) {
    expect([status, body.errors]).toEqual([
      422,
      [
        { pointer: '#/limits/complaints', detail: "expected at most 0.003, which is the tenant's" },
        { pointer: '#/limits/errors', detail: "expected at most 0.2, which is the tenant's" },
        { pointer: '#/limits/least', detail: "expected at most 100, which is the tenant's" },
      ],
    ]);
  }
  expect((await staff.taken('marketer', 'GET', path)).limits).toEqual({
    ...{ complaints: 0.003, bounces: 0.05, errors: 0.2, least: 100 },
  });
});
