import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#platform/clock';
import { Cursors } from './cursors.js';
import { Databases } from './databases.js';
import { folderStorage } from './folder-storage.js';
import { memoryStorage } from './storage.js';
import { wireServer, type WireServer } from './wire-server.js';

export interface EmbeddedStoreOptions {
  /** The folder to keep data in (under `store/`), or `'memory'` to keep nothing. */
  dataDir: string | 'memory';
  /** TCP on loopback instead of the Unix socket. Port 0 takes a free one. */
  listen?: { port: number; host?: '127.0.0.1' };
  /** Milliseconds after which a cursor that nobody asks is closed. Ten minutes if not said. */
  cursorIdleMs?: number;
}

export interface EmbeddedStore {
  /** For `mongoose.connect`. */
  uri: string;
  /** Hangs up, writes a snapshot, gives the folder and the socket back. */
  close(): Promise<void>;
}

const TEN_MINUTES = 600_000;
const machine = new SystemClock();
const wallTime = (): Date => machine.now();

/** Listens on a socket in a folder that only this user may enter, or on loopback. */
async function listen(
  { server }: WireServer,
  at: EmbeddedStoreOptions['listen'],
): Promise<{ host: string; leave: () => void }> {
  if (at) {
    server.listen(at.port, at.host ?? '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { host: `127.0.0.1:${port}`, leave: () => undefined };
  }
  // Not beside the data: a socket's path may have about 100 bytes.
  const folder = mkdtempSync(join(tmpdir().length > 70 ? '/tmp' : tmpdir(), 'lagom-'));
  chmodSync(folder, 0o700);
  const leave = (): void => rmSync(folder, { recursive: true, force: true });
  const path = join(folder, 'store.sock');
  try {
    server.listen(path);
    await once(server, 'listening');
  } catch (error) {
    leave();
    throw error;
  }
  return { host: encodeURIComponent(path), leave };
}

/**
 * Opens a store that speaks MongoDB's wire protocol, in this process. A reply to a write leaves after the write is in
 * the journal: it survives the process being killed, not the machine losing power.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const storage =
    options.dataDir === 'memory' ? memoryStorage() : folderStorage(join(options.dataDir, 'store'));
  const databases = new Databases(storage.listener);
  const cursors = new Cursors(options.cursorIdleMs ?? TEN_MINUTES, () => performance.now());
  const wire = wireServer({ databases, cursors, wallTime }, () => storage.settle());
  let address: Awaited<ReturnType<typeof listen>>;
  try {
    storage.load(databases);
    address = await listen(wire, options.listen);
  } catch (error) {
    await storage.close();
    throw error;
  }
  const { host, leave } = address;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await wire.close();
    leave();
    await storage.close();
  };
  return {
    uri: `mongodb://${host}/lagom?directConnection=true`,
    close: () => (closing ??= close()),
  };
}
