import { runLagom } from '../boot-lagom.js';
import { ConsoleModule } from './console.module.js';

await runLagom('console', () => [ConsoleModule]);
