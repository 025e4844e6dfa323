import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '#platform/clock';
import { Loop } from '#platform/loop';
import { Metrics } from '#platform/metrics';
import type { Log } from '#platform/telemetry';
import { ImportStore } from '#transfer/import.store';
import { isEnded, type Import } from '#transfer/import.types';
import { RunImports } from '#transfer/run-imports';
import { LOG } from '../wire.js';

const EVERY_MS = 2_000;
const TIDY_EVERY_MS = 3_600_000;
/** How long an import and the faults of its rows can be looked up. */
const KEEP_MS = 30 * 86_400_000;
const POLL_MS = 50;

/** Works on imports in the background of this process, and forgets the old ones. */
@Injectable()
export class ImportsService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: Loop[];
  private readonly working: Loop;

  constructor(
    private readonly imports: ImportStore,
    running: RunImports,
    private readonly clock: Clock,
    metrics: Metrics,
    @Inject(LOG) log: Log,
  ) {
    this.working = new Loop({
      ...{ name: 'imports', everyMs: EVERY_MS, clock, log, metrics },
      runOnce: async (_, signal) => ({ rows: await running.runOnce(() => signal.aborted) }),
    });
    const tidy = new Loop({
      ...{ name: 'imports-tidy', everyMs: TIDY_EVERY_MS, clock, log, metrics },
      runOnce: async (now) => {
        const forgotten = await imports.deleteEndedBefore(new Date(now.getTime() - KEEP_MS));
        metrics.deleted('imports', forgotten);
        return { forgotten, left: await imports.dropLeftChunks() };
      },
    });
    this.loops = [this.working, tidy];
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  /** Begins at once, and looks until it has ended or the patience has (ms); as it stands then. */
  async work(one: Import, patienceMs: number): Promise<Import> {
    this.working.wake();
    const end = this.clock.mono() + patienceMs;
    for (;;) {
      const seen = (await this.imports.find(one.tenant, one.import)) ?? one;
      if (isEnded(seen) || this.clock.mono() >= end) return seen;
      await pause(POLL_MS);
    }
  }
}
