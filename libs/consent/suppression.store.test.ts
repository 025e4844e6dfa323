import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { openEmbeddedStore, type EmbeddedStore } from '#embedded/embedded-store';
import { HashRing } from './hash-ring.js';
import type { OptOut } from './suppression.js';
import { type OptOutSaid, type SuppressionSaid, SuppressionStore } from './suppression.store.js';

const key = (id: string): { id: string; key: Buffer } => ({ id, key: Buffer.from(`the key of ${id}`) });
const at = new Date('2026-10-01T10:00:00Z');
const recordedAt = new Date('2026-10-01T10:00:05Z');
const anna = { kind: 'email' as const, address: 'anna@example.se' };
const phone = { kind: 'phone' as const, address: '+46701740605' };
const bounce: SuppressionSaid = { ...anna, channel: 'email', scope: 'all', cause: 'bounce', at, recordedAt };
const withdrawal: Omit<OptOut, 'kind' | 'tenant' | 'keyId' | 'hash'> = {
  ...({ channel: 'email', purpose: 'marketing', state: 'withdrawn' } as const),
  ...({ by: 'anna', via: 'event', version: 3, at, recordedAt } as const),
};
const no: OptOutSaid = { ...anna, ...withdrawal };

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

/** A store in a database of its own, and the same records at a second tenant. */
async function open(
  keys = [key('k1')],
): Promise<{ store: SuppressionStore; again: (ids: string[]) => SuppressionStore }> {
  count += 1;
  const database = connection.useDb(`suppressions-${count}`);
  const again = (ids: string[]): SuppressionStore => {
    database.deleteModel(/.*/);
    return new SuppressionStore(database, new HashRing(ids.map(key)));
  };
  const store = again(keys.map(({ id }) => id));
  await store.createIndexes();
  return { store, again };
}
const records = async (store: SuppressionStore, tenant = 'clinic') =>
  (await store.findByAddresses(tenant, [anna])).get(anna.address) ?? [];

describe('the suppressions', () => {
  it('are found by address, as they were told, without the address', async () => {
    const { store } = await open();
    await store.suppress('clinic', [bounce]);
    await store.optOut('clinic', [no]);
    const kept = await records(store);
    expect(kept.map((one) => one.kind).sort()).toEqual(['opt-out', 'suppressed']);
    const common = {
      tenant: 'clinic',
      keyId: 'k1',
      hash: expect.any(String),
      channel: 'email',
      at,
      recordedAt,
    };
    expect(kept).toContainEqual({ ...common, kind: 'suppressed', scope: 'all', cause: 'bounce' });
    const said = { purpose: 'marketing', state: 'withdrawn', by: 'anna', via: 'event', version: 3 };
    expect(kept).toContainEqual({ ...common, ...said, kind: 'opt-out' });
    const raw = await connection.useDb(`suppressions-${count}`).collection('suppressions').find().toArray();
    expect(JSON.stringify(raw)).not.toContain('example.se');
    expect(raw[0]).toMatchObject({ addressKind: 'email', normaliser: 'email/1' });
  });
  it('tell of many addresses at once, each its own', async () => {
    const { store } = await open();
    await store.suppress('clinic', [
      bounce,
      { ...bounce, ...phone, channel: 'sms', cause: 'stop', scope: 'marketing' },
    ]);
    const bo = { kind: 'email' as const, address: 'bo@example.se' };
    const found = await store.findByAddresses('clinic', [anna, phone, bo, anna]);
    expect([...found.keys()].sort()).toEqual([phone.address, anna.address, bo.address].sort());
    expect(found.get(anna.address)).toMatchObject([{ cause: 'bounce' }]);
    expect(found.get(phone.address)).toMatchObject([{ cause: 'stop' }]);
    expect(found.get(bo.address)).toEqual([]);
  });
  it('are told twice without changing anything', async () => {
    const { store } = await open();
    const later = new Date('2027-01-01');
    for (const when of [recordedAt, later]) {
      await store.suppress('clinic', [
        { ...bounce, recordedAt: when },
        { ...bounce, recordedAt: when },
      ]);
      await store.optOut('clinic', [{ ...no, recordedAt: when }]);
    }
    expect((await records(store)).map((one) => one.recordedAt)).toEqual([recordedAt, recordedAt]);
  });
  it('are told by many at once', async () => {
    const { store } = await open();
    await Promise.all(
      Array.from({ length: 20 }, () => store.suppress('clinic', [bounce, { ...bounce, channel: 'all' }])),
    );
    expect(await records(store)).toHaveLength(2);
  });
  it('keep each no that was said anew', async () => {
    const { store } = await open();
    await store.optOut('clinic', [
      no,
      { ...no, at: recordedAt },
      { ...no, by: 'bo' },
      { ...no, state: 'objected' },
    ]);
    expect(await records(store)).toHaveLength(4);
  });
  it("are one tenant's", async () => {
    const { store } = await open();
    await store.suppress('travel', [bounce]);
    await store.optOut('travel', [no]);
    expect(await records(store)).toEqual([]);
    await store.suppress('clinic', [bounce]);
    expect(await records(store)).toHaveLength(1);
    expect(await records(store, 'travel')).toHaveLength(2);
  });
  it('are found under an older key, and name it', async () => {
    const { store, again } = await open();
    await store.suppress('clinic', [bounce]);
    const renewed = again(['k2', 'k1']);
    await renewed.suppress('clinic', [{ ...bounce, channel: 'all' }]);
    expect((await records(renewed)).map((one) => one.keyId).sort()).toEqual(['k1', 'k2']);
    expect((await renewed.usedKeyIds()).sort()).toEqual(['k1', 'k2']);
    // A process that lacks a key that is in use would not find what was said: its gate is closed.
    await expect(records(again(['k2']))).rejects.toThrow('LAGOM_HASH_KEY lacks k1');
    await expect(records(again(['k2']))).rejects.toMatchObject({ name: 'MissingHashKey' });
  });
  it('take an address as a link names it', async () => {
    const { store } = await open();
    const hashed = new HashRing([key('k1')]).current('email', anna.address, 'clinic');
    await store.optOut('clinic', [{ kind: 'email', ...hashed, ...withdrawal }]);
    expect(await records(store)).toMatchObject([{ kind: 'opt-out', ...hashed }]);
  });
  it('forget who said it, not what was said', async () => {
    const { store } = await open();
    await store.optOut('clinic', [no, { ...no, by: 'bo' }]);
    await store.optOut('travel', [no]);
    expect(await store.forgetGiver('clinic', 'anna')).toBe(1);
    const givers = (await records(store)).map((one) => (one.kind === 'opt-out' ? one.by : null));
    expect(givers.sort()).toEqual(['', 'bo']);
    expect(await records(store, 'travel')).toMatchObject([{ by: 'anna' }]);
    expect(await store.forgetGiver('clinic', '')).toBe(0);
    const raw = await connection
      .useDb(`suppressions-${count}`)
      .collection('suppressions')
      .find({ tenant: 'clinic' })
      .toArray();
    expect(JSON.stringify(raw)).not.toContain('anna');
  });
  it('have nothing to do with nothing', async () => {
    const { store } = await open();
    await store.suppress('clinic', []);
    expect(await store.findByAddresses('clinic', [])).toEqual(new Map());
    expect(await store.usedKeyIds()).toEqual([]);
  });
});
