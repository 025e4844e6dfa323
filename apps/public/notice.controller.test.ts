import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NoticeStore } from '#privacy/notice.store';
import { Notices } from '#privacy/notices';
import { PURPOSES } from '#purposes/purpose';
import { activityName } from '#privacy/notice-text';
import { CLINIC, type PublicSide, startPublic, TRAVEL } from './public.fixture.js';

let side: PublicSide;
beforeAll(async () => {
  side = await startPublic();
});
afterAll(() => side.close());

const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(side.url + path, { method, redirect: 'manual', headers });
const read = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
  const answer = await ask(path, headers);
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.text();
};
/** As a browser does: fetch alone would ask to be given it anew. */
const ASKS_AGAIN = (etag: string) => ({ 'if-none-match': etag, 'cache-control': 'max-age=0' });
/** Where a link on a page leads, as a browser reads it. */
const linksOf = (html: string, path: string): string[] =>
  [...html.matchAll(/href="([^"]+)"/g)].map(
    ([, href = '']) => new URL(href.replaceAll('&#x3D;', '='), side.url + path).href,
  );

describe('the privacy notice', () => {
  it.each([
    [CLINIC, 'sv'],
    [CLINIC, 'en'],
    [TRAVEL, 'sv'],
    [TRAVEL, 'en'],
  ])(
    'of %s in %s names every purpose of the table, whose it is, and the rights with where to use them',
    async (tenant, locale) => {
      const path = `/privacy/${tenant}/${locale}`;
      const html = await read(path);
      for (const id of PURPOSES) expect(html).toContain(`${activityName({ id }, locale)}.</strong>`);
      const own = tenant === CLINIC ? 'Wellnesskliniken i Östersund AB' : 'Wellbe';
      const email = tenant === CLINIC ? 'info@wellnesskliniken.se' : 'info@wellbe-ims.com';
      for (const part of [own, email, 'Twilio SendGrid', 'imy@imy.se', '36 ', '18 '])
        expect(html).toContain(part);
      const links = linksOf(html, path);
      for (const to of ['/me/', '/subscribe/']) expect(links).toContain(`${side.url}${to}${tenant}`);
      expect(html).toContain(`<html lang="${locale}">`);
      expect(html).not.toMatch(/<script|undefined|\[object/);
    },
  );

  it('is in the language that the browser asks for, and says that it is', async () => {
    const answer = await ask(`/privacy/${CLINIC}`, { 'accept-language': 'en-GB,en;q=0.9' });
    expect(answer.headers.get('content-language')).toBe('en');
    expect(answer.headers.get('vary')).toMatch(/accept-language/i);
    expect(await answer.text()).toContain('How we handle your personal data');
    const swedish = await read(`/privacy/${CLINIC}`, { 'accept-language': 'de' });
    expect(swedish).toContain('Så hanterar vi dina personuppgifter');
    expect(await read(`/privacy/${CLINIC}/en-GB`)).toContain('How we handle');
  });

  it('has links and a stylesheet that lead somewhere from wherever it stands', async () => {
    for (const path of [`/privacy/${CLINIC}`, `/privacy/${CLINIC}/`, `/privacy/${CLINIC}/sv`]) {
      const html = await read(path);
      const mine = linksOf(html, path).filter((link) => link.startsWith(side.url));
      expect(mine.some((link) => link.startsWith(`${side.url}/pages.css?`))).toBe(true);
      for (const link of new Set(mine.map((one) => one.replace(/#.*$/, '')))) {
        expect([path, link, (await fetch(link)).status]).toEqual([path, link, 200]);
      }
      for (const [, anchor] of html.matchAll(/href="#([^"]+)"/g)) expect(html).toContain(`id="${anchor}"`);
    }
  });

  it('may be kept by a browser that asks whether it is in force still', async () => {
    const first = await ask(`/privacy/${CLINIC}/sv`);
    expect(first.headers.get('cache-control')).toBe('no-cache');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    const again = await ask(`/privacy/${CLINIC}/sv`, ASKS_AGAIN(etag));
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect((await ask(`/privacy/${CLINIC}/en`, ASKS_AGAIN(etag))).status).toBe(200);
  });

  it('is only read', async () => {
    for (const path of [`/privacy/${CLINIC}`, `/privacy/${CLINIC}/sv`]) {
      const answer = await ask(path, {}, 'POST');
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    }
    expect((await ask(`/privacy/${CLINIC}`, {}, 'HEAD')).status).toBe(200);
  });

  it('helps whoever asks for a tenant, a language or a version that is none', async () => {
    expect((await ask('/privacy')).status).toBe(404);
    expect((await ask('/privacy/nobody')).status).toBe(404);
    for (const path of [`/privacy/${CLINIC}/de`, `/privacy/${CLINIC}?version=123456789abc`]) {
      const answer = await ask(path, { 'accept-language': 'en' });
      expect([path, answer.status]).toEqual([path, 404]);
      expect(linksOf(await answer.text(), path)).toContain(`${side.url}/privacy/${CLINIC}/sv`);
    }
    const odd = await ask(`/privacy/${CLINIC}?version=a&version=b&version[$gt]=`);
    expect(odd.status).toBe(200);
  });

  it('is led to from every page of its tenant', async () => {
    for (const path of [`/subscribe/${TRAVEL}`, `/privacy/${TRAVEL}/de`])
      expect(linksOf(await (await ask(path)).text(), path)).toContain(`${side.url}/privacy/${TRAVEL}/sv`);
  });

  it('keeps its older versions, shows them as they were, and says that they are', async () => {
    const store = side.get(NoticeStore);
    const older = { tenant: CLINIC, version: '0123456789ab', since: new Date('2025-05-01T10:00:00Z') };
    await store.keep([{ ...older, texts: { sv: '<p>Så var det <a href="../me/x">då</a>.</p>' } }]);
    const path = `/privacy/${CLINIC}/sv`;
    expect(linksOf(await read(path), path)).toContain(`${side.url}${path}?version=0123456789ab`);
    const html = await read(`${path}?version=0123456789ab`);
    expect(html).toContain('Så var det <a href="../../me/x">då</a>.');
    expect(html).toContain('1 maj 2025');
    expect(linksOf(html, path)).toContain(`${side.url}${path}`);
    const inForce = side.get(Notices).version(CLINIC);
    expect(html).toContain(`?version&#x3D;${inForce}`);
    // Another tenant's, and a language in which it was never written.
    expect((await ask(`/privacy/${TRAVEL}/sv?version=0123456789ab`)).status).toBe(404);
    expect((await ask(`/privacy/${CLINIC}/en?version=0123456789ab`)).status).toBe(404);
  });
});
