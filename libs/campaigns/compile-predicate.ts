import { codesNaming } from '#purposes/choice-codes';
import { CHOICE_STATES } from '#purposes/choice';
import { foldCity, foldPostalCode } from '#purposes/fold-place';
import type { Ahead, Amount, Lately, Leaf, LeafKind, Resolved } from './predicate.js';

/** A filter of MongoDB's. */
export type Filter = Record<string, unknown>;

/** What a predicate's words stand for when it is asked. */
export interface PredicateContext {
  /** `withinDays` counts from here: one instant for a whole count, reach or launch. */
  now: Date;
  /** Of who named none: the tenant's first. */
  defaultLanguage: string;
}

const DAY = 86_400_000;
const daysFrom = ({ now }: PredicateContext, days: number): Date => new Date(now.getTime() + days * DAY);

/**
 * A predicate as one filter on `customers` (docs/campaigns.md: `found`, `dealings`, `lastMarketingAt`). Only operators
 * that every store of the house has; `evaluatePredicate` says the same in plain words, a property test holds them together.
 */
export function compilePredicate(predicate: Resolved, context: PredicateContext): Filter {
  if ('and' in predicate) return { $and: predicate.and.map((one) => compilePredicate(one, context)) };
  if ('or' in predicate) return { $or: predicate.or.map((one) => compilePredicate(one, context)) };
  if ('not' in predicate) return { $nor: [compilePredicate(predicate.not, context)] };
  return compileLeaf(predicate, context);
}

function compileLeaf(leaf: Leaf<Exclude<LeafKind, 'segment'>>, context: PredicateContext): Filter {
  const { now } = context;
  if ('visits' in leaf) return amount('dealings.visits', leaf.visits);
  if ('purchases' in leaf) return amount('dealings.purchases', leaf.purchases);
  if ('lastVisit' in leaf) return lately('dealings.lastVisitAt', leaf.lastVisit, context);
  if ('lastPurchase' in leaf) return lately('dealings.lastPurchaseAt', leaf.lastPurchase, context);
  if ('nextVisit' in leaf) return nextVisit(leaf.nextVisit, context);
  if ('service' in leaf) {
    const { anyOf, when, withinDays } = leaf.service;
    const at =
      when === 'past'
        ? {
            lastAt: {
              ...(withinDays === undefined ? {} : { $gte: daysFrom(context, -withinDays) }),
              $lte: now,
            },
          }
        : { at: { $gt: now, ...(withinDays === undefined ? {} : { $lte: daysFrom(context, withinDays) }) } };
    const path = when === 'past' ? 'dealings.services' : 'dealings.booked';
    return { [path]: { $elemMatch: { service: { $in: anyOf }, ...at } } };
  }
  if ('bought' in leaf) {
    const { anyOf, withinDays } = leaf.bought;
    const at = withinDays === undefined ? {} : { lastAt: { $gte: daysFrom(context, -withinDays) } };
    return { 'dealings.items': { $elemMatch: { id: { $in: anyOf }, ...at } } };
  }
  if ('locale' in leaf) {
    const { anyOf } = leaf.locale;
    return { 'found.language': { $in: anyOf.includes(context.defaultLanguage) ? [...anyOf, null] : anyOf } };
  }
  if ('place' in leaf) return place(leaf.place);
  if ('choice' in leaf) {
    const { purpose, channel, state } = leaf.choice;
    return state === 'none'
      ? { 'found.choices': { $nin: CHOICE_STATES.flatMap((one) => codesNaming(purpose, channel, one)) } }
      : { 'found.choices': { $in: codesNaming(purpose, channel, state) } };
  }
  if ('attribute' in leaf) return attribute(leaf.attribute);
  const since = daysFrom(context, -leaf.notMessaged.days);
  return { $or: [{ lastMarketingAt: null }, { lastMarketingAt: { $lt: since } }] };
}

function amount(path: string, { atLeast, atMost }: Amount): Filter {
  return {
    [path]: {
      ...(atLeast === undefined ? {} : { $gte: atLeast }),
      ...(atMost === undefined ? {} : { $lte: atMost }),
    },
  };
}

function lately(path: string, asked: Lately, context: PredicateContext): Filter {
  if (asked.never) return { [path]: null };
  const { withinDays, notWithinDays, from, before } = asked;
  return all([
    ...(withinDays === undefined
      ? []
      : [{ [path]: { $gte: daysFrom(context, -withinDays), $lte: context.now } }]),
    ...(notWithinDays === undefined ? [] : [{ [path]: { $lt: daysFrom(context, -notWithinDays) } }]),
    ...(from === undefined ? [] : [{ [path]: { $gte: from } }]),
    ...(before === undefined ? [] : [{ [path]: { $lt: before } }]),
  ]);
}

/** The next visit is the first of `upcoming` that still lies ahead: what has passed since is passed over. */
function nextVisit(asked: Ahead, context: PredicateContext): Filter {
  const { now } = context;
  const lies = (bound: Filter): Filter => ({ 'dealings.upcoming': { $elemMatch: { $gt: now, ...bound } } });
  if (asked.none) return { $nor: [lies({})] };
  const { withinDays, notWithinDays, from, before } = asked;
  return all([
    lies({}),
    ...(withinDays === undefined ? [] : [lies({ $lte: daysFrom(context, withinDays) })]),
    ...(notWithinDays === undefined ? [] : [{ $nor: [lies({ $lte: daysFrom(context, notWithinDays) })] }]),
    ...(from === undefined ? [] : [{ $nor: [lies({ $lt: from })] }]),
    ...(before === undefined ? [] : [lies({ $lt: before })]),
  ]);
}

function place({ postalCode, city, country }: Leaf<'place'>['place']): Filter {
  return all([
    ...(postalCode === undefined
      ? []
      : [{ $or: postalCode.map(foldPostalCode).map((from) => ({ 'found.postalCode': startsWith(from) })) }]),
    ...(city === undefined ? [] : [{ 'found.city': { $in: city.map(foldCity) } }]),
    ...(country === undefined ? [] : [{ 'found.country': { $in: country.map((one) => one.toUpperCase()) } }]),
  ]);
}

/** As a range, which an index can find: nothing that a postal code is made of comes after U+FFFF. */
const startsWith = (beginning: string): Filter => ({ $gte: beginning, $lt: `${beginning}\uffff` });

function attribute({
  name,
  anyOf,
  atLeast,
  atMost,
  from,
  before,
  isSet,
}: Leaf<'attribute'>['attribute']): Filter {
  const path = `attributes.${name}`;
  const bounds = {
    ...(anyOf === undefined ? {} : { $in: anyOf }),
    ...(atLeast === undefined ? {} : { $gte: atLeast }),
    ...(atMost === undefined ? {} : { $lte: atMost }),
  };
  return all([
    ...(Object.keys(bounds).length === 0 ? [] : [{ [path]: bounds }]),
    ...(from === undefined && before === undefined
      ? []
      : [
          {
            [path]: {
              ...(from === undefined ? {} : { $gte: from }),
              ...(before === undefined ? {} : { $lt: before }),
            },
          },
        ]),
    ...(isSet === undefined ? [] : [isSet ? { [path]: { $ne: null } } : { [path]: null }]),
  ]);
}

const all = (filters: readonly Filter[]): Filter => (filters.length === 1 ? filters[0]! : { $and: filters });
