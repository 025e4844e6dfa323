import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import {
  compileContent,
  renderContent,
  type CompiledContent,
  type MarketerContent,
} from './compile-content.js';
import { readLayout } from './content-library.js';
import type { RenderInput } from './rendered.js';
import type { View } from './message-view.js';
import { sharingOf, substitute, substitutionsFor, type Sharing, type SlotContext } from './shared-body.js';
import type { TemplateFolder } from './template-sources.js';

let layout: TemplateFolder;
beforeAll(async () => {
  layout = await readLayout(join(rootDir(), 'templates'));
});

const inputOf = (
  name: string | null,
  links: RenderInput['links'] = {},
  tenant: Partial<RenderInput['tenant']> = {},
): RenderInput => ({
  ...{ template: 't-1', channel: 'email', locale: 'sv' },
  tenant: {
    ...{ id: 'c', name: 'Kliniken & Co', legalName: 'Kliniken AB', email: 'hej@kliniken.se' },
    ...{ phone: '063-10 20 00', addressLines: ['Storgatan 1'], country: 'SE', host: 'm.kliniken.se' },
    ...{ locales: ['sv', 'en'], timeZone: 'Europe/Stockholm', colour: '#2f6f5e', showServiceNames: false },
    ...tenant,
  },
  person: { name, timeZone: null },
  booking: null,
  links: {
    ...{ unsubscribe: 'https://m.kliniken.se/u/a-1_b=', preferences: 'https://m.kliniken.se/p/c?d=1&e=2' },
    privacy: 'https://m.kliniken.se/privacy/c',
    ...links,
  },
  now: new Date('2026-05-04T07:00:00Z'),
});

const compiledOf = (content: MarketerContent): Promise<CompiledContent> =>
  compileContent(layout, content, { template: 't-1', version: '3', purpose: 'newsletter' });
const mail = (text: string, subject = 'Nyheter', more: Record<string, string> = {}): MarketerContent => ({
  sv: { email: { subject, preview: 'Läs mer', blocks: [{ kind: 'text', text, ...more }] } },
});
const said = (compiled: CompiledContent, input: RenderInput) => {
  const result = renderContent(compiled, input);
  if (result.kind !== 'rendered') throw new Error(result.problem);
  return result.content;
};
const sharingBy = (compiled: CompiledContent, input: RenderInput): Sharing => {
  const sharing = sharingOf(said(compiled, input));
  if (sharing === null) throw new Error('it shares with nobody');
  return sharing;
};

/** What a provider might do: each name in some order, once or again and again, or all in one reading. */
const RULES: ((text: string, pairs: [string, string][]) => string)[] = [
  (text, pairs) => substitute(text, Object.fromEntries(pairs)),
  (text, pairs) => pairs.reduce((filled, [name, value]) => filled.split(name).join(value), text),
  (text, pairs) =>
    [...pairs, ...pairs, ...pairs].reduce((filled, [name, value]) => filled.split(name).join(value), text),
  (text, pairs) => {
    const values = new Map(pairs);
    if (pairs.length === 0) return text;
    const names = new RegExp(pairs.map(([name]) => name.replace(/[|^$]/g, '\\$&')).join('|'), 'g');
    return text.replace(names, (name) => values.get(name) ?? name);
  },
];

const WORDS = [
  'Hej',
  '20 %',
  '~',
  '^',
  'a & b',
  '<b>',
  '"',
  "'",
  '\n',
  '\n\n',
  '$&',
  '$1',
  'å😀',
  '  ',
  '%2F',
];
const word = fc.oneof(
  ...[fc.constantFrom(...WORDS), fc.string({ maxLength: 8 }).map((text) => text.replace(/[{}\\]/g, ''))],
);
const variable = fc
  .tuple(
    fc.constantFrom('person.firstName', 'person.name', 'tenant.name', 'tenant.phone'),
    fc.option(fc.constantFrom('du', 'vän & kund', ' x ', '<i>')),
  )
  .map(([name, fallback]) => (fallback === null ? `{{${name}}}` : `{{${name} | ${fallback}}}`));
