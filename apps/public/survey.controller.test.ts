import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ShortCodeStore } from '#consent/short-code.store';
import { SurveyAnswerStore } from '#customers/survey-answer.store';
import { Erase } from '#privacy/erase';
import { CLINIC, type PublicSide, startPublic, TRAVEL } from './public.fixture.js';

const DAY = 86_400_000;
let side: PublicSide;
beforeAll(async () => {
  side = await startPublic();
});
afterAll(() => side.close());

let people = 0;
/** A customer with a visit, and the link that asks about it. */
async function visitor(): Promise<{ id: string; booking: string; path: string }> {
  people += 1;
  const [id, email] = [`c-${people}`, `p${people}@example.se`];
  const booking = `b/${people}`;
  await side.plant({ customer: id, email });
  return { id, booking, path: side.pathTo(id, email, { purpose: 'survey', subject: booking }) };
}
const ask = (path: string, init: RequestInit = {}) => fetch(side.url + path, { redirect: 'manual', ...init });
const answer = (path: string, fields: Record<string, string>) =>
  ask(path, { method: 'POST', body: new URLSearchParams(fields) });
const kept = (booking: string) => side.get(SurveyAnswerStore).find(CLINIC, booking);
const wait = (ms: number): void => side.clock.setLead(side.clock.lead + ms);

it('asks for a number from 0 to 10, and changes nothing by asking', async () => {
  const { booking, path } = await visitor();
  for (const method of ['GET', 'HEAD']) expect((await ask(path, { method })).status).toBe(200);
  const html = await (await ask(path)).text();
  expect(html.match(/type="radio"/g)).toHaveLength(11);
  expect(html).not.toContain('checked');
  expect(html).toContain('Hur nöjd är du med det du bokade?');
  expect(await kept(booking)).toBeNull();
});

it('keeps one answer for a visit, which can be changed for a week from the first', async () => {
  const { id, booking, path } = await visitor();
  const first = await answer(path, { score: '9', comment: ' Varmt & lugnt.\r\nTack! ' });
  expect(first.status).toBe(200);
  const thanks = await first.text();
  expect(thanks).toContain('Tack för ditt svar!');
  // Asked on 2 March at eleven: the 8th is the last whole day of the week.
  expect(thanks).toContain('8\u00a0mars');
  expect(await kept(booking)).toMatchObject({
    ...{ customer: id, score: 9, comment: 'Varmt & lugnt.\nTack!', language: 'sv' },
  });
  const again = await (await ask(path)).text();
  expect(again).toContain('value="9" checked');
  expect(again).toContain('Varmt &amp; lugnt.\nTack!');

  wait(6 * DAY);
  expect((await answer(path, { score: '0' })).status).toBe(200);
  const changed = await kept(booking);
  expect(changed).toMatchObject({ score: 0, comment: null });
  expect(changed!.changedAt.getTime() - changed!.answeredAt.getTime()).toBeGreaterThanOrEqual(6 * DAY);
  wait(DAY);
  for (const late of [await ask(path), await answer(path, { score: '5' })]) {
    expect(late.status).toBe(410);
    expect(await late.text()).toContain('Den här länken används inte längre');
  }
  expect(await kept(booking)).toMatchObject({ score: 0 });
});

it('keeps one of two first answers at once', async () => {
  const { booking, path } = await visitor();
  const both = await Promise.all(['3', '4'].map((score) => answer(path, { score })));
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
  expect([3, 4]).toContain((await kept(booking))?.score);
});

it('opens by the short code of an SMS, which opens nothing else, until the person is erased', async () => {
  const { id, booking } = await visitor();
  const payload = side.linkTo(id, '+46701740605', { channel: 'sms', purpose: 'survey', subject: booking });
  const codes = side.get(ShortCodeStore);
  const wanted = [{ message: `m-${id}`, payload }];
  const code = (await codes.ensure(CLINIC, 'survey', wanted)).get(`m-${id}`);
  const optOut = (await codes.ensure(CLINIC, 'unsubscribe', wanted)).get(`m-${id}`);
  expect((await answer(`/s/${code}`, { score: '8' })).status).toBe(200);
  expect(await kept(booking)).toMatchObject({ customer: id, score: 8 });
  for (const wrong of [`/o/${code}`, `/s/${optOut}`]) {
    expect((await ask(wrong)).status).toBe(404);
    expect((await answer(wrong, { score: '1' })).status).toBe(404);
  }
  expect((await side.find(id))?.choiceLog.at(-1)).toMatchObject({ state: 'given' });
  await side.get(Erase).erase(CLINIC, id, 'staff');
  expect((await ask(`/s/${code}`)).status).toBe(410);
});

