import { describe, expect } from '@jest/globals';
import mongoose from 'mongoose';
import { caseIn, codeOf, indexOn, type Bench } from './bench.contract.js';

type ServerError = mongoose.mongo.MongoServerError;

const errorOf = (promise: Promise<unknown>): Promise<ServerError> =>
  promise.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => error as ServerError,
  );

export function indexCases(bench: Bench): void {
  describe('indexes', () => {
    caseIn(bench, 'creates, lists and drops them', async () => {
      expect(await indexOn(bench.rows, { n: 1 })).toBe('n_1');
      await indexOn(bench.rows, { tenant: 1, n: -1 }, { name: 'pace', unique: true });
      const listed = await bench.rows.indexes();
      expect(listed).toMatchObject([
        { name: '_id_', key: { _id: 1 } },
        { name: 'n_1', key: { n: 1 } },
        { name: 'pace', key: { tenant: 1, n: -1 }, unique: true },
      ]);
      await bench.rows.dropIndex('n_1');
      expect((await bench.rows.indexes()).map(({ name }) => name)).toEqual(['_id_', 'pace']);
      await bench.rows.dropIndexes();
      expect((await bench.rows.indexes()).map(({ name }) => name)).toEqual(['_id_']);
    });

    caseIn(bench, 'creates the same one twice without complaint', async () => {
      await indexOn(bench.rows, { n: 1 });
      expect(await indexOn(bench.rows, { n: 1 })).toBe('n_1');
      expect(await bench.rows.indexes()).toHaveLength(2);
    });

    caseIn(
      bench,
      'refuses the same name for other fields, and the same fields under another name',
      async () => {
        await indexOn(bench.rows, { n: 1 }, { name: 'one' });
        const other = await codeOf(indexOn(bench.rows, { s: 1 }, { name: 'one' }));
        const again = await codeOf(indexOn(bench.rows, { n: 1 }, { name: 'two' }));
        expect([other, again]).toEqual([86, 85]);
      },
    );

    caseIn(bench, 'refuses to list the indexes of a collection that is not there', async () => {
      expect(await codeOf(bench.rows.indexes())).toBe(26);
    });

    caseIn(bench, 'refuses to drop what is not there', async () => {
      await indexOn(bench.rows, { n: 1 });
      expect(await codeOf(bench.rows.dropIndex('nope'))).toBe(27);
    });

    caseIn(bench, 'refuses the same _id twice by 11000', async () => {
      await bench.rows.insertOne({ _id: 'a' });
      const error = await errorOf(bench.rows.insertOne({ _id: 'a' }));
      expect(error.code).toBe(11000);
      expect(error.message).toContain('E11000');
      expect(error).toMatchObject({ keyPattern: { _id: 1 }, keyValue: { _id: 'a' } });
      expect(error.message).toContain('index: _id_ dup key: { _id: "a" }');
    });

    caseIn(bench, 'refuses a duplicate of a unique index, telling the index and the value', async () => {
      await indexOn(bench.rows, { email: 1 }, { unique: true });
      await bench.rows.insertOne({ _id: 'a', email: 'x@y' });
      const error = await errorOf(bench.rows.insertOne({ _id: 'b', email: 'x@y' }));
      expect(error.code).toBe(11000);
      expect(error).toMatchObject({ keyPattern: { email: 1 }, keyValue: { email: 'x@y' } });
      expect(error.message).toContain(`${bench.rows.namespace} index: email_1 dup key`);
    });

    caseIn(bench, 'holds a compound unique index by all its fields', async () => {
      await indexOn(bench.rows, { tenant: 1, key: 1 }, { unique: true });
      await bench.rows.insertMany([
        { _id: 1, tenant: 't', key: 'k' },
        { _id: 2, tenant: 'u', key: 'k' },
      ]);
      expect(await codeOf(bench.rows.insertOne({ _id: 3, tenant: 't', key: 'k' }))).toBe(11000);
      expect(await codeOf(bench.rows.insertOne({ _id: 4, tenant: 't', key: 'l' }))).toBe(0);
    });

    caseIn(bench, 'counts a missing field as null in a unique index', async () => {
      await indexOn(bench.rows, { key: 1 }, { unique: true });
      await bench.rows.insertOne({ _id: 1 });
      expect(await codeOf(bench.rows.insertOne({ _id: 2, key: null }))).toBe(11000);
    });

    caseIn(bench, 'holds a unique index over the elements of arrays', async () => {
      await indexOn(bench.rows, { keys: 1 }, { unique: true });
      await bench.rows.insertMany([
        { _id: 1, keys: ['x', 'y'] },
        { _id: 2, keys: ['z', 'z'] },
      ]);
      expect(await codeOf(bench.rows.insertOne({ _id: 3, keys: ['w', 'y'] }))).toBe(11000);
      expect(await codeOf(bench.rows.updateOne({ _id: 1 }, { $push: { keys: 'v' } as never }))).toBe(0);
      expect(await codeOf(bench.rows.insertOne({ _id: 4, keys: 'v' }))).toBe(11000);
    });

    caseIn(bench, 'refuses an update into a duplicate, and the row stays', async () => {
      await indexOn(bench.rows, { email: 1 }, { unique: true });
      await bench.rows.insertMany([
        { _id: 'a', email: 'a' },
        { _id: 'b', email: 'b' },
      ]);
      expect(await codeOf(bench.rows.updateOne({ _id: 'b' }, { $set: { email: 'a' } }))).toBe(11000);
      expect(await codeOf(bench.rows.findOneAndUpdate({ _id: 'b' }, { $set: { email: 'a' } }))).toBe(11000);
      expect(await bench.rows.findOne({ _id: 'b' })).toEqual({ _id: 'b', email: 'b' });
      await bench.rows.deleteOne({ _id: 'a' });
      expect(await codeOf(bench.rows.updateOne({ _id: 'b' }, { $set: { email: 'a' } }))).toBe(0);
    });

    caseIn(bench, 'refuses an upsert into a duplicate', async () => {
      await bench.rows.insertOne({ _id: 'a', rev: 1 });
      const write = bench.rows.updateOne({ _id: 'a', rev: 2 }, { $set: { n: 1 } }, { upsert: true });
      expect(await codeOf(write)).toBe(11000);
    });

    caseIn(bench, 'refuses a unique index over duplicates', async () => {
      await bench.rows.insertMany([
        { _id: 'a', n: 1 },
        { _id: 'b', n: 1 },
      ]);
      expect(await codeOf(indexOn(bench.rows, { n: 1 }, { unique: true }))).toBe(11000);
    });

    caseIn(bench, 'stops an ordered insert at the first duplicate, goes on in an unordered one', async () => {
      const batch = [{ _id: 1 }, { _id: 1 }, { _id: 2 }];
      const ordered = await errorOf(bench.rows.insertMany(batch));
      expect(ordered).toMatchObject({
        code: 11000,
        writeErrors: [expect.objectContaining({ index: 1, code: 11000 })],
      });
      expect(await bench.rows.countDocuments()).toBe(1);
      await bench.rows.deleteMany({});
      const unordered = await errorOf(bench.rows.insertMany(batch, { ordered: false }));
      expect(unordered.code).toBe(11000);
      expect(unordered['insertedCount']).toBe(2);
      expect(await bench.rows.countDocuments()).toBe(2);
    });

    caseIn(bench, 'tells each of many duplicates in an unordered bulk of 1,000', async () => {
      await bench.rows.insertMany(Array.from({ length: 300 }, (_, n) => ({ _id: n * 3 })));
      const failed = await errorOf(
        bench.rows.bulkWrite(
          Array.from({ length: 1000 }, (_, n) => ({ insertOne: { document: { _id: n } } })),
          { ordered: false },
        ),
      );
      const errors = failed['writeErrors'] as { index: number; code: number }[];
      expect(errors.map(({ index }) => index)).toEqual(Array.from({ length: 300 }, (_, n) => n * 3));
      expect(new Set(errors.map(({ code }) => code))).toEqual(new Set([11000]));
      expect(await bench.rows.countDocuments()).toBe(1000);
    });

    caseIn(bench, 'sorts by type, then value: missing and null first', async () => {
      const { ObjectId } = mongoose.mongo;
      await bench.rows.insertMany([
        ...[
          { _id: 'date', v: new Date(0) },
          { _id: 'true', v: true },
          { _id: 'oid', v: new ObjectId() },
        ],
        ...[
          { _id: 'text', v: 'x' },
          { _id: 'two', v: 2 },
          { _id: 'minus', v: -1.5 },
          { _id: 'false', v: false },
        ],
        ...[{ _id: 'doc', v: { p: 1 } }, { _id: 'none' }],
      ]);
      const order = ['none', 'minus', 'two', 'text', 'doc', 'oid', 'false', 'true', 'date'];
      const ids = async (way: 1 | -1): Promise<unknown[]> =>
        (await bench.rows.find().sort({ v: way }).toArray()).map((row) => row._id);
      expect(await ids(1)).toEqual(order);
      expect(await ids(-1)).toEqual([...order].reverse());
      await indexOn(bench.rows, { v: 1 });
      expect(await ids(1)).toEqual(order);
      expect(await ids(-1)).toEqual([...order].reverse());
    });

    caseIn(bench, 'sorts arrays by their least element, or their greatest', async () => {
      await bench.rows.insertMany([
        { _id: 'a', v: [5, 1] },
        { _id: 'b', v: 3 },
        { _id: 'c', v: [2, 9] },
      ]);
      const ids = async (way: 1 | -1): Promise<string> =>
        (await bench.rows.find().sort({ v: way }).toArray()).map((row) => row._id).join('');
      expect([await ids(1), await ids(-1)]).toEqual(['acb', 'cab']);
      await indexOn(bench.rows, { v: 1 });
      expect([await ids(1), await ids(-1)]).toEqual(['acb', 'cab']);
    });

    caseIn(bench, 'sorts by several fields, each its way, with skip and limit', async () => {
      await bench.rows.insertMany(Array.from({ length: 12 }, (_, n) => ({ _id: n, g: n % 3, n })));
      const page = (): Promise<unknown[]> =>
        bench.rows
          .find({ g: { $gte: 1 } })
          .sort({ g: -1, n: 1 })
          .skip(1)
          .limit(4)
          .map((row) => row._id)
          .toArray();
      expect(await page()).toEqual([5, 8, 11, 1]);
      await indexOn(bench.rows, { g: -1, n: 1 });
      expect(await page()).toEqual([5, 8, 11, 1]);
      await indexOn(bench.rows, { g: 1, n: -1 });
      expect(await page()).toEqual([5, 8, 11, 1]);
    });

    caseIn(bench, 'pages by the last _id', async () => {
      await bench.rows.insertMany(
        Array.from({ length: 25 }, (_, n) => ({ _id: `t/${String(n).padStart(3, '0')}` })).reverse(),
      );
      const seen: unknown[] = [];
      for (let last = ''; ;) {
        const page = await bench.rows
          .find({ _id: { $gt: last } })
          .sort({ _id: 1 })
          .limit(10)
          .toArray();
        if (page.length === 0) break;
        seen.push(...page.map((row) => row._id));
        last = String(page.at(-1)!._id);
      }
      expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `t/${String(n).padStart(3, '0')}`));
    });

    caseIn(bench, 'follows rows as they move through an index', async () => {
      await indexOn(bench.rows, { status: 1, dueAt: 1 });
      await bench.rows.insertMany(
        Array.from({ length: 20 }, (_, n) => ({ _id: n, status: 'planned', dueAt: new Date(n) })),
      );
      await bench.rows.updateMany(
        { status: 'planned', dueAt: { $lt: new Date(5) } },
        { $set: { status: 'released' } },
      );
      await bench.rows.updateOne({ _id: 19 }, { $set: { dueAt: new Date(-1) } });
      await bench.rows.deleteOne({ _id: 5 });
      const due = await bench.rows
        .find({ status: 'planned', dueAt: { $lte: new Date(7) } })
        .sort({ dueAt: 1 })
        .toArray();
      expect(due.map((row) => row._id)).toEqual([19, 6, 7]);
      expect(await bench.rows.countDocuments({ status: 'released' })).toBe(5);
    });
  });
}
