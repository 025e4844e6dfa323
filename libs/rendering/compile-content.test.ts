import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { compileContent, renderContent, type MarketerContent } from './compile-content.js';
import { readLayout } from './content-library.js';
import { lintContent } from './lint-content.js';
import type { RenderInput } from './rendered.js';
import type { TemplateFolder } from './template-sources.js';
import { readText, writeText, type ContentBlock } from './write-blocks.js';

let layout: TemplateFolder;
beforeAll(async () => {
  layout = await readLayout(join(rootDir(), 'templates'));
});

const NAME = { template: 't-1', version: '3', purpose: 'newsletter' as const };
const input = (
  changes: Partial<RenderInput> = {},
  person: Partial<RenderInput['person']> = {},
): RenderInput => ({
  ...{ template: 't-1', channel: 'email', locale: 'sv' },
  tenant: {
    ...{
      id: 'c',
      name: 'Kliniken',
      legalName: 'Kliniken AB',
      email: 'hej@kliniken.se',
      phone: '063-10 20 00',
    },
    ...{ addressLines: ['Storgatan 1'], country: 'SE', host: 'm.kliniken.se', locales: ['sv', 'en'] },
    ...{ timeZone: 'Europe/Stockholm', colour: '#2f6f5e', showServiceNames: false },
  },
  person: { name: 'Åsa Öst', timeZone: null, ...person },
  booking: null,
  links: { unsubscribe: 'https://m.kliniken.se/u/x', optOut: 'https://m.kliniken.se/o/x' },
  now: new Date('2026-05-04T07:00:00Z'),
  ...changes,
});
const mail = (blocks: ContentBlock[], subject = 'Nyheter'): MarketerContent => ({
  sv: { email: { subject, preview: 'Läs mer', blocks } },
});
const rendered = async (content: MarketerContent, asked = input()) => {
  const compiled = await compileContent(layout, content, NAME);
  expect(compiled.faults).toEqual([]);
  const result = renderContent(compiled, asked);
  if (result.kind !== 'rendered') throw new Error(result.problem);
  return result.content;
};

describe('content', () => {
  it('is written in the layout of the house, with its way out, as HTML and as text', async () => {
    const said = await rendered(
      mail([
        { kind: 'heading', text: 'Hej {{person.firstName | du}}!' },
        { kind: 'text', text: 'Första.\n\nAndra & <b>tredje</b>.' },
        { kind: 'image', url: 'https://m.kliniken.se/a.png?w=1&h=2', alt: 'En "fin" bild' },
        { kind: 'button', label: 'Boka', href: 'https://kliniken.se/boka?a=1&b=2' },
        { kind: 'divider' },
        {
          kind: 'offer',
          title: 'Vår',
          text: '20 %',
          code: 'VAR26',
          until: '2026-06-01',
          href: 'https://kliniken.se/var',
        },
      ]),
    );
    expect(said).toMatchObject({ subject: 'Nyheter', template: 't-1', version: '3', locale: 'sv' });
    for (const part of [
      'Hej Åsa!',
      'Andra &amp; &lt;b&gt;tredje&lt;/b&gt;.',
      'alt="En &quot;fin&quot; bild"',
      'a=1&amp;b=2',
      'VAR26',
      '1 juni 2026',
      'https://m.kliniken.se/u/x',
    ])
      expect(said.html).toContain(part);
    for (const part of [
      'Hej Åsa!',
      'Andra & <b>tredje</b>.',
      'Boka:\nhttps://kliniken.se/boka?a=1&b=2',
      'Kod: VAR26',
      'https://m.kliniken.se/u/x',
    ])
      expect(said.text).toContain(part);
  });

  it('says its fallback to whom it does not know, and nothing at all without one', async () => {
    const nobody = input({}, { name: null });
    expect(
      (await rendered(mail([{ kind: 'text', text: 'Hej {{person.firstName | du <3}}' }]), nobody)).html,
    ).toContain('Hej du &lt;3');
    const hello = mail([{ kind: 'text', text: 'Hej {{person.firstName | du}} ({{person.name}})!' }]);
    const textOf = async (name: string) => (await rendered(hello, input({}, { name }))).text;
    expect(await textOf('Dr. Per Berg')).toContain('Hej Per (Dr. Per Berg)!');
    expect(await textOf('Dr. Berg')).toContain('Hej du (Dr. Berg)!');
    const compiled = await compileContent(layout, mail([{ kind: 'text', text: '{{person.name}}' }]), NAME);
    expect(renderContent(compiled, nobody)).toEqual({
      kind: 'invalid',
      problem: 't-1 (email, sv): person.name is missing',
    });
  });

  it('ends every SMS with the way out, and counts its segments', async () => {
    const said = await rendered(
      { en: { sms: { text: 'Hi {{person.name | you}}' } } },
      input({ channel: 'sms', locale: 'en' }),
    );
    expect(said.text).toBe('Hi Åsa Öst No more texts like this: https://m.kliniken.se/o/x');
    expect(said.sms).toEqual({ segments: 1, encoding: 'GSM-7' });
  });

  it('shows any text as it was written: nothing in it is a tag, an expression or a part', async () => {
    const hostile = fc
      .stringMatching(/^[a-zå<>&"'#>/=;()[\]!-]{1,40}$/)
      .filter((text) => text.trim() === text && !/--|\s/.test(text));
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const said = await rendered(
          mail(
            [
              { kind: 'heading', text },
              { kind: 'button', label: text, href: 'https://a.se' },
            ],
            text,
          ),
        );
        expect(said.subject).toBe(text);
        expect(said.text).toContain(text);
        expect(unescaped(said.html!)).toContain(text);
        expect(said.html!.match(/<(script|iframe|img|b|i)\b/i)).toBeNull();
      }),
      { numRuns: 25 },
    );
  });
});

