import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LateOutcomes } from '#dispatch/late-outcomes';
import { Clock } from '#platform/clock';
import { Loop } from '#platform/loop';
import { Metrics } from '#platform/metrics';
import type { Log } from '#platform/telemetry';
import { LOG } from '../wire.js';

const EVERY_MS = 1_000;

/** Writes what a lost ledger left unsaid, as soon as it is back. */
@Injectable()
export class LateOutcomesService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly loop: Loop;

  constructor(
    private readonly late: LateOutcomes,
    private readonly clock: Clock,
    metrics: Metrics,
    @Inject(LOG) log: Log,
  ) {
    const runOnce = (now: Date) => late.runOnce(now);
    this.loop = new Loop({ name: 'late-outcomes', everyMs: EVERY_MS, runOnce, clock, log, metrics });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  /** The batches have drained by now: what they could not write is tried once more. */
  async onApplicationShutdown(): Promise<void> {
    await this.loop.stop();
    await this.late.runOnce(this.clock.now());
  }
}
