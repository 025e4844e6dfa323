import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HashRing } from '#consent/hash-ring';
import { LinkTokens } from '#consent/link-token';
import { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import { confirmableUntil } from '#privacy/double-opt-in-row';
import { DoubleOptIn } from '#privacy/double-opt-in';
import { FormLimits } from '#privacy/form-limits';
import { Notices } from '#privacy/notices';
import { ClientIp } from './client-ip.js';
import { CLINIC, type PublicSide, startPublic, TRAVEL } from './public.fixture.js';
import { printableName, readSubscribeForm } from './subscribe-form.js';

let side: PublicSide;
beforeAll(async () => {
  side = await startPublic();
});
afterAll(() => side.close());

let people = 0;
const address = (): string => `sub${(people += 1)}@example.se`;
const post = (to: string, body: Record<string, string>, from = `198.51.100.${people}`) =>
  fetch(side.url + to, {
    method: 'POST',
    body: new URLSearchParams(body),
    headers: { 'x-forwarded-for': from },
  });
const subscribe = (email: string, more: Record<string, string> = {}, from?: string) =>
  post(`/subscribe/${CLINIC}`, { email, ...more }, from);
const idOf = (email: string): string =>
  `subscriber-${side.get(HashRing).current('email', email, CLINIC).hash}`;
const rowsTo = (customer: string): Promise<MessageRow[]> =>
  side.get(MessageStore).findOfCustomer(CLINIC, customer, 100);
/** The path of the link in the mail to that address. */
async function linkTo(email: string): Promise<string> {
  const [row] = await rowsTo(idOf(email));
  const link = { ...side.linkTo(row!.customer, email), purpose: 'support' as const };
  const said = { subject: row!.subject.id, expiresAt: confirmableUntil(row!) };
  return `/c/${side.get(LinkTokens).seal('confirm', { ...link, ...said })}`;
}
const open = async (path: string, method = 'GET') => (await fetch(side.url + path, { method })).status;

describe('subscribe', () => {
  it('answers the same for who is known and who is not, and plans one mail', async () => {
    const [known, unknown] = [address(), address()];
    await side.plant({ customer: 'known-1', email: known, choiceLog: [] });
    const answers = await Promise.all([known, unknown, known, unknown].map((email) => subscribe(email)));
    const pages = new Set(await Promise.all(answers.map((answer) => answer.text())));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(pages.size).toBe(1);
    for (const email of [known, unknown]) {
      const rows = await rowsTo(idOf(email));
      expect(rows).toMatchObject([{ purpose: 'support', journey: 'double-opt-in', channel: 'email' }]);
      expect(await side.gate(idOf(email), 'support')).toBe('permit');
      expect(await side.gate(idOf(email), 'newsletter')).toBe('no-consent');
    }
  });

  it('writes to an address once a day and three times in 30 days', async () => {
    const email = address();
    const [ask, from] = [side.get(DoubleOptIn), side.clock.now().getTime()];
    const told: number[] = [];
    for (let hour = 0; hour < 24 * 40; hour += 6) {
      const now = new Date(from + hour * 3_600_000);
      const wishes = [{ purpose: 'newsletter', channel: 'email' }] as const;
      if ((await ask.subscribe(CLINIC, { email, name: null, locale: 'sv', wishes }, now)) !== null)
        told.push(hour);
    }
    expect(told).toEqual([0, 24, 48, 720, 744, 768]);
  });

  it('does nothing for a machine, and says the same', async () => {
    const email = address();
    const answer = await subscribe(email, { website: 'https://x.example' });
    expect(answer.status).toBe(200);
    expect(await side.find(idOf(email))).toBeNull();
  });

  it('says what is wrong with an address, and escapes what it shows again', async () => {
    const answer = await subscribe('<b>@', { name: '"><script>' });
    expect(answer.status).toBe(422);
    const html = await answer.text();
    expect(html).toContain('aria-invalid="true"');
    expect(html).not.toMatch(/<b>|<script/);
  });

  it('has enough of one network, and says when to try again', async () => {
    const statuses: number[] = [];
    for (let times = 0; times < 21; times++) {
      statuses.push((await subscribe(address(), { website: 'x' }, '203.0.113.9')).status);
    }
    expect(new Set(statuses.slice(0, 20))).toEqual(new Set([200]));
    expect(statuses[20]).toBe(429);
    expect((await subscribe(address(), {}, '203.0.113.10')).status).toBe(200);
  });

  it('has enough for one tenant, whoever asks, and goes on for the other', async () => {
    const limits = side.get(FormLimits);
    await Promise.all(
      Array.from({ length: 600 }, (_, n) => limits.take('subscribe', TRAVEL, `2001:db8:0:${n.toString(16)}`)),
    );
    const form = { email: address(), website: 'x' };
    const refused = await post(`/subscribe/${TRAVEL}`, form, '203.0.113.20');
    expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await post(`/me/${TRAVEL}`, { address: address() }, '203.0.113.20')).status).toBe(200);
    expect((await subscribe(address(), { website: 'x' }, '203.0.113.20')).status).toBe(200);
  });

  it('knows no tenant but ours', async () => {
    expect(await open('/subscribe/nobody')).toBe(404);
    expect((await post('/subscribe/nobody', { email: address() })).status).toBe(404);
  });
});