const unescaped = (html: string): string =>
  html
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&');

describe('a text', () => {
  it('is taken apart into words and variables', () => {
    expect(readText('Hej {{ person.firstName|du }}, från {{tenant.name}}')).toEqual({
      pieces: [
        { words: 'Hej ' },
        { variable: 'person.firstName', fallback: 'du' },
        { words: ', från ' },
        { variable: 'tenant.name', fallback: null },
      ],
      faults: [],
    });
  });

  it.each<[string, string]>([
    ['a triple stash', '{{{person.name}}}'],
    ['a part', '{{> footer}}'],
    ['a helper', '{{#if person.name}}x{{/if}}'],
    ['what is not the marketer’s to say', '{{booking.service}}'],
    ['a member of every object', '{{constructor.name}}'],
    ['an escape', '\\{{person.name}}'],
    ['a lone brace', 'a } b'],
    ['an escape in a fallback', '{{person.name | a\\}}'],
  ])('with %s is refused', (_, text) => {
    expect(readText(text).faults.length).toBeGreaterThan(0);
  });

  it('never becomes an expression that its writer did not write', () => {
    expect(writeText('{{person.name | x}}')).toBe('{{#if person.name}}{{person.name}}{{else}}x{{/if}}');
  });
});

describe('a measured mail', () => {
  const blocks: ContentBlock[] = [
    { kind: 'text', text: 'Hej.' },
    { kind: 'button', label: 'Boka', href: 'https://a.se/boka?b=1#c' },
    { kind: 'offer', title: 'Två', text: 'för en', href: 'mailto:hej@a.se' },
  ];
  const utm = { source: 's', medium: 'm', campaign: 'c' };
  const wrap = {
    pixel: 'https://m.a.se/i/x',
    target: (link: string, href: string) => `https://m.a.se/r/${link}?${href.length}`,
  };

  it('leads over us to where it led, and has a picture; nothing else of it is other', async () => {
    const compiled = await compileContent(layout, mail(blocks), NAME, utm);
    const [plain, measured] = [null, wrap].map((one) => {
      const result = renderContent(compiled, input(), one);
      return result.kind === 'rendered' ? result.content : null;
    });
    const led = 'https://a.se/boka?b=1&utm_source=s&utm_medium=m&utm_campaign=c#c';
    const over = `https://m.a.se/r/b1?${led.length}`;
    expect(plain?.text).toContain(led);
    expect(measured?.text).toBe(plain?.text.replace(led, over));
    expect(measured?.text).toContain('mailto:hej@a.se');
    expect(plain?.html).not.toMatch(/m\.a\.se/);
    expect(measured?.html).toContain('src="https://m.a.se/i/x"');
    expect(measured?.html).not.toContain('boka?b=1');
    expect(measured?.version).toBe(plain?.version);
  });

  it('is no SMS', async () => {
    const content = { sv: { sms: { text: 'Se https://a.se' } } };
    const compiled = await compileContent(layout, content, NAME, utm);
    const result = renderContent(compiled, input({ channel: 'sms' }), wrap);
    expect(result).toMatchObject({ kind: 'rendered' });
    expect(JSON.stringify(result)).toContain('https://a.se');
    expect(JSON.stringify(result)).not.toMatch(/utm_|m\.a\.se/);
  });
});

