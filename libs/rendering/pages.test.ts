import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { rootDir } from '#platform/root';
import { CHANNELS } from '#purposes/channel';
import { PURPOSES } from '#purposes/purpose';
import { lintPage } from './lint-pages.js';
import { PAGE_SAMPLES, type PageTenant } from './page-views.js';
import { loadPages, type Pages } from './pages.js';
import { channelWords, purposeWords } from './purpose-words.js';

const DIR = join(rootDir(), 'templates', 'pages');
const tenant: PageTenant = {
  id: 'a-o',
  name: 'Å & Ö',
  legalName: 'Å & Ö AB',
  email: 'hej@example.se',
  phone: '063-10 20 00',
  addressLines: ['Storgatan 1', '831 31 Östersund'],
  logo: null,
  colour: '#2f6f5e',
};
let pages: Pages;
beforeAll(async () => {
  pages = await loadPages(DIR);
});

it('speaks Swedish and English', () => {
  expect([...pages.locales].sort()).toEqual(['en', 'sv']);
});

it('escapes whatever it is given', () => {
  const [view] = PAGE_SAMPLES.unsubscribe;
  const { html } = pages.render(
    'unsubscribe',
    'sv',
    { ...tenant, name: '<b onclick=x>' },
    {
      ...view!,
      masked: '"><script>',
    },
  );
  expect(html).not.toContain('<b ');
  expect(html).not.toContain('<script');
  expect(html).toContain('&lt;b onclick&#x3D;x&gt;');
});

it('leaves no gap where a member is missing', () => {
  expect(() => pages.render('survey-thanks', 'sv', tenant, {} as never)).toThrow('changeableUntil');
});

it('names the one inline style by its hash', () => {
  const { html, styleSource } = pages.render('gone', 'en', tenant, {});
  const styles = [...html.matchAll(/<style>([^<]*)<\/style>/g)].map(([, style]) => style ?? '');
  expect(styles).toHaveLength(1);
  const digest = createHash('sha256').update(styles[0]!).digest('base64');
  expect(styleSource).toBe(`'sha256-${digest}'`);
  expect(styles[0]).toContain('--brand:#2f6f5e');
});

it('chooses the first wanted language that the tenant speaks', () => {
  expect(pages.chooseLocale([null, 'en-GB', 'sv'], ['sv', 'en'])).toBe('en');
  expect(pages.chooseLocale(['de', 'fr'], ['sv', 'en'])).toBe('sv');
  expect(pages.chooseLocale(['en'], ['sv-SE'])).toBe('sv');
  expect(pages.locales).toContain(pages.chooseLocale(['*'], []));
});

it.each(['sv', 'en'])('has words of its own for every purpose and channel: %s', (locale) => {
  const what = PURPOSES.map((purpose) => purposeWords(purpose, locale).what);
  expect(new Set(what).size).toBe(PURPOSES.length);
  const how = CHANNELS.map((channel) => channelWords(channel, locale));
  expect(new Set(how).size).toBe(CHANNELS.length);
  expect(purposeWords('inspiration', 'sv').noMore).toBe('ingen mer inspiration');
  expect(purposeWords('newsletter', 'sv').noMore).toBe('inga fler nyhetsbrev');
});

describe('the lint', () => {
  let dir = '';
  afterEach(() => rm(dir, { recursive: true, force: true }));
  /** A copy of the pages with one file spoilt. */
  async function spoilt(file: string, spoil: (text: string) => string | null): Promise<Promise<Pages>> {
    dir = await mkdtemp(join(tmpdir(), 'lagom-pages-'));
    await cp(DIR, dir, { recursive: true });
    const text = spoil(await readFile(join(dir, file), 'utf8'));
    await (text === null ? rm(join(dir, file)) : writeFile(join(dir, file), text));
    return loadPages(dir);
  }

  it('lets an unspoilt copy pass', async () => {
    await expect(spoilt('sv/gone.hbs', (text) => text)).resolves.toBeDefined();
  });

  it.each<[string, string, (text: string) => string | null, string]>([
    ['a script', 'sv/gone.hbs', (text) => text.replace('<p>', '<script></script><p>'), 'no script'],
    [
      'a style in an attribute',
      'frame.hbs',
      (text) => text.replace('<body>', '<body style="x">'),
      'no attribute',
    ],
    ['a picture', 'frame.hbs', (text) => text.replace('<main>', '<img src="x"><main>'), 'picture'],
    [
      'a link elsewhere',
      'en/gone.hbs',
      (text) => text.replace('<p>', '<a href="//x.se">x</a><p>'),
      'elsewhere',
    ],
    [
      'what is not escaped',
      'sv/contact.hbs',
      (text) => text.replace('{{tenant.phone}}', '{{{tenant.phone}}}'),
      'triple-stash',
    ],
    ['a helper', 'sv/gone.hbs', (text) => text.replace('<p>', '{{lookup tenant "x"}}<p>'), 'no helper'],
    ['a missing twin', 'en/gone.hbs', () => null, 'is missing'],
    [
      'a fact in one language only',
      'en/unsubscribe.hbs',
      (text) => text.replaceAll('{{noMore}}', 'no more'),
      'noMore is said',
    ],
    [
      'a fact that no view has',
      'sv/gone.hbs',
      (text) => text.replace('<p>', '{{#if secret}}{{/if}}<p>'),
      'secret',
    ],
    ['a page without a heading', 'sv/gone.hbs', (text) => text.replace(/h1>/g, 'h2>'), 'one h1'],
    ['a page that may be indexed', 'frame.hbs', (text) => text.replace('noindex', 'index'), 'indexed'],
    [
      'a stylesheet that brings something in',
      'pages.css',
      (text) => `@import 'x.css';\n${text}`,
      'brings in nothing',
    ],
    ['shouting', 'sv/gone.hbs', (text) => text.replace('<p>', '<p>VIKTIGT '), 'shouting'],
  ])('refuses %s', async (_, file, spoil, problem) => {
    await expect(spoilt(file, spoil)).rejects.toThrow(problem);
  });
});

it('sees a gap in a page that was made', () => {
  expect(lintPage('<html lang="sv"><title>x</title><h1>undefined</h1> content="noindex', 'sv')).toEqual([
    'it leaves a gap',
  ]);
});
