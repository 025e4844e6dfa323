import { describe, expect } from '@jest/globals';
import mongoose from 'mongoose';
import { caseIn, codeOf, indexOn, type Bench, type Row } from './bench.contract.js';

const { ObjectId, Binary, Long } = mongoose.mongo;
const day = (n: number): Date => new Date(Date.UTC(2026, 0, n));
const oid = (n: number): mongoose.mongo.ObjectId => new ObjectId(n.toString(16).padStart(24, '0'));

const ROWS: Row[] = [
  { _id: 'a', n: 1, s: 'anna', at: day(1), o: oid(1), flag: true, tags: ['x', 'y'], sub: { p: 1, q: 'u' } },
  { _id: 'b', n: 2.5, s: 'bertil', at: day(2), o: oid(2), flag: false, tags: ['y'], sub: { p: 2 } },
  { _id: 'c', n: 10, s: 'Cecilia', at: day(3), o: oid(3), tags: [], sub: { p: null } },
  { _id: 'd', n: null, s: null, at: null, o: null, tags: null, sub: null },
  { _id: 'e' },
  { _id: 'f', n: '7', s: 'åsa', at: '2026', tags: 'x', sub: 5 },
  { _id: 'g', n: [3, 20], s: ['anna', 'gus'], tags: [['x']], sub: [{ p: 1, q: 'v' }, { p: 3 }, 4] },
  { _id: 'h', n: -4, s: 'a.b', at: day(9), tags: ['x', null], sub: { p: [7, 8], r: { t: 'deep' } } },
];

