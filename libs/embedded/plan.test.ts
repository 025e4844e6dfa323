import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { find } from 'mingo';
import type { Doc } from './bson.js';
import { Collection } from './collection.js';
import type { KeyPattern } from './field-path.js';
import { compileFilter } from './match-filter.js';
import { planFor } from './plan.js';
import { findEntries, sorted } from './query.js';

const silent = { put: () => undefined, removed: () => undefined };

const scalar = fc.oneof(
  fc.integer({ min: -2, max: 3 }),
  fc.constantFrom(0.5, 1e10),
  fc.constantFrom('a', 'b', 'bb', ''),
  fc.boolean(),
  fc.constantFrom(new Date(0), new Date(5)),
  fc.constant(null),
);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.record({ p: scalar }, { noNullPrototype: true }) },
  { weight: 1, arbitrary: fc.array(fc.record({ p: scalar }, { noNullPrototype: true }), { maxLength: 2 }) },
);
const row = fc.record({ a: value, b: value, c: value }, { requiredKeys: [], noNullPrototype: true });
const path = fc.constantFrom('a', 'b', 'c', 'a.p', 'b.p');
const direction = fc.constantFrom(1 as const, -1 as const);
const pattern = fc
  .uniqueArray(fc.tuple(path, direction), { selector: ([field]) => field, minLength: 1, maxLength: 3 })
  .filter((fields) => new Set(fields.map(([field]) => field[0])).size === fields.length);

