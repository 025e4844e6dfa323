import { runLagom } from '../boot-lagom.js';
import { PublicModule } from './public.module.js';

await runLagom('public', () => [PublicModule]);
