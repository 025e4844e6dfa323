import type { CompiledContent, MarketerContent, Wrap } from './compile-content.js';
import { renderContent } from './compile-content.js';
import { REPLY_WORDS } from './lint-templates.js';
import type { RenderInput } from './rendered.js';
import { isGsm7 } from './sms-text.js';
import { readText, type ContentBlock } from './write-blocks.js';

/** What is wrong with content; an `error` keeps it from being published. */
export interface ContentFault {
  level: 'error' | 'warning';
  path: readonly (string | number)[];
  detail: string;
}

/** Gmail cuts a mail off above 102 KB: its end is where the way out stands. */
const MAX_HTML_BYTES = 102 * 1024;
const MAX_SUBJECT = 90;
const MAX_SEGMENTS = 3;
/** What mail providers read as their own: it would be filled in or cut out on the way. */
const PROVIDER_WORDS = /<%|%>|%[a-z_]+%|\[(?:unsubscribe|weblink|%[^\]]*%|sender_[a-z]+)\]|-[a-z]+name-/i;

/** Who will say it, for what is judged only once it is rendered. */
export interface ContentHouse {
  locales: readonly string[];
  name: string;
  smsFrom: string | null;
  /** In the tenant's zone, like 2026-05-04. */
  today: string;
  /** A person of this language whom nobody knows but by name, for a rendering; without links, the real ones are made later. */
  sample: (template: string, channel: 'email' | 'sms', locale: string) => RenderInput;
}

/** Judges what a marketer wrote: each text by itself, then what it becomes for a sample. */
export function lintContent(
  content: MarketerContent,
  compiled: CompiledContent,
  template: string,
  house: ContentHouse,
): ContentFault[] {
  const faults: ContentFault[] = [];
  const languages = house.locales.map((locale) => locale.split('-')[0] ?? locale);
  for (const [locale, { email, sms }] of Object.entries(content)) {
    if (!languages.includes(locale)) {
      faults.push(fault('error', [locale], `the tenant speaks ${languages.join(', ')}`));
      continue;
    }
    if (email !== undefined) {
      const at = [locale, 'email'];
      faults.push(
        ...lintLine(email.subject, [...at, 'subject']),
        ...lintLine(email.preview, [...at, 'preview']),
      );
      if (email.subject.length > MAX_SUBJECT) {
        faults.push(
          fault(
            'warning',
            [...at, 'subject'],
            `is cut off in most inboxes: ${email.subject.length} characters`,
          ),
        );
      }
      email.blocks.forEach((block, index) => {
        const path = [...at, 'blocks', index];
        faults.push(...lintBlock(block, path));
        if (block.kind === 'offer' && block.until !== undefined && block.until < house.today)
          faults.push(fault('warning', [...path, 'until'], `is over: it is ${house.today} already`));
        if ('href' in block && /[?&]utm_/.test(block.href ?? ''))
          faults.push(
            fault('warning', [...path, 'href'], "has utm of its own: a campaign's does not replace it"),
          );
      });
    }
    if (sms !== undefined) faults.push(...lintSms(sms.text, [locale, 'sms', 'text']));
    for (const channel of ['email', 'sms'] as const) {
      if ((channel === 'email' ? email : sms) === undefined) continue;
      faults.push(...lintRendering(compiled, house, template, channel, locale));
    }
  }
  faults.push(...lintMissing(content, languages));
  // What could not be compiled, and is not told with its path already.
  for (const { locale, channel, problem } of compiled.faults) {
    if (
      !faults.some(
        ({ level, path }) => level === 'error' && path[0] === locale && (path[1] ?? channel) === channel,
      )
    ) {
      faults.push(fault('error', [locale, channel], problem));
    }
  }
  return faults;
}

/** Who speaks a language that is not written gets another one; so it is for each channel by itself. */
function lintMissing(content: MarketerContent, languages: readonly string[]): ContentFault[] {
  const spoken = (has: (one: string) => boolean): string =>
    `is not written: who speaks it gets it in ${languages.find(has) ?? 'no language'}`;
  return languages.flatMap((language) => {
    const written = Object.hasOwn(content, language) ? content[language] : undefined;
    if (written === undefined)
      return [
        fault(
          'warning',
          [language],
          spoken((one) => Object.hasOwn(content, one)),
        ),
      ];
    return (['email', 'sms'] as const)
      .filter((channel) => written[channel] === undefined && languages.some((one) => content[one]?.[channel]))
      .map((channel) =>
        fault(
          'warning',
          [language, channel],
          spoken((one) => content[one]?.[channel] !== undefined),
        ),
      );
  });
}

const fault = (
  level: ContentFault['level'],
  path: readonly (string | number)[],
  detail: string,
): ContentFault => ({
  level,
  path,
  detail,
});

