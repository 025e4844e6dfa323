import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InboxStore } from '#channels/inbox.store';
import { bookingConfirmed, bookingStarted } from '#events/event.fixture';
import { MessageStore } from '#messages/message.store';
import { CLINIC, startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';

const MALLORY = `<script>alert(1)</script> "O'Hara"`;
const PHONE = '+46701740615';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-05-04T09:00:00+02:00' });
  const time = lagom.now();
  await lagom.post(bookingConfirmed({ tenant: CLINIC, time, data: { customer: { name: MALLORY } } }));
  await lagom.post(
    bookingConfirmed({
      ...{ tenant: TRAVEL, id: 'sms', time },
      data: {
        customer: { id: 'w-1', name: 'Tom Reed', email: undefined, phone: PHONE, locale: 'en' },
        booking: { id: 't-1' },
        cartId: 'w-k-1',
      },
    }),
  );
  await lagom.post(
    bookingStarted({
      ...{ tenant: CLINIC, id: 'cart', time },
      data: {
        customer: { id: 'c-2', name: 'Nils Fjäll', email: 'nils@example.se' },
        cartId: 'k-9',
        booking: { id: 'b-9' },
      },
    }),
  );
  await lagom.advance('PT90M');
});
afterAll(() => lagom.close());

const asPerson = { accept: 'text/html,*/*;q=0.8' };
async function page(path = '/inbox'): Promise<{ html: string; headers: Headers; status: number }> {
  const response = await fetch(lagom.url + path, { headers: asPerson });
  return { html: await response.text(), headers: response.headers, status: response.status };
}
/** What a reader sees, without marks. */
const words = (html: string): string => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
/** As a browser reads an attribute. */
const decoded = (text = ''): string => text.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=');
/** Where the list of what was sent (or not) leads for the message with this text. */
async function linkTo(text: string, state = 'sent'): Promise<string> {
  const { html } = await page(`/inbox?state=${state}`);
  const item = html.split('<li class="item').find((part) => part.includes(text));
  return decoded(/href="([^"]*)"/.exec(item ?? '')?.[1]).split('#')[0] ?? '';
}
async function submit(path: string, form: Record<string, string>) {
  const headers = { ...asPerson, 'sec-fetch-site': 'same-origin' };
  const body = new URLSearchParams(form);
  const response = await fetch(lagom.url + path, { method: 'POST', headers, body, redirect: 'manual' });
  await response.text();
  return { status: response.status, location: response.headers.get('location') };
}

