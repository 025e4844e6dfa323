import type { CheerioAPI } from 'cheerio';
import type { Element } from 'domhandler';

type Rgb = [number, number, number];

interface Rule {
  selector: string;
  colour: string | null;
  background: string | null;
}

const LIGHT_PAGE = '#ffffff';
/** WCAG 2.2, 1.4.3: text, and text that is large (24 px, or 18.66 px and bold). */
const ENOUGH = 4.5;
const ENOUGH_LARGE = 3;

/**
 * The text of a mail that cannot be read on what is behind it, light and dark, after the mail's own styles: inline ones,
 * and those of its style block, where in the dark `!important` wins.
 */
export function faintTexts($: CheerioAPI): string[] {
  const css = $('style')
    .map((_, style) => $(style).text())
    .get()
    .join('\n');
  const dark = mediaOf(css, 'prefers-color-scheme: dark');
  const found: string[] = [];
  for (const mode of ['light', 'dark'] as const) {
    const overrides = mode === 'dark' ? rulesOf(dark) : [];
    const base = rulesOf(css.replace(/@media[^{]*\{(?:[^{}]*\{[^}]*\})*[^}]*\}/g, ''));
    $('body *').each((_, element) => {
      const text = $(element)
        .contents()
        .filter((_at, node) => node.type === 'text')
        .text()
        .trim();
      if (text === '' || isHidden($, element)) return;
      const colour = inherited($, element, (one) => colourOf($, one, 'color', base, overrides)) ?? '#000000';
      const paper =
        inherited($, element, (one) => colourOf($, one, 'background', base, overrides)) ?? LIGHT_PAGE;
      const ratio = contrast(parse(colour), parse(paper));
      const size = Number.parseFloat(inherited($, element, (one) => styleOf($, one, 'font-size')) ?? '16');
      const weight = Number(inherited($, element, (one) => styleOf($, one, 'font-weight')) ?? '400');
      const isLarge = size >= 24 || (size >= 18.66 && weight >= 600);
      if (ratio < (isLarge ? ENOUGH_LARGE : ENOUGH))
        found.push(`${mode}: ${colour} on ${paper} is ${ratio.toFixed(2)}: ${text.slice(0, 40)}`);
    });
  }
  return found;
}

/** Whether a mail program leaves it out: the preview's block, and what is for another program. */
export function isHidden($: CheerioAPI, element: Element): boolean {
  const chain = [element, ...$(element).parents().toArray()];
  return chain.some((one) => /display:\s*none/.test($(one).attr('style') ?? ''));
}

function colourOf(
  $: CheerioAPI,
  element: Element,
  what: 'color' | 'background',
  base: readonly Rule[],
  overrides: readonly Rule[],
): string | null {
  const of = (rules: readonly Rule[]): string | null => {
    const fitting = rules.filter((rule) => $(element).is(rule.selector));
    return (
      fitting.map((rule) => (what === 'color' ? rule.colour : rule.background)).findLast(Boolean) ?? null
    );
  };
  const inline =
    what === 'color'
      ? styleOf($, element, 'color')
      : (styleOf($, element, 'background-color') ??
        hexIn(styleOf($, element, 'background')) ??
        $(element).attr('bgcolor') ??
        null);
  return of(overrides) ?? inline ?? of(base);
}

function inherited($: CheerioAPI, element: Element, look: (one: Element) => string | null): string | null {
  for (const one of [element, ...$(element).parents().toArray()]) {
    const seen = look(one);
    if (seen !== null && seen !== 'transparent' && seen !== 'inherit') return seen;
  }
  return null;
}

function styleOf($: CheerioAPI, element: Element, property: string): string | null {
  const style = $(element).attr('style') ?? '';
  const [, value] = new RegExp(`(?:^|;)\\s*${property}\\s*:\\s*([^;]+)`).exec(style) ?? [];
  return value?.replace(/!important/, '').trim() ?? null;
}

const hexIn = (value: string | null): string | null => /#[0-9a-f]{3,6}\b/i.exec(value ?? '')?.[0] ?? null;

function rulesOf(css: string): Rule[] {
  return [...css.matchAll(/([^{}@;]+)\{([^{}]*)\}/g)].flatMap(([, selectors = '', body = '']) => {
    const colour = hexIn(/(?:^|;|\s)color:\s*([^;]+)/.exec(body)?.[1] ?? null);
    const background = hexIn(/background(?:-color)?:\s*([^;]+)/.exec(body)?.[1] ?? null);
    return selectors
      .split(',')
      .map((selector) => selector.trim())
      .filter((selector) => selector !== '' && !selector.includes(':'))
      .map((selector) => ({ selector, colour, background }));
  });
}

/** What stands in the media block of that query. */
function mediaOf(css: string, query: string): string {
  const at = css.indexOf(`@media (${query})`);
  if (at < 0) return '';
  const open = css.indexOf('{', at);
  let depth = 0;
  for (let end = open; end < css.length; end += 1) {
    if (css[end] === '{') depth += 1;
    if (css[end] === '}' && (depth -= 1) === 0) return css.slice(open + 1, end);
  }
  return '';
}

function parse(colour: string): Rgb {
  const hex = hexIn(colour)?.slice(1) ?? (colour === 'white' ? 'ffffff' : null);
  if (hex === null) throw new Error(`a colour that cannot be read: ${colour}`);
  const whole = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex;
  return [0, 2, 4].map((at) => parseInt(whole.slice(at, at + 2), 16)) as Rgb;
}

function contrast(one: Rgb, other: Rgb): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(rgb: Rgb): number {
  const [r = 0, g = 0, b = 0] = rgb.map((part) => {
    const s = part / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
