import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type mongoose from 'mongoose';
import { openEmbeddedStore, type EmbeddedStore } from '#embedded/embedded-store';
import { connectMongo } from '#platform/mongo';
import { AddressClaimStore } from './address-claim.store.js';

let server: EmbeddedStore;
let connection: mongoose.Connection;
let store: AddressClaimStore;
beforeAll(async () => {
  server = await openEmbeddedStore({ dataDir: 'memory' });
  connection = await connectMongo(server.uri);
  store = new AddressClaimStore(connection);
  await store.createIndexes();
});
beforeEach(async () => {
  await connection.db!.collection('address_claims').deleteMany({});
});
afterAll(async () => {
  await connection.close();
  await server.close();
});

const wants = (message: string, hash: string, campaign = 'c-1') => ({ message, campaign, keyId: 'k', hash });

it('gives an address to the first row of a batch that asks, and keeps it for that row', async () => {
  const both = [wants('anna', 'h1'), wants('annas-other', 'h1'), wants('bo', 'h2')];
  const given = { anna: 'anna', 'annas-other': 'anna', bo: 'bo' };
  expect(Object.fromEntries(await store.claim('t', both))).toEqual(given);
  // Asked again, as after a crash, in any order.
  expect(Object.fromEntries(await store.claim('t', [...both].reverse()))).toEqual(given);
  expect(Object.fromEntries(await store.holders('t', both))).toEqual(given);
});

it('tells of each row in a batch who has its address: itself now, itself before, or another', async () => {
  await store.claim('t', [wants('anna', 'h1'), wants('bo', 'h2')]);
  const batch = [wants('late', 'h1'), wants('bo', 'h2'), wants('cecilia', 'h3')];
  const given = { late: 'anna', bo: 'bo', cecilia: 'cecilia' };
  expect(Object.fromEntries(await store.claim('t', batch))).toEqual(given);
});

it('counts an address once a campaign and tenant', async () => {
  await store.claim('t', [wants('anna', 'h1')]);
  expect((await store.claim('t', [wants('other', 'h1', 'c-2')])).get('other')).toBe('other');
  expect((await store.claim('u', [wants('other', 'h1')])).get('other')).toBe('other');
  expect(await store.holders('t', [wants('other', 'h9')])).toEqual(new Map());
});

it('gives an address that two ask for at once to one of them', async () => {
  const asking = ['anna', 'bo', 'cecilia'].map((message) => store.claim('t', [wants(message, 'h1')]));
  const said = (await Promise.all(asking)).flatMap((given) => [...given.values()]);
  expect(new Set(said).size).toBe(1);
});
