import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MeasureStore } from '#campaigns/measure.store';
import type { MeasureTotals } from '#campaigns/sum-measures';
import { RecordMeasures } from '#dispatch/record-measures';
import { Staff } from './campaign.fixture.js';
import { CLINIC, startLagom, type Captured, type Lagom } from './lagom.fixture.js';
import { choice, person, tell, until, type Person } from './visit.fixture.js';

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const GMAIL = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)';
const SHOP = 'https://www.wellnesskliniken.se/butik?vara=7&utm_medium=kort#pris';

let lagom: Lagom;
let staff: Staff;
const told: { type: string; data: Record<string, unknown> }[] = [];
let source: ReturnType<Lagom['listener']>;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-11-02T10:00:00Z' });
  staff = await Staff.of(lagom);
  source = lagom.listener('measuring');
  source.subscribe({
    ...{ topic: 'messages.events', batchSize: 100, concurrency: 1 },
    handle: (heard) => {
      for (const { value } of heard) told.push(JSON.parse(value.toString()));
      return Promise.resolve(heard.map(() => ({ kind: 'done' as const })));
    },
  });
  await source.start();
});
afterAll(async () => {
  await source?.stop();
  await lagom.close();
});

const blocks = (words: string, more: string) => [
  { kind: 'text', text: `${words} {{person.firstName | du}}` },
  { kind: 'button', label: words, href: SHOP },
  {
    kind: 'image',
    url: 'https://www.wellnesskliniken.se/b.png',
    alt: more,
    href: 'https://example.com/å?q=1',
  },
  { kind: 'button', label: 'Ring', href: 'tel:+4663102000' },
  { kind: 'button', label: 'Så gör vi', href: 'https://halsa.wellnesskliniken.se/privacy/wellnesskliniken' },
];
const UTM = { source: 'lagom', medium: 'email', campaign: 'vår 2026' };

/** A campaign that has been sent to these people, a city of their own. */
async function sentTo(city: string, people: readonly Person[]): Promise<string> {
  const said = (subject: string) => ({
    email: { subject, preview: subject, blocks: blocks(subject, 'Bild') },
  });
  const { id: template } = await staff.taken('marketer', 'POST', '/v1/templates', {
    name: city,
    content: { sv: said('Nyheter'), en: said('News') },
  });
  await staff.taken('marketer', 'POST', `/v1/templates/${template}/versions/1/publish`);
  for (const customer of people) {
    await tell(lagom, 'customer.updated', {
      customer: { ...customer, address: { lines: ['x'], postalCode: '1', city, country: 'SE' } },
    });
  }
  const variants = [{ template, version: 1 }];
  const id = await staff.approved({ place: { city: [city] } }, { variants, utm: UTM });
  await staff.act(id, 'schedule', {});
  await staff.until(id, 'sent');
  return id;
}

async function reader(facts: Partial<Person>, measured: boolean): Promise<Person> {
  const customer = person(facts);
  const yes = (purpose: string) => choice(purpose, 'email', 'given');
  const choices = [yes('newsletter'), ...(measured ? [yes('measurement')] : [])];
  await tell(lagom, 'customer.consent-changed', { customer, choices });
  return customer;
}

const mailTo = async ({ email }: Person): Promise<Captured & { html: string }> => {
  const [mail] = await until(
    () => lagom.inbox({ to: email ?? '' }),
    (all) => all.length > 0 && all,
  );
  return mail as Captured & { html: string };
};
const linksIn = (html: string): string[] =>
  [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, url = '']) =>
    url.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=').replaceAll('&#61;', '='),
  );
const wrappedIn = (html: string): string[] => linksIn(html).filter((url) => url.includes('/r/'));
const pixelIn = (html: string): string => linksIn(html).find((url) => url.includes('/i/')) ?? 'none';
const ask = (url: string, agent = IPHONE, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { redirect: 'manual', ...init, headers: { 'user-agent': agent, ...init.headers } });
const totals = async (id: string): Promise<MeasureTotals[]> => {
  await lagom.app.get(RecordMeasures).runOnce(lagom.now(), true);
  return lagom.app.get(MeasureStore).ofCampaign(CLINIC, id);
};