describe('an answer that cannot be taken', () => {
  it.each<[string, Record<string, string>, string]>([
    ['no number', { comment: 'Fint.' }, 'Välj en siffra från 0 till 10.'],
    ['a number too high', { score: '11', comment: 'Fint.' }, 'Välj en siffra från 0 till 10.'],
    ['half a number', { score: '7.5', comment: 'Fint.' }, 'Välj en siffra från 0 till 10.'],
    ['a long text', { score: '7', comment: `Fint.${'å'.repeat(1_996)}` }, 'har 2\u00a0001 tecken'],
  ])('is shown again with words: %s', async (_, fields, words) => {
    const { booking, path } = await visitor();
    const shown = await answer(path, fields);
    const html = await shown.text();
    expect(shown.status).toBe(422);
    expect(html).toContain(words);
    expect(html).toContain('role="alert"');
    expect(html).toContain('Fint.');
    if (fields.score === '7') expect(html).toContain('value="7" checked');
    expect(await kept(booking)).toBeNull();
  });

  it('is no way to write markup', async () => {
    const { path } = await visitor();
    const html = await (await answer(path, { score: 'x', comment: '</textarea><script>' })).text();
    expect(html).not.toContain('<script');
  });
});

it('takes 2 000 characters, with line ends counted once', async () => {
  const { booking, path } = await visitor();
  expect(
    (await answer(path, { score: '7', comment: `${'å'.repeat(999)}\r\n${'ä'.repeat(1_000)}` })).status,
  ).toBe(200);
  expect((await kept(booking))?.comment).toHaveLength(2_000);
});

it('keeps no card number', async () => {
  const { booking, path } = await visitor();
  await answer(path, { score: '7', comment: 'Mitt kort 4242 4242 4242 4242 drogs två gånger' });
  expect((await kept(booking))?.comment).toBe('Mitt kort •••• 4242 drogs två gånger');
});

it('is closed for who is erased or not known, and the answers go with the person', async () => {
  const { id, booking, path } = await visitor();
  await answer(path, { score: '10' });
  const erasure = await side.get(Erase).erase(CLINIC, id, 'staff');
  expect(erasure?.erased).toContain('survey answers');
  expect(await kept(booking)).toBeNull();
  for (const gone of [await ask(path), await answer(path, { score: '10' })]) expect(gone.status).toBe(410);
  expect(await kept(booking)).toBeNull();
  const nobody = side.pathTo('nobody', 'nobody@example.se', { purpose: 'survey', subject: 'b-x' });
  expect((await ask(nobody)).status).toBe(410);
});

it('tells apart what is forged and what has run out', async () => {
  const { id, path } = await visitor();
  expect((await ask(path.slice(0, -3))).status).toBe(404);
  const expiresAt = new Date(side.clock.now().getTime() + DAY);
  const short = side.pathTo(id, 'x@example.se', { purpose: 'survey', subject: 'b-short', expiresAt });
  expect((await ask(short)).status).toBe(200);
  // Links tell whole seconds.
  wait(DAY + 1_000);
  const answered = await ask(short, { headers: { 'accept-language': 'en' } });
  expect(answered.status).toBe(410);
  expect(await answered.text()).toContain('This link is no longer in use');
  expect((await ask(path, { method: 'PUT' })).status).toBe(405);
});

it('keeps the same booking of another tenant apart', async () => {
  const { id, booking, path } = await visitor();
  await side.plant({ tenant: TRAVEL, customer: id, email: 'other@example.se' });
  const other = side.pathTo(id, 'other@example.se', { tenant: TRAVEL, purpose: 'survey', subject: booking });
  await answer(other, { score: '1' });
  await answer(path, { score: '8' });
  expect(await kept(booking)).toMatchObject({ tenant: CLINIC, score: 8 });
  expect(await side.get(SurveyAnswerStore).find(TRAVEL, booking)).toMatchObject({ score: 1 });
});