describe('the page of the inbox', () => {
  it('runs no script, and asks nobody but this house', async () => {
    for (const path of ['/inbox', await linkTo('Tom Reed')]) {
      const { html, headers } = await page(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("style-src 'self';");
      expect(policy).not.toContain('script-src');
      expect(html).not.toMatch(/<script|<style| style=| on[a-z]+=/i);
      const assets = [...html.matchAll(/(?:src|<link[^>]*href)="([^"]*)"/g)].map(([, url]) => url);
      expect(assets.length).toBeGreaterThan(1);
      for (const url of assets) expect(url).toMatch(/^\/inbox\/|^data:/);
    }
    const style = await page('/inbox/style.css');
    expect(style.headers.get('content-type')).toContain('text/css');
    expect(style.html).not.toMatch(/url\(|@import/);
    expect(style.html).toContain('.mark-1');
  });

  it('writes a name as it is, and runs none of it', async () => {
    const { html } = await page(await linkTo('O&#x27;Hara'));
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &quot;O&#x27;Hara&quot;');
  });

  it('shows a mail in a frame of its own, with text, headers, invitation and the trace of why', async () => {
    const { html } = await page(await linkTo('O&#x27;Hara'));
    const src = /<iframe[^>]*src="([^"]*)"[^>]*>/.exec(html);
    expect(src?.[0]).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"');
    const mail = await page(src?.[1]);
    expect(mail.headers.get('content-security-policy')).toMatch(/^sandbox (?!.*allow-scripts)/);
    expect(mail.html).toContain('<base target="_blank">');
    expect(mail.html).not.toContain('<script>alert');
    for (const text of [
      ...['Why it went', 'a known customer', 'contract: needs no consent', 'LAGOM_SEND allows it'],
      ...['confirmation, step now', 'Auto-Submitted', 'REQUEST, sequence', 'Bokning hos Wellnesskliniken'],
      ...['No unsubscribe'],
    ])
      expect(words(html)).toContain(text);
    const file = await page(/href="([^"]*attachments\/0)"/.exec(html)?.[1]);
    expect(file.headers.get('content-type')).toContain('text/calendar');
    expect(file.html).toContain('BEGIN:VEVENT');
  });

  it('shows an SMS with what it costs, and takes an answer', async () => {
    const link = await linkTo('Tom Reed');
    const before = await page(link);
    expect(words(before.html)).toMatch(/\d+ characters, \d segments? in GSM-7/);
    const action = /action="([^"]*\/reply)"/.exec(before.html)?.[1] ?? '';
    const form = before.html.slice(before.html.indexOf(action));
    const back = decoded(/name="back" value="([^"]*)"/.exec(form)?.[1]);
    const { status, location } = await submit(action, { text: 'See you then!', back });
    expect(status).toBe(303);
    expect(location).toContain('show=');
    const after = await page(location ?? '');
    expect(words(after.html)).toContain('See you then!');
    expect(words(after.html)).toContain('The answer is noted.');
    expect(words(after.html)).toContain('the person answered');
  });

  it('says in plain words why something did not go, and what the gate saw', async () => {
    const { html } = await page('/inbox?state=not-sent');
    expect(words(html)).toContain('It needs a yes that the person has not given.');
    const { html: one } = await page(await linkTo('Nils Fjäll', 'not-sent'));
    expect(words(one)).toContain('Why it did not go');
    expect(words(one)).toMatch(/The gate saw: .* no-consent/);
    expect(one).not.toContain('/bounce"');
  });

  it('shows what is planned with when it is due, and the clock that was led', async () => {
    const { html } = await page('/inbox?state=planned');
    expect(words(html)).toContain('Reminder before the visit Planned, due in 6 days');
    expect(words(html)).toMatch(/ · [\d a-z]+ (?:ahead|behind) /);
    const next = /name="advance" value="(PT[\d.]+S)" title="in/.exec(html)?.[1];
    expect(next).toBeDefined();
  });

  it('filters by tenant and finds people', async () => {
    const travel = words((await page(`/inbox?tenant=${TRAVEL}`)).html);
    expect(travel).toContain('Tom Reed');
    expect(travel).not.toContain('Nils');
    const found = words((await page('/inbox?find=nils+fj%C3%A4ll')).html);
    expect(found).toContain('Nils Fjäll');
    expect(found).not.toContain('Tom Reed');
    expect(words((await page('/inbox?find=nobody-at-all')).html)).toContain('No message is like that.');
  });

  it('leads a form back to its own page, and nowhere else', async () => {
    const zero = { advance: 'PT0S' };
    const to = async (back: string) => (await submit('/inbox/clock', { ...zero, back })).location;
    expect(await to('/inbox?state=sent&page=2')).toBe('/inbox?state=sent&page=2');
    for (const back of ['//evil.example', 'https://evil.example/inbox?', '/inbox?@evil', '/p/x', '']) {
      expect(await to(back)).toMatch(/^\/inbox(?:\?|$)/);
    }
  });

  it('says what is gone, and keeps standing', async () => {
    const { html, status } = await page('/inbox?show=nothing&page=abc&state=odd');
    expect(status).toBe(200);
    expect(words(html)).toContain('That message is no longer here.');
  });

  it('is quick with a thousand messages, and short', async () => {
    const messages = lagom.app.get(MessageStore);
    const [template] = await messages.list(CLINIC, { journey: 'confirmation' } as never, {
      after: null,
      limit: 1,
    });
    const [captured] = await lagom.inbox({ to: 'anna@example.se' });
    const { id: _id, ...mail } = captured!;
    const at = lagom.now();
    const many = Array.from({ length: 1_000 }, (_, n) => ({ ...template!, _id: `many-${n}`, createdAt: at }));
    await messages.insertPlanned(many);
    await lagom.app
      .get(InboxStore)
      .keep(many.map(({ _id: message }) => ({ ...mail, at, message, ref: `ref-${message}` })));

    // Not wall time: other tests run beside this one.
    const from = process.cpuUsage();
    const { html } = await page();
    expect(process.cpuUsage(from).user / 1e6).toBeLessThan(5);
    expect(html.length).toBeLessThan(150_000);
    expect(words(html)).toContain('Page 1 of 26');
    expect(words((await page('/inbox?page=26')).html)).toContain('Page 26 of 26');
  });
});
