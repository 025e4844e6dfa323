import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CLINIC, startLagom, TRAVEL, type Captured, type Lagom } from './lagom.fixture.js';
import { choice, DAY, person, tell, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

const booked = async (facts: Partial<Person> = {}): Promise<Person> => {
  const who = person(facts);
  const booking = visit(new Date(lagom.now().getTime() + 60 * DAY));
  await tell(lagom, 'booking.confirmed', { customer: who, booking, marketingOptOutOffered: true });
  return who;
};
const send = async (path: string, form: Record<string, string> = {}, language = 'sv') => {
  const url = path.startsWith('http') ? path : lagom.url + path;
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'accept-language': language },
    body: new URLSearchParams(form),
  });
  return { status: answer.status, headers: answer.headers, html: await answer.text() };
};
/** The link of that kind in a message. */
function linkIn(message: Captured | undefined, kind: 'me' | 'e'): string {
  const [link] = new RegExp(`https?://[^\\s/]+/${kind}/[\\w/-]+`).exec(message?.text ?? '') ?? [];
  if (link === undefined) throw new Error(`no link to /${kind} in: ${message?.text}`);
  return link;
}
const newest = async (to: string): Promise<Captured | undefined> => {
  await lagom.advance('PT0S');
  return (await lagom.inbox({ to, purpose: 'support' }))[0];
};
const askFor = async (address: string, tenant = CLINIC): Promise<Captured | undefined> => {
  // Links come at most every other minute.
  await lagom.advance('PT3M');
  expect((await send(`/me/${tenant}`, { address })).status).toBe(200);
  return newest(address);
};
/** A page that is open, and what its next form needs. */
const fieldsOf = (html: string): Record<string, string> => ({
  session: /name="session" value="([^"]+)"/.exec(html)?.[1] ?? '',
  person: /name="person" value="([^"]+)"/.exec(html)?.[1] ?? '',
});
const open = async (who: Person) => {
  const link = linkIn(await askFor(who.email ?? ''), 'me');
  const { status, html } = await send(link, { do: 'open' });
  expect(status).toBe(200);
  return { link, html, act: (form: Record<string, string>) => send(link, { ...fieldsOf(html), ...form }) };
};
const requestsOf = async (who: Person) =>
  (await lagom.api('GET', `/v1/requests?customer=${who.id}`)).body.items as { kind: string; way: string }[];

