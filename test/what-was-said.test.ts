import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { DAY, person, tell, visit } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

const content = (id: string, options: { tenant?: string; headers?: Record<string, string> } = {}) =>
  lagom.api('GET', `/v1/messages/${encodeURIComponent(id)}/content`, undefined, options);

it('says again what was said, though booking and name have changed since, and writes down who read it', async () => {
  const who = person();
  const booking = visit(new Date(lagom.now().getTime() + 20 * DAY));
  await tell(lagom, 'booking.confirmed', { customer: who, booking });
  await lagom.advance('PT0S');
  const [mail] = await lagom.inbox({ to: who.email ?? '' });
  const moved = { ...booking, startsAt: new Date(lagom.now().getTime() + 40 * DAY).toISOString() };
  delete (moved as { endsAt?: string }).endsAt;
  await tell(lagom, 'booking.rescheduled', { customer: { ...who, name: 'Helt Annan' }, booking: moved });
  await lagom.advance('PT0S');

  const { status, body } = await content(mail?.message ?? '');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    channel: 'email',
    template: 'booking-confirmation',
    locale: 'sv',
    asSaid: true,
  });
  expect(body.subject).toBe(mail?.subject);
  expect(body.text).toContain(who.name);
  expect(body.text).not.toContain('Helt Annan');
  expect(body.html).toContain(who.name);
  const words = (text = '') => text.replace(/https?:\S+/g, '').replace(/\s+/g, ' ');
  expect(words(body.text)).toBe(words(mail?.text));
  const { items } = (await lagom.api('GET', `/v1/audit?customer=${who.id}`)).body;
  expect(items).toMatchObject([{ what: 'message.content-read', about: { message: mail?.message } }]);
});

