import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { Browser } from 'playwright-core';
import { CustomerStore } from '#customers/customer.store';
import { PURPOSES } from '#purposes/purpose';
import { CHROMIUM, faultsOn, hasChromium, launch } from './browser.fixture.js';
import { CLINIC, type Lagom, startLagom, TRAVEL } from './lagom.fixture.js';
import { DAY, person, tell, visit } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

const RECORD = '/v1/record-of-processing';

it('is led to from a mail in the mail’s language, and named by the choice that is made on a page', async () => {
  const who = person({ locale: 'en' });
  await tell(lagom, 'booking.confirmed', {
    customer: who,
    booking: visit(new Date(lagom.now().getTime() + 30 * DAY)),
    marketingOptOutOffered: true,
  });
  await tell(lagom, 'booking.started', {
    customer: who,
    booking: { id: 'b-notice', service: 'Massage' },
    cartId: 'k-notice',
  });
  await lagom.advance('PT61M');
  const mails = await lagom.inbox({ to: who.email ?? '' });
  expect(mails.map(({ purpose }) => purpose).sort()).toEqual(['abandoned-booking', 'booking']);
  for (const { text, html } of mails) {
    expect(text).toContain(`${lagom.url}/privacy/${CLINIC}/en`);
    expect(html).toContain(`href="${lagom.url}/privacy/${CLINIC}/en"`);
  }
  const page = await fetch(`${lagom.url}/privacy/${CLINIC}/en`);
  const [, version] = /Version <span[^>]*>([0-9a-f]{12})</.exec(await page.text()) ?? [];

  const mail = mails.find(({ purpose }) => purpose === 'abandoned-booking');
  const [unsubscribe] = /https?:\S+\/u\/[\w-]+/.exec(mail?.text ?? '') ?? [];
  const said = await fetch(unsubscribe ?? '', {
    method: 'POST',
    body: new URLSearchParams({ stop: 'purpose' }),
  });
  expect(said.status).toBe(200);
  const known = await lagom.app.get(CustomerStore).find(CLINIC, who.id);
  expect(known?.choiceLog.at(-1)).toMatchObject({
    ...{ state: 'withdrawn', noticeVersion: version, language: 'en', place: '/u' },
  });
});

describe('the record of processing', () => {
  it('names whose it is and, for each purpose of the table, by what right, whose data, who gets it and how long', async () => {
    const { status, body } = await lagom.api('GET', RECORD);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      language: 'sv',
      controller: {
        name: 'Wellnesskliniken i Östersund AB',
        country: 'Sverige',
        email: 'info@wellnesskliniken.se',
      },
    });
    const ids = body.activities.map(({ id }: { id: string }) => id);
    expect(ids.slice(0, PURPOSES.length)).toEqual([...PURPOSES]);
    expect(ids).toContain('credit-check');
    for (const one of body.activities) {
      expect([one.id, one.persons.length > 0, one.data.length > 0]).toEqual([one.id, true, true]);
      for (const word of [one.activity, one.why, one.ground, one.retention])
        expect(word).toMatch(/\p{L}{3}/u);
    }
    const newsletter = body.activities.find(({ id }: { id: string }) => id === 'newsletter');
    expect(newsletter.recipients).toContainEqual({
      name: 'Twilio SendGrid (Twilio Inc.)',
      does: 'skickar våra mejl',
      role: 'personuppgiftsbiträde',
      country: 'USA',
      safeguards: expect.stringContaining('artikel 47'),
    });
    expect(newsletter.retention).toContain('36 månader');
    expect(body.measures.length).toBeGreaterThan(5);
  });

  it('is a table when asked, and in the other language', async () => {
    const { headers, body } = await lagom.api('GET', `${RECORD}?language=en`, undefined, {
      tenant: TRAVEL,
      headers: { accept: 'text/csv' },
    });
    expect(headers.get('content-type')).toContain('text/csv');
    const rows: Record<string, string>[] = parse(body as string, { columns: true });
    expect(rows.length).toBeGreaterThan(PURPOSES.length);
    expect(rows.find(({ id }) => id === 'handoff')).toMatchObject({
      controller: expect.stringMatching(/^Wellbe, .*, Sweden$/),
      recipients: expect.stringContaining('Travel providers'),
      ground: 'contract (GDPR 6(1)(b))',
    });
    expect(rows[0]?.['transfers']).toContain('United States');
  });

  it('is a page that stands alone when asked', async () => {
    const { headers, body } = await lagom.api('GET', RECORD, undefined, { headers: { accept: 'text/html' } });
    expect(headers.get('content-type')).toContain('text/html');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toContain('<h1>Register över behandlingar</h1>');
    expect(body).not.toMatch(/<link rel="stylesheet"|<script|<img|href="\.\./);
  });

  it('is for staff, in a language that there is', async () => {
    expect((await fetch(lagom.url + RECORD)).status).toBe(401);
    const { body } = await lagom.api('POST', '/v1/keys', { role: 'ingest', name: 'booking system' });
    const headers = { authorization: `Bearer ${body.key}` };
    expect((await lagom.api('GET', RECORD, undefined, { headers })).status).toBe(403);
    const wrong = await lagom.api('GET', `${RECORD}?language=de`);
    expect([wrong.status, wrong.body.errors]).toEqual([
      422,
      [{ pointer: '#/language', detail: 'expected one of sv, en' }],
    ]);
  });
});

const look = hasChromium ? describe : describe.skip;

look(`in a browser (skipped where there is no ${CHROMIUM})`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  it.each([
    `/privacy/${CLINIC}/sv`,
    `/privacy/${CLINIC}/en`,
    `/privacy/${TRAVEL}/sv`,
    `/privacy/${TRAVEL}/de`,
    RECORD,
  ])('axe finds nothing, and nothing is wider than the page: %s', async (path) => {
    const page = await browser.newPage({ bypassCSP: true });
    try {
      if (path === RECORD) {
        const { body } = await lagom.api('GET', path, undefined, { headers: { accept: 'text/html' } });
        await page.setContent(body as string);
      } else await page.goto(lagom.url + path);
      expect(await faultsOn(page)).toEqual([]);
    } finally {
      await page.close();
    }
  });
});
