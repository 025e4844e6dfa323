import { openEmbeddedStore } from './embedded-store.js';
import { MONGO_JAVA_SERVER } from './mongo-java-server.contract.js';
import { storeContract } from './store.contract.js';

storeContract('embedded, in memory', () => openEmbeddedStore({ dataDir: 'memory' }));

// The same suite on a real server, where one is named. LAGOM_STORE_GAPS says that it is mongo-java-server.
const uri = process.env['MONGODB_URI'];
if (uri) {
  const gaps = process.env['LAGOM_STORE_GAPS'] === 'mongo-java-server' ? MONGO_JAVA_SERVER : undefined;
  storeContract(
    'the server at MONGODB_URI',
    () => Promise.resolve({ uri, close: () => Promise.resolve() }),
    gaps,
  );
}
