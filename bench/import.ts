import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { connectMongo } from '#platform/mongo';
import { rootDir } from '#platform/root';
import { Store } from './ground.js';

const KEY = 'the-first-key-of-the-bench';
const TENANT = 'bench';

/** What an import of so many rows came to, with its process killed half-way. */
export interface Imported {
  rows: number;
  /** From the first byte sent to the last row put aside, in seconds. */
  receiving: number;
  perSecond: number;
  /** The most memory that either process had, in MiB: that it does not grow with the file is the point. */
  peakMb: number;
  /** Rows that were seen twice: at most one batch. */
  twice: number;
  /** The same file once more, which changes nothing. */
  againPerSecond: number;
}

interface Seen {
  status: string;
  rows: number;
  done: number;
  counts: Record<string, number>;
}

/**
 * Imports generated customers into a house whose store is a process of its own: kills the house at the middle, starts
 * another, and counts what is there in the end. Throws where a row is missing or doubled.
 */
export async function importRows(rows: number): Promise<Imported> {
  const store = await Store.open('memory');
  let house = await House.start(store.uri);
  try {
    const sent = performance.now();
    const id = await house.send(rows);
    const receiving = (performance.now() - sent) / 1_000;
    const first = await house.watch(id, (seen) => seen.done >= rows / 2);
    const killedPeak = house.peakMb();
    await house.kill();
    house = await House.start(store.uri);
    const second = await house.watch(id, (seen) => seen.status === 'done');
    const done = second.seen;
    await checkWhole(store.uri, rows);
    const twice = done.counts['unchanged'] ?? 0;
    if (done.done !== rows || (done.counts['created'] ?? 0) + twice !== rows || twice > 500) {
      throw new Error(`rows went astray: ${JSON.stringify(done)}`);
    }
    const again = await house.watch(await house.send(rows), (seen) => seen.status === 'done');
    if (again.seen.counts['unchanged'] !== rows)
      throw new Error(`again changed: ${JSON.stringify(again.seen)}`);
    return {
      ...{ rows, receiving, twice },
      perSecond: (first.rows + second.rows) / (first.seconds + second.seconds),
      peakMb: Math.max(killedPeak, house.peakMb()),
      againPerSecond: again.rows / again.seconds,
    };
  } finally {
    await house.kill();
    await store.close();
  }
}

async function checkWhole(uri: string, rows: number): Promise<void> {
  const connection = await connectMongo(uri);
  const count = await connection.collection('customers').countDocuments({ tenant: TENANT });
  const left = await connection.collection('import_chunks').countDocuments({});
  await connection.close();
  if (count !== rows || left > 0) throw new Error(`${count} people of ${rows} rows, ${left} chunks left`);
}

/** As a booking system's list might look. */
async function* file(rows: number): AsyncGenerator<string> {
  yield 'Kundnr;Version;Namn;E-post;Mobil;Språk;Adress;Postnr;Ort\r\n';
  const piece: string[] = [];
  for (let at = 0; at < rows; at += 1) {
    const phone = `070-${String(1_000_000 + (at % 9_000_000)).padStart(7, '0')}`;
    piece.push(
      `k-${at};1;Åsa Öst ${at};asa.ost.${at}@example.se;${phone};sv;Storgatan ${at % 200};111 22;Stockholm\r\n`,
    );
    if (piece.length === 1_000) yield piece.splice(0).join('');
  }
  yield piece.join('');
}

/** \`all\` without its store: what receives and works is measured alone. */
class House {
  private constructor(
    private readonly process: ChildProcess,
    private readonly url: string,
  ) {}

  static async start(uri: string): Promise<House> {
    const child = spawn(process.execPath, ['--enable-source-maps', 'dist/apps/all/main.js'], {
      cwd: rootDir(),
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...{
          PATH: process.env['PATH'],
          NODE_ENV: 'production',
          PORT: '0',
          MONGODB_URI: uri,
          LAGOM_ADMIN_KEY: KEY,
        },
        ...{
          LAGOM_SECRET: 'the-secret-of-links-in-the-bench',
          LAGOM_HASH_KEY: 'bench:the-key-of-hashes-in-the-bench',
        },
        ...{
          LAGOM_TENANTS: join(rootDir(), 'bench', 'tenants'),
          LAGOM_SEND: 'capture',
          SENDGRID_API_KEY: 'SG.bench',
        },
      },
    });
    process.once('exit', () => child.kill('SIGKILL'));
    let said = '';
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-20_000);
        const found = /listening at ([^"\s]+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      child.once('exit', () => reject(new Error(`the house ended: ${said}`)));
    });
    return new House(child, url);
  }

  async send(rows: number): Promise<string> {
    const sending = request(`${this.url}/v1/imports?kind=customers`, {
      method: 'POST',
      headers: { ...HEADERS, 'content-type': 'text/csv', prefer: 'respond-async' },
    });
    Readable.from(file(rows)).pipe(sending);
    const [answer] = (await once(sending, 'response')) as [Readable & { statusCode: number }];
    const body = (await answer.toArray()).join('');
    if (answer.statusCode !== 202) throw new Error(`the import was answered ${answer.statusCode}: ${body}`);
    return (JSON.parse(body) as { id: string }).id;
  }

  /** Follows an import; how many rows were done in how long, from the first that was seen done here. */
  async watch(
    id: string,
    isEnough: (seen: Seen) => boolean,
  ): Promise<{ seen: Seen; rows: number; seconds: number }> {
    let first: { done: number; at: number } | undefined;
    let before: Seen | undefined;
    for (;;) {
      const answer = await fetch(`${this.url}/v1/imports/${id}`, { headers: HEADERS });
      const seen = (await answer.json()) as Seen;
      // Until another has taken it up nothing moves, and nothing is measured.
      if (before !== undefined && seen.done > before.done)
        first ??= { done: before.done, at: performance.now() };
      before = seen;
      if (isEnough(seen)) {
        const { done, at } = first ?? { done: seen.done, at: performance.now() };
        return { seen, rows: seen.done - done, seconds: (performance.now() - at) / 1_000 };
      }
      if (seen.status === 'failed') throw new Error(`the import failed: ${JSON.stringify(seen)}`);
      await pause(100);
    }
  }

  /** Where this machine's kernel tells (Linux); else 0. */
  peakMb(): number {
    if (process.platform !== 'linux' || this.process.pid === undefined) return 0;
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1_024;
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.removeAllListeners('exit');
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
}

const HEADERS = { authorization: `Bearer ${KEY}`, 'lagom-tenant': TENANT, accept: 'application/json' };
