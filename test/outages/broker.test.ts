import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../visit.fixture.js';
import { Apart } from './apart.fixture.js';
import { NOT_ASKED } from './asked.fixture.js';

/** Longer than kafkajs tries again by itself. */
const AWAY_MS = 30_000;

if (NOT_ASKED !== null) {
  it.skip(`a broker that is killed, and members that come and go: ${NOT_ASKED}`, () => undefined);
} else {
  let house: Apart;
  beforeAll(async () => {
    house = await Apart.open();
    await house.start('ingest', 'ingest', 'scheduler', 'dispatcher', 'console');
  }, 320_000);
  afterAll(() => house.close(), 60_000);

  const under = async (count: number) => {
    const guests = await house.book(count);
    await until(
      async () => guests.filter(({ email }) => house.mails.has(email)).length,
      (some) => some > 0,
      60_000,
    );
    return guests;
  };
  const deadLetters = async () => (await house.ask<{ items: unknown[] }>('/v1/dead-letters')).items;

  describe('a broker', () => {
    it('that is killed and started again: nothing that it acknowledged is lost or said twice', async () => {
      await house.arrived(await house.book(20));
      const before = await under(200);
      await house.kafka.kill();
      await pause(AWAY_MS);
      await house.kafka.start();
      const back = performance.now();
      const after = await house.book(100);
      const told = Math.round((performance.now() - back) / 100) / 10;
      const [first, all] = await Promise.all([
        house.arrived(after.slice(0, 1)),
        house.arrived([...before, ...after], 420_000),
      ]);
      process.stdout.write(
        `  broker away for ${AWAY_MS / 1_000} s: takes records after ${told} s, first sent ${first} s later, all ${all} s later\n`,
      );
      expect(house.twice([...before, ...after])).toEqual([]);
      expect(await deadLetters()).toEqual([]);
      expect(house.complaints()).toEqual([]);
    }, 600_000);
  });

  describe('dispatchers', () => {
    it('that join and leave in the middle of batches lose nothing and say nothing twice', async () => {
      house.slowMs = 100;
      const guests = await house.book(800);
      const left = [];
      for (let turn = 0; turn < 4; turn += 1) {
        const [joined] = await house.start('dispatcher');
        await pause(1_000);
        // The one that was there before leaves: killed ones are another test's (test/kills).
        const leaving = house.processes.find(
          (one) => one.app === 'dispatcher' && one !== joined && !one.ended,
        );
        if (leaving) left.push(leaving);
        expect(await leaving?.stop()).toBe(0);
        guests.push(...(await house.book(50)));
      }
      house.slowMs = 0;
      const all = await house.arrived(
        guests.filter((guest) => !house.mails.has(guest.email)),
        420_000,
      );
      process.stdout.write(
        `  members came and went four times under 1,000 messages: the last came ${all} s later\n`,
      );
      expect(house.twice(guests)).toEqual([]);
      expect(house.complaints(left)).toEqual([]);
    }, 900_000);
  });
}
