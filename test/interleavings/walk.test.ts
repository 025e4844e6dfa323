import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Walk } from './walk.fixture.js';
import type { World } from './world.fixture.js';
import { openWorlds } from './worlds.fixture.js';

/** SCHEDULES=5000: the whole walk; SEED=17 SCHEDULES=1: that one again, with its steps. */
const SCHEDULES = Number(process.env['SCHEDULES'] ?? 60);
const FIRST = Number(process.env['SEED'] ?? 1);
/** They wait for the store in turns. */
const WORLDS = 6;

let worlds: World[];
let close: () => Promise<void>;
beforeAll(async () => {
  ({ worlds, close } = await openWorlds(WORLDS));
});
afterAll(() => close());

interface Found {
  seed: number;
  found: readonly string[];
  trace: readonly string[];
}

/** Walks these seeds until one goes wrong. */
async function walk(first: number, count: number): Promise<Found | null> {
  let next = first;
  let bad: Found | null = null;
  await Promise.all(
    worlds.map(async (world) => {
      while (next < first + count && bad === null) {
        const seed = next++;
        const one = new Walk(world, seed);
        const found = [...(await one.run())];
        if (found.length > 0) bad = { seed, found, trace: one.trace };
      }
    }),
  );
  return bad;
}

describe('dispatchers, noes, ingest, scheduler, repair, time and crashes, in whatever order', () => {
  it(`send nothing after a no, twice or over the cap, and lose nothing: ${SCHEDULES} schedules from seed ${FIRST}`, async () => {
    const bad = await walk(FIRST, SCHEDULES);
    if (bad !== null)
      throw new Error([`SEED=${bad.seed} SCHEDULES=1`, ...bad.found, ...bad.trace].join('\n'));
    if (SCHEDULES < 60) return;
    const seen = new Set(worlds.flatMap((world) => [...world.seen.keys()]));
    expect([...seen]).toEqual(expect.arrayContaining(SEEN));
  }, 3_600_000);

  it('go the same way again from the same seed', async () => {
    const [one, other] = [worlds[0]!, worlds[1]!].map((world) => new Walk(world, FIRST + 6));
    await Promise.all([one!.run(), other!.run()]);
    expect(one!.trace.length).toBeGreaterThan(40);
    expect(other!.trace).toEqual(one!.trace);
  });
});

/** A walk that never meets these shows nothing about them. */
const SEEN = [
  'a call',
  'a crash',
  'a reply hold',
  'a reply stale',
  'a reply lost',
  'the provider says try-later',
  'ends accepted',
  'ends unknown',
  'ends cancelled (withdrawn)',
  'ends refused (withdrawn)',
];
