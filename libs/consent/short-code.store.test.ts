import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { openEmbeddedStore, type EmbeddedStore } from '#embedded/embedded-store';
import type { LinkPayload } from './link-payload.js';
import { ShortCodeStore } from './short-code.store.js';

const payload: LinkPayload = {
  ...{ tenant: 'clinic', customer: 'anna', purpose: 'newsletter', channel: 'sms' },
  ...{ keyId: 'k1', hash: 'AAECAwQFBgcICQoLDA0ODw', subject: 'row-1' },
};

let server: EmbeddedStore;
let connection: mongoose.Connection;
let count = 0;
beforeAll(async () => {
  server = await openEmbeddedStore({ dataDir: 'memory' });
  connection = await mongoose.createConnection(server.uri).asPromise();
});
afterAll(async () => {
  await connection.close();
  await server.close();
});
async function open(): Promise<ShortCodeStore> {
  count += 1;
  const store = new ShortCodeStore(connection.useDb(`codes-${count}`), 'a secret of the house');
  await store.createIndexes();
  return store;
}
const stored = () => connection.useDb(`codes-${count}`).collection('short_codes');

describe('short codes', () => {
  it('stand for what a link says', async () => {
    const store = await open();
    const code =
      (await store.ensure('clinic', 'unsubscribe', [{ message: 'row-1', payload }])).get('row-1') ?? '';
    expect(code).toMatch(/^[0-9A-Za-z]{10}$/);
    expect(await store.find('unsubscribe', code)).toEqual({
      code,
      tenant: 'clinic',
      message: 'row-1',
      payload,
    });
  });
  it('are the same again, in bulk, and each its own', async () => {
    const store = await open();
    const wanted = Array.from({ length: 50 }, (_, n) => ({ message: `row-${n}`, payload }));
    const [first, second] = await Promise.all([
      store.ensure('clinic', 'unsubscribe', wanted),
      store.ensure('clinic', 'unsubscribe', wanted),
    ]);
    expect(second).toEqual(first);
    expect(new Set(first.values()).size).toBe(50);
    expect(await store.ensure('clinic', 'unsubscribe', wanted.slice(7, 8))).toEqual(
      new Map([['row-7', first.get('row-7')]]),
    );
    expect(await stored().countDocuments()).toBe(50);
    expect(await store.ensure('clinic', 'unsubscribe', [])).toEqual(new Map());
  });
  it("are a tenant's own for the same message", async () => {
    const store = await open();
    const [clinic, travel] = await Promise.all(
      ['clinic', 'travel'].map((tenant) =>
        store.ensure(tenant, 'unsubscribe', [{ message: 'row-1', payload }]),
      ),
    );
    expect(clinic!.get('row-1')).not.toBe(travel!.get('row-1'));
  });
  it('step aside where another message has the code', async () => {
    const store = await open();
    const first = (await store.ensure('clinic', 'unsubscribe', [{ message: 'row-1', payload }])).get(
      'row-1',
    )!;
    await stored().updateOne({ _id: first as never }, { $set: { message: 'row-2' } });
    const second = (await store.ensure('clinic', 'unsubscribe', [{ message: 'row-1', payload }])).get(
      'row-1',
    )!;
    expect(second).not.toBe(first);
    expect(await store.find('unsubscribe', first)).toMatchObject({ message: 'row-2' });
    expect(await store.find('unsubscribe', second)).toMatchObject({ message: 'row-1' });
    expect((await store.ensure('clinic', 'unsubscribe', [{ message: 'row-1', payload }])).get('row-1')).toBe(
      second,
    );
  });
  it.each(['', 'short', '0000000000', '../../etc', '{"$ne":1}', 'åååååååååå', '00000000000'])(
    'that nobody made are nothing: %j',
    async (code) => {
      expect(await (await open()).find('unsubscribe', code)).toBeNull();
    },
  );
  it('of one use open no other', async () => {
    const store = await open();
    const wanted = [{ message: 'row-1', payload }];
    const optOut = (await store.ensure('clinic', 'unsubscribe', wanted)).get('row-1')!;
    const survey = (await store.ensure('clinic', 'survey', wanted)).get('row-1')!;
    expect(survey).not.toBe(optOut);
    expect(await store.find('survey', optOut)).toBeNull();
    expect(await store.find('unsubscribe', survey)).toBeNull();
    expect(await store.find('survey', survey)).toMatchObject({ message: 'row-1', payload });
  });
  it('of a survey open nothing once the person is forgotten', async () => {
    const store = await open();
    const wanted = [{ message: 'row-1', payload }];
    const survey = (await store.ensure('clinic', 'survey', wanted)).get('row-1')!;
    await store.forgetCustomer('clinic', 'anna');
    const left = await store.find('survey', survey);
    expect(left?.payload).toMatchObject({ customer: '', keyId: '', hash: '' });
    expect(left?.payload).not.toHaveProperty('subject');
  });
  it('forget the person and go on working', async () => {
    const store = await open();
    const codes = await store.ensure('clinic', 'unsubscribe', [
      { message: 'row-1', payload },
      { message: 'row-2', payload: { ...payload, customer: 'bo' } },
    ]);
    await store.ensure('travel', 'unsubscribe', [{ message: 'row-1', payload }]);
    await store.forgetCustomer('clinic', 'anna');
    const { subject, ...left } = { ...payload, customer: '' };
    expect(subject).toBe('row-1');
    expect(await store.find('unsubscribe', codes.get('row-1')!)).toMatchObject({
      message: '',
      payload: left,
    });
    expect(await store.find('unsubscribe', codes.get('row-2')!)).toMatchObject({
      payload: { customer: 'bo' },
    });
    expect(await stored().countDocuments({ 'payload.customer': 'anna' })).toBe(1);
  });
});