describe('lint', () => {
  const lint = async (content: MarketerContent, smsFrom: string | null = 'Kliniken'): Promise<string[]> => {
    const compiled = await compileContent(layout, content, NAME);
    return lintContent(content, compiled, 't-1', {
      ...{ locales: ['sv', 'en'], name: 'Kliniken', smsFrom, today: '2026-05-04' },
      sample: (_, channel, locale) => input({ channel, locale }),
    }).map(({ level, path, detail }) => `${level} /${path.join('/')}: ${detail}`);
  };
  const en = {
    email: { subject: 'News', preview: 'More', blocks: [{ kind: 'text' as const, text: 'Hi.' }] },
    sms: { text: 'Hi.' },
  };
  const sv = { ...en };

  it('has nothing against what is right', async () => {
    expect(await lint({ sv, en })).toEqual([]);
  });

  it.each<[string, MarketerContent, RegExp]>([
    [
      'a language that the tenant does not speak',
      { sv, en, fi: en },
      /^error \/fi: the tenant speaks sv, en/,
    ],
    ['a language that is missing', { sv }, /^warning \/en: is not written: who speaks it gets it in sv/],
    [
      'an unknown variable',
      { sv, en: { ...en, sms: { text: 'Hi {{person.email}}' } } },
      /^error \/en\/sms\/text: no variable person\.email/,
    ],
    [
      'a name without a fallback',
      { sv, en: { ...en, sms: { text: 'Hi {{person.name}}' } } },
      /^warning \/en\/sms\/text: whose name is not known/,
    ],
    [
      'a word of the SMS provider',
      { sv, en: { ...en, sms: { text: 'Reply with STOP.' } } },
      /^error \/en\/sms\/text: providers act on the word STOP in an answer/,
    ],
    [
      'that it asks for an answer which nobody gets',
      { sv, en: { ...en, sms: { text: 'Reply if you like.' } } },
      /^error \/en\/sms\/text: "Reply" asks for an answer/,
    ],
    [
      'a channel that is missing in one language',
      { sv, en: { sms: en.sms } },
      /^warning \/en\/email: is not written: who speaks it gets it in sv/,
    ],
    [
      'an offer that is over',
      {
        sv,
        en: {
          ...en,
          email: { ...en.email, blocks: [{ kind: 'offer', title: 'x', text: 'x', until: '2026-05-03' }] },
        },
      },
      /^warning \/en\/email\/blocks\/0\/until: is over/,
    ],
    [
      'a word of the mail provider',
      { sv, en: { ...en, email: { ...en.email, subject: 'Hi <%name%>' } } },
      /^error \/en\/email\/subject: mail providers read/,
    ],
    [
      'a subject of two lines',
      { sv, en: { ...en, email: { ...en.email, subject: 'a\nb' } } },
      /^error \/en\/email\/subject: is one line/,
    ],
    [
      'a mail that Gmail cuts',
      {
        sv,
        en: {
          ...en,
          email: {
            ...en.email,
            blocks: Array.from({ length: 55 }, () => ({ kind: 'text' as const, text: 'word '.repeat(900) })),
          },
        },
      },
      /^error \/en\/email: the mail has \d+ bytes/,
    ],
    [
      'a link that has utm of its own',
      {
        sv,
        en: {
          ...en,
          email: {
            ...en.email,
            blocks: [{ kind: 'button', label: 'Go', href: 'https://a.se/?utm_source=x' }],
          },
        },
      },
      /^warning \/en\/email\/blocks\/0\/href: has utm of its own/,
    ],
    [
      'a mail that Gmail cuts once it is measured',
      {
        sv,
        en: {
          ...en,
          email: {
            ...en.email,
            blocks: Array.from({ length: 45 }, () => ({
              ...{ kind: 'button' as const, label: 'Go', href: `https://a.se/${'b'.repeat(1_000)}` },
            })),
          },
        },
      },
      /^error \/en\/email: the mail has \d+ bytes/,
    ],
    [
      'an alt text that names somebody',
      {
        sv,
        en: {
          ...en,
          email: {
            ...en.email,
            blocks: [{ kind: 'image', url: 'https://a.se/b.png', alt: '{{person.name}}' }],
          },
        },
      },
      /^error \/en\/email\/blocks\/0\/alt/,
    ],
  ])('says %s', async (_, content, expected) => {
    expect(await lint(content)).toContainEqual(expect.stringMatching(expected));
  });

  it('wants the sender named where a number sends', async () => {
    expect(await lint({ sv, en }, '+46701740605')).toContain(
      'error /sv/sms/text: it does not say who sends it: name Kliniken',
    );
  });
});
