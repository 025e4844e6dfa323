import { afterAll, beforeAll, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { openEmbeddedStore, type EmbeddedStore } from './embedded-store.js';

const MANY = 24;
/** So much that all of them fill slabs whose bytes are written again. */
const SIZE = 400_000;

let store: EmbeddedStore;
let client: mongoose.mongo.MongoClient;
beforeAll(async () => {
  store = await openEmbeddedStore({ dataDir: 'memory' });
  client = await new mongoose.mongo.MongoClient(store.uri).connect();
});
afterAll(async () => {
  await client.close();
  await store.close();
});

it('shows what was there when it was opened, however often all of it is written over meanwhile', async () => {
  const rows = client.db('test').collection<{ _id: number; text: string }>('rows');
  const saying = (round: number): string => String(round).padEnd(SIZE, '.');
  const told = ({ _id, text }: { _id: number; text: string }) => [_id, Number.parseInt(text), text.length];
  await rows.insertMany(Array.from({ length: MANY }, (_, _id) => ({ _id, text: saying(0) })));
  let round = 0;
  const write = async (): Promise<void> => {
    round += 1;
    for (let _id = 0; _id < MANY; _id += 1) await rows.updateOne({ _id }, { $set: { text: saying(round) } });
  };
  // Some slabs are free before it is opened.
  await write();
  const cursor = rows.find({}, { sort: { _id: 1 }, batchSize: 2 });
  const seen: unknown[] = [];
  for await (const row of cursor) {
    seen.push(told(row));
    if (seen.length % 6 === 1) await write();
  }
  expect(seen).toEqual(Array.from({ length: MANY }, (_, _id) => [_id, 1, SIZE]));
  await write();
  const now = await rows.find({}, { sort: { _id: 1 } }).toArray();
  expect(now.map(told)).toEqual(Array.from({ length: MANY }, (_, _id) => [_id, round, SIZE]));
});
