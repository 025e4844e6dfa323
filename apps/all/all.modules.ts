import type { ModulesOf } from '../boot-lagom.js';
import { ConsoleModule } from '../console/console.module.js';
import { DispatcherModule } from '../dispatcher/dispatcher.module.js';
import { IngestModule } from '../ingest/ingest.module.js';
import { PublicModule } from '../public/public.module.js';
import { SchedulerModule } from '../scheduler/scheduler.module.js';
import { InboxModule } from './inbox.module.js';

/** The five processes in one; and, while nothing is sent for real, the window on what would have been. */
export const ALL_MODULES: ModulesOf = (config) => [
  ...(config.send.mode === 'capture' ? [InboxModule] : []),
  IngestModule,
  SchedulerModule,
  DispatcherModule,
  PublicModule,
  ConsoleModule,
];
