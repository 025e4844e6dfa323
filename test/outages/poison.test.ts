import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Admin } from 'kafkajs';
import { type EmbeddedStore, openEmbeddedStore } from '#embedded/embedded-store';
import { ensureTopics } from '#messaging/ensure-topics';
import { kafkaClient } from '#messaging/kafka-client';
import { KafkaSink } from '#messaging/kafka-sink';
import { topicLag } from '#messaging/topic-lag';
import { connectMongo } from '#platform/mongo';
import { rootDir } from '#platform/root';
import { silent } from '../home.fixture.js';
import { until } from '../visit.fixture.js';
import { classPath } from '../servers/jars.js';
import { KafkaServer } from '../servers/kafka.js';
import { NOT_ASKED } from './asked.fixture.js';
import type { DyingWorker } from './dying-worker.js';

if (NOT_ASKED !== null) {
  it.skip(`a message that ends its process: ${NOT_ASKED}`, () => undefined);
} else {
  const group = 'test-poison';
  const [poisoned, innocent] = ['poisoned', 'innocent'];
  const topics = [poisoned, innocent];
  let store: EmbeddedStore;
  let folder: string;
  let server: KafkaServer;
  let admin: Admin;
  let sink: KafkaSink;

  beforeAll(async () => {
    store = await openEmbeddedStore({ dataDir: 'memory', listen: { port: 0 } });
    folder = await mkdtemp(join(tmpdir(), 'lagom-poison-'));
    server = await KafkaServer.start(await classPath(), folder);
    const kafka = kafkaClient([server.brokers], 'test', silent);
    admin = kafka.admin();
    sink = new KafkaSink(kafka);
    await admin.connect();
    await ensureTopics(
      admin,
      topics.map((topic) => ({ topic, partitions: 2, retentionMs: 3_600_000 })),
      silent,
    );
  }, 120_000);
  afterAll(async () => {
    await sink.close();
    await admin.disconnect();
    await server.stop();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** One life of a worker; what it said is `said`. */
  const start = () => {
    const told: DyingWorker = { brokers: [server.brokers], mongoUri: store.uri, group, topics };
    const main = join(rootDir(), 'test', 'outages', 'dying-worker.ts');
    const child = spawn(
      process.execPath,
      [
        ...['--conditions=lagom:source', '--import', '@swc-node/register/esm-register', main],
        JSON.stringify(told),
      ],
      { cwd: rootDir(), env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const life = {
      said: '',
      get ended() {
        return child.exitCode !== null || child.signalCode !== null;
      },
      signal: once(child, 'exit').then(([, signal]) => signal as string | null),
    };
    child.stdout.on('data', (chunk: Buffer) => (life.said += chunk.toString()));
    return { life, end: () => child.kill('SIGTERM') };
  };

  it('ends it twice, is tried alone three times, is then dead-lettered, and nothing beside it is', async () => {
    const say = (topic: string, names: readonly string[]) =>
      sink.produce(
        topic,
        names.map((value) => ({ key: value, value })),
      );
    const numbers = Array.from({ length: 30 }, (_, i) => `n${i}`);
    await say(innocent, numbers);
    // Not the first of its partition: what lies before it ends and is committed meanwhile.
    await say(poisoned, [...numbers.slice(0, 10), 'poison', ...numbers.slice(10)]);
    const lives: string[] = [];
    /** One life, until it has died or has handled everything; how it ended. */
    const live = async (): Promise<string | null> => {
      const { life, end } = start();
      const isThrough = async () =>
        (await Promise.all(topics.map((topic) => topicLag(admin, group, topic)))).every((lag) => lag === 0);
      await until(
        async () => life.ended || (await isThrough()),
        (isOver) => isOver,
        60_000,
      );
      end();
      const signal = await life.signal;
      lives.push(life.said);
      return signal;
    };
    while ((await live()) === 'SIGKILL') expect(lives.length).toBeLessThan(10);
    const lines = lives.flatMap((said) => said.split('\n').filter((line) => line !== ''));
    expect(lines.filter((line) => line.startsWith('dead'))).toEqual([
      `dead ${poisoned} poison ended its process, alone too`,
    ]);
    for (const topic of topics) for (const name of numbers) expect(lines).toContain(`ended ${topic} ${name}`);
    // Two deaths make it a suspect, three more, alone, condemn it; what lay before it may have been committed between two.
    expect([5, 6]).toContain(lives.length - 1);

    // A process that died right after a commit left its note; it goes as the partition moves on, before the next one ends.
    for (const topic of topics) await say(topic, numbers);
    expect(await live()).toBe(null);
    const connection = await connectMongo(store.uri);
    expect(await connection.collection('sightings').find().toArray()).toEqual([]);
    await connection.close();
  }, 400_000);
}
