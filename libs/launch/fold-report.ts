import type { RowGroup } from '#messages/campaign-rows';
import type { Status } from '#messages/moves';
import { compareShares } from './compare-shares.js';
import type { Comparison, Denominator, Figure, Line, LocaleLine, Report } from './report.types.js';
import { HOLD_OUT } from './split.js';

/** Taken by a provider, whatever became of it then. */
export const SENT: readonly Status[] = ['accepted', 'delivered', 'bounced', 'complained'];
const WAITING: readonly Status[] = ['planned', 'released', 'sending'];

/** People who booked: of those whose rows are alike. */
export interface BookedGroup {
  variant: string | null;
  locale: string | null;
  /** Within the window after their own message. */
  afterMessage: number;
  /** Within the window after the hour at which they would get it at the soonest, whether or not they did. */
  afterHour: number;
}

export type Folded = Pick<
  Report,
  'total' | 'heldOut' | 'statuses' | 'variants' | 'locales' | 'variantsByLocale' | 'variantsByStatus'
> & { comparison: Comparison | null };

export const figure = (count: number, of: number, denominator: Denominator): Figure => ({
  count,
  of,
  share: of === 0 ? null : Math.round((count / of) * 1e6) / 1e6,
  denominator,
});

/** All figures from the groups of a campaign's rows and of who booked. Pure. */
export function foldReport(groups: readonly RowGroup[], booked: readonly BookedGroup[]): Folded {
  const drawn = groups.filter(({ variant }) => variant !== HOLD_OUT);
  const variants = named(drawn, 'variant');
  const locales = named(drawn, 'locale');
  const members = sum(groups);
  const held = members - sum(drawn);
  const ofVariant = (variant: string) => drawn.filter((one) => one.variant === variant);
  const bookedAs = (keys: { variant?: string; locale?: string }) =>
    booked.filter(
      (one) =>
        one.variant !== HOLD_OUT &&
        (keys.variant === undefined || one.variant === keys.variant) &&
        (keys.locale === undefined || one.locale === keys.locale),
    );
  return {
    total: line(drawn, members, bookedAs({})),
    heldOut: figure(held, members, 'members'),
    statuses: standings(drawn, members),
    variants: variants.map((variant) => {
      const own = ofVariant(variant);
      return { variant, ...line(own, sum(own), bookedAs({ variant })) };
    }),
    locales: locales.map((locale) => ({
      locale,
      ...localeLine(
        drawn.filter((one) => one.locale === locale),
        bookedAs({ locale }),
      ),
    })),
    variantsByLocale: variants.flatMap((variant) =>
      locales.map((locale) => ({
        ...{ variant, locale },
        ...localeLine(
          ofVariant(variant).filter((one) => one.locale === locale),
          bookedAs({ variant, locale }),
        ),
      })),
    ),
    variantsByStatus: variants.flatMap((variant) => {
      const own = ofVariant(variant);
      return standings(own, sum(own)).map((one) => ({ variant, ...one }));
    }),
    comparison: held === 0 ? null : comparison(booked, sum(drawn), held),
  };
}

function line(groups: readonly RowGroup[], members: number, booked: readonly BookedGroup[]): Line {
  const of = (...statuses: Status[]): Figure => figure(sum(groups, statuses), members, 'members');
  return {
    members,
    waiting: of(...WAITING),
    sent: of(...SENT),
    refused: of('refused'),
    cancelled: of('cancelled'),
    expired: of('expired'),
    failed: of('failed'),
    unknown: of('unknown'),
    ...reactions(groups, booked),
  };
}

function localeLine(groups: readonly RowGroup[], booked: readonly BookedGroup[]): LocaleLine {
  return { sent: sum(groups, SENT), ...reactions(groups, booked) };
}

/** What came back of what was sent. */
function reactions(groups: readonly RowGroup[], booked: readonly BookedGroup[]): Omit<LocaleLine, 'sent'> {
  const sent = groups.filter(({ status }) => SENT.includes(status));
  const of = (count: number): Figure => figure(count, sum(sent), 'sent');
  return {
    // Who complains has got it.
    delivered: of(sum(sent, ['delivered', 'complained'])),
    bounced: of(sum(sent, ['bounced'])),
    complained: of(sum(sent, ['complained'])),
    unsubscribed: of(sent.reduce((all, { unsubscribed }) => all + unsubscribed, 0)),
    booked: of(booked.reduce((all, { afterMessage }) => all + afterMessage, 0)),
  };
}

function standings(
  groups: readonly RowGroup[],
  members: number,
): { status: string; reason: string | null; figure: Figure }[] {
  const counts = new Map<string, { status: string; reason: string | null; count: number }>();
  for (const { status, reason, count } of groups) {
    const key = `${status} ${reason ?? ''}`;
    counts.set(key, { status, reason, count: (counts.get(key)?.count ?? 0) + count });
  }
  return [...counts.values()]
    .sort((one, other) => other.count - one.count || (one.status < other.status ? -1 : 1))
    .map(({ status, reason, count }) => ({ status, reason, figure: figure(count, members, 'members') }));
}

/** Like with like: both sides as they were drawn. Who got it are other people than who was only drawn: they may get it. */
function comparison(booked: readonly BookedGroup[], drawn: number, held: number): Comparison {
  const count = (isHeld: boolean): number =>
    booked
      .filter(({ variant }) => (variant === HOLD_OUT) === isHeld)
      .reduce((all, { afterHour }) => all + afterHour, 0);
  const ours = figure(count(false), drawn, 'members not held out');
  const theirs = figure(count(true), held, 'held out');
  const difference = compareShares(ours, theirs);
  return {
    booked: ours,
    bookedHeldOut: theirs,
    difference,
    isClear: difference !== null && (difference.low > 0 || difference.high < 0),
    method:
      'booked of all members not held out, less booked of those held out, each from the hour at which they would get ' +
      'it at the soonest; 95 per cent interval after Newcombe 1998, method 10',
  };
}

const sum = (groups: readonly RowGroup[], statuses?: readonly Status[]): number =>
  groups.reduce(
    (all, { status, count }) => all + (statuses === undefined || statuses.includes(status) ? count : 0),
    0,
  );

const named = (groups: readonly RowGroup[], key: 'variant' | 'locale'): string[] =>
  [...new Set(groups.flatMap((group) => group[key] ?? []))].sort();
