import { afterAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { silent } from './ear.fixture.js';
import { ensureTopics } from './ensure-topics.js';
import { kafkaClient } from './kafka-client.js';
import { KafkaSink } from './kafka-sink.js';
import { TopicReader } from './topic-reader.js';

const brokers = process.env.KAFKA_BROKERS?.split(',') ?? [];

if (brokers.length === 0) {
  it.skip('reader of a topic: skipped, KAFKA_BROKERS names no broker', () => undefined);
} else {
  const kafka = kafkaClient(brokers, 'test', silent);
  const admin = kafka.admin();
  const sink = new KafkaSink(kafka);
  const topic = `test.${randomUUID()}`;
  const reader = new TopicReader(kafka, topic, 'test');

  afterAll(async () => {
    await sink.close();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  });

  it('reads a compacted topic to its end, from where it was, and its newest', async () => {
    await admin.connect();
    await ensureTopics(admin, [{ topic, partitions: 2, cleanupPolicy: 'compact' }], silent);
    expect(await reader.newest()).toEqual([]);
    await reader.read({}, () => Promise.reject(new Error('there is nothing to take')));

    const all = Array.from({ length: 5_000 }, (_, n) => ({ key: `k${n % 7}`, value: String(n) }));
    await sink.produce(topic, all);
    const newest = (await reader.newest()).map(String);
    expect(newest).toContain('4999');
    expect(newest).toHaveLength(2);

    const heard: number[] = [];
    let place: Record<string, string> = {};
    const far: { done: number; total: number }[] = [];
    await reader.read({}, (values, next, soFar) => {
      heard.push(...values.map(Number));
      place = next;
      far.push(soFar);
      return Promise.resolve();
    });
    expect(heard.toSorted((a, b) => a - b)).toEqual(all.map(({ value }) => Number(value)));
    expect(far.map(({ done }) => done)).toEqual(far.map(({ done }) => done).toSorted((a, b) => a - b));
    expect(far.at(-1)).toEqual({ done: 5_000, total: 5_000 });
    await sink.produce(topic, [{ key: 'k1', value: '5000' }]);
    const later: string[] = [];
    await reader.read(place, (values, _, soFar) => {
      later.push(...values.map(String));
      expect(soFar).toEqual({ done: 1, total: 1 });
      return Promise.resolve();
    });
    expect(later).toEqual(['5000']);
    await expect(reader.read({}, () => Promise.reject(new Error('the store is away')))).rejects.toThrow(
      'away',
    );
  });
}
