import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openEmbeddedStore, type EmbeddedStore } from '#embedded/embedded-store';
import { HashRing } from '#consent/hash-ring';
import { connectMongo } from '#platform/mongo';
import type mongoose from 'mongoose';
import { FormLimits } from './form-limits.js';

const ring = new HashRing([{ id: 'k1', key: Buffer.alloc(32, 7) }]);
let store: EmbeddedStore;
let connection: mongoose.Connection;
/** Two processes, on one ledger. */
let one: FormLimits;
let other: FormLimits;
const open: mongoose.Connection[] = [];
beforeAll(async () => {
  store = await openEmbeddedStore({ dataDir: 'memory' });
  connection = await connectMongo(store.uri);
});
afterAll(async () => {
  await connection.close();
  await store.close();
});
beforeEach(async () => {
  await connection.collection('form_limits').deleteMany({});
  [one, other] = [await process(), await process()];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** What a process that begins now counts with. */
async function process(): Promise<FormLimits> {
  const own = await connectMongo(store.uri);
  open.push(own);
  const limits = new FormLimits(own, ring);
  await limits.createIndexes();
  return limits;
}

let hosts = 0;
const someone = (): string => `2001:db8:0:${(hosts += 1).toString(16)}`;
const WAIT = expect.any(Number);

describe('a form that anybody may fill in', () => {
  it('is taken 20 times in ten minutes from one network, by all processes together', async () => {
    const ip = someone();
    for (let times = 0; times < 20; times++)
      expect(await (times % 2 === 0 ? one : other).take('subscribe', 'wellbe', ip)).toBeNull();
    for (const limits of [one, other]) {
      const wait = await limits.take('subscribe', 'wellbe', ip);
      expect(wait).toBeGreaterThan(590);
      expect(wait).toBeLessThanOrEqual(600);
    }
    // Nor at another tenant; the other form has a count of its own, and so has who comes next.
    expect(await one.take('subscribe', 'wellnesskliniken', ip)).toEqual(WAIT);
    expect(await one.take('me', 'wellbe', ip)).toBeNull();
    expect(await other.take('subscribe', 'wellbe', someone())).toBeNull();
  });

  it('is taken 600 times in ten minutes for one tenant, whoever asks', async () => {
    // As many at once as a slow machine's connections have time for.
    for (let round = 0; round < 12; round += 1) {
      const taken = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          (n % 2 === 0 ? one : other).take('subscribe', 'wellbe', someone()),
        ),
      );
      expect(taken.filter((wait) => wait !== null)).toEqual([]);
    }
    for (const limits of [one, other])
      expect(await limits.take('subscribe', 'wellbe', someone())).toEqual(WAIT);
    expect(await one.take('subscribe', 'wellnesskliniken', someone())).toBeNull();
    expect(await one.take('me', 'wellbe', someone())).toBeNull();
  });

  it('is taken again once its ten minutes are over, before and after they are tidied away', async () => {
    const ip = someone();
    for (let times = 0; times < 20; times++) await one.take('subscribe', 'wellbe', ip);
    expect(await other.take('subscribe', 'wellbe', ip)).toEqual(WAIT);
    const counts = connection.collection('form_limits');
    await counts.updateMany({}, { $set: { expire: new Date(0) } });
    const later = await process();
    expect(await later.take('subscribe', 'wellbe', ip)).toBeNull();
    await counts.updateMany({}, { $set: { expire: new Date(1) } });
    expect([await later.deleteExpired(new Date(1)), await later.deleteExpired(new Date(2))]).toEqual([0, 2]);
    expect(await counts.countDocuments()).toBe(0);
    expect(await later.take('subscribe', 'wellbe', ip)).toBeNull();
  });

  it('keeps no address of a network', async () => {
    const ip = '198.51.100.77';
    await one.take('subscribe', 'wellbe', ip);
    const kept = await connection.collection('form_limits').find().toArray();
    expect(kept.map(({ key }) => key).sort()).toEqual([
      expect.stringMatching(/^subscribe-ip:k1\/[\w-]{22}$/),
      'subscribe-tenant:wellbe',
    ]);
    expect(JSON.stringify(kept)).not.toContain(ip);
  });

  it('is refused without a write for who has had enough', async () => {
    const ip = someone();
    for (let times = 0; times < 21; times++) await one.take('subscribe', 'wellbe', ip);
    const counted = () => connection.collection('form_limits').find().sort({ key: 1 }).toArray();
    const before = await counted();
    expect(await one.take('subscribe', 'wellbe', ip)).toEqual(WAIT);
    expect(await counted()).toEqual(before);
  });
});
