import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type mongoose from 'mongoose';
import { type EmbeddedStore, openEmbeddedStore } from '#embedded/embedded-store';
import { SightingStore } from '#messaging/sighting.store';
import { StoppedClock } from '#platform/clock';
import { connectMongo, nonce } from '#platform/mongo';
import { REAL } from './home.fixture.js';

const clock = new StoppedClock(new Date('2026-03-02T10:00:00Z'));
let store: EmbeddedStore | undefined;
let connection: mongoose.Connection;

beforeAll(async () => {
  store = REAL.mongoUri === undefined ? await openEmbeddedStore({ dataDir: 'memory' }) : undefined;
  connection = (await connectMongo(REAL.mongoUri ?? store?.uri ?? '')).useDb(
    `sightings-${nonce().slice(0, 8)}`,
  );
  await new SightingStore(connection, clock).createIndexes();
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.getClient().close();
  await store?.close();
});
beforeEach(() => connection.collection('sightings').deleteMany({}));

/** A process begins where the last one died: nothing of it is left but what is stored. */
const life = (group = 'g') => {
  connection.deleteModel('Sighting');
  return new SightingStore(connection, clock).of(group);
};

it('are counted by process, across their deaths', async () => {
  const first = life();
  expect(await first.seen('t', 0, '7', 'start')).toBe(1);
  // A reply that was lost is asked for again.
  expect(await first.seen('t', 0, '7', 'start')).toBe(1);
  expect(await life().seen('t', 0, '7', 'start')).toBe(2);
  expect(await life().seen('t', 0, '7', 'start')).toBe(3);
});

it('are of one group, topic, partition, offset and kind', async () => {
  await life().seen('t', 0, '7', 'start');
  const next = life();
  expect(await next.seen('t', 0, '7', 'alone')).toBe(1);
  expect(await next.seen('t', 0, '8', 'start')).toBe(1);
  expect(await next.seen('t', 1, '7', 'start')).toBe(1);
  expect(await next.seen('u', 0, '7', 'start')).toBe(1);
  expect(await life('other').seen('t', 0, '7', 'start')).toBe(1);
  expect([
    await next.anyAlone('t', 0),
    await next.anyAlone('t', 1),
    await life('other').anyAlone('t', 0),
  ]).toEqual([true, false, false]);
});

it('of a process that lives are taken back, those of the dead are kept', async () => {
  await life().seen('t', 0, '7', 'start');
  const alive = life();
  await alive.seen('t', 0, '7', 'start');
  await alive.takeBack('t', 0, '7');
  expect(await life().seen('t', 0, '7', 'start')).toBe(2);
});

it('are void, whoever’s, once what was feared is over', async () => {
  await life().seen('t', 0, '7', 'start');
  await life().seen('t', 0, '7', 'alone');
  await life().forget('t', 0, '7');
  expect(await life().seen('t', 0, '7', 'start')).toBe(1);
  expect(await life().anyAlone('t', 0)).toBe(false);
});

it('that nobody came back to are deleted', async () => {
  await life().seen('t', 0, '7', 'start');
  clock.set(new Date('2026-03-02T11:00:00Z'));
  await life().seen('t', 0, '8', 'start');
  connection.deleteModel('Sighting');
  expect(await new SightingStore(connection, clock).deleteBefore(new Date('2026-03-02T10:30:00Z'))).toBe(1);
  expect(await life().seen('t', 0, '8', 'start')).toBe(2);
});

it('are void, whoever’s, before the place where the group stands by now', async () => {
  for (const offset of ['0', '9', '10']) await life().seen('t', 0, offset, 'start');
  await life().seen('t', 0, '9', 'alone');
  await life().seen('t', 1, '0', 'start');
  await life().passed('t', 0, 10n);
  const left = await connection.collection('sightings').find().sort({ _id: 1 }).toArray();
  expect(left.map(({ partition, offset }) => [partition, offset])).toEqual([
    ['g/t/0', '10'],
    ['g/t/1', '0'],
  ]);
});
