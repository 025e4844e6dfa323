import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformFile } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Doc } from './bson.js';
import { WireClient } from './wire-client.fixture.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const KILLS = 24;
/** Each kill falls within so many acknowledgements of its start, all of them evenly among the kills. */
const WITHIN = 60;
const WRITERS = 6;
const TEXT = 'x'.repeat(20_000);

interface Row {
  _id: string;
  v: number;
}

/** For each row the values that it may have: after an acknowledgement one, while a write is under way two. null: gone. */
type Ledger = Map<string, Set<number | null>>;

/** The store as plain JavaScript in a folder of its own: a child starts fast, and imports nothing but it. */
async function compile(folder: string): Promise<string> {
  const own = readdirSync(HERE).filter(
    (name) => name.endsWith('.ts') && !/\.(test|contract|fixture)\.ts$/.test(name),
  );
  for (const name of [...own.map((file) => `embedded/${file}`), 'platform/clock.ts']) {
    const { code } = await transformFile(join(HERE, '..', name), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'es6' },
      swcrc: false,
    });
    const path = join(folder, 'libs', name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
  }
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of ['bson', 'mingo']) {
    symlinkSync(join(HERE, '../../node_modules', name), join(modules, name));
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module","imports":{"#*":"./libs/*.js"}}');
  writeFileSync(
    join(folder, 'child.js'),
    `import { openEmbeddedStore } from '#embedded/embedded-store';
     import { openStoreThread } from '#embedded/store-thread';
     const open = process.argv[3] === 'thread' ? openStoreThread : openEmbeddedStore;
     const { uri } = await open({ dataDir: process.argv[2] });
     process.stdout.write(uri + '\\n');`,
  );
  return join(folder, 'child.js');
}

/** Where the store runs in its process: as in `all`, or as in `apps/store`. */
const PLACES = ['thread', 'main'] as const;

async function start(
  script: string,
  dataDir: string,
  temporary: string,
  place: string,
): Promise<{ child: ChildProcess; uri: string }> {
  const child = spawn(process.execPath, [script, dataDir, place], {
    env: { ...process.env, TMPDIR: temporary, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await Promise.race([
    once(child.stdout, 'data').then(([bytes]) => String(bytes).trim()),
    once(child, 'exit').then(() => Promise.reject(new Error('the store did not open'))),
  ]);
  return { child, uri: line };
}

type Rows = (command: Doc) => Promise<Doc>;

/** What is there must be what was acknowledged, or what was under way; from now on it is known. */
async function verify(rows: Rows, ledger: Ledger): Promise<void> {
  const all = async (find: Doc): Promise<Row[]> => {
    const { cursor } = (await rows({ find: 'rows', singleBatch: true, ...find })) as {
      cursor: { firstBatch: Row[] };
    };
    return cursor.firstBatch;
  };
  const found = new Map((await all({ projection: { v: 1 }, batchSize: 1e6 })).map(({ _id, v }) => [_id, v]));
  for (const id of found.keys()) expect([id, ledger.has(id)]).toEqual([id, true]);
  for (const [id, allowed] of ledger) {
    const value = found.get(id) ?? null;
    if (!allowed.has(value))
      throw new Error(`${id} is ${value}, acknowledged was ${[...allowed].join(' or ')}`);
    ledger.set(id, new Set([value]));
  }
  // The index must tell the same as the documents.
  const [most] = await all({ sort: { v: -1 }, limit: 1 });
  expect(most?.v).toBe(found.size > 0 ? Math.max(...found.values()) : undefined);
}

/** One writer's endless work; each write is noted before it is sent and again when it is acknowledged. */
async function write(rows: Rows, ledger: Ledger, who: string, acknowledged: () => void): Promise<void> {
  for (let n = 0; ; n += 1) {
    const mine = [...ledger.keys()].filter((id) => id.startsWith(who));
    const known = mine[Math.floor(Math.random() * mine.length)];
    const value = Math.floor(Math.random() * 1e9);
    const changes = new Map<string, number | null>();
    const dice = Math.random();
    if (known === undefined || dice < 0.3) {
      for (const part of [0, 1, 2]) changes.set(`${who}-${mine.length}-${n}-${part}`, value + part);
    } else changes.set(known, dice < 0.8 ? value : null);
    for (const [id, next] of changes) (ledger.get(id) ?? ledger.set(id, new Set([null])).get(id)!).add(next);

    const documents = [...changes].map(([_id, v]) => ({ _id, v, text: TEXT.slice(0, (v ?? 0) % 20_000) }));
    let command: Doc = { insert: 'rows', documents };
    if (changes.size === 1 && dice < 0.8) {
      command = { update: 'rows', updates: [{ q: { _id: known }, u: { $set: { v: value } }, upsert: true }] };
    } else if (changes.size === 1) command = { delete: 'rows', deletes: [{ q: { _id: known }, limit: 1 }] };
    const reply = await rows(command);

    expect(reply).toMatchObject({ ok: 1 });
    expect(reply['writeErrors']).toBeUndefined();
    for (const [id, next] of changes) ledger.set(id, new Set([next]));
    acknowledged();
  }
}

describe('a store whose process is killed', () => {
  let folder: string;
  let script: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lagom-crash-'));
    script = await compile(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function killAgainAndAgain(name: string, times: number): Promise<number> {
    const dataDir = join(folder, name);
    const ledger: Ledger = new Map();
    let writes = 0;
    for (let run = 0; run <= times; run += 1) {
      const { child, uri } = await start(script, dataDir, folder, name);
      const exited = once(child, 'exit');
      const clients = await Promise.all(Array.from({ length: WRITERS }, () => WireClient.connect(uri)));
      try {
        const asks = clients.map(
          (client): Rows =>
            (command) =>
              client.ask('crash', command),
        );
        await asks[0]!({ createIndexes: 'rows', indexes: [{ key: { v: 1 }, name: 'v_1' }] });
        await verify(asks[0]!, ledger);
        // Killed as the n-th acknowledgement arrives: the other writers are in the middle of something.
        let left = run === times ? 0 : Math.floor(((run + Math.random()) / times) * WITHIN);
        if (left === 0) child.kill('SIGKILL');
        const acknowledged = (): void => {
          writes += 1;
          left -= 1;
          if (left === 0) child.kill('SIGKILL');
        };
        const ends = await Promise.allSettled(
          asks.map((rows, writer) => write(rows, ledger, `${name}${writer}`, acknowledged)),
        );
        for (const end of ends) expect(end).toMatchObject({ reason: { message: 'the server hung up' } });
      } finally {
        child.kill('SIGKILL');
        for (const client of clients) client.close();
        await exited;
      }
    }
    return writes;
  }

  it('has every acknowledged write again, 24 times, whether in a thread of its own or not', async () => {
    const writes = await Promise.all(PLACES.map((name) => killAgainAndAgain(name, KILLS / 2)));
    expect(Math.min(...writes)).toBeGreaterThan(KILLS);
  }, 180_000);
});
