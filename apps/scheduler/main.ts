import { runLagom } from '../boot-lagom.js';
import { SchedulerModule } from './scheduler.module.js';

await runLagom('scheduler', () => [SchedulerModule]);
