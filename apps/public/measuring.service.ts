import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { RecordMeasures } from '#dispatch/record-measures';
import { Clock } from '#platform/clock';
import { Loop } from '#platform/loop';
import { Metrics } from '#platform/metrics';
import type { Log } from '#platform/telemetry';
import { LOG } from '../wire.js';

const RECORD_EVERY_MS = 1_000;

/** Counts what was opened while this process runs; what has not settled yet is counted when it stops. */
@Injectable()
export class MeasuringService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: Loop;

  constructor(
    private readonly measures: RecordMeasures,
    private readonly clock: Clock,
    metrics: Metrics,
    @Inject(LOG) private readonly log: Log,
  ) {
    const runOnce = (now: Date) => this.measures.runOnce(now);
    this.loop = new Loop({ name: 'record-measures', everyMs: RECORD_EVERY_MS, runOnce, clock, log, metrics });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
    try {
      await this.measures.runOnce(this.clock.now(), true);
    } catch (err) {
      this.log.warn({ err }, 'what was opened last is not counted');
    }
  }
}
