import { openEmbeddedStore } from '#embedded/embedded-store';
import { runProcess } from '#platform/boot';
import { readOwnStoreConfig } from '#platform/config';
import { createLog } from '#platform/telemetry';

/**
 * The embedded store in a process of its own, for the five apart where no MongoDB is at hand: on loopback, without a
 * login, with the same journal as inside `all`. Not for production.
 */
await runProcess(createLog({ level: 'info', app: 'store' }), async () => {
  const { port, dataDir, logLevel } = readOwnStoreConfig();
  const store = await openEmbeddedStore({ dataDir: dataDir ?? 'memory', listen: { port } });
  createLog({ level: logLevel, app: 'store' }).info({ port }, `listening at ${store.uri}`);
  return store;
});
