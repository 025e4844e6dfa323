import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedStore, openEmbeddedStore } from '#embedded/embedded-store';
import { startLagom, type Lagom } from '../lagom.fixture.js';
import { DAY, event, until, visit } from '../visit.fixture.js';
import { Apart, type Guest } from './apart.fixture.js';
import { NOT_ASKED } from './asked.fixture.js';
import { CutLine } from './cut-line.fixture.js';

describe('a store that cannot be reached, under one process', () => {
  let store: EmbeddedStore;
  let line: CutLine;
  let lagom: Lagom;
  beforeAll(async () => {
    store = await openEmbeddedStore({ dataDir: 'memory', listen: { port: 0 } });
    line = await CutLine.open(Number(new URL(store.uri).port));
    lagom = await startLagom({
      env: {
        MONGODB_URI: `mongodb://127.0.0.1:${line.port}/lagom?directConnection=true`,
        LAGOM_SECRET: 'the-secret-of-links-in-tests',
        LAGOM_HASH_KEY: 'test:the-key-of-hashes-in-tests',
      },
      logLevel: 'silent',
    });
  });
  afterAll(async () => {
    line.mend();
    await lagom.close();
    await line.close();
    await store.close();
  });

  const confirmed = () => {
    const id = `c-${randomUUID().slice(0, 8)}`;
    const customer = { id, name: 'Åsa Öst', email: `${id}@example.se` };
    const booking = visit(new Date(lagom.now().getTime() + 10 * DAY));
    return { customer, told: event(lagom, 'booking.confirmed', { customer, booking }) };
  };
  const mailsTo = async (email: string) => (await lagom.inbox({ to: email })).length;

  it('promises nothing meanwhile, is not ready, and goes on by itself: each event has its one message', async () => {
    const people = Array.from({ length: 6 }, confirmed);
    const [before, during] = [people.slice(0, 3), people.slice(3)];
    // Told and not awaited: some are under way when the line is cut.
    const first = before.map(({ told }) => lagom.post(told).catch(() => null));
    await Promise.race(first);
    line.cut('refuses');
    await Promise.all(first);
    await until(
      async () => (await fetch(`${lagom.url}/readyz`)).status,
      (status) => status === 503,
    );
    const answers = await Promise.all(during.map(({ told }) => lagom.post(told).catch(() => null)));
    expect(answers).toEqual([null, null, null]);
    line.mend();
    await until(
      async () => (await fetch(`${lagom.url}/readyz`)).status,
      (status) => status === 200,
    );
    // A booking system tells again what it was not answered for; what has had its effect has it once.
    for (const { told } of people) await lagom.post(told);
    for (const { customer } of people) {
      await until(
        () => mailsTo(customer.email),
        (mails) => mails >= 1,
      );
    }
    await lagom.advance('PT0S');
    for (const { customer } of people) expect(await mailsTo(customer.email)).toBe(1);
    expect((await lagom.api('GET', '/v1/dead-letters')).body.items).toEqual([]);
  }, 60_000);

  const itLasts = NOT_ASKED === null ? it : it.skip;
  itLasts.each(['refuses', 'silent'] as const)(
    `for a minute, %s${NOT_ASKED === null ? '' : ` (${NOT_ASKED})`}: goes on without a hand, each event with its one message`,
    async (how) => {
      const people = Array.from({ length: 6 }, confirmed);
      line.cut(how);
      const end = performance.now() + 60_000;
      while (performance.now() < end) {
        const answers = await Promise.all(people.map(({ told }) => lagom.post(told).catch(() => null)));
        expect(answers.filter((answer) => answer !== null)).toEqual([]);
      }
      line.mend();
      const back = performance.now();
      const taken = async () =>
        (await Promise.all(people.map(({ told }) => lagom.post(told).catch(() => null)))).every(Boolean);
      await until(taken, (all) => all, 60_000);
      const tookEvents = performance.now() - back;
      for (const { customer } of people) {
        await until(
          () => mailsTo(customer.email),
          (mails) => mails >= 1,
          60_000,
        );
      }
      const sentAll = performance.now() - back;
      process.stdout.write(
        `  store ${how} for 60 s, in one process: takes events ${Math.round(tookEvents / 100) / 10} s after it is back, all sent after ${Math.round(sentAll / 100) / 10} s\n`,
      );
      await lagom.advance('PT0S');
      for (const { customer } of people) expect(await mailsTo(customer.email)).toBe(1);
      expect((await lagom.api('GET', '/v1/dead-letters')).body.items).toEqual([]);
    },
    200_000,
  );
});

if (NOT_ASKED !== null) {
  it.skip(`a store that cannot be reached for a minute, under separate processes: ${NOT_ASKED}`, () =>
    undefined);
} else {
  describe('a store that cannot be reached for a minute, under separate processes', () => {
    let house: Apart;
    beforeAll(async () => {
      house = await Apart.open();
      await house.start('ingest', 'ingest', 'scheduler', 'dispatcher', 'dispatcher', 'console');
    }, 320_000);
    afterAll(() => house.close(), 60_000);

    it.each(['refuses', 'silent'] as const)(
      'that %s: partitions pause, nothing is dead-lettered, and all goes on without a hand, once each',
      async (how) => {
        await house.arrived(await house.book(20));
        const under = await house.book(200);
        await until(
          async () => under.filter(({ email }) => house.mails.has(email)).length,
          (some) => some > 0,
        );
        house.line.cut(how);
        const cutAt = performance.now();
        const meanwhile = await house.book(200);
        await pause(60_000 - (performance.now() - cutAt));
        expect(meanwhile.filter(({ email }) => house.mails.has(email))).toEqual([]);
        house.line.mend();
        const [first, all] = await Promise.all([
          house.arrived(meanwhile.slice(0, 1)),
          house.arrived([...under, ...meanwhile]),
        ]);
        process.stdout.write(
          `  store that ${how} for 60 s: first sent after ${first} s, all after ${all} s\n`,
        );
        expect(house.twice([...under, ...meanwhile])).toEqual([]);
        expect((await house.ask<{ items: unknown[] }>('/v1/dead-letters')).items).toEqual([]);
        expect(house.complaints()).toEqual([]);
      },
      300_000,
    );

    it('that goes for a moment, again and again amid the load: whatever was just being written, each is sent once', async () => {
      const told: Guest[] = [];
      for (let time = 0; time < 12; time += 1) {
        const some = await house.book(60);
        told.push(...some);
        await until(
          async () => some.filter(({ email }) => house.mails.has(email)).length,
          (sent) => sent > 0,
          60_000,
        );
        house.line.cut('refuses');
        // Long enough for whoever writes just then to give up on it.
        await pause(7_000);
        house.line.mend();
      }
      const all = await house.arrived(told);
      process.stdout.write(
        `  store that refuses for 7 s, 12 times: all sent ${all} s after its last return\n`,
      );
      expect(house.twice(told)).toEqual([]);
      expect(house.complaints()).toEqual([]);
    }, 600_000);
  });
}
