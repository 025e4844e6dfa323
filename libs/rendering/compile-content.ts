import type { Purpose } from '#purposes/purpose';
import { isWebLink, linksOf, withLinks } from './content-links.js';
import { compileMessage, type CompiledMessage } from './compile-message.js';
import { renderMessage } from './render-message.js';
import type { RenderInput, RenderResult } from './rendered.js';
import type { Fault } from './template-fault.js';
import { composeParts, type TemplateChannel, type TemplateFolder } from './template-sources.js';
import { addUtm, type Utm } from './utm.js';
import { readText, writeBlocks, writeHtml, writeText, type ContentBlock } from './write-blocks.js';

/** What a marketer wrote, per language and channel. */
export type MarketerContent = Readonly<
  Record<
    string,
    {
      email?: { subject: string; preview: string; blocks: readonly ContentBlock[] } | undefined;
      sms?: { text: string } | undefined;
    }
  >
>;

/** Which version of a template is compiled: pinned in the ledger by these. */
export interface ContentName {
  template: string;
  version: string;
  purpose: Purpose;
}

/** A mail that is measured: with a place for each web link, which leads to `targets`, and for the picture. */
interface MeasuredMail {
  message: CompiledMessage;
  targets: Readonly<Record<string, string>>;
}

/** Makes the links by which it is seen what is opened of one mail. */
export interface Wrap {
  target(link: string, href: string): string;
  pixel: string;
}

/** Content in the house's layout, ready to be filled in; `faults` say what is wrong, by language and channel. */
export interface CompiledContent {
  messages: ReadonlyMap<string, CompiledMessage>;
  /** Mails only. */
  measured: ReadonlyMap<string, MeasuredMail>;
  faults: readonly { locale: string; channel: TemplateChannel; problem: string }[];
}

const key = (channel: TemplateChannel, locale: string): string => `${channel}/${locale}`;

/**
 * Compiles each language and channel by the same layout, lint and escaping as the house's own templates. The links of its
 * blocks get the campaign's `utm`.
 */
export async function compileContent(
  layout: TemplateFolder,
  content: MarketerContent,
  { template, version, purpose }: ContentName,
  utm: Utm | null = null,
): Promise<CompiledContent> {
  const messages = new Map<string, CompiledMessage>();
  const measured = new Map<string, MeasuredMail>();
  const faults: { locale: string; channel: TemplateChannel; problem: string }[] = [];
  for (const [locale, { email, sms }] of Object.entries(content)) {
    for (const channel of ['email', 'sms'] as const) {
      if ((channel === 'email' ? email : sms) === undefined) continue;
      if (!layout.files.has(`layout/${locale}/footer.html.hbs`)) {
        faults.push({ locale, channel, problem: `the house's layout is not written in ${locale}` });
        continue;
      }
      // What could be read as more than text is never compiled.
      const unsafe = textsOf(content[locale]!, channel).flatMap((text) => readText(text).faults);
      if (unsafe.length > 0) {
        faults.push(...[...new Set(unsafe)].map((problem) => ({ locale, channel, problem })));
        continue;
      }
      const base = `${channel}/${template}/${locale}`;
      const mail = email && { ...email, blocks: withUtm(email.blocks, utm) };
      const compile = async (files: Files): Promise<CompiledMessage | undefined> => {
        const folder = { name: layout.name, files: new Map([...layout.files, ...files]) };
        const found: Fault[] = [];
        const declaration = { purpose, answers: false, variables: [] };
        const parts = composeParts(folder, { base, channel, locale, declaration }, found);
        const compiled =
          found.length > 0
            ? undefined
            : await compileMessage({ template, channel, locale, declaration, parts }, found);
        faults.push(...found.map(({ problem }) => ({ locale, channel, problem })));
        return compiled === undefined || found.length > 0 ? undefined : { ...compiled, version };
      };
      const plain = await compile(
        channel === 'email' ? emailFiles(mail!, base) : smsFiles(sms!, base, locale),
      );
      if (plain === undefined) continue;
      messages.set(key(channel, locale), plain);
      if (channel !== 'email') continue;
      const places = { ...mail!, blocks: withLinks(mail!.blocks, placeOf) };
      const message = await compile(emailFiles(places, base, PIXEL));
      const web = linksOf(mail!.blocks).filter(({ href }) => isWebLink(href));
      const targets = Object.fromEntries(web.map(({ link, href }) => [link, href]));
      if (message !== undefined) measured.set(key(channel, locale), { message, targets });
    }
  }
  return { messages, measured, faults };
}