function lintBlock(block: ContentBlock, at: readonly (string | number)[]): ContentFault[] {
  switch (block.kind) {
    case 'heading':
    case 'text':
      return lintText(block.text, [...at, 'text']);
    case 'button':
      return lintLine(block.label, [...at, 'label']);
    case 'offer':
      return [...lintLine(block.title, [...at, 'title']), ...lintText(block.text, [...at, 'text'])];
    case 'image':
      return [
        ...(new URL(block.url).search === ''
          ? []
          : [
              fault(
                'warning',
                [...at, 'url'],
                'a picture with a query could count who opens; give it a plain address',
              ),
            ]),
        ...(readText(block.alt).pieces.some((piece) => 'variable' in piece) || /[{}\\]/.test(block.alt)
          ? [
              fault(
                'error',
                [...at, 'alt'],
                'a picture says the same to everybody: no variables, braces or backslashes',
              ),
            ]
          : []),
      ];
    case 'divider':
      return [];
  }
}

function lintLine(text: string, at: readonly (string | number)[]): ContentFault[] {
  return [...(text.includes('\n') ? [fault('error', at, 'is one line')] : []), ...lintText(text, at)];
}

function lintText(text: string, at: readonly (string | number)[]): ContentFault[] {
  const { pieces, faults } = readText(text);
  const bare = pieces.filter(
    (piece) => 'variable' in piece && piece.variable.startsWith('person.') && piece.fallback === null,
  );
  const words = pieces.map((piece) => ('words' in piece ? piece.words : '')).join(' ');
  const caps = /(?<![\p{L}\p{N}#])\p{Lu}{5,}(?!\p{L})/u.exec(words);
  const provider = PROVIDER_WORDS.exec(words);
  return [
    ...faults.map((detail) => fault('error', at, detail)),
    ...(provider ? [fault('error', at, `mail providers read ${provider[0]} as theirs, and change it`)] : []),
    ...(bare.length > 0
      ? [
          fault(
            'warning',
            at,
            'whose name is not known will not get this: say a fallback, as in {{person.firstName | you}}',
          ),
        ]
      : []),
    ...(caps ? [fault('warning', at, `shouting looks like spam: ${caps[0]}`)] : []),
    ...(/!\s*!/.test(words) ? [fault('warning', at, 'one exclamation mark is plenty')] : []),
  ];
}

function lintSms(text: string, at: readonly (string | number)[]): ContentFault[] {
  const words = readText(text)
    .pieces.map((piece) => ('words' in piece ? piece.words : ''))
    .join(' ');
  const strange = [...words].find((char) => !isGsm7(char) && !/[\s“”„«»‘’‚–—…•]/.test(char));
  const replies = [...words.matchAll(new RegExp(REPLY_WORDS, 'giu'))].map(([word]) => word);
  const acted = replies.find((word) => !/^(?:svara|reply)$/i.test(word));
  return [
    ...lintText(text, at),
    ...(replies[0] === undefined
      ? []
      : [
          fault(
            'error',
            at,
            acted === undefined
              ? `"${replies[0]}" asks for an answer, which a provider may act on or nobody gets: give a link or a number`
              : `providers act on the word ${acted} in an answer: say it otherwise`,
          ),
        ]),
    ...(strange === undefined
      ? []
      : [fault('warning', at, `${JSON.stringify(strange)} halves what an SMS holds`)]),
  ];
}

/** Links as long as those of a measured mail: sealed, in base64. */
const sealedWrap = (host: string): Wrap => ({
  pixel: `https://${host}/i/${'0'.repeat(100)}`,
  target: (_, href) => `https://${host}/r/${'0'.repeat(100 + Math.ceil((href.length * 4) / 3))}`,
});

/** What can only be seen of the whole: that it renders, its size, the sender's name, the way out. */
function lintRendering(
  compiled: CompiledContent,
  house: ContentHouse,
  template: string,
  channel: 'email' | 'sms',
  locale: string,
): ContentFault[] {
  const at = [locale, channel];
  if (!compiled.messages.has(`${channel}/${locale}`)) return [];
  const input = house.sample(template, channel, locale);
  const result = renderContent(compiled, input);
  if (result.kind === 'invalid') return [fault('error', at, `a sample does not render: ${result.problem}`)];
  const { html, text, sms } = result.content;
  const wayOut = channel === 'email' ? input.links.unsubscribe : input.links.optOut;
  // Measured, its links are longer.
  const longest = channel === 'email' ? renderContent(compiled, input, sealedWrap(input.tenant.host)) : null;
  const measured = longest?.kind === 'rendered' ? (longest.content.html ?? '') : '';
  const bytes = Math.max(Buffer.byteLength(html ?? ''), Buffer.byteLength(measured));
  // A number says nothing of who sends; a name as the sender stands above the text already.
  const isNamed = channel === 'email' || /\p{L}/u.test(house.smsFrom ?? '') || text.includes(house.name);
  return [
    ...(bytes > MAX_HTML_BYTES
      ? [fault('error', at, `the mail has ${bytes} bytes: Gmail cuts at 102 KB`)]
      : []),
    ...(wayOut === undefined || !text.includes(wayOut)
      ? [fault('error', at, 'it does not say how to get no more')]
      : []),
    ...(isNamed ? [] : [fault('error', [...at, 'text'], `it does not say who sends it: name ${house.name}`)]),
    ...(sms !== undefined && sms.segments > MAX_SEGMENTS
      ? [fault('warning', [...at, 'text'], `takes ${sms.segments} SMS, and costs as much for each person`)]
      : []),
  ];
}
