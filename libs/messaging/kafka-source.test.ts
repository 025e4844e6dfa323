import { afterAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { done, Door, Ear, eventually, isOutage, nameOf, Outage, quick, silent } from './ear.fixture.js';
import { ensureTopics } from './ensure-topics.js';
import { eventSourceContract } from './event-source.contract.js';
import { KafkaBacklog } from './kafka-backlog.js';
import { isKafkaOutage, kafkaClient } from './kafka-client.js';
import { KafkaSink } from './kafka-sink.js';
import { KafkaSource, type KafkaSourceOptions } from './kafka-source.js';
import type { Sightings } from './sightings.js';
import { topicLag } from './topic-lag.js';

const brokers = process.env.KAFKA_BROKERS?.split(',') ?? [];

if (brokers.length === 0) {
  it.skip('event source over Kafka: skipped, KAFKA_BROKERS names no broker', () => undefined);
} else {
  const kafka = kafkaClient(brokers, 'test', silent);
  const admin = kafka.admin();
  const connected = admin.connect();
  const sink = new KafkaSink(kafka);
  const made: string[] = [];

  const freshTopic = async (partitions = 3) => {
    await connected;
    const topic = `test.${randomUUID()}`;
    made.push(topic);
    await ensureTopics(admin, [{ topic, partitions, retentionMs: 3_600_000 }], silent);
    return topic;
  };
  const options = (topic: string, ear: Pick<Ear, 'deadLetter'>): KafkaSourceOptions => ({
    group: topic,
    isOutage,
    log: silent,
    drainMs: 2_000,
    deadLetter: ear.deadLetter,
    ...quick,
  });

  afterAll(async () => {
    await sink.close();
    await admin.deleteGroups(made).catch(() => undefined);
    await admin.deleteTopics({ topics: made });
    await admin.disconnect();
  });

  eventSourceContract('Kafka', async () => {
    const topic = await freshTopic();
    const sources: KafkaSource[] = [];
    const backlog = new KafkaBacklog(kafka, topic);
    return {
      topic,
      sink,
      backlog,
      source: (more) => {
        const source = new KafkaSource(kafka, { ...options(topic, more), ...more });
        sources.push(source);
        return source;
      },
      close: async () => {
        await Promise.all(sources.map((source) => source.stop()));
        await backlog.close();
      },
    };
  });

  describe('Kafka source', () => {
    const open: KafkaSource[] = [];
    const hear = async (topic: string, ear: Ear, more: Partial<KafkaSourceOptions> = {}) => {
      const source = new KafkaSource(kafka, { ...options(topic, ear), ...more });
      open.push(source);
      source.subscribe({ topic, handle: ear.handle, batchSize: 1, concurrency: 16 });
      await source.start();
      return source;
    };
    const stopAll = () => Promise.all(open.splice(0).map((source) => source.stop()));
    const records = (keys: number, each: number) =>
      Array.from({ length: keys * each }, (_, i) => ({
        key: `k${i % keys}`,
        value: String(Math.floor(i / keys)),
      }));

    it('hears everything, each key in order, while members join and leave', async () => {
      const topic = await freshTopic(6);
      const ends: string[] = [];
      const answer = async (one: { key: string | null; value: Buffer }) => {
        await new Promise((resolve) => setTimeout(resolve, 3));
        ends.push(nameOf(one));
        return done();
      };
      const [first, second] = [new Ear(answer), new Ear(answer)];
      await sink.produce(topic, records(20, 50));
      const one = await hear(topic, first);
      await first.until(() => first.ends.length > 100);
      await hear(topic, second);
      await sink.produce(
        topic,
        records(20, 50).map((r) => ({ ...r, value: String(Number(r.value) + 50) })),
      );
      await second.until(() => second.ends.length > 100);
      await one.stop();
      await eventually(() => new Set(ends).size === 2_000);
      await eventually(async () => (await topicLag(admin, topic, topic)) === 0);
      for (let k = 0; k < 20; k += 1) {
        // Repeats are allowed, overtaking is not: the first hearing of each number is in order.
        const firsts = [...new Set(ends.filter((end) => end.startsWith(`k${k}:`)))];
        expect(firsts).toEqual(Array.from({ length: 100 }, (_, i) => `k${k}:${i}`));
      }
      expect(ends.length).toBeLessThan(2_600);
      await stopAll();
    });

    it('commits nothing beyond a message that has not ended', async () => {
      const topic = await freshTopic(1);
      const door = new Door();
      const ear = new Ear(async (one) => {
        if (nameOf(one) === 'k0:0') await door.opened;
        return done();
      });
      await sink.produce(topic, records(10, 10));
      await hear(topic, ear);
      await ear.until(() => ear.ends.length === 90);
      expect(await topicLag(admin, topic, topic)).toBe(100);
      door.open();
      await eventually(async () => (await topicLag(admin, topic, topic)) === 0);
      await stopAll();
    });

    it('goes on with other partitions while one is full and held', async () => {
      const topic = await freshTopic(6);
      let lost = true;
      const ear = new Ear((one) => {
        if (one.key === 'k0' && lost) throw new Outage('down');
        return done();
      });
      await hear(topic, ear, { highWater: 10, outage: { firstMs: 20, maxMs: 50 } });
      await sink.produce(topic, records(60, 20));
      await ear.until(() => ear.heard.includes('k0:0'));
      const held = ear.batches.flat().find(({ key }) => key === 'k0')?.partition;
      await ear.until(() => ear.batches.flat().filter(({ partition }) => partition !== held).length > 600);
      expect(ear.dead).toEqual([]);
      lost = false;
      await ear.until(() => new Set(ear.ends).size === 1_200);
      await stopAll();
    });

    it('stays in its group while the ledger is slow to note what is taken up', async () => {
      const topic = await freshTopic(1);
      const ear = new Ear();
      const sessionTimeoutMs = 6_000;
      const sightings: Sightings = {
        seen: async () => {
          await new Promise((resolve) => setTimeout(resolve, 1.3 * sessionTimeoutMs));
          return 1;
        },
        anyAlone: async () => false,
        takeBack: async () => undefined,
        forget: async () => undefined,
        passed: async () => undefined,
      };
      const source = await hear(topic, ear, { sightings, sessionTimeoutMs });
      let joins = 0;
      const consumer = source['consumer'];
      consumer?.on(consumer.events.GROUP_JOIN, () => (joins += 1));
      await eventually(() => source.healthy().ok);
      joins = 0;
      await sink.produce(topic, [{ key: 'a', value: '1' }]);
      await eventually(async () => (await topicLag(admin, topic, topic)) === 0);
      expect({ joins, heard: ear.heard }).toEqual({ joins: 0, heard: ['a:1'] });
      await stopAll();
    });

    it('makes a crashed consumer anew, and says so when it cannot', async () => {
      const topic = await freshTopic(1);
      const ear = new Ear();
      const source = await hear(topic, ear);
      // What kafkajs does on an error that it will not retry.
      const consumer = source['consumer'] as unknown as { disconnect(): Promise<void> };
      await consumer.disconnect();
      source['crashed'](consumer as never, new Error('gone'), false);
      expect(source.healthy()).toEqual({ ok: false, why: expect.stringContaining('crashed') });
      await sink.produce(topic, [{ key: 'a', value: '1' }]);
      await ear.until(() => ear.ends.length === 1);
      expect(source.healthy()).toEqual({ ok: true });
      await stopAll();

      let fatal = '';
      const hopeless = await hear(topic, new Ear(), { recreations: 0, onFatal: (why) => (fatal = why) });
      hopeless['crashed'](hopeless['consumer'] as never, new Error('gone'), false);
      expect(hopeless.healthy().ok).toBe(false);
      expect(fatal).toContain('crashed');
      await stopAll();
    });

    it('handles alone what ended its process twice, then dead-letters it', async () => {
      const topic = await freshTopic(1);
      const notes = new Set<string>();
      const noted = (start: string) => [...notes].filter((note) => note.startsWith(start));
      const sightings: Sightings = {
        seen: async (_topic, partition, offset, how) => {
          notes.add(`${partition}/${offset}/${how} third`);
          return noted(`${partition}/${offset}/${how}`).length;
        },
        anyAlone: async (_topic, partition) => noted(`${partition}/`).some((note) => /alone/.test(note)),
        takeBack: async (_topic, partition, offset) => {
          for (const note of noted(`${partition}/${offset}/`)) if (note.endsWith('third')) notes.delete(note);
        },
        forget: async (_topic, partition, offset) => {
          for (const note of noted(`${partition}/${offset}/`)) notes.delete(note);
        },
        passed: async (_topic, partition, next) => {
          for (const note of noted(`${partition}/`))
            if (BigInt(note.split('/')[1] ?? '') < next) notes.delete(note);
        },
      };
      // Processes took the partition up here and died, the last three with the message alone.
      const dead = ['first', 'second', 'other', 'last'];
      for (const life of dead) notes.add(`0/0/start ${life}`);
      for (const life of dead.slice(1)) notes.add(`0/0/alone ${life}`);
      await sink.produce(topic, [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ]);
      const third = new Ear();
      await hear(topic, third, { sightings });
      await third.until(() => third.dead.length === 1 && third.ends.length === 1);
      expect(third.dead[0]).toMatchObject({ why: { reason: 'ended its process, alone too' } });
      expect(third.ends).toEqual(['b:2']);
      await stopAll();
      expect([...notes]).toEqual([]);
    });
  });

  describe('Kafka topics', () => {
    it('are created once, with their settings, and named when they cannot be', async () => {
      const topic = await freshTopic(2);
      await ensureTopics(admin, [{ topic, partitions: 2 }], silent);
      const warned: object[] = [];
      await ensureTopics(admin, [{ topic, partitions: 5 }], {
        ...silent,
        warn: (about) => warned.push(about),
      });
      expect(warned).toEqual([{ topic, partitions: 2, asked: 5 }]);
      await expect(
        ensureTopics(admin, [{ topic: 'not/a/name', partitions: 1, cleanupPolicy: 'compact' }], silent),
      ).rejects.toThrow('  not/a/name (1 partitions, cleanup.policy=compact): INVALID_TOPIC_EXCEPTION');
    });

    it('take more than one request holds', async () => {
      const topic = await freshTopic(1);
      await sink.produce(
        topic,
        Array.from({ length: 30 }, (_, i) => ({ key: 'a', value: Buffer.alloc(100_000, i) })),
      );
      const [end] = await admin.fetchTopicOffsets(topic);
      expect(end?.high).toBe('30');
    });

    it('that are absent fail their own records only', async () => {
      const topic = await freshTopic(1);
      await expect(sink.produce('test.absent', [{ key: 'a', value: '1' }])).rejects.toThrow();
      await sink.produce(topic, [{ key: 'a', value: '1' }]);
      expect((await admin.fetchTopicOffsets(topic))[0]?.high).toBe('1');
    });
  });

  it('tells a lost broker from other faults', async () => {
    const nobody = new KafkaSink(kafkaClient(['127.0.0.1:1'], 'test', silent, { retry: { retries: 1 } }));
    const failed = await nobody.produce('any', [{ key: 'a', value: '1' }]).catch((error: unknown) => error);
    expect([isKafkaOutage(failed), isKafkaOutage(new Error('x'))]).toEqual([true, false]);
    await nobody.close();
  });
}
