import { beforeAll, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileMessage } from './compile-message.js';
import { lintRendered, lintSources } from './lint-templates.js';
import { renderMessage } from './render-message.js';
import type { Fault, TemplateError } from './template-fault.js';
import { readManifest, sampleInput } from './template-manifest.js';
import { composeSources, readTemplateFolder, type TemplateFolder } from './template-sources.js';
import { loadTemplates } from './templates.js';

const TEMPLATES = join(import.meta.dirname, '../../templates');
const MANIFEST = 'templates.yaml';

let folder: TemplateFolder;
beforeAll(async () => {
  folder = await readTemplateFolder(TEMPLATES);
});

/** The checkout's templates with some files changed (null: taken away). */
function changed(changes: Record<string, string | null>): TemplateFolder {
  const files = new Map(folder.files);
  for (const [path, text] of Object.entries(changes)) {
    if (text === null) files.delete(path);
    else files.set(path, text);
  }
  return { name: 'templates', files };
}

/** As `file:line: problem`, what is wrong before anything is compiled. */
function faultsOf(changes: Record<string, string | null>): string[] {
  const { files, name } = changed(changes);
  const faults: Fault[] = [];
  const manifest = readManifest(files.get(MANIFEST) ?? '', `${name}/${MANIFEST}`, faults);
  if (manifest) {
    const sources = composeSources({ name, files }, manifest, faults);
    faults.push(...lintSources(sources, manifest, `${name}/${MANIFEST}`));
  }
  return faults.map(({ file, line, problem }) => `${file}:${line}: ${problem}`);
}

const textOf = (path: string): string => folder.files.get(path) ?? '';
const append = (path: string, more: string): Record<string, string> => ({ [path]: textOf(path) + more });
const replace = (path: string, from: string, to: string): Record<string, string> => {
  if (!textOf(path).includes(from)) throw new Error(`${path} does not say ${from}`);
  return { [path]: textOf(path).replace(from, to) };
};

const SMS = 'sms/booking-reminder/sv/body.txt.hbs';
const TEXT = 'email/booking-reminder/sv/body.txt.hbs';
const BODY = 'email/booking-reminder/sv/body.mjml';
const SUBJECT = 'email/booking-reminder/sv/subject.hbs';