it('shows no link that somebody could use in their name', async () => {
  const who = person();
  const booking = visit(new Date(lagom.now().getTime() + 2 * DAY));
  await tell(lagom, 'booking.confirmed', { customer: who, booking });
  await tell(lagom, 'booking.completed', { customer: who, booking });
  await lagom.advance('P4D');
  const [survey] = await lagom.inbox({ to: who.email ?? '', purpose: 'survey' });
  const { body } = await content(survey?.message ?? '');
  expect(body.asSaid).toBe(true);
  const links = [...`${body.text} ${body.html}`.matchAll(/https?:\/\/[^\s"<>]+\/[suopce]\/[\w-]+/g)];
  expect(links).toEqual([]);
  expect(survey?.text).toMatch(/\/s\/[\w-]+/);
});

it('has nothing to say of what was not sent, of what was erased, and of another tenant’s', async () => {
  const who = person();
  const booking = visit(new Date(lagom.now().getTime() + 30 * DAY));
  await tell(lagom, 'booking.confirmed', { customer: who, booking });
  await lagom.advance('PT0S');
  const rows = await lagom.messages({ customer: who.id });
  const planned = rows.find(({ status }) => status === 'planned');
  const sent = rows.find(({ status }) => status === 'accepted');
  expect((await content(planned?.id ?? '')).status).toBe(409);
  expect((await content(sent?.id ?? '', { tenant: TRAVEL })).status).toBe(404);
  const marketer = (await lagom.api('POST', '/v1/keys', { role: 'marketer', name: 'Maja' })).body;
  const headers = { authorization: `Bearer ${marketer.key}` };
  expect((await content(sent?.id ?? '', { headers })).status).toBe(403);
  await lagom.api('DELETE', `/v1/customers/${who.id}`);
  expect((await content(sent?.id ?? '')).status).toBe(410);
});

it('tells what each stream sends from, and no secret', async () => {
  const { body } = await lagom.api('GET', '/v1/senders');
  expect(body.sends).toBe('capture');
  expect(body.items).toContainEqual(
    expect.objectContaining({
      ...{ stream: 'marketing', channel: 'email', from: 'nyheter@wellnesskliniken.se', usable: true },
      accounts: [{ name: 'wellnesskliniken-email', kind: 'sendgrid', configured: false, breaker: 'closed' }],
    }),
  );
  expect(body.items).toHaveLength(4);
});

it('tells what people thought, by service and month; their words to privacy only, and it is written down', async () => {
  const scores = [10, 9, 7, 0];
  for (const [index, score] of scores.entries()) {
    const who = person();
    const service = index < 3 ? 'Massage' : 'Fotvård';
    const booking = visit(new Date(lagom.now().getTime() + DAY), { service });
    await tell(lagom, 'booking.confirmed', { customer: who, booking });
    await lagom.advance('P1DT2H');
    await tell(lagom, 'booking.completed', { customer: who, booking });
    await lagom.advance('P2D');
    const [mail] = await lagom.inbox({ to: who.email ?? '', purpose: 'survey' });
    const link = /https?:\/\/[^\s/]+\/s\/[\w-]+/.exec(mail?.text ?? '')?.[0] ?? '';
    const form = new URLSearchParams({ score: String(score), comment: index === 3 ? '=Ont i foten' : '' });
    expect((await fetch(link, { method: 'POST', body: form })).status).toBe(200);
  }
  const { body } = await lagom.api('GET', '/v1/surveys/results?service=Massage');
  expect(body.items).toEqual([
    {
      ...{ service: 'Massage', month: '2026-03', count: 3, mean: 8.67, nps: 67 },
      ...{ promoters: 2, passives: 1, detractors: 0, distribution: [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1] },
    },
  ]);
  expect((await lagom.api('GET', '/v1/surveys/results')).body.items).toHaveLength(2);
  expect((await lagom.api('GET', '/v1/surveys/results?to=2026-03-01T00:00:00Z')).body.items).toEqual([]);
  expect((await lagom.api('GET', '/v1/surveys/results?to=2026-02-28')).body.items).toEqual([]);
  expect((await lagom.api('GET', '/v1/surveys/results?from=2026-03-01')).body.items).toHaveLength(2);
  expect((await lagom.api('GET', '/v1/surveys/results?from=yesterday')).body.errors).toMatchObject([
    { pointer: '#/from' },
  ]);
  expect((await lagom.api('GET', '/v1/surveys/results', undefined, { tenant: TRAVEL })).body.items).toEqual(
    [],
  );
  const csv = { headers: { accept: 'text/csv' } };
  expect((await lagom.api('GET', '/v1/surveys/results?service=Massage', undefined, csv)).body).toBe(
    'service,month,count,mean,nps,promoters,passives,detractors,' +
      'score0,score1,score2,score3,score4,score5,score6,score7,score8,score9,score10\r\n' +
      'Massage,2026-03,3,8.67,67,2,1,0,0,0,0,0,0,0,0,1,0,1,1\r\n',
  );

  const answers = (await lagom.api('GET', '/v1/surveys/answers?service=Fotv%C3%A5rd')).body;
  expect(answers.items).toMatchObject([{ score: 0, comment: '=Ont i foten', service: 'Fotvård' }]);
  const first = (await lagom.api('GET', '/v1/surveys/answers?limit=3')).body;
  const second = (await lagom.api('GET', `/v1/surveys/answers?limit=3&cursor=${first.next}`)).body;
  expect([first.items.length, second.items.length, second.next]).toEqual([3, 1, undefined]);
  // A spreadsheet would run what begins like a formula.
  expect((await lagom.api('GET', '/v1/surveys/answers', undefined, csv)).body).toContain("'=Ont i foten");
  const marketer = (await lagom.api('POST', '/v1/keys', { role: 'marketer', name: 'Maja' })).body;
  const headers = { authorization: `Bearer ${marketer.key}` };
  expect((await lagom.api('GET', '/v1/surveys/answers', undefined, { headers })).status).toBe(403);
  expect((await lagom.api('GET', '/v1/surveys/results', undefined, { headers })).status).toBe(200);
  const { items } = (await lagom.api('GET', '/v1/audit?what=survey.comments-read')).body;
  expect(items.length).toBe(4);
});
