import { runLagom } from '../boot-lagom.js';
import { ALL_MODULES } from './all.modules.js';

await runLagom('all', ALL_MODULES);
