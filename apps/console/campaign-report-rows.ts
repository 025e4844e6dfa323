import type { Comparison, Figure, Report } from '#launch/report.types';

/** A figure of a report as a line of a table; what does not apply is empty. */
export interface ReportRow {
  part: string;
  variant: string;
  locale: string;
  status: string;
  reason: string;
  link: string;
  figure: string;
  count: number | '';
  of: number | '';
  share: number | '';
  denominator: string;
}

type Keys = Partial<Pick<ReportRow, 'variant' | 'locale' | 'status' | 'reason' | 'link'>>;

/** Every figure of a report, a line each, with whom it is a share of. */
export function reportRows(report: Report): ReportRow[] {
  const { total, heldOut, statuses, variants, locales, variantsByLocale, variantsByStatus, bookings } =
    report;
  const { links, test } = report;
  const standing = (part: string, keys: Keys, { figure }: { figure: Figure }): ReportRow =>
    row(part, keys, 'members', figure);
  return [
    ...figuresOf('total', {}, total),
    row('total', {}, 'heldOut', heldOut),
    ...statuses.map((one) => standing('status', keysOf(one), one)),
    ...variants.flatMap(({ variant, ...line }) => figuresOf('variant', { variant }, line)),
    ...variantsByStatus.map((one) =>
      standing('variant and status', { variant: one.variant, ...keysOf(one) }, one),
    ),
    ...locales.flatMap(({ locale, ...line }) => figuresOf('locale', { locale: locale ?? '' }, line)),
    ...variantsByLocale.flatMap(({ variant, locale, ...line }) =>
      figuresOf('variant and locale', { variant, locale: locale ?? '' }, line),
    ),
    ...links.flatMap(({ variant, locale, link, ...line }) =>
      figuresOf('link', { variant, locale, link }, line),
    ),
    ...(test === null ? [] : [row('test', {}, 'waiting', test.waiting)]),
    ...(test?.shares ?? []).map(({ variant, figure }) => row('test', { variant }, test?.by ?? '', figure)),
    ...(test === null ? [] : differenceRows('test', test)),
    ...(bookings.comparison === null
      ? []
      : [
          row(
            'comparison',
            {},
            `booked until ${bookings.window} after the last message`,
            bookings.comparison.booked,
          ),
          row(
            'comparison',
            {},
            `booked until ${bookings.window} after the last message`,
            bookings.comparison.bookedHeldOut,
          ),
          ...differenceRows('comparison', bookings.comparison),
        ]),
  ];
}

const keysOf = ({ status, reason }: { status: string; reason: string | null }): Keys => ({
  status,
  reason: reason ?? '',
});

/** A number without a denominator is a count; every other member is a figure. */
function figuresOf(part: string, keys: Keys, line: object): ReportRow[] {
  return Object.entries(line as Record<string, number | Figure>).map(([name, value]) =>
    row(part, keys, name, value),
  );
}

function row(part: string, keys: Keys, name: string, value: number | Figure): ReportRow {
  const figure = typeof value === 'number' ? { count: value, of: '' as const, share: '' as const } : value;
  return {
    ...{ part, variant: '', locale: '', status: '', reason: '', link: '', ...keys, figure: name },
    ...{ count: figure.count, of: figure.of, share: figure.share ?? '' },
    denominator: 'denominator' in figure ? figure.denominator : '',
  };
}

/** Shares, less one another: of nobody in particular. */
function differenceRows(part: string, { difference }: Pick<Comparison, 'difference'>): ReportRow[] {
  if (difference === null) return [];
  const said = {
    difference: difference.difference,
    'low of 95 %': difference.low,
    'high of 95 %': difference.high,
  };
  return Object.entries(said).map(([name, share]) => ({
    ...row(part, {}, name, 0),
    ...{ count: '', share: Math.round(share * 1e6) / 1e6 },
  }));
}
