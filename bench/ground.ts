import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClient } from '#messaging/kafka-client';
import { rootDir } from '#platform/root';
import { classPath } from '../test/servers/jars.js';
import { KafkaServer } from '../test/servers/kafka.js';
import { Child, ENVIRONMENT } from './child.js';
import type { HouseStart } from './house.js';
import type { Use } from './measure.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** A ledger of a million rows in memory does not fit what Node allows itself. */
const LARGE_HEAP = '--max-old-space-size=12288';

/** What the house stands on while it is measured: a sink, and servers of its own or what is embedded. */
export class Ground {
  private readonly children: Child[] = [];
  private readonly houses: House[] = [];
  private readonly after: (() => Promise<void>)[] = [];
  private brokers = process.env['KAFKA_BROKERS'] ?? '';

  private constructor(
    /** Real Kafka, separate processes, the store in its own. */
    readonly servers: boolean,
    private readonly profile: boolean,
    readonly sink: Child,
    private readonly sinkUrl: string,
  ) {}

  /** Starts the sink, and Kafka where it is wanted and KAFKA_BROKERS names none. */
  static async open({ servers, profile }: { servers: boolean; profile: boolean }): Promise<Ground> {
    const sink = Child.start('sink');
    const url = await sink.ask<string>('listen', { afterMs: 5 });
    const ground = new Ground(servers, profile, sink, url);
    try {
      if (servers && ground.brokers === '') await ground.startKafka();
    } catch (error) {
      await ground.close();
      throw error;
    }
    return ground;
  }

  private async startKafka(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'lagom-bench-kafka-'));
    this.after.push(() => rm(folder, { recursive: true, force: true }));
    const kafka = await KafkaServer.start(await classPath(), folder);
    this.after.unshift(() => kafka.stop());
    this.brokers = kafka.brokers;
  }

  get url(): string {
    return this.sinkUrl;
  }

  /** An empty house: what the parts that are started next have in common. */
  async fresh({ journal }: { journal: boolean }): Promise<House> {
    const prefix = `bench-${randomUUID().slice(0, 8)}.`;
    const folder = journal ? await mkdtemp(join(tmpdir(), 'lagom-bench-')) : null;
    const env: Record<string, string> = {
      LAGOM_TENANTS: join(rootDir(), 'bench', 'tenants'),
      LAGOM_SECRET: 'the-secret-of-links-in-the-bench',
      LAGOM_HASH_KEY: 'bench:the-key-of-hashes-in-the-bench',
      LAGOM_ADMIN_KEY: 'the-first-key-of-the-bench',
      LAGOM_SEND: 'live',
      SENDGRID_API_KEY: 'SG.bench',
      SENDGRID_BASE_URL: this.sinkUrl,
      LAGOM_DATA_DIR: folder ?? 'memory',
    };
    const forget = async (): Promise<void> => {
      if (folder !== null) await rm(folder, { recursive: true, force: true });
    };
    const store = this.servers
      ? await Store.open(folder ?? 'memory').catch(async (error: unknown) => {
          await forget();
          throw error;
        })
      : null;
    if (this.servers) {
      Object.assign(env, {
        MONGODB_URI: store?.uri ?? '',
        KAFKA_BROKERS: this.brokers,
        KAFKA_GROUP_PREFIX: prefix.slice(0, -1),
      });
    }
    const house = new House(
      env,
      prefix,
      this.servers,
      this.profile,
      async () => {
        await store?.close();
        await forget();
        if (this.servers) await this.forgetTopics(prefix);
      },
      store,
    );
    this.houses.push(house);
    return house;
  }

  /** A bare process beside the house. */
  child(name: string): Child {
    const child = Child.start(name);
    this.children.push(child);
    return child;
  }

  /** Ends all of it, and what a part that failed has left standing. */
  async close(): Promise<void> {
    await Promise.all(this.houses.map((house) => house.close()));
    await Promise.all([this.sink, ...this.children].map((child) => child.end()));
    for (const end of this.after) await end();
  }

  private async forgetTopics(prefix: string): Promise<void> {
    const admin = kafkaClient(this.brokers.split(','), 'lagom-bench', SILENT).admin();
    await admin.connect();
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await admin.disconnect();
  }
}

