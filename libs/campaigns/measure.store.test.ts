import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type mongoose from 'mongoose';
import { openEmbeddedStore, type EmbeddedStore } from '#embedded/embedded-store';
import { connectMongo } from '#platform/mongo';
import { measured, type Hit, type MeasuredMessage } from './measure.js';
import { MeasureStore } from './measure.store.js';

const NOW = new Date('2026-05-04T09:00:00Z');
let server: EmbeddedStore;
let connection: mongoose.Connection;
let store: MeasureStore;
beforeAll(async () => {
  server = await openEmbeddedStore({ dataDir: 'memory' });
  connection = await connectMongo(server.uri);
  store = new MeasureStore(connection);
  await store.createIndexes();
});
beforeEach(async () => {
  await connection.db!.collection('measures').deleteMany({});
});
afterAll(async () => {
  await connection.close();
  await server.close();
});

const message = (changes: Partial<MeasuredMessage> = {}): MeasuredMessage => {
  const { tenant = 't', customer = 'anna', campaign = 'c-1' } = changes;
  return {
    ...{ _id: `${tenant}/${customer}/${campaign}`, tenant, campaign, customer, purpose: 'newsletter' },
    ...{ variant: 'A', locale: 'sv', sentAt: NOW },
    ...changes,
  };
};
const hit = (link: string | null, by: Hit['by'] = 'person'): Hit => ({ link, by, at: NOW });
const add = async (of: MeasuredMessage, ...hits: Hit[]): Promise<Set<string>> => {
  const before = (await store.findMany(of.tenant, [of._id])).get(of._id) ?? null;
  return store.write([measured(before, of, hits, NOW)]);
};

it('writes only what still is as it was read, the first too', async () => {
  const change = () => measured(null, message(), [hit(null)], NOW);
  const [one, other] = await Promise.all([store.write([change()]), store.write([change()])]);
  expect(one.size + other.size).toBe(1);
  await add(message(), hit(null));
  expect((await store.findMany('t', [message()._id])).get(message()._id)?.opens.people).toBe(2);
  expect(await store.findMany('u', [message()._id])).toEqual(new Map());
});

it('adds up a campaign by variant, language and link, people and machines apart', async () => {
  await add(message(), hit(null), hit('b10'), hit('b2'), hit('b2'));
  await add(message({ customer: 'berit' }), hit(null, 'machine'), hit('b2', 'machine'));
  await add(message({ customer: 'cilla', variant: 'B', locale: 'en' }), hit(null));
  await add(message({ customer: 'dora', campaign: 'c-2' }), hit(null));
  await add(message({ tenant: 'u' }), hit(null));
  const times = { firstAt: NOW, lastAt: NOW };
  expect(await store.ofCampaign('t', 'c-1')).toEqual([
    {
      ...{ variant: 'A', locale: 'sv' },
      opened: { byPerson: 1, byMachine: 1 },
      clicked: { byPerson: 1, byMachine: 1 },
      opens: { people: 1, machines: 1, ...times },
      links: [
        { link: 'b2', byPerson: 1, byMachine: 1, people: 2, machines: 1, ...times },
        { link: 'b10', byPerson: 1, byMachine: 0, people: 1, machines: 0, ...times },
      ],
    },
    {
      ...{ variant: 'B', locale: 'en', links: [] },
      opened: { byPerson: 1, byMachine: 0 },
      clicked: { byPerson: 0, byMachine: 0 },
      opens: { people: 1, machines: 0, ...times },
    },
  ]);
  expect(await store.ofCampaign('t', 'c-9')).toEqual([]);
});

it('keeps its events until they are published', async () => {
  await add(message(), hit(null), hit('b1'));
  const waiting = await store.findOut(10);
  expect(waiting).toEqual([
    expect.objectContaining({
      about: { message: message()._id, customer: 'anna', purpose: 'newsletter', campaign: 'c-1' },
      out: [
        expect.objectContaining({ type: 'message.opened.v1' }),
        expect.objectContaining({ type: 'message.clicked.v1' }),
      ],
    }),
  ]);
  await store.pullOut(waiting);
  expect(await store.findOut(10)).toEqual([]);
  await add(message(), hit(null));
  expect(await store.findOut(10)).toEqual([]);
});

it('moves with a merge, goes with an erasure and with the rows, of its tenant only', async () => {
  await add(message(), hit(null));
  await add(message({ tenant: 'u' }), hit(null));
  await store.moveCustomer('t', 'anna', 'berit');
  expect(await store.findOfCustomers('t', ['anna'])).toEqual([]);
  expect(await store.findOfCustomers('t', ['berit'])).toHaveLength(1);
  expect(await store.deleteOfCustomer('t', 'berit', new Date(NOW.getTime() - 1))).toBe(0);
  expect(await store.deleteOfCustomer('t', 'berit', NOW)).toBe(1);
  expect(await store.deleteMany('t', [message({ tenant: 'u' })._id])).toBe(0);
  expect(await store.deleteMany('u', [message({ tenant: 'u' })._id])).toBe(1);
});