/** Each filter, and the rows that it finds. */
const FINDS: [string, Record<string, unknown>, string][] = [
  ['equality of a number', { n: 1 }, 'a'],
  ['equality of a double', { n: 2.5 }, 'b'],
  ['equality with an element', { n: 20 }, 'g'],
  ['equality of a string, by case', { s: 'cecilia' }, ''],
  ['equality of a string with a dot', { s: 'a.b' }, 'h'],
  ['equality of a string beyond ASCII', { s: 'åsa' }, 'f'],
  ['no number for a string of digits', { n: 7 }, ''],
  ['equality of a date', { at: day(2) }, 'b'],
  ['equality of an ObjectId', { o: oid(3) }, 'c'],
  ['equality of a boolean', { flag: false }, 'b'],
  ['equality of null finds null and missing', { n: null }, 'de'],
  ['equality of a whole array', { tags: ['x', 'y'] }, 'a'],
  ['equality of a whole array, by order', { tags: ['y', 'x'] }, ''],
  ['equality of an array within an array', { tags: ['x'] }, 'g'],
  ['equality of an empty array', { tags: [] }, 'c'],
  ['membership in an array', { tags: 'x' }, 'afh'],
  ['null within an array', { tags: null }, 'deh'],
  ['equality of a document', { sub: { p: 1, q: 'u' } }, 'a'],
  ['equality of a document, by field order', { sub: { q: 'u', p: 1 } }, ''],
  ['a dotted path', { 'sub.p': 2 }, 'b'],
  ['a dotted path through an array', { 'sub.p': 3 }, 'g'],
  ['a dotted path to an array', { 'sub.p': 8 }, 'h'],
  ['a deep dotted path', { 'sub.r.t': 'deep' }, 'h'],
  ['null at a dotted path', { 'sub.p': null }, 'cdef'],
  ['a position in an array', { 'tags.0': 'y' }, 'b'],
  ['a position, then a field', { 'sub.1.p': 3 }, 'g'],
  ['$eq', { n: { $eq: 10 } }, 'c'],
  ['$eq of null', { s: { $eq: null } }, 'de'],
  ['$ne', { n: { $ne: 1 } }, 'bcdefgh'],
  ['$ne of null', { n: { $ne: null } }, 'abcfgh'],
  ['$ne of an element', { tags: { $ne: 'x' } }, 'bcdeg'],
  ['$gt', { n: { $gt: 2 } }, 'bcg'],
  ['$gte', { n: { $gte: 10 } }, 'cg'],
  ['$lt', { n: { $lt: 2 } }, 'ah'],
  ['$lte', { n: { $lte: 2.5 } }, 'abh'],
  ['a range', { n: { $gt: 1, $lte: 10 } }, 'bcg'],
  ['a range that two elements satisfy between them', { n: { $gt: 5, $lt: 4 } }, 'g'],
  ['a range of strings', { s: { $gte: 'a', $lt: 'b' } }, 'agh'],
  ['a range of dates', { at: { $gte: day(2), $lt: day(4) } }, 'bc'],
  ['a range of ObjectIds', { o: { $gt: oid(1) } }, 'bc'],
  ['a range at a dotted path', { 'sub.p': { $gte: 2 } }, 'bgh'],
  ['a range finds no other type', { n: { $gt: 'a' } }, ''],
  ['a date range finds no string', { at: { $lte: day(31) } }, 'abch'],
  ['$in', { n: { $in: [1, 10, 99] } }, 'ac'],
  ['$in of null', { s: { $in: [null, 'bertil'] } }, 'bde'],
  ['$in of nothing', { n: { $in: [] } }, ''],
  ['$in with an array field', { tags: { $in: ['y', 'z'] } }, 'ab'],
  ['$in with a pattern', { s: { $in: [/^ber/, 'åsa'] } }, 'bf'],
  ['$in of many', { n: { $in: Array.from({ length: 300 }, (_, i) => i) } }, 'acg'],
  ['$nin', { n: { $nin: [1, null] } }, 'bcfgh'],
  ['$nin of nothing', { n: { $nin: [] } }, 'abcdefgh'],
  ['$exists', { n: { $exists: true } }, 'abcdfgh'],
  ['not $exists', { n: { $exists: false } }, 'e'],
  ['$exists at a dotted path', { 'sub.q': { $exists: true } }, 'ag'],
  ['$and', { $and: [{ tags: 'x' }, { n: { $lt: 0 } }] }, 'h'],
  ['$or', { $or: [{ n: 1 }, { s: 'bertil' }] }, 'ab'],
  ['$or beside a field', { tags: 'x', $or: [{ n: 1 }, { n: -4 }] }, 'ah'],
  ['$nor', { $nor: [{ n: { $exists: true } }, { _id: 'zz' }] }, 'e'],
  ['$not', { n: { $not: { $gt: 2 } } }, 'adefh'],
  ['$not of two operators', { n: { $not: { $gt: 2, $lt: 15 } } }, 'adefh'],
  ['$not of a pattern', { s: { $not: /a/ } }, 'bde'],
  ['$elemMatch of operators', { n: { $elemMatch: { $gt: 2, $lt: 5 } } }, 'g'],
  ['$elemMatch, no element fits all', { n: { $elemMatch: { $gt: 5, $lt: 4 } } }, ''],
  ['$elemMatch of a filter', { sub: { $elemMatch: { p: 1, q: 'v' } } }, 'g'],
  ['$elemMatch, each half in another element', { sub: { $elemMatch: { p: 3, q: 'v' } } }, ''],
  ['$elemMatch finds no plain value', { 'sub.p': { $elemMatch: { $eq: 2 } } }, ''],
  ['$all', { tags: { $all: ['y', 'x'] } }, 'a'],
  ['$all of one, of a plain value', { tags: { $all: ['x'] } }, 'afh'],
  ['$all of nothing', { tags: { $all: [] } }, ''],
  ['$size', { tags: { $size: 2 } }, 'ah'],
  ['$size of none', { tags: { $size: 0 } }, 'c'],
  ['a pattern', { s: /^a/ }, 'agh'],
  ['a pattern without case', { s: /^CEC/i }, 'c'],
  ['$regex and $options', { s: { $regex: 'ANNA', $options: 'i' } }, 'ag'],
  ['$type by name', { n: { $type: 'string' } }, 'f'],
  ['$type number', { n: { $type: 'number' } }, 'abcgh'],
  ['$type of several', { at: { $type: ['date', 'null'] } }, 'abcdh'],
  ['$type array', { tags: { $type: 'array' } }, 'abcgh'],
  ['$mod', { n: { $mod: [5, 0] } }, 'cg'],
  ['several fields', { flag: true, tags: 'y', 'sub.q': 'u' }, 'a'],
  ['everything', {}, 'abcdefgh'],
  ['$comment says nothing', { n: 1, $comment: 'why' }, 'a'],
];