/** Filters whose operands are these. */
function filterOf(operand: fc.Arbitrary<unknown>, more: fc.Arbitrary<unknown>[]): fc.Arbitrary<Doc> {
  const operators = fc.oneof(
    operand,
    fc.record({ $eq: operand }),
    fc.record({ $in: fc.array(operand, { maxLength: 3 }) }),
    fc.record({ $gt: operand }),
    fc.record({ $gte: operand, $lt: operand }),
    fc.record({ $lte: operand }),
    fc.record({ $ne: operand }),
    fc.record({ $nin: fc.array(operand, { maxLength: 2 }) }),
    fc.record({ $exists: fc.boolean() }),
    fc.record({ $elemMatch: fc.record({ $gte: operand, $lte: operand }) }),
    ...more,
  );
  const simple = fc
    .uniqueArray(fc.tuple(path, operators), { selector: ([field]) => field, maxLength: 3 })
    .map((fields): Doc => Object.fromEntries<unknown>(fields));
  return fc.oneof(
    { weight: 5, arbitrary: simple },
    { weight: 1, arbitrary: fc.record({ $and: fc.array(simple, { minLength: 1, maxLength: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ $or: fc.array(simple, { minLength: 1, maxLength: 3 }) }) },
    {
      weight: 1,
      arbitrary: fc.tuple(simple, simple).map(([one, other]) => ({ ...one, $or: [other, { c: 1 }] })),
    },
  );
}

const filter = filterOf(scalar, [
  fc.record({ $elemMatch: fc.record({ p: scalar }) }),
  fc.record({ $all: fc.array(scalar, { minLength: 1, maxLength: 2 }) }),
]);
/**
 * mingo differs from MongoDB on ranges from null, null within paths, $all of plain values, $elemMatch by a field on plain
 * elements, and $elemMatch at a path through an array (`beyondMingo`): the contract holds those.
 */
const mingoFilter = filterOf(
  scalar.filter((one) => one !== null),
  [],
);

/** A collection with these rows and indexes; an index that two arrays side by side forbid is left out. */
function collectionOf(rows: readonly Doc[], patterns: readonly KeyPattern[]): Collection {
  const collection = new Collection('db.rows', silent);
  const docs = rows.map((fields, _id) => ({ _id, ...fields }));
  // Half before the indexes are built, half after, then some changes: keys must follow.
  const half = Math.floor(docs.length / 2);
  for (const doc of docs.slice(0, half)) collection.insert(doc);
  for (const [at, key] of patterns.entries()) {
    const trial = new Collection('db.trial', silent);
    try {
      trial.createIndex({ name: `i${at}`, key, unique: false });
      for (const doc of docs) trial.insert(doc);
    } catch {
      continue;
    }
    collection.createIndex({ name: `i${at}`, key, unique: false });
  }
  for (const doc of docs.slice(half)) collection.insert(doc);
  return collection;
}

/** MongoDB asks the array at the end of the path; mingo also takes one that lies on the way. */
function beyondMingo(wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return false;
  return Object.entries(wanted).some(
    ([key, value]) =>
      (key.includes('.') && (JSON.stringify(value) ?? '').includes('$elemMatch')) || beyondMingo(value),
  );
}

const idsOf = (docs: readonly Doc[]): unknown[] => docs.map((doc) => doc['_id']);
const docsOf = (collection: Collection): Doc[] => [...collection.entries()].map(({ doc }) => doc);

describe('the planner', () => {
  it('finds by its indexes what a scan of everything finds, in the order of a sort of everything', () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 25 }),
        fc.array(pattern, { minLength: 1, maxLength: 3 }),
        filter,
        fc.option(pattern, { nil: [] }),
        fc.nat(6),
        fc.nat(6),
        (rows, patterns, wanted, order, skip, limit) => {
          const collection = collectionOf(rows, patterns);
          const sort: KeyPattern = [...order, ['_id', 1]];
          const scanned = sorted(docsOf(collection).filter(compileFilter(wanted)), (doc) => doc, sort);
          const planned = findEntries(collection, { filter: wanted, sort }).map(({ doc }) => doc);
          expect(idsOf(planned)).toEqual(idsOf(scanned));
          const page = findEntries(collection, { filter: wanted, sort, skip, limit }).map(({ doc }) => doc);
          expect(idsOf(page)).toEqual(idsOf(scanned.slice(skip, limit > 0 ? skip + limit : undefined)));
          const loose = findEntries(collection, { filter: wanted, sort: order }).map(({ doc }) => doc);
          expect(idsOf(loose).sort()).toEqual(idsOf(scanned).sort());
          const inOrder = sorted(loose, (doc) => doc, order);
          expect(idsOf(inOrder)).toEqual(idsOf(loose));
        },
      ),
      { numRuns: 600 },
    );
  });

  it('finds what mingo finds by a full scan', () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 20 }),
        fc.array(pattern, { minLength: 1, maxLength: 3 }),
        mingoFilter,
        (rows, patterns, wanted) => {
          fc.pre(!beyondMingo(wanted));
          const collection = collectionOf(rows, patterns);
          const scanned = find(docsOf(collection), wanted as never).all() as Doc[];
          const planned = findEntries(collection, { filter: wanted, sort: [['_id', 1]] });
          expect(idsOf(planned.map(({ doc }) => doc))).toEqual(idsOf(scanned));
        },
      ),
      { numRuns: 600 },
    );
  });

  it('keeps its indexes true while rows change and go', () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 12 }),
        fc.array(pattern, { minLength: 1, maxLength: 2 }),
        fc.array(fc.tuple(fc.nat(11), fc.option(row, { nil: undefined })), { maxLength: 20 }),
        filter,
        (rows, patterns, changes, wanted) => {
          const collection = collectionOf(rows, patterns);
          for (const [at, next] of changes) {
            const [entry] = findEntries(collection, { filter: { _id: at } });
            if (!entry) continue;
            if (next === undefined) collection.remove(entry);
            else {
              try {
                collection.replace(entry, { _id: at, ...next });
              } catch (error) {
                expect(error).toMatchObject({ code: 171 });
              }
            }
          }
          const scanned = docsOf(collection).filter(compileFilter(wanted));
          const planned = findEntries(collection, { filter: wanted }).map(({ doc }) => doc);
          expect(idsOf(planned).sort()).toEqual(idsOf(scanned).sort());
        },
      ),
      { numRuns: 300 },
    );
  });

  const due = collectionOf(
    Array.from({ length: 500 }, (_, n) => ({ a: n % 5, b: n, c: `c${n}` })),
    [
      [
        ['a', 1],
        ['b', 1],
      ],
      [['c', 1]],
    ],
  );
  it.each<[string, Doc, KeyPattern, object]>([
    ['an _id', { _id: 7 }, [], { kind: 'ids' }],
    ['many _ids', { _id: { $in: [1, 2] }, a: 1 }, [], { kind: 'ids' }],
    [
      'equality, range and order in one index',
      { a: 1, b: { $gt: 5 } },
      [['b', 1]],
      { kind: 'index', sorted: true },
    ],
    ['the same order backwards', { a: 1 }, [['b', -1]], { kind: 'index', sorted: true }],
    [
      'the more selective of two',
      { a: 1, c: 'c1' },
      [],
      { kind: 'index', reads: [{ index: { spec: { name: 'i1' } } }] },
    ],
    ['an order alone', {}, [['c', -1]], { kind: 'index', sorted: true }],
    ['an $or of indexed fields', { $or: [{ c: 'c1' }, { a: 2 }] }, [], { kind: 'index', repeats: true }],
    ['nothing that is indexed', { b: 3 }, [], { kind: 'scan' }],
    ['a negation', { c: { $ne: 'x' } }, [], { kind: 'scan' }],
  ])('reads %s where it lies', (_name, wanted, sort, plan) => {
    expect(planFor(due, wanted, sort)).toMatchObject(plan);
  });
});
