import { Worker } from 'node:worker_threads';
import type { EmbeddedStore, EmbeddedStoreOptions } from './embedded-store.js';

/** What the thread runs: beside this file, as it was built or as it was written. */
const ENTRY = new URL(import.meta.url.replace(/(\.[jt]s)$/, '-entry$1'));

/** Whether a thread can run it with what its process was started with: sources need somebody who strips their types. */
export const isThreadBuilt = ENTRY.pathname.endsWith('.js');

/**
 * Opens the store in a thread of its own, so that it and who asks it have a processor each. Otherwise as
 * `openEmbeddedStore`, its refusals too: a reply leaves after its journal is written, and a kill ends both at once.
 * Where the thread ends unasked, what ended it is thrown where nobody catches it, and ends the process.
 *
 * It may have as much memory as the rest of the process: Node's limits, and --max-old-space-size, hold for each thread.
 *
 * @param execArgv what node is told for the thread; absent: what it was told for the process
 */
export function openStoreThread(options: EmbeddedStoreOptions, execArgv?: string[]): Promise<EmbeddedStore> {
  const thread = new Worker(ENTRY, { workerData: options, name: 'store', ...(execArgv && { execArgv }) });
  const gone = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  return new Promise((resolve, reject) => {
    thread.once('error', reject);
    thread.once('message', (uri: string) => {
      thread.off('error', reject);
      const died = (): void => {
        throw new Error('the thread of the embedded store ended');
      };
      thread.once('exit', died);
      let closing: Promise<void> | undefined;
      const close = async (): Promise<void> => {
        thread.off('exit', died);
        const failed = new Promise<void>((_, fail) => thread.once('error', fail));
        thread.postMessage('close');
        await Promise.race([gone, failed]);
      };
      resolve({ uri, close: () => (closing ??= close()) });
    });
  });
}