describe('the lint of templates', () => {
  it('finds nothing in the ones that each case below spoils', () => {
    expect(faultsOf({})).toEqual([]);
  });

  it.each<[string, () => Record<string, string | null>, string]>([
    [
      'a flag that is said',
      () => append('sms/abandoned-booking/sv/body.txt.hbs', '{{message.last}}'),
      'message.last can only be asked about: {{#if message.last}}',
    ],
    [
      'an unknown variable',
      () => append(TEXT, '\n{{booking.secret}}'),
      `${TEXT}:13: unknown variable booking.secret`,
    ],
    [
      'a variable that is not declared',
      () => append(SMS, '{{booking.previousWhen}}'),
      `${SMS}:2: booking.previousWhen is not declared for booking-reminder in templates.yaml`,
    ],
    ['a triple-stash', () => append(BODY, '<mj-text>{{{tenant.name}}}</mj-text>'), `${BODY}:8: triple-stash`],
    ['an unescaped &', () => append(BODY, '<mj-text>{{& tenant.name}}</mj-text>'), `${BODY}:8: triple-stash`],
    ['a helper', () => append(TEXT, '{{lookup tenant "name"}}'), `${TEXT}:12: no helper but #if and #unless`],
    [
      'each',
      () => append(TEXT, '{{#each tenant.name}}x{{/each}}'),
      `${TEXT}:12: no helper but #if and #unless`,
    ],
    [
      'a prototype',
      () => append(TEXT, '{{tenant.constructor}}'),
      `${TEXT}:12: unknown variable tenant.constructor`,
    ],
    ['a parent', () => append(TEXT, '{{../tenant.name}}'), `${TEXT}:12: unknown variable`],
    ['an open block', () => append(TEXT, '{{#if booking.url}}'), `${TEXT}:`],
    ['an unknown part', () => append(TEXT, '{{> nothing}}'), `${TEXT}:12: no such part: nothing`],
    ['a part in itself', () => append('layout/sv/contact.hbs', '{{> contact}}'), 'parts include each other'],
    [
      'health data in a subject',
      () => append(SUBJECT, ' {{booking.service}}'),
      `${SUBJECT}:2: booking.service may be`,
    ],
    [
      'health data in an SMS',
      () => append(SMS, '{{booking.practitioner}}'),
      `${SMS}:2: booking.practitioner may be`,
    ],
    ['a letter outside GSM-7', () => append(SMS, ' – hej'), `${SMS}:2: "–" is not in GSM-7`],
    ['a reply word', () => append(SMS, ' Svara stopp'), `${SMS}:2: nobody can answer this SMS`],
    ['a link without TLS', () => append(TEXT, 'http://a.example'), `${TEXT}:12: a link begins with https://`],
    [
      'a script for a link',
      () => append(BODY, '<mj-button href="javascript:x">x</mj-button>'),
      `${BODY}:8: not a web link`,
    ],
    [
      'a picture without words',
      () => append(BODY, '<mj-image\nsrc="{{tenant.logo}}" />'),
      `${BODY}:8: a picture needs an alt`,
    ],
    [
      'a picture from elsewhere',
      () => append(BODY, '<mj-image alt="x" src="https://a.example/x.png" />'),
      `${BODY}:8: nothing is loaded`,
    ],
    [
      'a font from elsewhere',
      () => append(BODY, '<mj-font name="x" />'),
      `${BODY}:8: <mj-font> has no place`,
    ],
    [
      'shouting',
      () => append(BODY, '<mj-text>Boka\nGENAST</mj-text>'),
      `${BODY}:9: shouting looks like spam: GENAST`,
    ],
    ['two exclamation marks', () => append(TEXT, 'Hej!!'), `${TEXT}:12: one exclamation mark`],
    [
      'a missing twin',
      () => ({ 'sms/survey/en/body.txt.hbs': null }),
      'sms/survey/en/body.txt.hbs is missing',
    ],
    ['a missing subject', () => ({ [SUBJECT]: null }), `email/booking-reminder/sv/subject.hbs is missing`],
    [
      'what nobody declared',
      () => ({ 'sms/hello/sv/body.txt.hbs': 'Hej' }),
      'sms/hello/sv/body.txt.hbs:1: belongs to no',
    ],
    [
      'no way out of a survey',
      () => replace('sms/survey/sv/body.txt.hbs', '{{links.optOut}}', ''),
      'sms/survey/sv/body.txt.hbs:1: survey can be objected to: its text must always say {{links.optOut}}',
    ],
    [
      'a way out only sometimes',
      () => ({
        'layout/sv/unsubscribe.txt.hbs': `{{#if links.unsubscribe}}${textOf('layout/sv/unsubscribe.txt.hbs')}{{/if}}`,
      }),
      'survey can be objected to: its text must always say {{links.unsubscribe}}',
    ],
    [
      'a fact in HTML only',
      () => replace(TEXT, '{{booking.url}}', ''),
      `${TEXT}:2: booking.url is said in one of text and HTML only`,
    ],
    [
      'a fact in one language only',
      () => replace(SMS, '{{booking.location}}', ''),
      `${SMS}:1: booking.location is said in en but not here`,
    ],
    ['two lines of subject', () => append(SUBJECT, 'mer'), `${SUBJECT}:1: a subject is one line`],
    [
      'a declared variable that nothing says',
      () =>
        replace(
          MANIFEST,
          'purpose: survey\n    variables:\n',
          'purpose: survey\n    variables:\n      - booking.price\n',
        ),
      'survey declares booking.price, which none of its texts says',
    ],
    [
      'an unknown purpose',
      () => replace(MANIFEST, 'purpose: survey', 'purpose: spam'),
      'templates.survey.purpose',
    ],
    ['a broken manifest', () => append(MANIFEST, '\n- : ['), 'templates/templates.yaml:'],
  ])('finds %s', (_, change, fault) => {
    expect(faultsOf(change()).join('\n')).toContain(fault);
  });
});

