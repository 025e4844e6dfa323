import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LinkTokens } from '#consent/link-token';
import { ShortCodeStore } from '#consent/short-code.store';
import { CustomerStore } from '#customers/customer.store';
import { HearEvents } from '#ingest/hear-event';
import { readKafkaEvent } from '#events/read-event';
import { messageRow } from '#messages/message.fixture';
import { MessageStore } from '#messages/message.store';
import { Erase } from '#privacy/erase';
import { Notices } from '#privacy/notices';
import { WithdrawByLink } from '#privacy/withdraw-by-link';
import { CLINIC, given, type PublicSide, startPublic, TRAVEL } from './public.fixture.js';

let side: PublicSide;
beforeAll(async () => {
  side = await startPublic();
});
afterAll(() => side.close());

let people = 0;
/** An id and an address that nobody else has. */
const somebody = (): { id: string; email: string; phone: string } => {
  people += 1;
  return { id: `c-${people}`, email: `p${people}@example.se`, phone: `+46701740${600 + people}` };
};
const ONE_CLICK = {
  method: 'POST',
  body: 'List-Unsubscribe=One-Click',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
};
const press = (stop: string): RequestInit => ({ ...ONE_CLICK, body: `stop=${stop}` });
const ask = (path: string, init: RequestInit = {}) => fetch(side.url + path, { redirect: 'manual', ...init });

describe('one click', () => {
  const multipart = new FormData();
  multipart.set('List-Unsubscribe', 'One-Click');
  const bare =
    '--b1\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b1--\r\n';
  it.each<[string, RequestInit]>([
    ['urlencoded', ONE_CLICK],
    ['multipart', { method: 'POST', body: multipart }],
    [
      'multipart with a quoted boundary',
      { method: 'POST', body: bare, headers: { 'Content-Type': 'multipart/form-data; boundary="b1"' } },
    ],
  ])('stops the purpose on the channel: %s', async (_, init) => {
    const { id, email } = somebody();
    await side.plant({ customer: id, email });
    expect(await side.gate(id, 'newsletter')).toBe('permit');
    const answer = await ask(side.pathTo(id, email), init);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('location')).toBeNull();
    expect(await side.gate(id, 'newsletter')).toBe('withdrawn');
    expect(await side.gate(id, 'offers')).toBe('permit');
    expect((await side.find(id))?.choiceLog.at(-1)).toMatchObject({
      ...{ purpose: 'newsletter', channel: 'email', state: 'withdrawn', via: 'page' },
      ...{ method: 'one-click', place: '/u', language: 'sv', noticeVersion: 'none' },
    });
    expect(await side.optOuts(email)).toMatchObject([
      { purpose: 'newsletter', channel: 'email', state: 'withdrawn', by: id, via: 'page' },
    ]);
  });

  it('stops no more than the link says, whatever else the body asks for', async () => {
    const { id, email } = somebody();
    await side.plant({ customer: id, email });
    await ask(side.pathTo(id, email), { ...ONE_CLICK, body: 'stop=marketing&List-Unsubscribe=One-Click' });
    expect(await side.gate(id, 'newsletter')).toBe('withdrawn');
    expect(await side.gate(id, 'abandoned-booking')).toBe('permit');
  });

  it('cancels what is planned, and nothing else', async () => {
    const { id, email } = somebody();
    await side.plant({ customer: id, email });
    const rows = [
      messageRow({ _id: `${id}-news`, customer: id, purpose: 'newsletter', stream: 'marketing' }),
      messageRow({ _id: `${id}-booking`, customer: id }),
    ];
    await side.get(MessageStore).insertPlanned(rows);
    await ask(side.pathTo(id, email), ONE_CLICK);
    const found = await side.get(MessageStore).findByIds(CLINIC, [`${id}-news`, `${id}-booking`]);
    expect(new Map(found.map((row) => [row._id, row.status]))).toEqual(
      new Map([
        [`${id}-news`, 'cancelled'],
        [`${id}-booking`, 'planned'],
      ]),
    );
  });

  it('twice is once, and counts again once the person has opted in since', async () => {
    const { id, email } = somebody();
    await side.plant({ customer: id, email });
    const path = side.pathTo(id, email);
    for (let times = 0; times < 3; times++) expect((await ask(path, ONE_CLICK)).status).toBe(200);
    const before = (await side.find(id))!;
    expect(before.choiceLog.map(({ state }) => state)).toEqual(['given', 'withdrawn']);
    expect(await side.optOuts(email)).toHaveLength(1);

    const now = side.clock.now();
    const back = given('email', now, {
      purpose: 'newsletter',
      via: 'double-opt-in',
      lifts: true,
      id: 'back',
    });
    const after = { ...before, choiceLog: [...before.choiceLog, back] };
    await side.get(CustomerStore).write([{ before, after }]);
    expect(await side.gate(id, 'newsletter')).toBe('permit');
    await ask(path, ONE_CLICK);
    expect(await side.gate(id, 'newsletter')).toBe('withdrawn');
    expect(await side.optOuts(email)).toHaveLength(2);
  });

  it.each([
    ['JSON that is none', { body: '{', headers: { 'content-type': 'application/json' } }],
    ['nothing at all', {}],
    ['bytes that are no text', { body: new Uint8Array([0xff, 0xfe]), headers: { ...ONE_CLICK.headers } }],
    ['something compressed', { body: 'x', headers: { ...ONE_CLICK.headers, 'content-encoding': 'gzip' } }],
  ])('is heard with any body: %s', async (_, init) => {
    const { id, email } = somebody();
    await side.plant({ customer: id, email });
    expect((await ask(side.pathTo(id, email), { method: 'POST', ...init })).status).toBe(200);
    expect(await side.gate(id, 'newsletter')).toBe('withdrawn');
  });
});

