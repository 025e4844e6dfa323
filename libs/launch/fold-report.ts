import type { MeasureTotals } from '#campaigns/sum-measures';
import type { RowGroup } from '#messages/campaign-rows';
import type { Status } from '#messages/moves';
import { compareShares } from './compare-shares.js';
import type { Comparison, Denominator, Figure, Line, LocaleLine, Report } from './report.types.js';
import { HOLD_OUT, WAITS } from './split.js';

/** Taken by a provider, whatever became of it then. */
export const SENT: readonly Status[] = ['accepted', 'delivered', 'bounced', 'complained'];
/** Whose clicks are counted: what stayed `unknown` may well have arrived, and is clicked on then. */
const REACHED: readonly Status[] = [...SENT, 'unknown'];
const WAITING: readonly Status[] = ['planned', 'released', 'sending'];

/** People who booked: of those whose rows are alike. */
export interface BookedGroup {
  variant: string | null;
  locale: string | null;
  /** Within the window after their own message. */
  afterMessage: number;
  /** From the hour at which they would get it at the soonest to the end of the last window, whether or not they did. */
  afterHour: number;
}

export type Folded = Pick<
  Report,
  | 'total'
  | 'heldOut'
  | 'statuses'
  | 'variants'
  | 'locales'
  | 'variantsByLocale'
  | 'variantsByStatus'
  | 'links'
> & { comparison: Comparison | null };

/** A share is never above 1: who was counted is one of those it is of, also where their row has moved since (`failed`). */
export function figure(count: number, of: number, denominator: Denominator): Figure {
  const all = Math.max(count, of);
  return { count, of: all, share: all === 0 ? null : Math.round((count / all) * 1e6) / 1e6, denominator };
}

/** What is known of some members: their rows, their bookings, what they opened. */
interface Known {
  groups: readonly RowGroup[];
  booked: readonly BookedGroup[];
  measures: readonly MeasureTotals[];
}

/** All figures from the groups of a campaign's rows, of who booked and of what was opened. Pure. */
export function foldReport(
  groups: readonly RowGroup[],
  booked: readonly BookedGroup[],
  measures: readonly MeasureTotals[],
): Folded {
  const drawn = groups.filter(({ variant }) => variant !== HOLD_OUT);
  const variants = named(drawn, 'variant').filter((variant) => variant !== WAITS);
  const locales = localesOf(drawn);
  const members = sum(groups);
  const held = members - sum(drawn);
  const all: Known = {
    groups: drawn,
    booked: booked.filter(({ variant }) => variant !== HOLD_OUT),
    measures,
  };
  return {
    total: line(all, members),
    heldOut: figure(held, members, 'members'),
    statuses: standings(drawn, members),
    variants: variants.map((variant) => {
      const own = only(all, { variant });
      return { variant, ...line(own, sum(own.groups)) };
    }),
    locales: locales.map((locale) => ({ locale, ...localeLine(only(all, { locale })) })),
    variantsByLocale: variants.flatMap((variant) =>
      localesOf(only(all, { variant }).groups, locales).map((locale) => ({
        ...{ variant, locale },
        ...localeLine(only(all, { variant, locale })),
      })),
    ),
    variantsByStatus: variants.flatMap((variant) => {
      const own = only(all, { variant }).groups;
      return standings(own, sum(own)).map((one) => ({ variant, ...one }));
    }),
    links: measures.flatMap(({ variant, locale, links }) =>
      links.map(({ link, byPerson, people, machines }) => ({
        ...{ variant, locale, link },
        clicked: figure(byPerson, measuredOf(only(all, { variant, locale }).groups), 'measured'),
        ...{ clicks: people, machineClicks: machines },
      })),
    ),
    comparison: held === 0 ? null : comparison(booked, sum(drawn), held),
  };
}

/** Of some only: of a variant, of a language, of both. */
function only(
  { groups, booked, measures }: Known,
  keys: { variant?: string; locale?: string | null },
): Known {
  const isIn = (one: { variant: string | null; locale: string | null }): boolean =>
    (keys.variant === undefined || one.variant === keys.variant) &&
    (keys.locale === undefined || one.locale === keys.locale);
  return { groups: groups.filter(isIn), booked: booked.filter(isIn), measures: measures.filter(isIn) };
}

function line(known: Known, members: number): Line {
  const of = (...statuses: Status[]): Figure => figure(sum(known.groups, statuses), members, 'members');
  return {
    members,
    waiting: of(...WAITING),
    sent: of(...SENT),
    refused: of('refused'),
    cancelled: of('cancelled'),
    expired: of('expired'),
    failed: of('failed'),
    unknown: of('unknown'),
    ...reactions(known),
  };
}

function localeLine(known: Known): LocaleLine {
  return { sent: sum(known.groups, SENT), ...reactions(known) };
}

/** What came back of what was sent. */
function reactions({ groups, booked, measures }: Known): Omit<LocaleLine, 'sent'> {
  const sent = groups.filter(({ status }) => SENT.includes(status));
  const of = (count: number): Figure => figure(count, sum(sent), 'sent');
  const measured = measuredOf(groups);
  const byPerson = (what: 'opened' | 'clicked'): Figure =>
    figure(
      measures.reduce((all, one) => all + one[what].byPerson, 0),
      measured,
      'measured',
    );
  return {
    // Who complains has got it.
    delivered: of(sum(sent, ['delivered', 'complained'])),
    bounced: of(sum(sent, ['bounced'])),
    complained: of(sum(sent, ['complained'])),
    unsubscribed: of(sent.reduce((all, { unsubscribed }) => all + unsubscribed, 0)),
    // A share of what was sent, as its neighbours: without what stayed unknown.
    measured: of(measuredOf(groups, SENT)),
    opened: byPerson('opened'),
    clicked: byPerson('clicked'),
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
      'it at the soonest until the window after the last message is over; 95 per cent interval after Newcombe 1998, ' +
      'method 10',
  };
}

/** Whose opens and clicks may be looked at: everybody else did not click, as far as anybody knows. Pure. */
export const measuredOf = (groups: readonly RowGroup[], statuses: readonly Status[] = REACHED): number =>
  groups.reduce((all, { status, measured }) => all + (statuses.includes(status) ? measured : 0), 0);

const sum = (groups: readonly RowGroup[], statuses?: readonly Status[]): number =>
  groups.reduce(
    (all, { status, count }) => all + (statuses === undefined || statuses.includes(status) ? count : 0),
    0,
  );

/** Languages, these at least; null last, where somebody has got it of whom that is not known any more: the lines add up to all. */
function localesOf(groups: readonly RowGroup[], least: readonly (string | null)[] = []): (string | null)[] {
  const isGone = groups.some(({ status, locale }) => locale === null && REACHED.includes(status));
  const known = new Set([...least.flatMap((one) => one ?? []), ...named(groups, 'locale')]);
  return [...[...known].sort(), ...(isGone ? [null] : [])];
}

const named = (groups: readonly RowGroup[], key: 'variant' | 'locale'): string[] =>
  [...new Set(groups.flatMap((group) => group[key] ?? []))].sort();