describe('templates that boot refuses', () => {
  /** Loads a copy of the templates with some files changed; the message it is refused with, or `loaded`. */
  async function load(changes: Record<string, string | null>): Promise<string> {
    const base = await mkdtemp(join(tmpdir(), 'lagom-templates-'));
    const dir = join(base, 'templates');
    try {
      await cp(TEMPLATES, dir, { recursive: true });
      for (const [path, text] of Object.entries(changes)) {
        await (text === null ? rm(join(dir, path)) : writeFile(join(dir, path), text));
      }
      await loadTemplates(dir);
      return 'loaded';
    } catch (error) {
      expect((error as TemplateError).name).toBe('TemplateError');
      return (error as TemplateError).message;
    } finally {
      await rm(base, { recursive: true });
    }
  }

  it('loads the copy that the cases below spoil', async () => {
    expect(await load({})).toBe('loaded');
  });

  it('lists every fault at once, each once, with file and line', async () => {
    const message = await load({
      ...append(BODY, '<mj-text sise="3">{{booking.secret}}</mj-text>\n'),
      ...append('layout/sv/footer.html.hbs', '\n<mj-bold>x</mj-bold>'),
      ...append(SMS, ' “”'),
    });
    expect(message.split('\n')).toEqual([
      '4 faults in the templates:',
      `templates/${BODY}:8: unknown variable booking.secret`,
      `templates/${SMS}:2: "“" is not in GSM-7: it would halve what an SMS holds`,
      expect.stringContaining('templates/'),
      expect.stringContaining('templates/'),
    ]);
    expect(message).toContain(`templates/${BODY}:8: MJML mj-text: Attribute sise is illegal`);
    expect(message).toContain('templates/layout/sv/footer.html.hbs:5: MJML mj-bold: ');
  });

  it('refuses an expression that MJML would drop', async () => {
    const message = await load(append(BODY, '{{#if booking.url}}\n<mj-text>x</mj-text>\n{{else}}\n{{/if}}'));
    expect(message).toContain(`templates/${BODY}:10: MJML drops {{else}}`);
  });

  it('says so where there is nothing to load', async () => {
    expect(await load({ [MANIFEST]: null })).toContain('templates/templates.yaml:1: is missing');
  });
});

describe('the lint of what a sample became', () => {
  /** The faults of one template's sample in Swedish, with its files changed. */
  async function samplesFaults(channel: 'email' | 'sms', changes: Record<string, string>): Promise<string[]> {
    const { files, name } = changed(changes);
    const faults: Fault[] = [];
    const manifest = readManifest(files.get(MANIFEST) ?? '', MANIFEST, faults);
    if (!manifest) throw new Error('no manifest');
    const source = composeSources({ name, files }, manifest, faults).find(
      (one) => one.template === 'booking-reminder' && one.locale === 'sv' && one.channel === channel,
    );
    const compiled = source && (await compileMessage(source, faults));
    const input = sampleInput(manifest, 'booking-reminder', channel, 'sv');
    if (!source || !compiled || !input) throw new Error('does not compile');
    return lintRendered(source, renderMessage(compiled, input)).map(
      ({ file, line, problem }) => `${file}:${line}: ${problem}`,
    );
  }

  it('finds a mail that Gmail would cut, a long subject, a long SMS and a gap', async () => {
    const long = `<mj-text>${'lugn och ro '.repeat(9000)}</mj-text>`;
    expect(await samplesFaults('email', {})).toEqual([]);
    expect(await samplesFaults('sms', {})).toEqual([]);
    expect(await samplesFaults('email', append(BODY, long))).toEqual([
      expect.stringMatching(/body\.mjml:\d+: the mail has 11\d{4} bytes/),
    ]);
    expect(await samplesFaults('email', append(SUBJECT, 'och mer '.repeat(10)))).toEqual([
      expect.stringContaining(`${SUBJECT}:1: the subject has`),
    ]);
    expect(await samplesFaults('sms', append(SMS, 'och mer '.repeat(30)))).toEqual([
      expect.stringContaining(`${SMS}:1: the sample takes 3 segments`),
    ]);
    expect(await samplesFaults('sms', append(SMS, '{{tenant.logo}}'))).toEqual([
      expect.stringContaining('tenant.logo is missing'),
    ]);
  });
});