describe('a campaign mail', () => {
  it.each([
    ['sv', 'Nyheter'],
    ['en', 'News'],
  ])('is measured of who consented, and of nobody else (%s)', async (locale, subject) => {
    const seen = await reader({ locale }, true);
    const free = await reader({ locale }, false);
    const id = await sentTo(`Mätt ${locale}`, [seen, free]);
    const [measured, plain] = [await mailTo(seen), await mailTo(free)];
    const led = `https://www.wellnesskliniken.se/butik?vara=7&utm_medium=kort&utm_source=lagom&utm_campaign=v%C3%A5r%202026&utm_content=A#pris`;

    expect(plain.subject).toBe(subject);
    expect(plain.html + plain.text).not.toMatch(/\/[ri]\/[\w-]{40}/);
    expect(linksIn(plain.html)).toContain(led);
    expect(plain.text).toContain(led);

    const wrapped = wrappedIn(measured.html);
    expect(wrapped).toHaveLength(2);
    expect(measured.html + measured.text).not.toContain('butik');
    expect(measured.text).toContain(wrapped[0]);
    for (const own of ['/u/', '/p/', '/privacy/wellnesskliniken', 'tel:+4663102000'])
      expect(linksIn(measured.html).some((url) => url.includes(own))).toBe(true);
    expect(measured.headers?.['List-Unsubscribe']).toContain('/u/');
    const first = await ask(wrapped[0] ?? '');
    expect([first.status, first.headers.get('location')]).toEqual([302, led]);
    expect(first.headers.get('referrer-policy')).toBe('no-referrer');
    const second = await ask(wrapped[1] ?? '', IPHONE, { method: 'HEAD' });
    expect(second.headers.get('location')).toContain('https://example.com/%C3%A5?q=1&utm_source=lagom');
    const picture = await ask(pixelIn(measured.html));
    expect(picture.headers.get('cache-control')).toContain('no-store');
    expect(picture.headers.get('content-type')).toBe('image/gif');
    expect((await picture.arrayBuffer()).byteLength).toBeLessThan(60);
    const bare = (html: string) => html.replace(/<img[^>]+\/i\/[^>]+>/, '').replace(/"[^"]*"/g, '');
    expect(bare(measured.html).length - bare(plain.html).length).toBeLessThan(600);
    for (const { id: who } of [seen, free]) {
      const [row] = await lagom.messages({ campaign: id, customer: who });
      const { body } = await lagom.api('GET', `/v1/messages/${encodeURIComponent(row?.id ?? '')}/content`);
      expect([who, body.asSaid]).toEqual([who, true]);
      expect(body.text.includes('butik')).toBe(who === free.id);
    }
    // Seconds after it was sent: by nobody.
    expect(await totals(id)).toMatchObject([
      { variant: 'A', locale, opened: { byPerson: 0, byMachine: 1 }, clicked: { byPerson: 0, byMachine: 1 } },
    ]);
  });

  it('counts people and machines apart, and tells the world of a person’s first open and click once', async () => {
    const anna = await reader({ locale: 'sv' }, true);
    const id = await sentTo('Räknat', [anna]);
    const { html } = await mailTo(anna);
    const [shop = '', picture = ''] = [wrappedIn(html)[0], wrappedIn(html)[1]];
    await lagom.advance('PT1H');
    await ask(pixelIn(html), GMAIL);
    await ask(shop, IPHONE, { headers: { 'sec-purpose': 'prefetch;prerender' } });
    await ask(shop, IPHONE, { method: 'HEAD' });
    await totals(id);
    await lagom.advance('PT1H');
    await Promise.all([ask(shop), ask(picture)]);
    await totals(id);
    expect(told.filter(({ type }) => /clicked|opened/.test(type))).toEqual([]);
    for (const hours of [1, 2]) {
      await lagom.advance(`PT${hours}H`);
      await ask(pixelIn(html));
      await ask(shop);
      await totals(id);
    }
    expect(await totals(id)).toMatchObject([
      {
        opened: { byPerson: 1, byMachine: 1 },
        clicked: { byPerson: 1, byMachine: 1 },
        opens: { people: 2, machines: 1 },
        links: [
          { link: 'b1', byPerson: 1, byMachine: 1, people: 2, machines: 2 },
          { link: 'b2', byPerson: 0, byMachine: 1, people: 0, machines: 1 },
        ],
      },
    ]);
    await lagom.advance('PT5S');
    const heard = await until(
      () => Promise.resolve(told.filter(({ type }) => /clicked|opened/.test(type))),
      (all) => all.length >= 2 && all,
    );
    const about = { customer: anna.id, purpose: 'newsletter', campaign: id, channel: 'email' };
    expect(heard).toEqual([
      expect.objectContaining({ type: 'message.opened.v1', data: expect.objectContaining(about) }),
      expect.objectContaining({
        ...{ type: 'message.clicked.v1', data: expect.objectContaining({ ...about, link: 'b1' }) },
      }),
    ]);
    expect(JSON.stringify(heard)).not.toContain(anna.email);
  });

  it('leads on when the consent has gone, or the person, and counts nothing', async () => {
    const [anna, berit] = [await reader({}, true), await reader({}, true)];
    const id = await sentTo('Borta', [anna, berit]);
    const [first, second] = [await mailTo(anna), await mailTo(berit)];
    await lagom.advance('PT1H');
    await ask(wrappedIn(second.html)[0] ?? '');
    expect(await totals(id)).toMatchObject([{ clicked: { byPerson: 1 } }]);

    await tell(lagom, 'customer.consent-changed', {
      ...{ customer: anna, choices: [choice('measurement', 'email', 'withdrawn')] },
    });
    expect((await lagom.api('DELETE', `/v1/customers/${berit.id}`)).status).toBe(200);
    await lagom.advance('PT1H');
    for (const { html } of [first, second]) {
      expect((await ask(wrappedIn(html)[0] ?? '')).status).toBe(302);
      expect((await ask(pixelIn(html))).status).toBe(200);
    }
    expect(await totals(id)).toEqual([]);
  });

  it('answers a forged or cut link with a page that helps, and no other method', async () => {
    const anna = await reader({}, true);
    await sentTo('Falskt', [anna]);
    const link = wrappedIn((await mailTo(anna)).html)[0] ?? '';
    const token = link.slice(link.lastIndexOf('/') + 1);
    for (const forged of [`/r/${token.slice(0, -1)}`, `/i/${token}`, '/r', '/r/https:%2F%2Fevil.example']) {
      const answer = await ask(lagom.url + forged);
      expect([forged, answer.status, answer.headers.get('location')]).toEqual([forged, 404, null]);
      expect(await answer.text()).toContain('<html');
    }
    expect((await ask(link, IPHONE, { method: 'POST' })).status).toBe(405);
  });
});