/** All that a marketer wrote for a channel, less addresses of links and pictures. */
function textsOf({ email, sms }: MarketerContent[string], channel: TemplateChannel): string[] {
  if (channel === 'sms') return sms === undefined ? [] : [sms.text];
  if (email === undefined) return [];
  const { subject, preview, blocks } = email;
  return [
    ...[subject, preview],
    ...blocks.flatMap((block) =>
      Object.entries(block).flatMap(([name, value]) =>
        name === 'kind' || name === 'href' || name === 'url' || value === undefined ? [] : [value],
      ),
    ),
  ];
}

const withUtm = (blocks: readonly ContentBlock[], utm: Utm | null): readonly ContentBlock[] =>
  utm === null ? blocks : withLinks(blocks, (href) => addUtm(href, utm));

const placeOf = (href: string, link: string): string => (isWebLink(href) ? `{{targets.${link}}}` : href);

/** Says nothing to who cannot see it, and takes no room. */
const PIXEL =
  '\n<mj-image src="{{targets.pixel}}" alt="" width="1px" height="1px" align="left" padding="0" />';

/**
 * Renders in the person's language, else the first of the tenant's that it is written in. With `wrap` the mail is
 * measured, which only a consent allows.
 */
export function renderContent(
  compiled: CompiledContent,
  input: RenderInput,
  wrap: Wrap | null = null,
): RenderResult {
  const { channel } = input;
  for (const locale of wanted(input)) {
    const message = compiled.messages.get(key(channel, locale));
    if (message === undefined) continue;
    const mail = wrap === null ? undefined : compiled.measured.get(key(channel, locale));
    if (wrap === null || mail === undefined) return renderMessage(message, input);
    const targets = Object.entries(mail.targets).map(([link, href]) => [link, wrap.target(link, href)]);
    return renderMessage(mail.message, {
      ...input,
      targets: { ...(Object.fromEntries(targets) as Record<string, string>), pixel: wrap.pixel },
    });
  }
  return {
    kind: 'invalid',
    problem: `${input.template} (${channel}): not written in a language of the tenant`,
  };
}

/** Whether it is written for this channel in any of these languages. */
export function isWrittenFor(
  compiled: CompiledContent,
  channel: TemplateChannel,
  locales: readonly string[],
): boolean {
  return locales.some((locale) => compiled.messages.has(key(channel, languageOf(locale))));
}

const languageOf = (locale: string): string => locale.toLowerCase().split(/[-_]/)[0] ?? '';

function wanted({ locale, tenant }: RenderInput): string[] {
  const languages = tenant.locales.map(languageOf);
  const first = locale === null ? undefined : languageOf(locale);
  return first !== undefined && languages.includes(first) ? [first, ...languages] : languages;
}

type Files = [string, string][];

function emailFiles(
  { subject, preview, blocks }: NonNullable<MarketerContent[string]['email']>,
  base: string,
  after = '',
): Files {
  const { mjml, plain } = writeBlocks(blocks, base.endsWith('/sv') ? 'sv' : 'en');
  return [
    [`${base}/subject.hbs`, writeText(subject)],
    [`${base}/subject.html.hbs`, writeHtml(subject)],
    [`${base}/preview.hbs`, writeText(preview)],
    [`${base}/preview.html.hbs`, writeHtml(preview)],
    [`${base}/body.mjml`, mjml + after],
    [`${base}/body.txt.hbs`, plain],
    [`${base}/reason.hbs`, '{{> campaign-reason}}'],
  ];
}

function smsFiles({ text }: { text: string }, base: string, locale: string): Files {
  return [[`${base}/body.txt.hbs`, `${writeText(text)}\n${SMS_WAY_OUT[locale] ?? SMS_WAY_OUT['en']!}`]];
}

/** The last line of every SMS that can be objected to. */
const SMS_WAY_OUT: Record<string, string> = {
  sv: 'Inga fler sådana här sms: {{links.optOut}}',
  en: 'No more texts like this: {{links.optOut}}',
};
