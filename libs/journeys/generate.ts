import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { drawJourneys } from './draw-journeys.js';
import { definitionsDir, loadJourneys } from './load-journeys.js';

writeFileSync(
  join(rootDir(), 'docs/journeys.md'),
  drawJourneys(loadJourneys(definitionsDir(), () => true).all),
);