const REFUSED: [string, Record<string, unknown>, number][] = [
  ['an unknown operator', { n: { $foo: 1 } }, 2],
  ['an unknown top level operator', { $wherever: 1 }, 2],
  ['$in without an array', { n: { $in: 1 } }, 2],
  ['$and of nothing', { $and: [] }, 2],
  ['$or of no documents', { $or: [1] }, 2],
  ['$elemMatch without a document', { n: { $elemMatch: 1 } }, 2],
  ['$size below zero', { tags: { $size: -1 } }, 9],
  ['$all without an array', { tags: { $all: 'x' } }, 2],
  ['$not of a plain value', { n: { $not: 1 } }, 2],
  ['$mod by zero', { n: { $mod: [0, 1] } }, 2],
  ['$options without $regex', { s: { $options: 'i' } }, 2],
];

export function filterCases(bench: Bench): void {
  describe('filters', () => {
    const found = async (filter: Record<string, unknown>): Promise<string> => {
      await bench.rows.insertMany(ROWS.map((row) => ({ ...row })));
      const rows = await bench.rows.find(filter as never).toArray();
      return rows
        .map((row) => String(row._id))
        .sort()
        .join('');
    };

    for (const [name, filter, ids] of FINDS)
      caseIn(bench, `finds by ${name}`, async () => {
        expect(await found(filter)).toBe(ids);
      });

    caseIn(bench, 'finds by the same filters with an index on every field', async () => {
      await bench.rows.insertMany(ROWS.map((row) => ({ ...row })));
      for (const field of ['n', 's', 'at', 'o', 'tags', 'sub.p']) await indexOn(bench.rows, { [field]: 1 });
      for (const [name, filter, ids] of FINDS) {
        const rows = await bench.rows.find(filter as never).toArray();
        expect([
          name,
          rows
            .map((row) => row._id)
            .sort()
            .join(''),
        ]).toEqual([name, ids]);
      }
    });

    for (const [name, filter, code] of REFUSED)
      caseIn(bench, `refuses ${name}`, async () => {
        await bench.rows.insertOne({ _id: 'a', n: 1, s: 's', tags: ['x'] });
        const answered = await codeOf(bench.rows.find(filter as never).toArray());
        expect(answered).toBe(code);
      });

    caseIn(bench, 'compares bytes and long numbers', async () => {
      const bytes = new Binary(Buffer.from('hash'));
      const long = Long.fromString('9007199254740993');
      await bench.rows.insertMany([
        { _id: 'bytes', v: bytes },
        { _id: 'long', v: long },
        { _id: 'five', v: Long.fromNumber(5) },
      ]);
      const ids = async (v: unknown): Promise<unknown[]> =>
        (await bench.rows.find({ v }).toArray()).map((row) => row._id);
      expect(await ids(bytes)).toEqual(['bytes']);
      expect(await ids(new Binary(Buffer.from('other')))).toEqual([]);
      expect(await ids(long)).toEqual(['long']);
      expect(await ids(5)).toEqual(['five']);
      expect(await ids({ $gt: 9007199254740000 })).toEqual(['long']);
    });

    caseIn(bench, 'keeps and gives back every type', async () => {
      const row = {
        _id: 'all',
        ...{
          int: 1,
          double: 1.5,
          big: 3e9,
          text: 'å\u0000b',
          yes: true,
          nothing: null,
          date: day(1),
          id: oid(7),
        },
        ...{
          list: [1, [2, { a: [] }]],
          doc: { deep: { er: {} } },
          bytes: new Binary(Buffer.from([0, 255])),
          re: /x/i,
        },
      };
      await bench.rows.insertOne({ ...row });
      expect(await bench.rows.findOne({ _id: 'all' })).toEqual(row);
    });
  });
}
