import type { Databases, StoreListener } from './databases.js';

/** Where changes are kept: in a folder, or nowhere. */
export interface Storage {
  /** Hears of each change as it is made. */
  listener: StoreListener;
  /** Fills the databases with what was kept. */
  load(databases: Databases): void;
  /** When it returns, every change heard so far survives the process. Throws if that cannot be promised. */
  settle(): void;
  close(): Promise<void>;
}

/** Keeps nothing: `dataDir: 'memory'`. */
export function memoryStorage(): Storage {
  const ignore = (): void => undefined;
  return {
    listener: {
      put: ignore,
      removed: ignore,
      created: ignore,
      dropped: ignore,
      indexed: ignore,
      unindexed: ignore,
    },
    load: ignore,
    settle: ignore,
    close: () => Promise.resolve(),
  };
}
