import { describe, expect } from '@jest/globals';
import { caseIn, codeOf, type Bench, type Row } from './bench.contract.js';

type Fields = Record<string, unknown>;

/** The row before, the update, the row after; `_id` is 'a' in all. */
const CHANGES: [string, Fields, Fields, Fields][] = [
  ['$set', { n: 1 }, { $set: { n: 2, s: 'x' } }, { n: 2, s: 'x' }],
  ['$set of a dotted path', { sub: { p: 1 } }, { $set: { 'sub.q': 2 } }, { sub: { p: 1, q: 2 } }],
  ['$set that makes documents on the way', {}, { $set: { 'a.b.c': 1 } }, { a: { b: { c: 1 } } }],
  ['$set of an element', { list: [1, 2] }, { $set: { 'list.1': 9 } }, { list: [1, 9] }],
  ['$set beyond the end of an array', { list: [1] }, { $set: { 'list.3': 9 } }, { list: [1, null, null, 9] }],
  [
    "$set of an element's field",
    { list: [{ p: 1 }] },
    { $set: { 'list.0.q': 2 } },
    { list: [{ p: 1, q: 2 }] },
  ],
  ['$set to null', { n: 1 }, { $set: { n: null } }, { n: null }],
  ['$set of a whole document', { sub: { p: 1 } }, { $set: { sub: { q: 2 } } }, { sub: { q: 2 } }],
  ['$unset', { n: 1, s: 'x' }, { $unset: { n: '' } }, { s: 'x' }],
  ['$unset of a dotted path', { sub: { p: 1, q: 2 } }, { $unset: { 'sub.p': 1 } }, { sub: { q: 2 } }],
  ['$unset of an element', { list: [1, 2] }, { $unset: { 'list.0': 1 } }, { list: [null, 2] }],
  ['$unset of what is missing', { n: 1 }, { $unset: { s: 1, 'x.y': 1 } }, { n: 1 }],
  ['$setOnInsert changes no row', { n: 1 }, { $setOnInsert: { n: 5 }, $set: { s: 'x' } }, { n: 1, s: 'x' }],
  ['$inc', { n: 1 }, { $inc: { n: 2 } }, { n: 3 }],
  ['$inc below', { n: 1 }, { $inc: { n: -2.5 } }, { n: -1.5 }],
  ['$inc of what is missing', {}, { $inc: { n: 2 } }, { n: 2 }],
  [
    '$inc of a dotted path',
    { counts: { x: 1 } },
    { $inc: { 'counts.x': 1, 'counts.y': 1 } },
    { counts: { x: 2, y: 1 } },
  ],
  ['$min lower', { n: 5 }, { $min: { n: 3 } }, { n: 3 }],
  ['$min higher', { n: 5 }, { $min: { n: 8 } }, { n: 5 }],
  ['$min of what is missing', {}, { $min: { n: 8 } }, { n: 8 }],
  ['$max higher', { at: new Date(5) }, { $max: { at: new Date(9) } }, { at: new Date(9) }],
  ['$max lower', { n: 5 }, { $max: { n: 3 } }, { n: 5 }],
  ['$push', { list: [1] }, { $push: { list: 2 } }, { list: [1, 2] }],
  ['$push to what is missing', {}, { $push: { list: { p: 1 } } }, { list: [{ p: 1 }] }],
  ['$push of an array is one element', { list: [] }, { $push: { list: [1, 2] } }, { list: [[1, 2]] }],
  ['$push $each', { list: [1] }, { $push: { list: { $each: [2, 3] } } }, { list: [1, 2, 3] }],
  [
    '$push $each $slice last',
    { list: [1, 2] },
    { $push: { list: { $each: [3], $slice: -2 } } },
    { list: [2, 3] },
  ],
  [
    '$push $each $slice first',
    { list: [1, 2] },
    { $push: { list: { $each: [3], $slice: 2 } } },
    { list: [1, 2] },
  ],
  [
    '$push $slice on what is missing',
    {},
    { $push: { list: { $each: [1, 2, 3], $slice: -2 } } },
    { list: [2, 3] },
  ],
  ['$push $slice to none', { list: [1] }, { $push: { list: { $each: [2], $slice: 0 } } }, { list: [] }],
  [
    '$push $position',
    { list: [1, 3] },
    { $push: { list: { $each: [2], $position: 1 } } },
    { list: [1, 2, 3] },
  ],
  ['$push $sort', { list: [3, 1] }, { $push: { list: { $each: [2], $sort: -1 } } }, { list: [3, 2, 1] }],
  [
    '$push $sort by a field, then $slice',
    { list: [{ n: 3 }, { n: 1 }] },
    { $push: { list: { $each: [{ n: 2 }], $sort: { n: 1 }, $slice: -2 } } },
    { list: [{ n: 2 }, { n: 3 }] },
  ],
  ['$addToSet of a new one', { tags: ['x'] }, { $addToSet: { tags: 'y' } }, { tags: ['x', 'y'] }],
  ['$addToSet of a known one', { tags: ['x'] }, { $addToSet: { tags: 'x' } }, { tags: ['x'] }],
  ['$addToSet of a document', { tags: [{ p: 1 }] }, { $addToSet: { tags: { p: 1 } } }, { tags: [{ p: 1 }] }],
  [
    '$addToSet $each',
    { tags: ['x'] },
    { $addToSet: { tags: { $each: ['x', 'y', 'y'] } } },
    { tags: ['x', 'y'] },
  ],
  ['$pull of a value', { tags: ['x', 'y', 'x'] }, { $pull: { tags: 'x' } }, { tags: ['y'] }],
  ['$pull by a field', { l: [{ id: 1, z: 1 }, { id: 2 }] }, { $pull: { l: { id: 1 } } }, { l: [{ id: 2 }] }],
  ['$pull by operators', { n: [1, 5, 9] }, { $pull: { n: { $gte: 5 } } }, { n: [1] }],
  ['$pull by $in', { tags: ['x', 'y', 'z'] }, { $pull: { tags: { $in: ['x', 'z'] } } }, { tags: ['y'] }],
  [
    "$pull by a field's operators",
    { l: [{ at: 1 }, { at: 9 }] },
    { $pull: { l: { at: { $lt: 5 } } } },
    { l: [{ at: 9 }] },
  ],
  ['$pull of what is missing', { n: 1 }, { $pull: { tags: 'x' } }, { n: 1 }],
  ['$pullAll', { tags: ['x', 'y', 'z'] }, { $pullAll: { tags: ['x', 'z'] } }, { tags: ['y'] }],
  ['$pop last', { list: [1, 2, 3] }, { $pop: { list: 1 } }, { list: [1, 2] }],
  ['$pop first', { list: [1, 2, 3] }, { $pop: { list: -1 } }, { list: [2, 3] }],
  [
    'several operators',
    { n: 1, s: 'x', list: [] },
    { $set: { s: 'y' }, $inc: { n: 1 }, $push: { list: 1 }, $unset: { gone: 1 } },
    { n: 2, s: 'y', list: [1] },
  ],
];

