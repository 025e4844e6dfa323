import type { Ground } from './ground.js';
import { median, monotonicMs, times, until } from './measure.js';

const MOST_MS = 120_000;

/** Events a second that one ingest takes in from `booking.events`: facts written, rows planned, what is due released. */
export async function ingestPerSecond(ground: Ground, runs: number, events: number): Promise<number> {
  const house = await ground.fresh({ journal: true });
  try {
    const ingest = await house.start('ingest');
    let from = 0;
    const run = async (count: number): Promise<number> => {
      const began = monotonicMs();
      await ingest.ask('produceEvents', { from, count });
      from += count;
      await until('all were heard', async () => (await ingest.ask<number>('heard')) >= from, MOST_MS);
      return count / ((monotonicMs() - began) / 1_000);
    };
    await run(Math.ceil(events / 4));
    return median(await times(runs, () => run(events)));
  } finally {
    await house.close();
  }
}