describe('the link to one’s own data', () => {
  it('goes to the address on file, works once, and a used one offers a new one', async () => {
    const who = await booked();
    const mail = await askFor(who.email ?? '');
    expect(mail?.headers).not.toHaveProperty('List-Unsubscribe');
    const link = linkIn(mail, 'me');
    expect(link).toContain(`/me/${CLINIC}/`);
    for (const method of ['HEAD', 'GET', 'GET']) expect((await fetch(link, { method })).status).toBe(200);
    const opened = await send(link, { do: 'open' });
    expect([opened.status, opened.headers.get('set-cookie')]).toEqual([200, null]);
    expect(opened.headers.get('referrer-policy')).toBe('no-referrer');
    expect(opened.html).toContain(who.name);
    for (const again of [await send(link, { do: 'open' }), await send(link)]) {
      expect(again.status).toBe(410);
      expect(again.html).toContain(`href="../../me/${CLINIC}"`);
    }
    expect((await fetch(link)).status).toBe(410);
  });

  it('runs out after half an hour, and what it opened half an hour after the last act', async () => {
    const who = await booked();
    const link = linkIn(await askFor(who.email ?? ''), 'me');
    await lagom.advance('PT31M');
    expect((await fetch(link)).status).toBe(410);
    const { act } = await open(who);
    await lagom.advance('PT25M');
    const second = await act({});
    expect(second.status).toBe(200);
    await lagom.advance('PT25M');
    expect((await act({})).status).toBe(410);
    expect((await act(fieldsOf(second.html))).status).toBe(200);
  });

  it('goes by SMS to who asked by a number', async () => {
    const who = await booked();
    await lagom.advance('PT3M');
    await send(`/me/${CLINIC}`, { address: who.phone ?? '' });
    const text = await newest(who.phone ?? '');
    expect(text?.channel).toBe('sms');
    const link = linkIn(text, 'me');
    expect(link).toMatch(/\/me\/\w+\/\w{10}$/);
    expect((await send(link, { do: 'open' })).html).toContain(who.name);
    expect((await send(link, { do: 'open' })).status).toBe(410);
  });

  it('is no link where it was forged, cut, or is another tenant’s', async () => {
    const who = await booked();
    const link = linkIn(await askFor(who.email ?? ''), 'me');
    const spoilt = link.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    for (const bad of [
      spoilt,
      link.slice(0, -9),
      link.replace(CLINIC, TRAVEL),
      link.replace(CLINIC, 'nobody'),
    ]) {
      expect((await fetch(bad)).status).toBe(404);
      const posted = await send(bad, { do: 'open' });
      expect([posted.status, posted.html]).toEqual([404, expect.stringContaining('<h1>')]);
    }
    const { html } = await send(link, { do: 'open' });
    const other = linkIn(await askFor((await booked()).email ?? ''), 'me');
    // The session of one link goes on with no other.
    expect((await send(other, fieldsOf(html))).status).toBe(404);
    expect((await send(link, { ...fieldsOf(html), session: 'x' })).status).toBe(404);
  });

  it('is answered alike for every address, and sent to nobody who is not known', async () => {
    const who = await booked();
    const plain = (html: string) => html.replace(/\s+/g, ' ');
    const times: number[] = [];
    const pages: string[] = [];
    for (const address of [who.email ?? '', 'nobody.at.all@example.se', '+46701740690']) {
      const began = performance.now();
      const { status, html } = await send(`/me/${CLINIC}`, { address });
      times.push(performance.now() - began);
      expect(status).toBe(200);
      pages.push(plain(html));
    }
    expect(new Set(pages).size).toBe(1);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(290);
    await lagom.advance('PT0S');
    expect(await lagom.inbox({ to: 'nobody.at.all@example.se' })).toEqual([]);
    expect(await lagom.inbox({ to: who.email ?? '', purpose: 'support' })).toHaveLength(1);
    await send(`/me/${CLINIC}`, { address: who.email ?? '' });
    await lagom.advance('PT0S');
    expect(await lagom.inbox({ to: who.email ?? '', purpose: 'support' })).toHaveLength(1);
    const wrong = await send(`/me/${CLINIC}`, { address: 'anna' });
    expect([wrong.status, wrong.html]).toEqual([422, expect.stringContaining('anna@example.se')]);
    expect((await fetch(`${lagom.url}/me/nobody`)).status).toBe(404);
  });
});

