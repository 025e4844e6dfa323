import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { MAX_DOCUMENT_DEPTH } from './bson.js';
import { codeOf, type Collection, type Row } from './bench.contract.js';
import { openEmbeddedStore, type EmbeddedStore } from './embedded-store.js';

const { Decimal128, Long } = mongoose.mongo;
type Fields = Record<string, unknown>;

/** What MongoDB can do and this store cannot: each is refused by MongoDB's own code, none is passed over. */
describe('what the embedded store lacks', () => {
  let store: EmbeddedStore;
  let client: mongoose.mongo.MongoClient;
  let rows: Collection;
  let count = 0;
  beforeAll(async () => {
    store = await openEmbeddedStore({ dataDir: 'memory' });
    client = await mongoose.mongo.MongoClient.connect(store.uri);
  });
  afterAll(async () => {
    await client.close();
    await store.close();
  });
  beforeEach(async () => {
    rows = client.db('lacks').collection<Row>(`rows${(count += 1)}`);
    await rows.insertOne({ _id: 'a', n: 1, list: [{ x: 1 }, { x: 2 }], s: 'x' });
  });
  const command = (body: Fields): Promise<number> => codeOf(client.db('lacks').command(body));
  const named = (body: Fields): Fields =>
    Object.fromEntries(
      Object.entries(body).map(([key, value]) => [key, value === '$rows' ? rows.collectionName : value]),
    );

  it.each<[string, Fields, number]>([
    ['mapReduce', { mapReduce: '$rows' }, 59],
    ['explain', { explain: { find: 'rows' } }, 59],
    ['collMod', { collMod: '$rows' }, 59],
    ['renameCollection', { renameCollection: 'lacks.a', to: 'lacks.b' }, 59],
    ['bulkWrite across collections', { bulkWrite: 1, ops: [], nsInfo: [] }, 59],
    ['commitTransaction', { commitTransaction: 1 }, 20],
    ['collation', { find: '$rows', collation: { locale: 'sv' } }, 40415],
    ['hint', { find: '$rows', hint: '_id_' }, 40415],
    ['tailable', { find: '$rows', tailable: true }, 40415],
    ['let', { find: '$rows', let: { x: 1 } }, 40415],
    ['an option that nobody has', { find: '$rows', foo: 1 }, 40415],
    ['a capped collection', { create: 'capped', capped: true, size: 1000 }, 40415],
    ['a validator', { create: 'valid', validator: { n: 1 } }, 40415],
    [
      'arrayFilters',
      { update: '$rows', updates: [{ q: {}, u: { $set: { n: 1 } }, arrayFilters: [{ x: 1 }] }] },
      40415,
    ],
    [
      'collation in an update',
      { update: '$rows', updates: [{ q: {}, u: {}, collation: { locale: 'sv' } }] },
      40415,
    ],
    ['hint in a delete', { delete: '$rows', deletes: [{ q: {}, limit: 1, hint: '_id_' }] }, 40415],
    [
      'a TTL index',
      { createIndexes: '$rows', indexes: [{ key: { n: 1 }, name: 'n', expireAfterSeconds: 5 }] },
      40415,
    ],
    [
      'a sparse index',
      { createIndexes: '$rows', indexes: [{ key: { n: 1 }, name: 'n', sparse: true }] },
      40415,
    ],
    [
      'a partial index',
      { createIndexes: '$rows', indexes: [{ key: { n: 1 }, name: 'n', partialFilterExpression: { n: 1 } }] },
      40415,
    ],
    ['a text index', { createIndexes: '$rows', indexes: [{ key: { s: 'text' }, name: 's' }] }, 67],
    ['a hashed index', { createIndexes: '$rows', indexes: [{ key: { s: 'hashed' }, name: 's' }] }, 67],
    ['a wildcard index', { createIndexes: '$rows', indexes: [{ key: { '$**': 1 }, name: 's' }] }, 67],
    ['writes to more than one server', { insert: '$rows', documents: [{}], writeConcern: { w: 2 } }, 2],
    ['linearizable reads', { find: '$rows', readConcern: { level: 'linearizable' } }, 123],
    ['an empty batch', { insert: '$rows', documents: [] }, 16],
    ['a collection without a name', { find: '' }, 73],
    ['a system collection', { insert: 'system.users', documents: [{}] }, 73],
  ])('refuses %s', async (_name, body, code) => {
    expect(await command(named(body))).toBe(code);
  });

  it.each<[string, Fields, number]>([
    ['$where', { $where: 'true' }, 2],
    ['$expr', { $expr: { $eq: ['$n', 1] } }, 2],
    ['$text', { $text: { $search: 'x' } }, 2],
    ['$jsonSchema', { $jsonSchema: {} }, 2],
    ['$near', { n: { $near: [1, 2] } }, 2],
    ['$bitsAllSet', { n: { $bitsAllSet: 1 } }, 2],
    ['an extended pattern', { s: { $regex: 'x', $options: 'x' } }, 2],
    ['a decimal', { n: Decimal128.fromString('1.5') }, 2],
  ])('refuses a filter with %s, even where there is nothing to find', async (_name, filter, code) => {
    expect(await codeOf(rows.find(filter).toArray())).toBe(code);
    expect(await codeOf(client.db('lacks').collection('nowhere').find(filter).toArray())).toBe(code);
    expect(await codeOf(rows.deleteMany(filter))).toBe(code);
  });

  it.each<[string, Fields | Fields[], number]>([
    ['$rename', { $rename: { n: 'm' } }, 9],
    ['$mul', { $mul: { n: 2 } }, 9],
    ['$currentDate', { $currentDate: { at: true } }, 9],
    ['$bit', { $bit: { n: { and: 1 } } }, 9],
    ['the positional $', { $set: { 'list.$.x': 1 } }, 2],
    ['the positional $[]', { $inc: { 'list.$[].x': 1 } }, 2],
    ['a pipeline', [{ $set: { n: 1 } }], 9],
  ])('refuses an update by %s', async (_name, update, code) => {
    expect(await codeOf(rows.updateOne({ 'list.x': 1 }, update))).toBe(code);
    expect(await codeOf(rows.findOneAndUpdate({ _id: 'a' }, update))).toBe(code);
    expect(await rows.findOne({ _id: 'a' })).toMatchObject({ n: 1, list: [{ x: 1 }, { x: 2 }] });
  });

  it.each([
    '$lookup',
    '$facet',
    '$out',
    '$merge',
    '$addFields',
    '$set',
    '$unset',
    '$replaceRoot',
    '$bucket',
    '$sample',
  ])('refuses the stage %s', async (stage) => {
    expect(await codeOf(rows.aggregate([{ $match: { n: 1 } }, { [stage]: {} }]).toArray())).toBe(40324);
  });

  it.each<[string, Fields, number]>([
    ['an expression that it lacks', { $group: { _id: { $dayOfYear: '$at' } } }, 168],
    ['the accumulator $stdDevPop', { $group: { _id: null, x: { $stdDevPop: '$n' } } }, 15952],
    ['$$NOW', { $project: { now: '$$NOW' } }, 17276],
    ['a $project that takes out and makes', { $project: { s: 0, x: '$n' } }, 31254],
  ])('refuses %s in a pipeline', async (_name, stage, code) => {
    expect(await codeOf(rows.aggregate([stage]).toArray())).toBe(code);
  });

  it.each<[string, Fields, number]>([
    ['an expression', { x: { $concat: ['$s', 'y'] } }, 31325],
    ['the positional projection', { 'list.$': 1 }, 2],
    ['a path and one inside it', { sub: 1, 'sub.p': 1 }, 31249],
  ])('refuses a projection by %s', async (_name, projection, code) => {
    expect(await codeOf(rows.findOne({}, { projection }))).toBe(code);
  });

  it('refuses an _id that is an array, a pattern or a decimal', async () => {
    for (const _id of [[1], /x/, Decimal128.fromString('1')]) {
      expect(await codeOf(rows.insertOne({ _id } as never))).toBe(53);
    }
  });

  it('refuses to sort by $natural or by meaning', async () => {
    expect(await command({ find: rows.collectionName, sort: { $natural: -1 } })).toBe(2);
    expect(await command({ find: rows.collectionName, sort: { s: { $meta: 'textScore' } } })).toBe(2);
    expect(await command({ find: rows.collectionName, sort: { s: 2 } })).toBe(2);
  });

  it('refuses two arrays side by side in one index, before anything is written', async () => {
    await rows.createIndexes([{ key: { p: 1, q: 1 } }]);
    expect(await codeOf(rows.insertOne({ _id: 'b', p: [1], q: [2] }))).toBe(171);
    expect(await rows.findOne({ _id: 'b' })).toBeNull();
    expect(await rows.findOne({ p: 1 })).toBeNull();
  });

  it('stores decimals and gives them back, and refuses to compare them', async () => {
    const price = Decimal128.fromString('19.90');
    await rows.insertOne({ _id: 'b', price });
    expect(String((await rows.findOne({ _id: 'b' }))!['price'])).toBe('19.90');
    expect(await codeOf(rows.find({ price: { $gt: 1 } }).toArray())).toBe(2);
    expect(await codeOf(rows.createIndexes([{ key: { price: 1 } }]))).toBe(2);
  });

  it('refuses an array of more than 16 MB by growth', async () => {
    const text = 'x'.repeat(9 * 1024 * 1024);
    await rows.insertOne({ _id: 'big', text });
    expect(await codeOf(rows.updateOne({ _id: 'big' }, { $set: { more: text } }))).toBe(10334);
    expect(Object.keys((await rows.findOne({ _id: 'big' }))!)).toEqual(['_id', 'text']);
  });

  it('tells a duplicate of megabytes by its beginning', async () => {
    await rows.createIndexes([{ key: { k: 1 }, unique: true }]);
    const k = 'x'.repeat(9_000_000);
    await rows.insertOne({ _id: 'b', k });
    const error: unknown = await rows.insertOne({ _id: 'c', k }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 11000, keyPattern: { k: 1 } });
    expect((error as Error).message.length).toBeLessThan(10_000);
    expect(await codeOf(rows.insertOne({ _id: 'd', k: [{ k }] }))).toBe(0);
    expect(await codeOf(rows.insertOne({ _id: 'e', k: [{ k }] }))).toBe(11000);
    expect(await rows.countDocuments()).toBe(3);
  });

  it('refuses an answer of more than 16 MB that no cursor gives piece by piece', async () => {
    const text = 'x'.repeat(1_000_000);
    for (let n = 0; n < 20; n += 1) await rows.insertOne({ _id: `big-${n}`, k: `${n}${text}` });
    expect(await codeOf(rows.distinct('k'))).toBe(17217);
    expect(await codeOf(rows.aggregate([{ $group: { _id: null, all: { $push: '$k' } } }]).toArray())).toBe(
      10334,
    );
  });

  it('refuses a document that a path or a value nests too deep, and keeps the one before', async () => {
    const path = (levels: number): string => Array<string>(levels).fill('p').join('.');
    const most = MAX_DOCUMENT_DEPTH;
    for (const levels of [most + 1, 250, 3_000]) {
      const update = { $set: { [path(levels)]: 1 } };
      expect(await codeOf(rows.updateOne({ _id: 'a' }, update))).toBe(15);
      expect(await codeOf(rows.updateMany({}, update))).toBe(15);
      expect(await codeOf(rows.findOneAndUpdate({ _id: 'a' }, update))).toBe(15);
      expect(await codeOf(rows.updateOne({ _id: 'b' }, update, { upsert: true }))).toBe(15);
      expect(await codeOf(rows.updateOne({ [path(levels)]: 1 }, { $set: { n: 1 } }, { upsert: true }))).toBe(
        15,
      );
    }
    expect(await codeOf(rows.updateOne({ _id: 'a' }, { $set: { [path(1_000_000)]: 1 } }))).toBe(15);
    const value = { $set: { [path(most - 1)]: { x: { y: 1 } } } };
    expect(await codeOf(rows.updateOne({ _id: 'a' }, value))).toBe(15);
    const pushed = { $push: { [path(most - 1)]: { x: 1 } } } as never;
    expect(await codeOf(rows.updateOne({ _id: 'a' }, pushed))).toBe(15);
    expect(await rows.find().toArray()).toEqual([{ _id: 'a', n: 1, list: [{ x: 1 }, { x: 2 }], s: 'x' }]);
    await rows.updateOne({ _id: 'a' }, { $set: { [path(most - 1)]: { x: {} } } });
    await rows.updateOne({ _id: 'a' }, { $set: { [path(most)]: 1 } });
    const deep = (await rows.findOne({ _id: 'a' }))!['p'];
    expect(await codeOf(rows.replaceOne({ _id: 'a' }, { p: deep }))).toBe(0);
    expect(await codeOf(rows.replaceOne({ _id: 'a' }, { p: { p: deep } }))).toBe(15);
  });

  it('goes past 2^53 by whole numbers, and not past 2^63', async () => {
    await rows.updateOne({ _id: 'a' }, { $set: { n: Number.MAX_SAFE_INTEGER } });
    await rows.updateOne({ _id: 'a' }, { $inc: { n: 2 } } as never);
    const kept = await rows.findOne({ _id: 'a' }, { promoteLongs: false });
    expect(String(kept!['n'])).toBe('9007199254740993');
    await rows.updateOne({ _id: 'a' }, { $set: { n: Long.MAX_VALUE } });
    expect(await codeOf(rows.updateOne({ _id: 'a' }, { $inc: { n: 1 } } as never))).toBe(2);
  });

  it('gives back its own copies: who changes what it read changes nothing there', async () => {
    const read = await rows.findOne({ _id: 'a' });
    (read!['list'] as unknown[]).push('mine');
    await rows.updateMany({}, { $set: { shared: { deep: [] } } });
    await rows.insertOne({ _id: 'b', n: 1 });
    await rows.updateMany({}, { $set: { both: { deep: [] } } });
    await rows.updateOne({ _id: 'a' }, { $push: { 'both.deep': 1 } } as never);
    expect(await rows.findOne({ _id: 'b' })).toEqual({ _id: 'b', n: 1, both: { deep: [] } });
    expect((await rows.findOne({ _id: 'a' }))!['list']).toHaveLength(2);
  });
});
