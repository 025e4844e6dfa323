import { runLagom } from '../boot-lagom.js';
import { IngestModule } from './ingest.module.js';

await runLagom('ingest', () => [IngestModule]);
