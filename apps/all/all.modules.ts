import type { Type } from '@nestjs/common';
import { ConsoleModule } from '../console/console.module.js';
import { DispatcherModule } from '../dispatcher/dispatcher.module.js';
import { IngestModule } from '../ingest/ingest.module.js';
import { PublicModule } from '../public/public.module.js';
import { SchedulerModule } from '../scheduler/scheduler.module.js';

/** The five processes in one. */
export const ALL_MODULES: readonly Type<unknown>[] = [
  IngestModule,
  SchedulerModule,
  DispatcherModule,
  PublicModule,
  ConsoleModule,
];
