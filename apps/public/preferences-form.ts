import { unpackPairs, packPairs, type Pair } from '#consent/pairs';
import type { Box } from '#privacy/choosing';
import { type Asked, type Chosen, PAUSES } from '#privacy/preferences';
import { type Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { ChoiceRow, PageViews } from '#rendering/page-views';
import { channelName, purposeWords } from '#rendering/purpose-words';

/** A box's value in the form: its purpose and channel as links have them. */
const valueOf = (box: Pair): string => packPairs([box]) ?? '';

/**
 * What a form asks for: the boxes that were turned since the page was made, so that a page that stood open for long turns
 * nothing else. Null: it is no form of this page.
 */
export function readPreferences(
  fields: URLSearchParams,
  { boxes }: Chosen,
  locales: readonly string[],
): Asked | null {
  const seen = unpackList(fields.get('seen'));
  const on = unpackList(fields.getAll('on').join(','));
  if (seen === null || on === null) return null;
  const isIn = (list: readonly Pair[], box: Box): boolean =>
    list.some(({ purpose, channel }) => purpose === box.purpose && channel === box.channel);
  const pause = fields.get('pause') ?? '';
  const language = fields.get('language');
  return {
    on: boxes.filter((box) => isIn(on, box) && !isIn(seen, box) && !box.on).map(bare),
    off: boxes.filter((box) => !isIn(on, box) && isIn(seen, box) && box.on).map(bare),
    pause: pause === 'end' ? 'end' : (PAUSES.find((days) => String(days) === pause) ?? null),
    locale: locales.find((one) => one === language) ?? null,
  };
}

const bare = ({ purpose, channel }: Box): Box => ({ purpose, channel });

/** However many there are: a form has more room than a link. */
function unpackList(text: string | null): Pair[] | null {
  if (text === null) return null;
  const each = text === '' ? [] : text.split(',').map(unpackPairs);
  return each.every((pairs) => pairs !== null) ? each.flat() : null;
}

type Rows = Pick<PageViews['preferences'], 'seen' | 'contract' | 'service' | 'marketing'>;

/** The boxes in the words of a language, by what they are about; `missing` are purposes with a fault. */
export function preferenceRows(
  { boxes }: Chosen,
  locale: string,
  /** What was asked for and not taken: it stands in the form again. */
  asked: Asked | null,
  missing: readonly Purpose[],
): Rows {
  const isIn = (list: readonly Box[] | undefined, box: Box): boolean =>
    list?.some(({ purpose, channel }) => purpose === box.purpose && channel === box.channel) === true;
  const rows = [...new Set(boxes.map(({ purpose }) => purpose))].map((purpose) => {
    const { what } = purposeWords(purpose, locale);
    const row: ChoiceRow = {
      what: what.charAt(0).toLocaleUpperCase(locale) + what.slice(1),
      fault: missing.includes(purpose),
      boxes: boxes
        .filter((box) => box.purpose === purpose)
        .map((box) => ({
          id: `on-${valueOf(box).replace('.', '-')}`,
          value: valueOf(box),
          how: channelName(box.channel, locale),
          on: (box.on || isIn(asked?.on, box)) && !isIn(asked?.off, box),
        })),
    };
    return { purpose, row };
  });
  const only = (is: (purpose: Purpose) => boolean): ChoiceRow[] =>
    rows.filter(({ purpose }) => is(purpose)).map(({ row }) => row);
  return {
    seen: boxes
      .filter((box) => box.on)
      .map(valueOf)
      .join(','),
    contract: only((purpose) => RULES[purpose].basis === 'contract'),
    service: only((purpose) => RULES[purpose].basis !== 'contract' && RULES[purpose].stream === 'service'),
    marketing: only((purpose) => RULES[purpose].stream === 'marketing'),
  };
}