const REFUSED: [string, Fields, Fields, number][] = [
  ['an unknown operator', {}, { $foo: { n: 1 } }, 9],
  ['a change of _id', {}, { $set: { _id: 'b' } }, 66],
  ['$inc of a string', { s: 'x' }, { $inc: { s: 1 } }, 14],
  ['$inc by a string', { n: 1 }, { $inc: { n: 'x' } }, 14],
  ['$push to a number', { n: 1 }, { $push: { n: 1 } }, 2],
  ['$addToSet to a string', { s: 'x' }, { $addToSet: { s: 1 } }, 2],
  ['$pull from a string', { s: 'x' }, { $pull: { s: 1 } }, 2],
  ['a field inside a string', { s: 'x' }, { $set: { 's.p': 1 } }, 28],
  ['a named field of an array', { list: [1] }, { $set: { 'list.p': 1 } }, 28],
  ['the same path twice', {}, { $set: { n: 1 }, $inc: { n: 1 } }, 40],
  ['a path and one inside it', {}, { $set: { sub: {} }, $unset: { 'sub.p': 1 } }, 40],
  ['$push with an unknown clause', {}, { $push: { list: { $each: [1], $foo: 1 } } }, 2],
  ['$push with $each of no array', {}, { $push: { list: { $each: 1 } } }, 2],
  ['an empty field name', {}, { $set: { 'a..b': 1 } }, 56],
];

