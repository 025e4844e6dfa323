import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Context, evalExpr } from 'mingo/core';
import * as expressions from 'mingo/operators/expression';
import { aggregate } from './aggregate.js';
import { deserialize, Long, type Doc } from './bson.js';
import { Collection } from './collection.js';
import { sum as sumOf } from './number-sum.js';
import { valueKey } from './value-key.js';

const silent = { put: () => undefined, removed: () => undefined };
const options = { context: Context.init({ expression: expressions }) };

const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(0.5, 1e6, 2 ** 31));
const scalar = fc.oneof(
  number,
  fc.constantFrom<unknown>(
    'a',
    'b',
    '',
    true,
    false,
    null,
    new Date(0),
    new Date(5),
    'a longer text than the others are',
  ),
);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.record({ p: scalar }, { requiredKeys: [], noNullPrototype: true }) },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 2 }) },
);
const row = fc.record(
  { a: value, b: value, n: number, at: fc.constantFrom(new Date(1), new Date(2), null) },
  {
    requiredKeys: [],
    noNullPrototype: true,
  },
);
const path = fc.constantFrom('$a', '$b', '$n', '$at', '$a.p', '$b.p');
const part = fc.oneof(
  { weight: 6, arbitrary: path },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 1, 'text', { $literal: '$a' }) },
  {
    weight: 2,
    arbitrary: fc.oneof(
      fc.tuple(path, path).map(([one, other]) => ({ $ifNull: [one, other] })),
      fc.tuple(path, path, path).map(([test, one, other]) => ({ $cond: [test, one, other] })),
      fc
        .tuple(path, path)
        .map(([one, other]) => ({ $cond: { if: { $and: [one, other] }, then: one, else: 0 } })),
      fc.tuple(path, path).map(([one, other]) => ({ $or: [one, other] })),
      path.map((one) => ({ $isArray: one })),
    ),
  },
);
const key = fc.oneof(
  { weight: 2, arbitrary: part },
  {
    weight: 3,
    arbitrary: fc.record({ x: part, y: part, z: part }, { requiredKeys: ['x'], noNullPrototype: true }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ x: fc.record({ y: part }, { noNullPrototype: true }) }, { noNullPrototype: true }),
  },
);
const fields = fc.record(
  {
    count: fc.constant({ $sum: 1 }),
    sum: fc.constantFrom<Doc>({ $sum: '$n' }, { $sum: '$a' }, { $sum: { $cond: ['$b', '$n', 0] } }),
    avg: fc.constant({ $avg: '$n' }),
    min: path.map((one) => ({ $min: one })),
    max: path.map((one) => ({ $max: one })),
    first: part.map((one) => ({ $first: one })),
    last: part.map((one) => ({ $last: one })),
    all: part.map((one) => ({ $push: one })),
    set: path.map((one) => ({ $addToSet: one })),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** What is missing from a made document is no field of it; from a made array, null. */
function plain(inner: unknown): unknown {
  if (Array.isArray(inner)) return inner.map((one) => plain(one) ?? null);
  if (typeof inner !== 'object' || inner === null || inner instanceof Date) return inner;
  const found = Object.entries(inner).filter(([, one]) => one !== undefined);
  return Object.fromEntries(found.map(([name, one]) => [name, plain(one)]));
}

const byMingo = (doc: Doc, expression: unknown): unknown =>
  plain(evalExpr(doc, expression, options as never));

const numbers = (values: readonly unknown[]): number[] => values.filter((one) => typeof one === 'number');
const sum = (values: readonly unknown[]): number => numbers(values).reduce((total, one) => total + one, 0);
const isThere = (one: unknown): boolean => one !== undefined && one !== null;

/** What is gathered of one group, in the plainest words. */
const GATHERED: Record<string, (values: readonly unknown[]) => unknown> = {
  $sum: sum,
  $avg: (values) => (numbers(values).length === 0 ? null : sum(values) / numbers(values).length),
  $min: (values) => values.filter(isThere).sort(byKey)[0] ?? null,
  $max: (values) => values.filter(isThere).sort((one, other) => byKey(other, one))[0] ?? null,
  $first: (values) => values[0] ?? null,
  $last: (values) => values.at(-1) ?? null,
  $push: (values) => values.filter((one) => one !== undefined),
  $addToSet: (values) => [
    ...new Map(values.filter((one) => one !== undefined).map((one) => [valueKey(one), one])).values(),
  ],
};

const byKey = (one: unknown, other: unknown): number =>
  valueKey(one) < valueKey(other) ? -1 : valueKey(one) > valueKey(other) ? 1 : 0;

/** Group by group, each expression by mingo for each document. */
function grouped(docs: readonly Doc[], id: unknown, made: Doc): Doc[] {
  const groups = new Map<string, { _id: unknown; docs: Doc[] }>();
  for (const doc of docs) {
    const _id = byMingo(doc, id) ?? null;
    const group = groups.get(valueKey(_id)) ?? { _id, docs: [] };
    groups.set(valueKey(_id), group);
    group.docs.push(doc);
  }
  return [...groups.values()].map((group) => {
    const gathered = Object.entries(made).map(([name, spec]) => {
      const [operator, operand] = Object.entries(spec as Doc)[0]!;
      return [name, GATHERED[operator]!(group.docs.map((doc) => byMingo(doc, operand)))];
    });
    return { _id: group._id, ...Object.fromEntries(gathered) };
  });
}

describe('$group', () => {
  it('answers what mingo answers expression by expression', () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 15 }),
        key,
        fields,
        fc.boolean(),
        (rows, _id, made, isIndexed) => {
          const collection = new Collection('db.rows', silent);
          if (isIndexed) collection.createIndex({ name: 'n', key: [['n', 1]], unique: false });
          const docs = rows.map((one, n): Doc => ({ _id: n, ...one }));
          for (const doc of docs) collection.insert(doc);
          const pipeline = [{ $match: { n: { $gte: -1 } } }, { $group: { _id, ...made } }];
          const answer = aggregate(collection, pipeline);
          const ours = Array.from({ length: answer.length }, (_, n) => deserialize(answer.bytes(n)));
          // Both read the rows in one order.
          const found = docs.filter(({ n }) => Number(n) >= -1);
          const inOrder = isIndexed
            ? [...found].sort((one, other) => Number(one['n']) - Number(other['n']))
            : found;
          expect(ours).toEqual(grouped(inOrder, _id, made));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('keeps a sum that was beyond 2^53 and is not any more in the group of its number', () => {
    const collection = new Collection('db.rows', silent);
    const beyond = Long.fromString('9007199254740994');
    for (const [_id, doc] of [
      { k: 1, v: beyond },
      { k: 1, v: -9007199254740984 },
      { k: 2, v: 10 },
      { k: 3, v: beyond },
      { k: 4, v: beyond },
    ].entries())
      collection.insert({ _id, ...doc });
    const answer = aggregate(collection, [
      { $group: { _id: '$k', sum: { $sum: '$v' } } },
      { $group: { _id: '$sum', n: { $sum: 1 } } },
    ]);
    const groups = Array.from({ length: answer.length }, (_, n) => deserialize(answer.bytes(n)));
    expect(groups.map(({ _id, n }) => [String(_id), n])).toEqual([
      ['10', 2],
      ['9007199254740994', 2],
    ]);
    expect(groups[0]!['_id']).toBe(10);
  });

  it('takes a long that is not beyond 2^53 for its number', () => {
    const collection = new Collection('db.rows', silent);
    for (const n of [1, 2]) collection.insert({ _id: n, n });
    const answer = aggregate(collection, [
      { $group: { _id: { $cond: [{ $eq: ['$n', 1] }, '$n', Long.fromNumber(1)] }, n: { $sum: 1 } } },
    ]);
    expect(answer.length).toBe(1);
  });
});

describe('a sum', () => {
  it('is a long beyond 2^53, a number within, a double with what is no whole number for sure', () => {
    const beyond = Long.fromString('9007199254740995');
    expect(String(sumOf(Number.MAX_SAFE_INTEGER, 4))).toBe('9007199254740995');
    expect(sumOf(beyond, -4)).toBe(Number.MAX_SAFE_INTEGER);
    expect(sumOf(beyond, 0.5)).toBe(2 ** 53 + 4);
    expect(sumOf(beyond, 1e21)).toBe(1e21 + (2 ** 53 + 4));
    expect(sumOf(beyond, NaN)).toBeNaN();
  });
});

describe('what counts as true', () => {
  it('is NaN too, and nothing that is zero, false or missing', () => {
    const collection = new Collection('db.rows', silent);
    for (const [_id, x] of [NaN, '', [], {}, 1, 0, -0, false, null].entries()) collection.insert({ _id, x });
    collection.insert({ _id: 9 });
    const answer = aggregate(collection, [
      {
        $project: {
          _id: 0,
          cond: { $cond: ['$x', true, false] },
          and: { $and: ['$x', true] },
          or: { $or: [false, '$x'] },
          not: { $not: ['$x'] },
          // These mingo walks: within what is not compiled here, and a switch.
          within: { $concat: [{ $cond: ['$x', 'yes', 'no'] }] },
          namedWithin: { $concat: [{ $cond: { if: { $or: [false, '$x'] }, then: 'yes', else: 'no' } }] },
          negated: { $concat: [{ $cond: [{ $not: '$x' }, 'no', 'yes'] }] },
          chosen: {
            $switch: {
              branches: [
                { case: { $and: ['$x', true] }, then: 'yes' },
                { case: true, then: 'no' },
                { case: { $divide: [1, 0] }, then: 'never asked' },
              ],
            },
          },
          otherwise: { $switch: { branches: [{ case: '$x', then: 'yes' }], default: 'no' } },
        },
      },
    ]);
    const rows = Array.from({ length: answer.length }, (_, n) => deserialize(answer.bytes(n)));
    const wanted = [true, true, true, true, true, false, false, false, false, false];
    expect(rows).toEqual(
      wanted.map((is) => {
        const word = is ? 'yes' : 'no';
        return {
          ...{ cond: is, and: is, or: is, not: !is },
          ...{ within: word, namedWithin: word, negated: word, chosen: word, otherwise: word },
        };
      }),
    );
  });

  it.each<[Doc, number]>([
    [{ $concat: [{ $cond: ['$x', 'yes'] }] }, 16020],
    [{ $isArray: { $not: ['$x', '$x'] } }, 16020],
    [{ $switch: { default: 1 } }, 40061],
    [{ $switch: { branches: [{ case: false, then: 1 }] } }, 40066],
  ])('is not asked of %j', (made, code) => {
    const collection = new Collection('db.rows', silent);
    collection.insert({ _id: 1, x: 1 });
    expect(() => aggregate(collection, [{ $project: { made } }])).toThrow(expect.objectContaining({ code }));
  });
});