describe('confirm', () => {
  it('asks first, gives with proof, and works once', async () => {
    const email = address();
    await subscribe(email, { offers: 'yes' });
    const path = await linkTo(email);
    for (const method of ['GET', 'HEAD', 'GET']) expect(await open(path, method)).toBe(200);
    expect(await side.gate(idOf(email), 'newsletter')).toBe('no-consent');
    expect(await open(path, 'POST')).toBe(200);
    for (const purpose of ['newsletter', 'offers'] as const)
      expect(await side.gate(idOf(email), purpose)).toBe('permit');
    expect(await side.gate(idOf(email), 'news')).toBe('no-consent');
    expect((await side.find(idOf(email)))!.choiceLog[0]).toMatchObject({
      ...{ purpose: 'newsletter', channel: 'email', state: 'given', via: 'double-opt-in', lifts: true },
      ...{ language: 'sv', method: 'double opt-in', place: '/c', at: expect.any(Date) },
      noticeVersion: side.get(Notices).version(CLINIC),
    });
    for (const method of ['GET', 'POST']) expect(await open(path, method)).toBe(410);
  });

  it('gives to the one whom the booking system knows by the address, and lifts their no', async () => {
    const email = address();
    await side.plant({ customer: 'known-2', email, choiceLog: [] });
    await fetch(side.url + side.pathTo('known-2', email), { method: 'POST' });
    expect(await side.gate('known-2', 'newsletter')).toBe('withdrawn');
    await subscribe(email);
    expect(await open(await linkTo(email), 'POST')).toBe(200);
    expect(await side.gate('known-2', 'newsletter')).toBe('permit');
    // Whom the form made for the address has served.
    expect(await side.find(idOf(email))).toBeNull();
  });

  it('gives to nobody else where several share the address', async () => {
    const email = address();
    for (const customer of ['known-3', 'known-4']) await side.plant({ customer, email, choiceLog: [] });
    await subscribe(email);
    expect(await open(await linkTo(email), 'POST')).toBe(200);
    expect(await side.gate(idOf(email), 'newsletter')).toBe('permit');
    for (const customer of ['known-3', 'known-4'])
      expect(await side.gate(customer, 'newsletter')).toBe('no-consent');
  });

  it('refuses what is forged, cut or has run out', async () => {
    const email = address();
    await subscribe(email);
    const path = await linkTo(email);
    const { hash, keyId } = side.get(HashRing).current('email', email, CLINIC);
    const old = side.get(LinkTokens).seal('confirm', {
      ...{ tenant: CLINIC, customer: idOf(email), purpose: 'support', channel: 'email', hash, keyId },
      ...{ subject: '12.1', expiresAt: new Date(side.clock.now().getTime() - 1_000) },
    });
    for (const method of ['GET', 'POST']) {
      for (const bad of ['/c/x', path.slice(0, -2), path.replace('/c/', '/c/A')])
        expect(await open(bad, method)).toBe(404);
      expect(await open(`/c/${old}`, method)).toBe(410);
    }
    expect(await open(path)).toBe(200);
  });
});

it.each([
  ['Anna Ek', 'Anna Ek'],
  ["Siân O'Neill-Åberg", "Siân O'Neill-Åberg"],
  ['A. Ek', 'A. Ek'],
  ['', null],
  ['http://x.example', null],
  ['Vinn på casino.example nu', null],
  ['anna@example.se', null],
  ['a'.repeat(61), null],
  ['<b>Anna</b>', null],
  ['Ring 0701234567', null],
])('keeps a name that is one: %s', (name, kept) => expect(printableName(name)).toBe(kept));

it('reads a form with what it was given', () => {
  expect(readSubscribeForm(new Map([['email', ' Anna@Example.SE ']]))).toMatchObject({
    ...{ kind: 'good', address: 'anna@example.se', wishes: [{ purpose: 'newsletter', channel: 'email' }] },
  });
});

const CDN = { net: '203.0.113.128', bits: 25, family: 'ipv4' } as const;
it.each([
  ['203.0.113.7', undefined, '203.0.113.7'],
  ['203.0.113.7', '198.51.100.1', '203.0.113.7'],
  ['10.0.0.2', '6.6.6.6, 198.51.100.1', '198.51.100.1'],
  ['::ffff:127.0.0.1', '198.51.100.1, 10.0.0.9', '198.51.100.1'],
  ['10.0.0.2', 'nonsense', '10.0.0.2'],
  // A CDN that is named stands with its own address between us and them; its neighbour is nobody's proxy.
  ['203.0.113.200', '6.6.6.6, 198.51.100.1', '198.51.100.1'],
  ['10.0.0.2', '6.6.6.6, 198.51.100.1, 203.0.113.200', '198.51.100.1'],
  ['203.0.113.127', '198.51.100.1', '203.0.113.127'],
  ['2001:db8:ffff::1', '198.51.100.1', '198.51.100.1'],
  ['2001:db8:1:2:3::4', undefined, '2001:db8:1:2'],
  ['2001:db8::4', undefined, '2001:db8:0:0'],
])('counts %s with %s as %s', (remoteAddress, forwarded, counted) => {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  const trusted = [CDN, { net: '2001:db8:ffff::', bits: 48, family: 'ipv6' } as const];
  expect(new ClientIp(trusted).of({ socket: { remoteAddress }, headers } as never)).toBe(counted);
});