export function updateCases(bench: Bench): void {
  describe('updates', () => {
    for (const [name, before, update, after] of CHANGES)
      caseIn(bench, name, async () => {
        await bench.rows.insertMany([
          { _id: 'a', ...before },
          { _id: 'b', other: 1 },
        ]);
        const { matchedCount } = await bench.rows.updateOne({ _id: 'a' }, update);
        expect(matchedCount).toBe(1);
        expect(await bench.rows.find().sort({ _id: 1 }).toArray()).toEqual([
          { _id: 'a', ...after },
          { _id: 'b', other: 1 },
        ]);
      });

    for (const [name, before, update, code] of REFUSED)
      caseIn(bench, `refuses ${name}, and changes nothing`, async () => {
        await bench.rows.insertOne({ _id: 'a', ...before });
        const answered = await codeOf(bench.rows.updateOne({ _id: 'a' }, update));
        expect(answered).toBe(code);
        expect(await bench.rows.findOne({ _id: 'a' })).toEqual({ _id: 'a', ...before });
      });

    caseIn(bench, 'counts a change that changes nothing as found, not as modified', async () => {
      await bench.rows.insertOne({ _id: 'a', n: 1, tags: ['x'] });
      const same = await bench.rows.updateOne(
        { _id: 'a' },
        { $set: { n: 1, _id: 'a' }, $addToSet: { tags: 'x' } as never },
      );
      expect(same).toMatchObject({ matchedCount: 1, modifiedCount: 0 });
    });

    caseIn(bench, 'updates one, or all', async () => {
      await bench.rows.insertMany(['a', 'b', 'c'].map((_id) => ({ _id, n: 1 })));
      expect(await bench.rows.updateOne({ n: 1 }, { $set: { n: 2 } })).toMatchObject({ modifiedCount: 1 });
      expect(await bench.rows.updateMany({ n: 1 }, { $set: { n: 3 } })).toMatchObject({
        matchedCount: 2,
        modifiedCount: 2,
      });
      expect(await bench.rows.countDocuments({ n: 3 })).toBe(2);
    });

    caseIn(bench, 'replaces a whole document and keeps its _id', async () => {
      await bench.rows.insertOne({ _id: 'a', n: 1, s: 'x' });
      const replaced = await bench.rows.replaceOne({ n: 1 }, { s: 'new' });
      expect(replaced).toMatchObject({ matchedCount: 1, modifiedCount: 1 });
      expect(await bench.rows.findOne({})).toEqual({ _id: 'a', s: 'new' });
      expect(await codeOf(bench.rows.replaceOne({ _id: 'a' }, { _id: 'b' }))).toBe(66);
    });

    caseIn(bench, 'upserts from the fields that the filter fixes', async () => {
      const answer = await bench.rows.updateOne(
        { _id: 'a', tenant: 't', 'sub.p': 1, n: { $gt: 5 }, $and: [{ kind: { $eq: 'k' } }] },
        { $set: { s: 'x' }, $setOnInsert: { made: 1 }, $push: { list: 1 } as never, $inc: { c: 2 } as never },
        { upsert: true },
      );
      expect(answer).toMatchObject({ matchedCount: 0, upsertedCount: 1, upsertedId: 'a' });
      expect(await bench.rows.findOne({ _id: 'a' })).toEqual({
        ...{ _id: 'a', tenant: 't', sub: { p: 1 }, kind: 'k' },
        ...{ s: 'x', made: 1, list: [1], c: 2 },
      });
    });

    caseIn(bench, 'upserts once: the second time it updates', async () => {
      const write = (): Promise<unknown> =>
        bench.rows.updateOne(
          { _id: 'a' },
          { $setOnInsert: { made: 1 }, $inc: { n: 1 } as never },
          { upsert: true },
        );
      await write();
      expect(await write()).toMatchObject({ matchedCount: 1, upsertedCount: 0, upsertedId: null });
      expect(await bench.rows.findOne({})).toEqual({ _id: 'a', made: 1, n: 2 });
    });

    caseIn(bench, 'makes an ObjectId for an upsert without _id', async () => {
      const { upsertedId } = await bench.rows.updateOne({ key: 'k' }, { $set: { n: 1 } }, { upsert: true });
      expect(await bench.rows.findOne({ key: 'k' })).toEqual({ _id: upsertedId, key: 'k', n: 1 });
    });

    caseIn(bench, 'upserts a replacement', async () => {
      await bench.rows.replaceOne({ _id: 'a', other: 1 }, { n: 1 }, { upsert: true });
      expect(await bench.rows.findOne({})).toEqual({ _id: 'a', n: 1 });
    });

    caseIn(bench, 'finds one and updates it: before or after', async () => {
      await bench.rows.insertMany([
        { _id: 'a', n: 1 },
        { _id: 'b', n: 2 },
      ]);
      const before = await bench.rows.findOneAndUpdate(
        { n: { $gt: 0 } },
        { $inc: { n: 10 } as never },
        { sort: { n: -1 } },
      );
      expect(before).toEqual({ _id: 'b', n: 2 });
      const after = await bench.rows.findOneAndUpdate(
        { _id: 'a' },
        { $set: { s: 'x' } },
        { returnDocument: 'after', projection: { s: 1 } },
      );
      expect(after).toEqual({ _id: 'a', s: 'x' });
      expect(await bench.rows.findOneAndUpdate({ _id: 'zz' }, { $set: { n: 1 } })).toBeNull();
    });

    caseIn(bench, 'finds one and upserts: null before, the row after', async () => {
      const write = (id: string, returnDocument: 'before' | 'after'): Promise<Row | null> =>
        bench.rows.findOneAndUpdate(
          { _id: id },
          { $setOnInsert: { n: 1 } },
          { upsert: true, returnDocument },
        );
      expect(await write('a', 'before')).toBeNull();
      expect(await write('b', 'after')).toEqual({ _id: 'b', n: 1 });
      const full = await bench.rows.findOneAndUpdate(
        { _id: 'c' },
        { $set: { n: 1 } },
        { upsert: true, includeResultMetadata: true },
      );
      expect(full).toMatchObject({
        value: null,
        lastErrorObject: { n: 1, updatedExisting: false, upserted: 'c' },
      });
    });

    caseIn(bench, 'finds one and replaces it', async () => {
      await bench.rows.insertOne({ _id: 'a', n: 1 });
      const after = await bench.rows.findOneAndReplace({ n: 1 }, { s: 'x' }, { returnDocument: 'after' });
      expect(after).toEqual({ _id: 'a', s: 'x' });
    });

    caseIn(bench, 'finds one and deletes it', async () => {
      await bench.rows.insertMany([
        { _id: 'a', n: 1 },
        { _id: 'b', n: 2 },
      ]);
      expect(await bench.rows.findOneAndDelete({}, { sort: { n: -1 } })).toEqual({ _id: 'b', n: 2 });
      expect(await bench.rows.findOneAndDelete({ n: 99 })).toBeNull();
      expect(await bench.rows.countDocuments()).toBe(1);
    });

    caseIn(bench, 'refuses one bad update of a batch and tells which', async () => {
      await bench.rows.insertMany([
        { _id: 'a', s: 'x' },
        { _id: 'b', n: 1 },
      ]);
      const failed = bench.rows.bulkWrite(
        [
          { updateOne: { filter: { _id: 'a' }, update: { $inc: { s: 1 } as never } } },
          { updateOne: { filter: { _id: 'b' }, update: { $inc: { n: 1 } as never } } },
        ],
        { ordered: false },
      );
      await expect(failed).rejects.toMatchObject({ writeErrors: [expect.objectContaining({ index: 0 })] });
      expect(await bench.rows.findOne({ _id: 'b' })).toEqual({ _id: 'b', n: 2 });
    });
  });
}
