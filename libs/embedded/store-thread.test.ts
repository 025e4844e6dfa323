import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { rootDir } from '#platform/root';
import { openEmbeddedStore } from './embedded-store.js';
import { openStoreThread } from './store-thread.js';
import { WireClient } from './wire-client.fixture.js';

/** A thread that runs what was written, not what was built. */
const FROM_SOURCES = ['--conditions=lagom:source', '--import', '@swc-node/register/esm-register'];
/** It compiles the store first, beside other tests. */
const PATIENCE_MS = 60_000;

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'lagom-thread-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const open = () => openStoreThread({ dataDir }, FROM_SOURCES);
const files = (): string[] => readdirSync(join(dataDir, 'store')).sort();
const refusal = (opening: Promise<unknown>): Promise<Error> =>
  opening.then(
    () => Promise.reject(new Error('it opened')),
    (error: unknown) => error as Error,
  );

describe('the store in a thread of its own', () => {
  it(
    'keeps what it was told, as a snapshot once it is closed',
    async () => {
      const store = await open();
      const client = await WireClient.connect(store.uri);
      expect(await client.ask('lagom', { insert: 'rows', documents: [{ _id: 'a', v: 1 }] })).toMatchObject({
        ok: 1,
        n: 1,
      });
      client.close();
      await Promise.all([store.close(), store.close()]);
      expect(files()).toEqual(['journal-1', 'snapshot-1']);

      const again = await openEmbeddedStore({ dataDir });
      const reader = await WireClient.connect(again.uri);
      expect(await reader.ask('lagom', { find: 'rows' })).toMatchObject({
        cursor: { firstBatch: [{ _id: 'a', v: 1 }] },
      });
      reader.close();
      await again.close();
    },
    PATIENCE_MS,
  );

  it(
    'refuses a folder as one that runs in its process does: in use by another thread, or damaged',
    async () => {
      const here = await openEmbeddedStore({ dataDir });
      const [there, own] = await Promise.all([open(), openEmbeddedStore({ dataDir })].map(refusal));
      expect(there?.message).toBe(own?.message);
      expect(there?.message).toMatch(
        /is in use by process \d+: a store can be opened by one process at a time/,
      );
      await here.close();

      const thread = await open();
      expect((await refusal(openEmbeddedStore({ dataDir }))).message).toBe(there?.message);
      await thread.close();

      writeFileSync(join(dataDir, 'store', 'snapshot-1'), 'no snapshot');
      writeFileSync(join(dataDir, 'store', 'journal-1'), '');
      const damaged = await refusal(open());
      expect(damaged.message).toMatch(/snapshot-1 .*: restore the folder from a copy/);
      expect(damaged.message).toBe((await refusal(openEmbeddedStore({ dataDir }))).message);
      expect(files().filter((name) => name.startsWith('lock'))).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'takes its process with it where it breaks',
    async () => {
      // Breaks once it has told that it is open.
      const breaks = `data:text/javascript,${encodeURIComponent(`
        import { parentPort } from 'node:worker_threads';
        const { postMessage } = parentPort;
        parentPort.postMessage = (uri) => {
          postMessage.call(parentPort, uri);
          setTimeout(() => { throw new Error('the store broke'); }, 100);
        };`)}`;
      const script = `
        import { openStoreThread } from '#embedded/store-thread';
        await openStoreThread({ dataDir: 'memory' }, ${JSON.stringify([...FROM_SOURCES, '--import', breaks])});
        console.log('open');
        setInterval(() => undefined, 1_000);`;
      const child = spawn(process.execPath, [...FROM_SOURCES, '--input-type=module', '--eval', script], {
        cwd: rootDir(),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [[code], said, cried] = await Promise.all([
        once(child, 'exit'),
        text(child.stdout),
        text(child.stderr),
      ]);
      expect(said).toBe('open\n');
      expect(cried).toContain('the store broke');
      expect(code).not.toBe(0);
    },
    PATIENCE_MS,
  );
});