const text = fc
  .array(fc.oneof(word, variable), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.join(''));
const name = fc.oneof(
  ...[
    fc.constantFrom(
      'Åsa Öst',
      '<script>',
      "O'Neil & Co",
      'a~b',
      'x|y^z`',
      '\u00a0A\u2028b\u00a0',
      'Anna\nBo',
    ),
    fc.string({ maxLength: 12, unit: 'binary' }),
    fc.constant(null),
  ],
);

describe('mails that share a body', () => {
  it('say to each, however the provider fills the slots, what its own rendering says', async () => {
    let shared = 0;
    await fc.assert(
      fc.asyncProperty(
        ...[text, text, fc.array(name, { minLength: 1, maxLength: 6 })],
        ...[fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), fc.constantFrom(...RULES)],
        async (body, subject, names, shuffle, rule) => {
          const compiled = await compiledOf(mail(body, subject.replace(/\n/g, ' ')));
          fc.pre(compiled.faults.length === 0);
          // A name of each slot, as a hostile person might have learned it.
          const known = names.flatMap((one) => {
            const result = renderContent(compiled, inputOf(one));
            return result.kind === 'rendered' ? (sharingOf(result.content)?.body.slots ?? []) : [];
          });
          const hostile = known.flatMap(({ name: slot }) => [slot, `A ${slot.slice(0, 9)}`, slot.slice(1)]);
          for (const [at, one] of [...names, ...hostile].entries()) {
            const unsubscribe = `https://m.kliniken.se/u/${at}-_x=&y`;
            const result = renderContent(compiled, inputOf(one, { unsubscribe }));
            if (result.kind !== 'rendered') continue;
            const sharing = sharingOf(result.content);
            if (sharing === null) continue;
            shared += 1;
            const pairs = Object.entries(sharing.substitutions)
              .map((pair, index) => ({ pair, order: shuffle[index % shuffle.length] ?? 0 }))
              .sort((a, b) => a.order - b.order)
              .map(({ pair }) => pair);
            for (const part of ['subject', 'text', 'html'] as const)
              expect(rule(sharing.body[part], pairs)).toBe(result.content[part]);
            expect(JSON.parse(sharing.body.htmlJson.toString('utf8'))).toBe(sharing.body.html);
          }
        },
      ),
      { numRuns: 40 },
    );
    // Else it would prove nothing.
    expect(shared).toBeGreaterThan(40);
  }, 240_000);

  it('have one body where they read alike, another where a tenant’s facts or the language differ', async () => {
    const blocks = [{ kind: 'text' as const, text: 'Hej {{person.firstName | du}}!' }];
    const email = { subject: 'Nyheter till {{person.name | dig}}', preview: 'Mer', blocks };
    const compiled = await compiledOf({ sv: { email }, en: { email } });
    const anna = sharingBy(compiled, inputOf('Anna', { unsubscribe: 'https://m.kliniken.se/u/1' }));
    const nobody = sharingBy(compiled, inputOf(null, { unsubscribe: 'https://m.kliniken.se/u/2' }));
    expect(nobody.body).toBe(anna.body);
    expect(Object.values(anna.substitutions)).toContain('https://m.kliniken.se/u/1');
    expect(sharingBy(compiled, { ...inputOf('Anna'), locale: 'en' }).body).not.toBe(anna.body);
    expect(sharingBy(compiled, inputOf('Anna', {}, { phone: '063-1' })).body).not.toBe(anna.body);
    expect(sharingBy(compiled, inputOf('Anna', { preferences: undefined })).body).not.toBe(anna.body);
    expect(anna.body.subject).not.toContain('Anna');
  });

  it('have a slot for each use, by names that no content foresees', async () => {
    const compiled = await compiledOf(mail('Hej {{person.name}}, {{person.name}}!', 'Till {{person.name}}'));
    const { body, substitutions } = sharingBy(compiled, inputOf('A & B'));
    const contexts = body.slots.map(({ context }) => context).sort();
    expect(contexts).toEqual(['html', 'subject', 'text', 'text', 'text', 'url', 'url']);
    const byContext = (wanted: string) =>
      body.slots.filter(({ context }) => context === wanted).map((slot) => substitutions[slot.name]);
    expect(byContext('html')).toEqual(['A &amp; B']);
    expect(byContext('subject')).toEqual(['A & B']);
    expect(byContext('url')).toEqual(
      expect.arrayContaining([
        'https://m.kliniken.se/u/a-1_b&#x3D;',
        'https://m.kliniken.se/p/c?d&#x3D;1&amp;e&#x3D;2',
      ]),
    );
    const names = body.slots.map((slot) => slot.name);
    expect(new Set(names).size).toBe(names.length);
    for (const one of names) expect(one).toMatch(/^[~^|`][0-9a-f]{24}$/);
    const again = await compiledOf(mail('Hej {{person.name}}, {{person.name}}!', 'Till {{person.name}}'));
    const others = sharingBy(again, inputOf('A & B')).body.slots.map((slot) => slot.name);
    expect(others.some((one) => names.includes(one))).toBe(false);
  });

  it('are measured by links of their own, in a body that only measured mails share', async () => {
    const blocks = [
      { kind: 'text' as const, text: 'Hej {{person.name | du}}!' },
      { kind: 'button' as const, label: 'Boka', href: 'https://kliniken.se/boka?a=1&b=2' },
    ];
    const compiled = await compiledOf({ sv: { email: { subject: 'Nyheter', preview: 'Mer', blocks } } });
    const measuredBy = (ref: string) => {
      const wrap = {
        pixel: `https://m.kliniken.se/i/${ref}`,
        target: (link: string, href: string) => `https://m.kliniken.se/r/${ref}.${link}?to=${href.length}`,
      };
      const result = renderContent(compiled, inputOf('Anna'), wrap);
      if (result.kind !== 'rendered') throw new Error(result.problem);
      return result.content;
    };
    const [one, other] = [measuredBy('r1'), measuredBy('r2')];
    const sharing = sharingOf(one)!;
    expect(sharingOf(other)?.body).toBe(sharing.body);
    expect(sharing.body).not.toBe(sharingBy(compiled, inputOf('Anna')).body);
    for (const rule of RULES)
      for (const part of ['subject', 'text', 'html'] as const)
        expect(rule(sharing.body[part], Object.entries(sharing.substitutions))).toBe(one[part]);
    expect(one.html).toContain('https://m.kliniken.se/i/r1');
    expect(sharing.body.html).not.toContain('r1');
  });

  it('do not share where a value could be read as a slot, or changes how text is tidied, or is too long', async () => {
    const compiled = await compiledOf(mail('Hej {{person.name}}!'));
    const { body } = sharingBy(compiled, inputOf('Anna'));
    const sharing = (one: string) => sharingOf(said(compiled, inputOf(one)));
    expect(sharing(body.slots[0]!.name)).toBeNull();
    expect(sharing(`Anna ${body.mark}`)).toBeNull();
    expect(sharing('x'.repeat(4_500))).not.toBeNull();
    expect(sharing('x'.repeat(5_100))).toBeNull();
    const by = (context: SlotContext, value: string) =>
      substitutionsFor({ ...body, slots: [{ name: '~1', context, value: () => value }] }, {} as View);
    for (const value of ['', ' a', 'a\u00a0', 'a\nb']) expect(by('text', value)).toBeNull();
    expect(by('subject', 'a\n')).toBeNull();
    expect(by('html', 'a\nb ')?.substitutions).toEqual({ '~1': 'a\nb ' });
    // A content that says every mark has none left.
    const all = await compiledOf(mail('~ ^ | `'));
    expect(sharingOf(said(all, inputOf('Anna')))).toBeNull();
    const most = await compiledOf(mail('~ ^ |'));
    expect(sharingBy(most, inputOf('Anna')).body.mark).toBe('`');
  });
});
