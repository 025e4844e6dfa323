import { parentPort, workerData } from 'node:worker_threads';
import { openEmbeddedStore, type EmbeddedStoreOptions } from './embedded-store.js';

/** The store's own thread (store-thread.ts). What is thrown here ends it, and is thrown there. */
const store = await openEmbeddedStore(workerData as EmbeddedStoreOptions);
parentPort?.once('message', () => void store.close().then(() => process.exit()));
parentPort?.postMessage(store.uri);
