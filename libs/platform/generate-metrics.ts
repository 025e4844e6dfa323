import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawMetrics } from './draw-metrics.js';
import { rootDir } from './root.js';

writeFileSync(join(rootDir(), 'docs/metrics.md'), drawMetrics());
