import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LinkTokens } from '#consent/link-token';
import { messageRow } from '#messages/message.fixture';
import { MessageStore } from '#messages/message.store';
import { Notices } from '#privacy/notices';
import { CLINIC, given, type PublicSide, startPublic, TRAVEL } from './public.fixture.js';

let side: PublicSide;
beforeAll(async () => {
  side = await startPublic();
});
afterAll(() => side.close());

let people = 0;
const somebody = (): { id: string; email: string; phone: string } => {
  people += 1;
  return { id: `p-${people}`, email: `pref${people}@example.se`, phone: `+46701740${700 + people}` };
};
const path = (id: string, email: string, tenant = CLINIC): string =>
  `/p/${side.get(LinkTokens).seal('preferences', side.linkTo(id, email, { tenant }))}`;
const ask = (to: string, body?: URLSearchParams) =>
  fetch(side.url + to, { redirect: 'manual', ...(body && { method: 'POST', body }) });

/** The form of a page as a browser would send it, with some boxes turned. */
function fill(html: string, turned: readonly string[], more: Record<string, string> = {}): URLSearchParams {
  const form = new URLSearchParams({ do: 'save', ...more });
  form.set('seen', /name="seen" value="([^"]*)"/.exec(html)?.[1] ?? 'none');
  for (const [, value = '', checked] of html.matchAll(/name="on" id="[^"]*" value="([\d.]+)"( checked)?/g)) {
    if ((checked !== undefined) !== turned.includes(value)) form.append('on', value);
  }
  return form;
}
const NEWS_MAIL = '12.1';
const NEWS_SMS = '12.2';
const BOOKING_MAIL = '1.1';
const BOOKING_SMS = '1.2';

it('shows what stands, changes it with proof, and nothing that was not turned', async () => {
  const { id, email, phone } = somebody();
  await side.plant({ customer: id, email, phone });
  const to = path(id, email);
  const html = await (await ask(to)).text();
  expect(html).not.toContain(email);
  expect(html).toContain('Nyhetsbrev');
  const answer = await ask(to, fill(html, [NEWS_MAIL, BOOKING_SMS]));
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('role="status"');
  expect(await side.gate(id, 'newsletter')).toBe('withdrawn');
  expect(await side.gate(id, 'newsletter', 'sms')).toBe('permit');
  expect(await side.gate(id, 'booking', 'sms')).toBe('channel-off');
  expect(await side.gate(id, 'booking')).toBe('permit');
  const added = (await side.find(id))!.choiceLog.slice(1);
  expect(added).toHaveLength(2);
  for (const one of added)
    expect(one).toMatchObject({
      state: 'withdrawn',
      via: 'page',
      method: 'page',
      place: '/p',
      language: 'sv',
    });
  expect(added[0]!.noticeVersion).toBe(side.get(Notices).version(CLINIC));

  // A page that stood open since before turns only what is turned on it.
  expect((await ask(to, fill(html, [NEWS_SMS]))).status).toBe(200);
  expect(await side.gate(id, 'newsletter')).toBe('withdrawn');
  expect(await side.gate(id, 'newsletter', 'sms')).toBe('withdrawn');

  const now = await (await ask(to)).text();
  expect((await ask(to, fill(now, [NEWS_MAIL]))).status).toBe(200);
  expect(await side.gate(id, 'newsletter')).toBe('permit');
  expect(await side.gate(id, 'offers')).toBe('permit');
});

it('leaves a contract one channel at least, and says so', async () => {
  const { id, email, phone } = somebody();
  await side.plant({ customer: id, email, phone });
  const to = path(id, email);
  const html = await (await ask(to)).text();
  const answer = await ask(to, fill(html, [BOOKING_MAIL, BOOKING_SMS, NEWS_MAIL]));
  expect(answer.status).toBe(422);
  expect(await answer.text()).toContain('Lämna minst ett sätt kvar');
  expect((await side.find(id))!.choiceLog).toHaveLength(1);
});

