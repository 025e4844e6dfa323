import { z } from 'zod';
import { CHANNELS } from '#purposes/channel';
import { CHOICE_STATES } from '#purposes/choice';
import { CHOOSABLE } from '#purposes/choice-codes';

/** Bounds of what a marketer may ask: a predicate is read by people, and compiled to one query. */
export const MOST = {
  /** Nodes inside each other. */
  depth: 8,
  nodes: 200,
  /** Nodes of one `and` or `or`. */
  members: 50,
  /** Values of one list. */
  values: 500,
  /** Nodes once the segments that it names are put in, and how deep segments may name segments. */
  resolvedNodes: 2_000,
  resolvedDepth: 5,
} as const;

const oneOf = <Word extends string>(words: readonly [Word, ...Word[]]) =>
  z.enum(words, { error: `expected one of ${words.join(', ')}` });
const many = (most: number) => `expected a whole number from 0 to ${most}`;
const count = z.int(many(1_000_000)).min(0, many(1_000_000)).max(1_000_000, many(1_000_000));
const days = z
  .int('expected a whole number of days from 1 to 3650')
  .min(1, 'expected a whole number of days from 1 to 3650')
  .max(3_650, 'expected a whole number of days from 1 to 3650');
const time = z.iso
  .datetime({ offset: true, error: 'expected an RFC 3339 date-time, like 2026-05-04T09:00:00Z' })
  .transform((text) => new Date(text));
const words = 'expected a text of 1 to 200 characters';
const word = z.string(words).min(1, words).max(200, words);
const values = <Value extends z.ZodType>(value: Value) =>
  z
    .array(value, 'expected a list')
    .min(1, 'expected at least one value')
    .max(MOST.values, `expected at most ${MOST.values} values`);

type Shape = Readonly<Record<string, unknown>>;
const saysSomething = (operand: Shape): boolean =>
  Object.values(operand).some((value) => value !== undefined);
const nonEmpty = (members: string) => `expected at least one of ${members}`;

/** Whether `low` is below `high`, where both are said: between what is the wrong way round is nobody. */
const below =
  <Low extends string, High extends string>(low: Low, high: High, { orEqual = false } = {}) =>
  (operand: { readonly [Member in Low | High]?: number | string | Date | undefined }): boolean => {
    const [least, most] = [operand[low], operand[high]];
    return least === undefined || most === undefined || least < most || (orEqual && least === most);
  };
const notBelow = (low: string, high: string) => ({
  path: [high],
  error: `expected more than ${low}: nobody is in between`,
});
const range = below('atLeast', 'atMost', { orEqual: true });
const notRange = { path: ['atMost'], error: 'expected at least atLeast: nobody is in between' };

const amount = z
  .strictObject({ atLeast: count.optional(), atMost: count.optional() })
  .refine(saysSomething, nonEmpty('atLeast, atMost'))
  .refine(range, notRange);
const times = {
  withinDays: days.optional(),
  notWithinDays: days.optional(),
  from: time.optional(),
  before: time.optional(),
};
const MOMENT = 'withinDays, notWithinDays, from, before';
/** `never` (`none`: nothing lies ahead) says it alone. */
const alone = (word: 'never' | 'none') => (operand: Shape) =>
  operand[word] === undefined || Object.values(operand).filter((value) => value !== undefined).length === 1;
const isTrue = z.literal(true, 'expected true').optional();
const lately = z
  .strictObject({ ...times, never: isTrue })
  .refine(saysSomething, nonEmpty(`${MOMENT}, never`))
  .refine(alone('never'), 'never says it alone')
  .refine(below('notWithinDays', 'withinDays'), notBelow('notWithinDays', 'withinDays'))
  .refine(below('from', 'before'), notBelow('from', 'before'));
const ahead = z
  .strictObject({ ...times, none: isTrue })
  .refine(saysSomething, nonEmpty(`${MOMENT}, none`))
  .refine(alone('none'), 'none says it alone')
  .refine(below('notWithinDays', 'withinDays'), notBelow('notWithinDays', 'withinDays'))
  .refine(below('from', 'before'), notBelow('from', 'before'));

/** What each kind of node but `and`, `or` and `not` is told. */
export const LEAVES = {
  visits: amount,
  lastVisit: lately,
  nextVisit: ahead,
  service: z.strictObject({
    anyOf: values(word),
    when: oneOf(['past', 'upcoming']).default('past'),
    withinDays: days.optional(),
  }),
  purchases: amount,
  lastPurchase: lately,
  bought: z.strictObject({ anyOf: values(word), withinDays: days.optional() }),
  locale: z.strictObject({
    anyOf: values(
      z
        .string()
        .regex(/^[a-z]{2,3}$/i, 'expected a language, like sv')
        .toLowerCase(),
    ),
  }),
  place: z
    .strictObject({
      postalCode: values(
        z
          .string()
          .regex(/^[\p{L}\d][\p{L}\d -]{0,11}$/u, 'expected a postal code or its beginning, like 831'),
      ).optional(),
      city: values(word).optional(),
      country: values(
        z.string().regex(/^[A-Z]{2}$/i, 'expected a country of two letters, like SE'),
      ).optional(),
    })
    .refine(saysSomething, nonEmpty('postalCode, city, country')),
  choice: z.strictObject({
    purpose: oneOf(CHOOSABLE as [(typeof CHOOSABLE)[number], ...(typeof CHOOSABLE)[number][]]),
    channel: oneOf(CHANNELS),
    state: oneOf([...CHOICE_STATES, 'none']),
  }),
  attribute: z
    .strictObject({
      name: z
        .string('expected a name that the tenant declares')
        .max(64, 'expected a name that the tenant declares'),
      anyOf: values(
        z.union([word, z.number(), z.boolean()], 'expected texts, numbers or booleans'),
      ).optional(),
      atLeast: z.number('expected a number').optional(),
      atMost: z.number('expected a number').optional(),
      from: z.iso.date('expected a date, like 2026-05-04').optional(),
      before: z.iso.date('expected a date, like 2026-05-04').optional(),
      isSet: z.boolean('expected true or false').optional(),
    })
    .refine(
      ({ name: _name, ...asked }) => saysSomething(asked),
      nonEmpty('anyOf, atLeast, atMost, from, before, isSet'),
    )
    .refine(range, notRange)
    .refine(below('from', 'before'), notBelow('from', 'before')),
  segment: z
    .string('expected the id of a segment')
    .regex(/^s-[a-z0-9]{1,40}$/, 'expected the id of a segment'),
  notMessaged: z.strictObject({ days }),
} as const;

type Leaves = typeof LEAVES;
export type LeafKind = keyof Leaves;
export type Leaf<Kind extends LeafKind = LeafKind> = {
  [K in Kind]: { [P in K]: z.output<Leaves[P]> };
}[Kind];

/** Who is meant: a node has exactly one member. */
export type Predicate = { and: Predicate[] } | { or: Predicate[] } | { not: Predicate } | Leaf;
/** One in which no other segment is named any more. */
export type Resolved =
  { and: Resolved[] } | { or: Resolved[] } | { not: Resolved } | Leaf<Exclude<LeafKind, 'segment'>>;

export type Amount = z.output<typeof amount>;
export type Lately = z.output<typeof lately>;
export type Ahead = z.output<typeof ahead>;

export const KINDS = ['and', 'or', 'not', ...(Object.keys(LEAVES) as LeafKind[])] as const;