/** The processes of one measurement, on one store. */
export class House {
  private readonly parts: Child[] = [];
  private readonly tellers: Child[] = [];
  private closing: Promise<void> | undefined;

  constructor(
    private readonly env: Record<string, string>,
    private readonly topicPrefix: string,
    private readonly apart: boolean,
    private readonly profile: boolean,
    private readonly forget: () => Promise<void>,
    readonly store: Store | null,
  ) {}

  /** Starts a process of the house; what is embedded is in it, unless there are servers. */
  async start(part: HouseStart['part']): Promise<Child> {
    const [child, url] = this.begin(part);
    await url;
    return child;
  }

  /** Starts `all`, which answers over HTTP; where. */
  async startAll(): Promise<{ url: string }> {
    return { url: await this.begin('all')[1] };
  }

  /** A process that puts events onto `booking.events` and counts to none of the house's. */
  async startTeller(): Promise<Child> {
    const teller = Child.start('teller');
    this.tellers.push(teller);
    const { KAFKA_BROKERS: brokers } = this.env;
    await teller.ask('open', { brokers, topic: `${this.topicPrefix}booking.events` });
    return teller;
  }

  /** Milliseconds of processor that its processes, and the store where it is apart, have taken so far. */
  async cpuMs(): Promise<number> {
    const all = await Promise.all(this.parts.map((part) => part.ask<Use>('use')));
    return all.reduce((sum, { cpuMs }) => sum + cpuMs, this.store?.use()?.cpuMs ?? 0);
  }

  /** The most memory that its first process, and the store where it is apart, have had. */
  async peakMb(): Promise<{ dispatcher: number; store: number | null }> {
    const [first] = await Promise.all(this.parts.slice(0, 1).map((part) => part.ask<Use>('use')));
    return { dispatcher: first?.peakMb ?? 0, store: this.store?.use()?.peakMb ?? null };
  }

  private begin(part: HouseStart['part']): [Child, Promise<string>] {
    const nodeArgs = [LARGE_HEAP, ...(this.profile ? ['--cpu-prof', '--cpu-prof-dir=.cache/profiles'] : [])];
    const child = Child.start('house', { nodeArgs });
    this.parts.push(child);
    const app = this.apart && part !== 'all' ? part : 'all';
    const told: HouseStart = { app, part, env: this.env, topicPrefix: this.apart ? this.topicPrefix : '' };
    return [child, child.ask('start', told)];
  }

  /** Ends its processes and takes its folders away. Twice is once. */
  close(): Promise<void> {
    const all = [...this.tellers, ...this.parts];
    return (this.closing ??= Promise.all(all.map((one) => one.end())).then(() => this.forget()));
  }
}

/** The embedded store in its own process, or the server that MONGODB_URI names. */
export class Store {
  private constructor(
    readonly uri: string,
    private readonly process: ChildProcess | null,
  ) {}

  static async open(dataDir: string): Promise<Store> {
    const named = process.env['MONGODB_URI'];
    if (named !== undefined) {
      const url = new URL(named);
      url.pathname = `/lagom-bench-${randomUUID().slice(0, 8)}`;
      return new Store(url.href, null);
    }
    const args = [LARGE_HEAP, 'dist/apps/store/main.js'];
    const env = { ...ENVIRONMENT, PORT: '0', LAGOM_DATA_DIR: dataDir };
    const child = spawn(process.execPath, args, {
      cwd: rootDir(),
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    process.once('exit', () => child.kill('SIGKILL'));
    let said = '';
    const uri = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const found = /listening at ([^"\s]+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      child.once('exit', () => reject(new Error(`the store ended: ${said}`)));
    });
    return new Store(uri, child);
  }

  /** What its process has taken, where this machine's kernel tells (Linux, 100 ticks a second). */
  use(): Use | null {
    if (this.process?.pid === undefined || process.platform !== 'linux') return null;
    const proc = `/proc/${this.process.pid}`;
    const [, , , , , , , , , , , user = 0, system = 0] = readFileSync(`${proc}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`${proc}/status`, 'utf8'))?.[1];
    return { cpuMs: (user + system) * 10, peakMb: Number(peak) / 1_024 };
  }

  async close(): Promise<void> {
    if (this.process === null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const late = setTimeout(() => this.process?.kill('SIGKILL'), 60_000);
    await gone;
    clearTimeout(late);
  }
}
