import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { NOT_ASKED } from './asked.fixture.js';
import { Apart } from './apart.fixture.js';
import type { HouseProcess } from '../processes.fixture.js';
import { until } from '../visit.fixture.js';

const FEW = 10_000;
const MANY = 100_000;
/** What the provider takes for each of the 32 calls that an account has open: some twenty a second. */
const SLOW_MS = 1_500;
/** For so long each backlog is worked at. */
const WATCHED_MS = 30_000;
/** What ten times the backlog may take more: what is queued in a process is bounded by messages, not by the topic. */
const MORE_MB = 60;

if (NOT_ASKED !== null) {
  it.skip(`100,000 messages wait while the provider is slow: ${NOT_ASKED}`, () => undefined);
} else {
  let house: Apart;
  beforeAll(async () => {
    house = await Apart.open();
    house.slowMs = SLOW_MS;
    // They make the topics and the indexes.
    await house.start('dispatcher', 'ingest');
    await Promise.all(house.processes.map((one) => one.kill()));
  }, 320_000);
  afterAll(() => house.close(), 60_000);

  it('a dispatcher of whom 100,000 are waited for has no more in memory than with 10,000, and its mails go on', async () => {
    await house.release(0, FEW);
    const [dispatcher] = (await house.start('dispatcher')) as [HouseProcess];
    const few = await mostMemory(dispatcher, 'messages were sent');
    await house.release(FEW, MANY - FEW);
    const many = await mostMemory(dispatcher, 'messages were sent');
    say('dispatcher, provider slow', few, many);
    expect(many.heapMb).toBeLessThan(few.heapMb + MORE_MB);
    expect(many.rssMb).toBeLessThan(few.rssMb + 2 * MORE_MB);
    await dispatcher.kill();
    expect([...house.mails.values()].filter(({ times }) => times > 1)).toEqual([]);
  }, 400_000);

  it('an ingest that 100,000 events wait for, while the ledger is away, neither', async () => {
    await tell(FEW);
    const [ingest] = (await house.start('ingest')) as [HouseProcess];
    house.line.cut('refuses');
    const few = await mostMemory(ingest);
    await tell(MANY - FEW);
    const many = await mostMemory(ingest);
    say('ingest, ledger away', few, many);
    house.line.mend();
    expect(many.heapMb).toBeLessThan(few.heapMb + MORE_MB);
    expect(many.rssMb).toBeLessThan(few.rssMb + 2 * MORE_MB);
    await ingest.kill();
  }, 400_000);

  async function tell(count: number): Promise<void> {
    for (let told = 0; told < count; told += 5_000) await house.book(5_000);
  }

  interface Memory {
    heapMb: number;
    rssMb: number;
  }

  /** The most of it within a while; `moves`: what must have happened meanwhile. */
  async function mostMemory(one: HouseProcess, moves?: string): Promise<Memory> {
    const before = house.mails.size;
    const most = { heapMb: 0, rssMb: 0 };
    const url = await one.url();
    for (const end = performance.now() + WATCHED_MS; performance.now() < end; await pause(500)) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const read = (name: string): number =>
        Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN) / 2 ** 20;
      most.heapMb = Math.max(most.heapMb, read('lagom_nodejs_heap_size_used_bytes'));
      most.rssMb = Math.max(most.rssMb, read('lagom_process_resident_memory_bytes'));
    }
    expect(most.heapMb).toBeGreaterThan(0);
    if (moves !== undefined) {
      await until(
        async () => house.mails.size,
        (sent) => sent > before,
      );
    }
    return most;
  }

  function say(what: string, few: Memory, many: Memory): void {
    const of = ({ heapMb, rssMb }: Memory) => `heap ${Math.round(heapMb)} MB, RSS ${Math.round(rssMb)} MB`;
    process.stdout.write(`  ${what}: ${FEW} waiting: ${of(few)}; ${MANY} waiting: ${of(many)}\n`);
  }
}
