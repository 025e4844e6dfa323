import { describe, expect } from '@jest/globals';
import mongoose from 'mongoose';
import { caseIn, codeOf, type Bench } from './bench.contract.js';

const { Long } = mongoose.mongo;

export function commandCases(bench: Bench): void {
  describe('commands', () => {
    caseIn(bench, 'greets: writable, with sessions, at a wire version that the driver takes', async () => {
      const hello = await bench.db.admin().command({ hello: 1 });
      expect(hello).toMatchObject({ ok: 1, maxBsonObjectSize: 16 * 1024 * 1024 });
      expect(hello['isWritablePrimary'] ?? hello['ismaster']).toBe(true);
      expect(hello['maxWireVersion']).toBeGreaterThanOrEqual(9);
    });

    caseIn(bench, 'answers ping and buildInfo', async () => {
      expect(await bench.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
      expect((await bench.db.admin().command({ buildInfo: 1 }))['version']).toMatch(/^\d+\.\d+/);
    });

    caseIn(bench, 'refuses an unknown command by 59', async () => {
      expect(await codeOf(bench.db.command({ makeCoffee: 1 }))).toBe(59);
    });

    caseIn(bench, 'takes read and write concerns, sessions, time limits and comments', async () => {
      await bench.rows.insertOne(
        { _id: 'a', n: 1 },
        { writeConcern: { w: 'majority', wtimeoutMS: 5000, journal: true } },
      );
      const session = bench.client.startSession();
      const found = await bench.rows
        .find({ n: 1 }, { session, readConcern: { level: 'majority' }, maxTimeMS: 1000, comment: 'why' })
        .toArray();
      await session.endSession();
      expect(found).toEqual([{ _id: 'a', n: 1 }]);
    });

    caseIn(bench, 'writes without an answer when none is wanted', async () => {
      await bench.rows.insertOne({ _id: 'a' }, { writeConcern: { w: 0 } });
      const client = await mongoose.mongo.MongoClient.connect(bench.uri, { maxPoolSize: 1 });
      const rows = client.db(bench.db.databaseName).collection<{ _id: string }>('silent');
      await rows.insertOne({ _id: 'b' }, { writeConcern: { w: 0 } });
      // One connection: the answer to this comes after the write before it.
      expect(await rows.findOne({})).toEqual({ _id: 'b' });
      await client.close();
    });

    caseIn(bench, 'creates, lists and drops collections', async () => {
      const name = bench.rows.collectionName;
      await bench.db.createCollection(name);
      const listed = await bench.db.listCollections({ name }).toArray();
      expect(listed).toMatchObject([{ name, type: 'collection' }]);
      expect(await bench.db.listCollections({ name: 'nowhere' }).toArray()).toEqual([]);
      expect(await codeOf(bench.db.command({ create: name }))).toBe(48);
      await bench.rows.drop();
      expect(await bench.db.listCollections({ name }, { nameOnly: true }).toArray()).toEqual([]);
    });

    caseIn(bench, 'keeps databases apart, lists them and drops one', async () => {
      const other = bench.client.db(`${bench.db.databaseName}_other`);
      await other.collection<{ _id: string }>('rows').insertOne({ _id: 'a' });
      await bench.rows.insertOne({ _id: 'b' });
      expect(await bench.rows.countDocuments()).toBe(1);
      const { databases } = await bench.db.admin().listDatabases();
      expect(databases.map(({ name }) => name)).toEqual(expect.arrayContaining([other.databaseName]));
      await other.dropDatabase();
      expect(await other.collection('rows').countDocuments()).toBe(0);
      expect(await bench.rows.countDocuments()).toBe(1);
    });

    caseIn(bench, 'inserts one and many, and makes an ObjectId where there is no _id', async () => {
      const { insertedId } = await bench.rows.insertOne({ n: 1 } as never);
      expect(insertedId).toBeInstanceOf(mongoose.mongo.ObjectId);
      const { insertedCount } = await bench.rows.insertMany([{ _id: 'a' }, { _id: 'b' }]);
      expect(insertedCount).toBe(2);
      expect(await bench.rows.countDocuments()).toBe(3);
    });

    caseIn(bench, 'stores a document of a megabyte, and answers many of them', async () => {
      const text = 'å'.repeat(512 * 1024);
      for (let n = 0; n < 20; n += 1) await bench.rows.insertOne({ _id: n, text });
      const rows = await bench.rows.find({}, { sort: { _id: 1 } }).toArray();
      expect(rows.map((row) => row._id)).toEqual(Array.from({ length: 20 }, (_, n) => n));
      expect(rows.every((row) => row['text'] === text)).toBe(true);
    });

    caseIn(bench, 'deletes one, or all', async () => {
      await bench.rows.insertMany(['a', 'b', 'c', 'd'].map((_id) => ({ _id, n: _id < 'd' ? 1 : 2 })));
      expect(await bench.rows.deleteOne({ n: 1 })).toMatchObject({ deletedCount: 1 });
      expect(await bench.rows.deleteMany({ n: 1 })).toMatchObject({ deletedCount: 2 });
      expect(await bench.rows.deleteMany({ n: 1 })).toMatchObject({ deletedCount: 0 });
      expect(await bench.rows.find().toArray()).toEqual([{ _id: 'd', n: 2 }]);
    });

    caseIn(bench, 'counts, all and by filter, with skip and limit', async () => {
      await bench.rows.insertMany(Array.from({ length: 10 }, (_, n) => ({ _id: n, odd: n % 2 })));
      expect(await bench.rows.estimatedDocumentCount()).toBe(10);
      expect(await bench.rows.countDocuments({ odd: 1 })).toBe(5);
      expect(await bench.rows.countDocuments({ odd: 1 }, { skip: 1, limit: 2 })).toBe(2);
      expect(await bench.db.command({ count: bench.rows.collectionName, query: { odd: 0 } })).toMatchObject({
        n: 5,
      });
      expect(await bench.db.collection('nothing').countDocuments({ a: 1 })).toBe(0);
    });

    caseIn(bench, 'tells distinct values, of arrays their elements', async () => {
      await bench.rows.insertMany([
        { _id: 1, tags: ['x', 'y'], n: 2 },
        { _id: 2, tags: ['y'], n: 2 },
        { _id: 3, tags: 'z', n: 1 },
        { _id: 4 },
      ]);
      expect((await bench.rows.distinct('tags')).sort()).toEqual(['x', 'y', 'z']);
      expect(await bench.rows.distinct('n', { _id: { $lt: 3 } })).toEqual([2]);
    });

    const projections: [string, object, object][] = [
      ['inclusion', { n: 1 }, { _id: 'a', n: 1 }],
      ['inclusion without _id', { n: 1, _id: 0 }, { n: 1 }],
      ['exclusion', { n: 0, list: 0, docs: 0 }, { _id: 'a', sub: { p: 1, q: 2 } }],
      ['only _id', { _id: 1 }, { _id: 'a' }],
      ['a dotted path', { 'sub.p': 1, _id: 0 }, { sub: { p: 1 } }],
      ['a dotted path out', { 'sub.p': 0, n: 0, list: 0, docs: 0 }, { _id: 'a', sub: { q: 2 } }],
      ['a path through an array', { 'docs.x': 1, _id: 0 }, { docs: [{ x: 1 }, { x: 2 }] }],
      ['a field that is not there', { nope: 1 }, { _id: 'a' }],
      ['$slice', { list: { $slice: -2 }, n: 1, _id: 0 }, { n: 1, list: [2, 3] }],
      ['$elemMatch', { docs: { $elemMatch: { x: 2 } }, _id: 0 }, { docs: [{ x: 2, y: 2 }] }],
    ];
    for (const [name, projection, expected] of projections)
      caseIn(bench, `projects by ${name}`, async () => {
        const row = {
          n: 1,
          sub: { p: 1, q: 2 },
          list: [1, 2, 3],
          docs: [
            { x: 1, y: 1 },
            { x: 2, y: 2 },
          ],
        };
        await bench.rows.insertOne({ _id: 'a', ...row });
        expect(await bench.rows.findOne({}, { projection: projection })).toEqual(expected);
      });

    caseIn(bench, 'refuses a projection that includes and excludes', async () => {
      await bench.rows.insertOne({ _id: 'a', n: 1, s: 2 });
      const failed = codeOf(bench.rows.findOne({}, { projection: { n: 1, s: 0 } }));
      expect(await failed).toBe(31254);
    });

    caseIn(bench, 'refuses transactions on a standalone server', async () => {
      const insert = {
        insert: bench.rows.collectionName,
        documents: [{ _id: 'a' }],
        txnNumber: Long.fromNumber(1),
      };
      const refused = await codeOf(
        bench.db.command({ ...insert, startTransaction: true, autocommit: false }),
      );
      expect(refused).toBe(20);
    });
  });
}