describe('utm', () => {
  it('is refused where it names somebody or holds a variable, is shown in the preview, and belongs to what is approved', async () => {
    const id = await staff.draft({ visits: { atLeast: 1 } });
    const patch = (utm: unknown) => staff.ask('marketer', 'PATCH', `/v1/campaigns/${id}`, { utm });
    for (const value of [
      '{{person.firstName}}',
      'anna@example.se',
      '+46 70 174 06 05',
      '19121212-1212',
      'a&b',
      '',
    ]) {
      const { status, body } = await patch({ ...UTM, source: value });
      expect([value, status, body.errors?.[0]?.pointer]).toEqual([value, 422, '#/utm/source']);
    }
    expect((await patch({ ...UTM, person: 'x' })).status).toBe(422);
    expect((await patch({ ...UTM, campaign: '2026-11-04' })).body.utm).toEqual({
      ...UTM,
      campaign: '2026-11-04',
    });

    const before = (await staff.act(id, 'submit')).submitted.hash;
    expect((await patch(UTM)).body).toMatchObject({ status: 'draft', utm: UTM });
    expect((await staff.act(id, 'submit')).submitted.hash).not.toBe(before);

    const { id: template } = await staff.taken('marketer', 'POST', '/v1/templates', {
      name: 'Länkar',
      content: { sv: { email: { subject: 'Hej', preview: 'Hej', blocks: blocks('Hej', 'Bild') } } },
    });
    await patch(UTM);
    await staff.ask('marketer', 'PATCH', `/v1/campaigns/${id}`, { variants: [{ template, version: 1 }] });
    const { items } = await staff.act(id, 'preview', {});
    expect(items[0].links[0]).toMatchObject({ link: 'b1', label: 'Hej' });
    expect(items[0].links[0].href).toContain('utm_content=A#pris');
    expect(items[0].text).toContain(items[0].links[0].href);
  });
});
