import { runLagom } from '../boot-lagom.js';
import { DispatcherModule } from './dispatcher.module.js';

await runLagom('dispatcher', () => [DispatcherModule]);