describe('everyone with the address', () => {
  it('is refused as withdrawn, and their planned messages are cancelled', async () => {
    const [anna, bo] = [somebody(), somebody()];
    await side.plant({ customer: anna.id, email: anna.email });
    await side.plant({ customer: bo.id, email: anna.email });
    await side
      .get(MessageStore)
      .insertPlanned([
        messageRow({ _id: `${bo.id}-cart`, customer: bo.id, purpose: 'abandoned-booking' }),
        messageRow({ _id: `${bo.id}-survey`, customer: bo.id, purpose: 'survey' }),
      ]);
    await ask(side.pathTo(anna.id, anna.email, { purpose: 'abandoned-booking' }), press('channel'));
    expect(await side.gate(bo.id, 'abandoned-booking')).toBe('withdrawn');
    expect(await side.gate(bo.id, 'newsletter')).toBe('withdrawn');
    // What is no marketing is each person's own choice.
    expect(await side.gate(anna.id, 'survey')).toBe('withdrawn');
    expect(await side.gate(bo.id, 'survey')).toBe('permit');
    const rows = await side.get(MessageStore).findByIds(CLINIC, [`${bo.id}-cart`, `${bo.id}-survey`]);
    expect(Object.fromEntries(rows.map((row) => [row._id, row.status]))).toEqual({
      [`${bo.id}-cart`]: 'cancelled',
      [`${bo.id}-survey`]: 'planned',
    });
  });

  it('hears it although the customer of the link has another address by now', async () => {
    const [anna, bo] = [somebody(), somebody()];
    await side.plant({ customer: anna.id, email: 'new@example.se' });
    await side.plant({ customer: bo.id, email: anna.email });
    const answer = await ask(side.pathTo(anna.id, anna.email), ONE_CLICK);
    expect(answer.status).toBe(200);
    expect(await answer.text()).not.toContain('•••');
    expect(await side.gate(bo.id, 'newsletter')).toBe('withdrawn');
    expect(await side.gate(anna.id, 'newsletter')).toBe('withdrawn');
    expect(await side.optOuts('new@example.se')).toEqual([]);
  });

  it.each(['erased', 'unknown'])('hears it although the customer is %s', async (fate) => {
    const [anna, bo] = [somebody(), somebody()];
    if (fate === 'erased') {
      await side.plant({ customer: anna.id, email: anna.email });
      await side.get(Erase).erase(CLINIC, anna.id, 'staff');
    }
    await side.plant({ customer: bo.id, email: anna.email });
    const answer = await ask(side.pathTo(anna.id, anna.email), ONE_CLICK);
    expect(answer.status).toBe(200);
    expect(await answer.text()).not.toContain('•••');
    expect(await side.optOuts(anna.email)).toMatchObject([{ purpose: 'newsletter', by: '' }]);
    // An erased address gets no marketing at all, and that reason comes first.
    expect(await side.gate(bo.id, 'newsletter')).toBe(fate === 'erased' ? 'suppressed' : 'withdrawn');
    expect((await side.find(anna.id))?.choiceLog ?? []).toEqual([]);
  });
});

it('is lifted by no later event', async () => {
  const { id, email } = somebody();
  await side.plant({ customer: id, email });
  await ask(side.pathTo(id, email), ONE_CLICK);
  const { id: _, at: __, recordedAt: ___, via: ____, ...choice } = given('email', side.clock.now());
  const event = {
    ...{
      specversion: '1.0',
      id: 'opt-in',
      source: `/tenants/${CLINIC}`,
      type: 'customer.consent-changed.v1',
    },
    ...{ time: side.clock.now().toISOString(), datacontenttype: 'application/json' },
    data: { customer: { id, version: 99 }, choices: [{ ...choice, purpose: 'newsletter' }] },
  };
  const message = { headers: {}, value: Buffer.from(JSON.stringify(event)) };
  const read = readKafkaEvent(message, new Set([CLINIC]), side.clock.now());
  if (read.kind !== 'event') throw new Error(JSON.stringify(read));
  await side.get(HearEvents).hear([read.event]);
  expect((await side.find(id))?.choiceLog.at(-1)).toMatchObject({ state: 'given', version: 99 });
  expect(await side.gate(id, 'newsletter')).toBe('withdrawn');
});

