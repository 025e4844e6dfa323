import { foldCity, foldPostalCode } from '#purposes/fold-place';
import type { Channel } from '#purposes/channel';
import type { ChoiceState } from '#purposes/choice';
import type { Purpose } from '#purposes/purpose';
import type { PredicateContext } from './compile-predicate.js';
import type { Ahead, Amount, Lately, Leaf, LeafKind, Resolved } from './predicate.js';

/** What a predicate asks of one customer, told by themselves rather than by their document. */
export interface SegmentSubject {
  visits: number;
  lastVisitAt: Date | null;
  upcoming: readonly Date[];
  services: readonly { service: string; lastAt: Date }[];
  booked: readonly { service: string; at: Date }[];
  purchases: number;
  lastPurchaseAt: Date | null;
  items: readonly { id: string; lastAt: Date }[];
  /** The first subtag of their locale, lower case. */
  language: string | null;
  address: { postalCode: string; city: string; country: string } | null;
  attributes: Readonly<Record<string, string | number | boolean>>;
  lastMarketingAt: Date | null;
  stateOf: (purpose: Purpose, channel: Channel) => ChoiceState | 'none';
}

const DAY = 86_400_000;

/** Whether one customer is meant: what `compilePredicate` asks the database for, in plain words. */
export function evaluatePredicate(
  predicate: Resolved,
  subject: SegmentSubject,
  context: PredicateContext,
): boolean {
  if ('and' in predicate) return predicate.and.every((one) => evaluatePredicate(one, subject, context));
  if ('or' in predicate) return predicate.or.some((one) => evaluatePredicate(one, subject, context));
  if ('not' in predicate) return !evaluatePredicate(predicate.not, subject, context);
  return evaluateLeaf(predicate, subject, context);
}

function evaluateLeaf(
  leaf: Leaf<Exclude<LeafKind, 'segment'>>,
  subject: SegmentSubject,
  context: PredicateContext,
): boolean {
  const now = context.now.getTime();
  if ('visits' in leaf) return isAmount(subject.visits, leaf.visits);
  if ('purchases' in leaf) return isAmount(subject.purchases, leaf.purchases);
  if ('lastVisit' in leaf) return wasLately(subject.lastVisitAt, leaf.lastVisit, now);
  if ('lastPurchase' in leaf) return wasLately(subject.lastPurchaseAt, leaf.lastPurchase, now);
  if ('nextVisit' in leaf) return isAhead(subject.upcoming, leaf.nextVisit, now);
  if ('service' in leaf) {
    const { anyOf, when, withinDays } = leaf.service;
    const reach = withinDays === undefined ? Number.POSITIVE_INFINITY : withinDays * DAY;
    return when === 'past'
      ? subject.services.some(
          ({ service, lastAt }) =>
            anyOf.includes(service) && lastAt.getTime() <= now && now - lastAt.getTime() <= reach,
        )
      : subject.booked.some(
          ({ service, at }) => anyOf.includes(service) && at.getTime() > now && at.getTime() - now <= reach,
        );
  }
  if ('bought' in leaf) {
    const { anyOf, withinDays } = leaf.bought;
    const reach = withinDays === undefined ? Number.POSITIVE_INFINITY : withinDays * DAY;
    return subject.items.some(({ id, lastAt }) => anyOf.includes(id) && now - lastAt.getTime() <= reach);
  }
  if ('locale' in leaf) return leaf.locale.anyOf.includes(subject.language ?? context.defaultLanguage);
  if ('place' in leaf) return isAt(subject.address, leaf.place);
  if ('choice' in leaf) {
    const { purpose, channel, state } = leaf.choice;
    return subject.stateOf(purpose, channel) === state;
  }
  if ('attribute' in leaf) return hasAttribute(subject.attributes, leaf.attribute);
  const { lastMarketingAt } = subject;
  return lastMarketingAt === null || lastMarketingAt.getTime() < now - leaf.notMessaged.days * DAY;
}

const isAmount = (count: number, { atLeast = 0, atMost = Number.POSITIVE_INFINITY }: Amount): boolean =>
  count >= atLeast && count <= atMost;

function wasLately(at: Date | null, asked: Lately, now: number): boolean {
  if (asked.never) return at === null;
  if (at === null) return false;
  const { withinDays, notWithinDays, from, before } = asked;
  const time = at.getTime();
  return (
    (withinDays === undefined || (time <= now && now - time <= withinDays * DAY)) &&
    (notWithinDays === undefined || now - time > notWithinDays * DAY) &&
    (from === undefined || at >= from) &&
    (before === undefined || at < before)
  );
}

function isAhead(upcoming: readonly Date[], asked: Ahead, now: number): boolean {
  const [next] = upcoming
    .map((at) => at.getTime())
    .filter((time) => time > now)
    .sort((a, b) => a - b);
  if (asked.none) return next === undefined;
  if (next === undefined) return false;
  const { withinDays, notWithinDays, from, before } = asked;
  return (
    (withinDays === undefined || next - now <= withinDays * DAY) &&
    (notWithinDays === undefined || next - now > notWithinDays * DAY) &&
    (from === undefined || next >= from.getTime()) &&
    (before === undefined || next < before.getTime())
  );
}

function isAt(address: SegmentSubject['address'], asked: Leaf<'place'>['place']): boolean {
  if (address === null) return false;
  const { postalCode, city, country } = asked;
  const code = foldPostalCode(address.postalCode);
  return (
    (postalCode === undefined || postalCode.some((from) => code.startsWith(foldPostalCode(from)))) &&
    (city === undefined || city.map(foldCity).includes(foldCity(address.city))) &&
    (country === undefined || country.map((one) => one.toUpperCase()).includes(address.country.toUpperCase()))
  );
}

function hasAttribute(
  attributes: SegmentSubject['attributes'],
  { name, anyOf, atLeast, atMost, from, before, isSet }: Leaf<'attribute'>['attribute'],
): boolean {
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (isSet !== undefined && isSet !== (value !== undefined)) return false;
  const isNumber = typeof value === 'number';
  const isText = typeof value === 'string';
  return (
    (anyOf === undefined || (value !== undefined && anyOf.includes(value))) &&
    (atLeast === undefined || (isNumber && value >= atLeast)) &&
    (atMost === undefined || (isNumber && value <= atMost)) &&
    (from === undefined || (isText && value >= from)) &&
    (before === undefined || (isText && value < before))
  );
}