it('pauses marketing for 30 days without a no, and ends the pause', async () => {
  const { id, email } = somebody();
  await side.plant({ customer: id, email });
  await side
    .get(MessageStore)
    .insertPlanned([
      messageRow({ _id: `${id}-news`, customer: id, purpose: 'newsletter', stream: 'marketing' }),
    ]);
  const to = path(id, email);
  const html = await (await ask(to)).text();
  const paused = await (await ask(to, fill(html, [], { pause: '30' }))).text();
  expect(paused).toContain('1\u00a0april');
  expect(await side.gate(id, 'newsletter')).toBe('paused');
  expect(await side.gate(id, 'booking')).toBe('permit');
  expect(await side.gate(id, 'survey')).toBe('permit');
  const after = (await side.find(id))!;
  expect(after.choiceLog).toHaveLength(1);
  const days = (after.marketingPausedUntil!.getTime() - side.clock.now().getTime()) / 86_400_000;
  expect(Math.round(days)).toBe(30);
  await ask(to, fill(paused, [], { pause: 'end' }));
  expect(await side.gate(id, 'newsletter')).toBe('permit');
});

it('speaks the language that was chosen from then on, whatever a browser or an event says', async () => {
  const { id, email } = somebody();
  await side.plant({ customer: id, email, locale: 'sv' });
  const to = path(id, email);
  const html = await (await ask(to)).text();
  const answer = await ask(to, fill(html, [], { language: 'en' }));
  expect(answer.headers.get('content-language')).toBe('en');
  expect(await side.find(id)).toMatchObject({ locale: 'en', localeChosenAt: expect.any(Date) });
});

it('stops all marketing by one button, for everyone with the address', async () => {
  const { id, email } = somebody();
  await side.plant({ customer: id, email });
  await side.plant({ customer: `${id}-other`, email });
  expect((await ask(path(id, email), new URLSearchParams({ do: 'stop' }))).status).toBe(200);
  for (const who of [id, `${id}-other`]) expect(await side.gate(who, 'offers')).toBe('withdrawn');
});

it('takes nothing from a form that is none of its own, and changes nothing on GET or HEAD', async () => {
  const { id, email } = somebody();
  await side.plant({ customer: id, email });
  const to = path(id, email);
  const before = (await side.find(id))!.rev;
  expect((await ask(to, new URLSearchParams())).status).toBe(422);
  expect((await ask(to, new URLSearchParams({ seen: 'x', on: '12.1' }))).status).toBe(422);
  for (const method of ['GET', 'HEAD']) expect((await fetch(side.url + to, { method })).status).toBe(200);
  expect((await side.find(id))!.rev).toBe(before);
});

it('shows nothing of a person who has another address now, and can still stop what goes there', async () => {
  const { id, email } = somebody();
  await side.plant({ customer: id, email: `new-${email}`, choiceLog: [given('all', side.clock.now())] });
  const to = path(id, email);
  const html = await (await ask(to)).text();
  expect(html).not.toContain('name="on"');
  expect((await ask(to, new URLSearchParams({ do: 'stop' }))).status).toBe(200);
  expect(await side.gate(id, 'newsletter')).toBe('withdrawn');
});

it('refuses what is forged, cut, of another tenant or of another use with a page that helps', async () => {
  const { id, email } = somebody();
  await side.plant({ customer: id, email });
  const good = path(id, email);
  const other = `/p/${side.get(LinkTokens).seal('unsubscribe', side.linkTo(id, email))}`;
  for (const bad of [
    good.slice(0, -1),
    `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`,
    other,
    '/p',
    '/p/x',
  ]) {
    const answer = await ask(bad);
    expect([bad.length, answer.status]).toEqual([bad.length, 404]);
    expect(await answer.text()).toContain('<h1>');
  }
  // The same id with another tenant is another person.
  expect(await (await ask(path(id, email, TRAVEL))).text()).not.toContain('name="on"');
});
