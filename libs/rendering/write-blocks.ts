import { isContentVariable } from './content-variables.js';

/** A block of a marketer's mail. */
export type ContentBlock =
  | { kind: 'heading'; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'image'; url: string; alt: string; href?: string | undefined }
  | { kind: 'button'; label: string; href: string }
  | { kind: 'divider' }
  | {
      kind: 'offer';
      title: string;
      text: string;
      code?: string | undefined;
      until?: string | undefined;
      href?: string | undefined;
    };

/** A piece of a marketer's text: words, or a variable with what is said where it is not known. */
export type Piece = { words: string } | { variable: string; fallback: string | null };

const VARIABLE = /\{\{\s*([\w.]+)\s*(?:\|\s*([^{}|]*?)\s*)?\}\}/g;

/**
 * Takes a text apart. What is left of a brace or a backslash is wrong: it could be read as more than text where it is
 * put into a template.
 */
export function readText(text: string): { pieces: Piece[]; faults: string[] } {
  const pieces: Piece[] = [];
  const faults: string[] = [];
  let end = 0;
  const words = (piece: string): void => {
    if (/[{}]/.test(piece))
      faults.push('curly braces stand only around a variable, as in {{person.firstName | you}}');
    if (piece.includes('\\')) faults.push('a backslash has no place in a text');
    if (piece !== '') pieces.push({ words: piece });
  };
  for (const found of text.matchAll(VARIABLE)) {
    words(text.slice(end, found.index));
    const [whole, variable = '', fallback] = found;
    if (!isContentVariable(variable)) faults.push(`no variable ${variable.slice(0, 60)} is known`);
    if (fallback?.includes('\\')) faults.push('a backslash has no place in a text');
    pieces.push({ variable, fallback: fallback === undefined || fallback === '' ? null : fallback });
    end = found.index + whole.length;
  }
  words(text.slice(end));
  return { pieces, faults: [...new Set(faults)] };
}

/** As Handlebars, for plain text. Braces are gone by then: `readText` refuses them. */
export function writeText(text: string): string {
  return write(text, (words) => words);
}

/** As Handlebars within HTML. */
export function writeHtml(text: string): string {
  return write(text, escapeHtml);
}

function write(text: string, escape: (words: string) => string): string {
  return readText(text)
    .pieces.map((piece) => {
      if ('words' in piece) return escape(piece.words);
      const { variable, fallback } = piece;
      return fallback === null
        ? `{{${variable}}}`
        : `{{#if ${variable}}}{{${variable}}}{{else}}${escape(fallback)}{{/if}}`;
    })
    .join('');
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (words: string): string => words.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

/** What the blocks of a mail become: MJML for the layout's body, and the same as plain text. */
export function writeBlocks(
  blocks: readonly ContentBlock[],
  language: 'sv' | 'en',
): { mjml: string; plain: string } {
  return {
    mjml: blocks.map((block) => mjmlOf(block, language)).join('\n'),
    plain: blocks
      .map((block) => plainOf(block, language))
      .filter((text) => text !== '')
      .join('\n\n'),
  };
}

function mjmlOf(block: ContentBlock, language: 'sv' | 'en'): string {
  switch (block.kind) {
    case 'heading':
      return `<mj-text font-size="22px" font-weight="600" line-height="1.3">${writeHtml(block.text)}</mj-text>`;
    case 'text':
      return paragraphs(block.text);
    case 'image': {
      const href = block.href === undefined ? '' : ` href="${escapeHtml(block.href)}"`;
      return `<mj-image src="${escapeHtml(block.url)}" alt="${escapeHtml(block.alt)}"${href} padding="0 28px 20px" />`;
    }
    case 'button':
      return `<mj-button href="${escapeHtml(block.href)}">${writeHtml(block.label)}</mj-button>`;
    case 'divider':
      return '<mj-divider border-width="1px" border-color="#d9d4ca" padding="4px 28px 20px" />';
    case 'offer': {
      const { title, text, code, until, href } = block;
      const words = WORDS[language];
      const more = [
        ...(code === undefined ? [] : [`${words.code} <strong>${escapeHtml(code)}</strong>`]),
        ...(until === undefined ? [] : [`${words.until} ${escapeHtml(sayDate(until, language))}`]),
      ];
      return [
        `<mj-text font-size="19px" font-weight="600">${writeHtml(title)}</mj-text>`,
        paragraphs(text),
        ...(more.length === 0 ? [] : [`<mj-text>${more.join('<br>')}</mj-text>`]),
        ...(href === undefined ? [] : [`<mj-button href="${escapeHtml(href)}">${words.use}</mj-button>`]),
      ].join('\n');
    }
  }
}

/** A blank line begins a paragraph, a line break stays one. */
const paragraphs = (text: string): string =>
  text
    .split(/\n\s*\n/)
    .map((paragraph) => `<mj-text>${writeHtml(paragraph.trim()).replace(/\n/g, '<br>')}</mj-text>`)
    .join('\n');

function plainOf(block: ContentBlock, language: 'sv' | 'en'): string {
  switch (block.kind) {
    case 'heading':
    case 'text':
      return writeText(block.text);
    case 'image':
      return [block.alt, ...(block.href === undefined ? [] : [block.href])].join('\n');
    case 'button':
      return `${writeText(block.label)}:\n${block.href}`;
    case 'divider':
      return '';
    case 'offer': {
      const { title, text, code, until, href } = block;
      const words = WORDS[language];
      return [
        writeText(title),
        writeText(text),
        ...(code === undefined ? [] : [`${words.code} ${code}`]),
        ...(until === undefined ? [] : [`${words.until} ${sayDate(until, language)}`]),
        ...(href === undefined ? [] : [href]),
      ].join('\n');
    }
  }
}

const WORDS = {
  sv: { code: 'Kod:', until: 'Gäller till och med', use: 'Till erbjudandet' },
  en: { code: 'Code:', until: 'Valid until', use: 'See the offer' },
} as const;

/** A calendar date has no zone. */
const sayDate = (date: string, language: 'sv' | 'en'): string =>
  new Intl.DateTimeFormat(language === 'sv' ? 'sv-SE' : 'en-GB', {
    timeZone: 'UTC',
    ...{ day: 'numeric', month: 'long', year: 'numeric' },
  }).format(new Date(`${date}T12:00:00Z`));