describe('the page', () => {
  it.each(['GET', 'HEAD'])('changes nothing when asked by %s', async (method) => {
    const { id, email } = somebody();
    const before = await side.plant({ customer: id, email });
    const answer = await ask(side.pathTo(id, email), { method });
    expect(answer.status).toBe(200);
    expect(await side.find(id)).toEqual(before);
    expect(await side.optOuts(email)).toEqual([]);
  });

  it('says what is stopped, in the language of the customer, else of the browser, else of the tenant', async () => {
    const { id, email } = somebody();
    await side.plant({ customer: id, email });
    const path = side.pathTo(id, email);
    const inLanguage = async (language: string): Promise<string> =>
      (await ask(path, { headers: { 'accept-language': language } })).text();
    expect(await inLanguage('de')).toContain('Vill du sluta få nyhetsbrev via mejl?');
    const english = await inLanguage('de, en-GB;q=0.8, sv;q=0.5');
    expect(english).toContain('<html lang="en">');
    expect(english).toContain('Would you like to stop getting newsletters by email?');
    expect(english).toContain(`p•••@example.se`);
    const other = somebody();
    await side.plant({ customer: other.id, email: other.email, locale: 'sv-SE' });
    const answer = await ask(side.pathTo(other.id, other.email), { headers: { 'accept-language': 'en' } });
    expect(await answer.text()).toContain('<html lang="sv">');
    expect(answer.headers.get('content-language')).toBe('sv');
  });

  it('offers more for marketing only', async () => {
    const { id, email } = somebody();
    await side.plant({ customer: id, email });
    const text = async (path: string, init?: RequestInit) => (await ask(path, init)).text();
    expect(await text(side.pathTo(id, email))).toMatch(/value="channel"[^]*value="marketing"/);
    const survey = side.pathTo(id, email, { purpose: 'survey' });
    expect(await text(survey)).not.toMatch(/value="(?:channel|marketing)"/);
    await text(survey, press('marketing'));
    expect(await side.gate(id, 'survey')).toBe('withdrawn');
    expect(await side.gate(id, 'newsletter')).toBe('permit');
    expect(await side.optOuts(email)).toEqual([]);
  });

  it.each([
    ['purpose', { newsletter: ['withdrawn', 'permit'], survey: ['permit', 'permit'] }],
    ['channel', { newsletter: ['withdrawn', 'permit'], survey: ['withdrawn', 'permit'] }],
    ['marketing', { newsletter: ['withdrawn', 'withdrawn'], survey: ['permit', 'permit'] }],
  ] as const)('stops as much as was pressed: %s', async (stop, holds) => {
    const { id, email, phone } = somebody();
    await side.plant({ customer: id, email, phone });
    const answer = await ask(side.pathTo(id, email), press(stop));
    expect(answer.status).toBe(200);
    for (const purpose of ['newsletter', 'survey'] as const) {
      const said = [await side.gate(id, purpose, 'email'), await side.gate(id, purpose, 'sms')];
      expect([purpose, said]).toEqual([purpose, holds[purpose]]);
    }
    expect(await side.gate(id, 'booking')).toBe('permit');
    expect((await side.find(id))?.choiceLog.at(-1)).toMatchObject({ method: 'page', place: '/u' });
    expect((await side.find(id))?.choiceLog.at(-1)?.noticeVersion).toBe(side.get(Notices).version(CLINIC));
    expect((await side.optOuts(phone)).length).toBe(stop === 'marketing' ? 1 : 0);
  });

  it('has no script, no cookie, and nothing from elsewhere', async () => {
    const { id, email } = somebody();
    await side.plant({ customer: id, email });
    const answer = await ask(side.pathTo(id, email));
    const html = await answer.text();
    const { headers } = answer;
    expect(headers.get('set-cookie')).toBeNull();
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-robots-tag')).toContain('noindex');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/script-src|unsafe|https?:|\*/);
    expect(html).toContain('<meta name="robots" content="noindex, nofollow">');
    expect(html).not.toMatch(/<script|\bon\w+=|https?:\/\//i);
    const pictures = [...html.matchAll(/<img\b[^>]*>/g)].map(([tag]) => tag);
    expect(pictures).toEqual([expect.stringContaining('alt="Wellnesskliniken"')]);
    const logo = await fetch(new URL(/src="([^"]+)"/.exec(pictures[0] ?? '')?.[1] ?? '', answer.url));
    expect([logo.status, logo.headers.get('content-type')]).toEqual([200, 'image/png']);
    const [, sheet] = /<link rel="stylesheet" href="([^"]+)">/.exec(html) ?? [];
    const css = await fetch(new URL(sheet ?? '', answer.url));
    expect([css.status, css.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
    expect(css.headers.get('cache-control')).toContain('immutable');
  });
});

describe('a link that does not work', () => {
  it.each<[string, (path: string) => string]>([
    ['cut', (path) => path.slice(0, -4)],
    ['changed', (path) => path.slice(0, 20) + (path[20] === 'A' ? 'B' : 'A') + path.slice(21)],
    ['cut before its token', () => '/u/'],
    ['cut before the slash', () => '/u'],
    ['of another use', (path) => path.replace('/u/', '/s/')],
    ['no code', () => '/o/abcdefghij'],
  ])('is answered with a page that helps: %s', async (_, spoil) => {
    const { id, email } = somebody();
    await side.plant({ customer: id, email });
    const path = spoil(side.pathTo(id, email));
    for (const method of ['GET', 'POST']) {
      if (method === 'POST' && /^\/u\/?$/.test(path)) continue;
      const answer = await ask(path, { method, headers: { 'accept-language': 'en' } });
      expect([method, answer.status]).toEqual([method, 404]);
      expect(await answer.text()).toContain('This link does not work');
    }
    expect(await side.gate(id, 'newsletter')).toBe('permit');
  });

  it('is one that was sealed with another secret', async () => {
    const { id, email } = somebody();
    await side.plant({ customer: id, email });
    const token = new LinkTokens(['another secret']).seal('unsubscribe', side.linkTo(id, email));
    expect((await ask(`/u/${token}`, ONE_CLICK)).status).toBe(404);
    expect(await side.gate(id, 'newsletter')).toBe('permit');
  });

  it('is one about what nobody can object to', async () => {
    const { id, email } = somebody();
    const before = await side.plant({ customer: id, email });
    expect((await ask(side.pathTo(id, email, { purpose: 'booking' }), ONE_CLICK)).status).toBe(404);
    expect(await side.find(id)).toEqual(before);
  });
});

it('changes nothing at another tenant than its own', async () => {
  const { id, email } = somebody();
  const before = await side.plant({ customer: id, email });
  await side.plant({ tenant: TRAVEL, customer: id, email });
  expect((await ask(side.pathTo(id, email, { tenant: TRAVEL }), ONE_CLICK)).status).toBe(200);
  expect(await side.find(id)).toEqual(before);
  expect(await side.optOuts(email)).toEqual([]);
  expect((await side.find(id, TRAVEL))?.choiceLog.at(-1)).toMatchObject({ state: 'withdrawn' });
  expect(await side.optOuts(email, TRAVEL)).toHaveLength(1);
});

it('works from an SMS by its code, also once the person is erased', async () => {
  const { id, phone } = somebody();
  await side.plant({ customer: id, phone });
  const payload = side.linkTo(id, phone, { channel: 'sms', purpose: 'abandoned-booking' });
  const codes = await side
    .get(ShortCodeStore)
    .ensure(CLINIC, 'unsubscribe', [{ message: `m-${id}`, payload }]);
  const path = `/o/${codes.get(`m-${id}`)}`;
  const page = await (await ask(path)).text();
  expect(page).toContain('påminnelser om påbörjade bokningar via sms');
  expect(await side.gate(id, 'abandoned-booking', 'sms')).toBe('permit');
  expect((await ask(path, press('purpose'))).status).toBe(200);
  expect(await side.gate(id, 'abandoned-booking', 'sms')).toBe('withdrawn');
  expect((await side.find(id))?.choiceLog.at(-1)).toMatchObject({ channel: 'sms', place: '/o' });
  await side.get(Erase).erase(CLINIC, id, 'staff');
  expect((await ask(path, ONE_CLICK)).status).toBe(200);
});

it('names its methods to who asks by another', async () => {
  const { id, email } = somebody();
  const answer = await ask(side.pathTo(id, email), { method: 'DELETE' });
  expect(answer.status).toBe(405);
  expect(answer.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
  expect((await ask(side.pathTo(id, email), { method: 'OPTIONS' })).status).toBe(204);
});

it('promises nothing while the database is lost', async () => {
  const { id, email } = somebody();
  await side.plant({ customer: id, email });
  const withdraw = side.get(WithdrawByLink);
  const hear = withdraw.hear.bind(withdraw);
  withdraw.hear = () => Promise.reject(Object.assign(new Error('lost'), { name: 'MongoNetworkError' }));
  try {
    const answer = await ask(side.pathTo(id, email), ONE_CLICK);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30']);
    expect(await answer.text()).toContain('Det gick inte just nu');
  } finally {
    withdraw.hear = hear;
  }
});