describe('the page of one’s own data', () => {
  it('shows what is stored in plain words, and gives it out as JSON and CSV', async () => {
    const who = await booked();
    const { html, act } = await open(who);
    for (const word of ['Ansiktsbehandling', 'Prästgatan 31, Östersund', 'Meddelanden till dig', 'skickat'])
      expect(html).toContain(word);
    const json = await act({ do: 'json' });
    expect(json.headers.get('content-disposition')).toMatch(
      /^attachment; filename="wellnesskliniken-[\d-]+\.json"$/,
    );
    expect(JSON.parse(json.html)).toMatchObject({ person: { id: who.id, email: who.email } });
    const csv = await act({ do: 'csv' });
    expect(csv.html).toContain(`person,,email,${who.email}\r\n`);
    expect((await requestsOf(who)).map(({ kind, way }) => `${kind} ${way}`)).toEqual([
      'access page',
      'portability page',
      'portability page',
    ]);
    const english = await booked({ locale: 'en' });
    expect((await open(english)).html).toContain('Messages to you');
  });

  it('corrects details at once, and a new address once it is confirmed', async () => {
    const who = await booked();
    const { act } = await open(who);
    const form = { name: who.name ?? '', email: who.email ?? '', phone: who.phone ?? '' };
    const wrong = await act({ do: 'correct', ...form, email: 'x', birthDate: '2999-01-01', city: 'Ås' });
    expect(wrong.status).toBe(422);
    expect(wrong.html.match(/<li><a href="#\w+">/g)).toHaveLength(3);
    const fresh = `ny.${who.email}`;
    const done = await act({
      ...{ do: 'correct', ...form, name: 'Rätt Namn', email: fresh, birthDate: '1980-05-17' },
      ...{ street: 'Storgatan 1', postalCode: '831 31', city: 'Östersund', country: 'SE' },
    });
    expect([done.status, done.html]).toEqual([200, expect.stringContaining('Rättat.')]);
    const before = (await lagom.api('GET', `/v1/customers/${who.id}`)).body;
    expect(before).toMatchObject({
      ...{ name: 'Rätt Namn', email: who.email, birthDate: '1980-05-17' },
      address: { lines: ['Storgatan 1'], city: 'Östersund', country: 'SE' },
    });
    const link = linkIn(await newest(fresh), 'e');
    expect((await fetch(link)).status).toBe(200);
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body.email).toBe(who.email);
    expect((await send(link, { confirm: 'yes' })).status).toBe(200);
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body.email).toBe(fresh);
    expect((await send(link, { confirm: 'yes' })).status).toBe(410);
    expect((await fetch(link.slice(0, -5))).status).toBe(404);
    // The booking system has not heard of it yet.
    await tell(lagom, 'customer.updated', { customer: who });
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body.email).toBe(fresh);
  });

  it('takes no new number by itself: staff is to look into it, and nothing of its owner is shown', async () => {
    const [who, owner] = [await booked(), await booked()];
    await lagom.api('PUT', `/v1/customers/${owner.id}/choices`, {
      choices: [choice('marketing', 'sms', 'objected')],
    });
    const { act } = await open(who);
    const form = { name: who.name ?? '', email: who.email ?? '', phone: owner.phone ?? '' };
    const done = await act({ do: 'correct', ...form });
    expect([done.status, done.html]).toEqual([200, expect.stringContaining('stämt av med dig')]);
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body).toMatchObject({
      ...{ phone: who.phone, suppressions: [] },
    });
    expect(await requestsOf(who)).toContainEqual(
      expect.objectContaining({ kind: 'rectification', way: 'page', status: 'open' }),
    );
    // Something else is corrected: that is no answer to it.
    await act({ do: 'correct', ...form, phone: who.phone ?? '', name: 'Rätt Namn' });
    expect((await requestsOf(who)).filter((one) => 'status' in one && one.status === 'open')).toHaveLength(1);
    const { items } = (await lagom.api('GET', '/v1/tasks')).body;
    expect(items).toContainEqual(expect.objectContaining({ kind: 'request', customer: who.id }));
    expect((await act({ do: 'correct', ...form, phone: '' })).status).toBe(200);
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body.phone).toBeNull();
  });

  it('leads to a new address no more once it was corrected after that; and writes to few strangers for one person', async () => {
    const who = await booked();
    const { act } = await open(who);
    const form = { name: who.name ?? '', phone: who.phone ?? '' };
    await act({ do: 'correct', ...form, email: `en.${who.email}` });
    const link = linkIn(await newest(`en.${who.email}`), 'e');
    for (let n = 0; n < 5; n++) {
      expect((await act({ do: 'correct', ...form, email: `${n}.${who.email}` })).status).toBe(200);
    }
    await lagom.advance('PT1M');
    expect(await lagom.inbox({ to: `3.${who.email}` })).toHaveLength(1);
    expect(await lagom.inbox({ to: `4.${who.email}` })).toHaveLength(0);
    await lagom.api('PATCH', `/v1/customers/${who.id}`, { email: `ratt.${who.email}` });
    expect((await send(link, { confirm: 'yes' })).status).toBe(410);
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body.email).toBe(`ratt.${who.email}`);
  });

  it('restricts, lifts and objects; who is restricted is still sent their link', async () => {
    const who = await booked();
    const asks = async (purpose: string) =>
      (await lagom.api('POST', '/v1/decisions', { customer: who.id, purpose, channel: 'email' })).body;
    expect((await asks('newsletter')).outcome).toBe('permit');
    const first = await open(who);
    expect((await first.act({ do: 'restrict' })).html).toContain('begränsade');
    expect((await asks('booking')).reason).toBe('restricted');
    const second = await open(who);
    expect((await second.act({ do: 'unrestrict' })).html).toContain('hävd');
    expect((await asks('booking')).outcome).toBe('permit');
    expect((await second.act({ do: 'object', marketing: 'yes', followup: 'yes' })).status).toBe(200);
    expect([(await asks('newsletter')).reason, (await asks('survey')).reason]).toEqual([
      'objected',
      'objected',
    ]);
    expect((await asks('booking')).outcome).toBe('permit');
    expect((await requestsOf(who)).map(({ kind }) => kind)).toEqual([
      'access',
      'restriction',
      'access',
      'objection',
    ]);
  });

  it('erases after one more question that says what goes and what stays, and closes', async () => {
    const who = await booked();
    const { act } = await open(who);
    const asked = await act({ do: 'erase' });
    for (const word of ['1 maj 2026', 'Bokningar', 'bokföringslagen', 'Till och med 2 mars 2029'])
      expect(asked.html).toContain(word);
    // The messages by the tenant's retention, the request by its three years, the trace of the address without end.
    const kept = [...asked.html.matchAll(/<li>[^]*?<\/li>/g)].map(([one]) => one);
    const ofWhat = (word: string) => kept.find((one) => one.includes(word));
    expect(ofWhat('Att meddelanden har skickats')).toContain('Till och med 2 mars 2029');
    expect(ofWhat('Att du bad om det här')).toContain('Till och med 2 mars 2029');
    expect(ofWhat('kodat avtryck')).toContain('Det har inget slutdatum');
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body.erasedAt).toBeNull();
    const done = await act({ do: 'erase-yes' });
    expect([done.status, done.html]).toEqual([200, expect.stringContaining('Det är raderat')]);
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body).toMatchObject({
      name: null,
      email: null,
    });
    expect((await act({})).status).toBe(410);
    expect(await requestsOf(who)).toMatchObject([
      { kind: 'access' },
      { kind: 'erasure', way: 'page', status: 'done' },
    ]);
  });

  it('closes when one wishes', async () => {
    const { act } = await open(await booked());
    expect((await act({ do: 'close' })).html).toContain('Sidan är stängd');
    expect((await act({})).status).toBe(410);
  });

  it('shows people who share an address one at a time, and does to the one that is named', async () => {
    const mother = await booked({ email: 'familjen@example.se', name: 'Mor Ek', phone: null });
    const son = await booked({ email: 'familjen@example.se', name: 'Son Ek', phone: null });
    const stranger = await booked();
    const link = linkIn(await askFor('familjen@example.se'), 'me');
    const { html } = await send(link, { do: 'open' });
    expect(html).toContain('Vem gäller det?');
    expect([html.includes('Mor Ek'), html.includes('Son Ek'), html.includes('Ansiktsbehandling')]).toEqual([
      true,
      true,
      false,
    ]);
    const { session = '' } = fieldsOf(html);
    const page = await send(link, { session, person: son.id });
    expect([page.html.includes('Son Ek'), page.html.includes('Mor Ek')]).toEqual([true, false]);
    // Nobody but those who have the address.
    expect((await send(link, { session, person: stranger.id })).html).toContain('Vem gäller det?');
    expect((await send(link, { session, person: son.id, do: 'erase-yes' })).status).toBe(200);
    expect((await lagom.api('GET', `/v1/customers/${son.id}`)).body.erasedAt).not.toBeNull();
    expect((await lagom.api('GET', `/v1/customers/${mother.id}`)).body.erasedAt).toBeNull();
  });
});
