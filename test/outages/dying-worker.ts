import { kafkaClient } from '#messaging/kafka-client';
import { KafkaSource } from '#messaging/kafka-source';
import { SightingStore } from '#messaging/sighting.store';
import { SystemClock } from '#platform/clock';
import { connectMongo } from '#platform/mongo';

/** What `dying-worker.ts <json>` is told. */
export interface DyingWorker {
  brokers: string[];
  mongoUri: string;
  group: string;
  topics: string[];
}

/** A worker that dies of a message, as of a bug in native code or for want of memory: nothing is thrown, nothing is told. */
const { brokers, mongoUri, group, topics } = JSON.parse(process.argv[2] ?? '') as DyingWorker;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const connection = await connectMongo(mongoUri);
const sightings = new SightingStore(connection, new SystemClock());
await sightings.createIndexes();
const say = (...words: unknown[]): void => void process.stdout.write(`${words.join(' ')}\n`);
const source = new KafkaSource(kafkaClient(brokers, 'test', silent), {
  group,
  isOutage: () => false,
  deadLetter: (heard, why) => Promise.resolve(say('dead', heard.topic, heard.value.toString(), why.reason)),
  log: silent,
  sightings: sightings.of(group),
  sessionTimeoutMs: 6_000,
});
for (const topic of topics) {
  source.subscribe({
    topic,
    batchSize: 5,
    concurrency: 2,
    handle: async (batch) => {
      // Others of the batch have an end before it, as others that ran beside it do.
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (const { value } of batch) {
        if (value.toString() === 'poison') process.kill(process.pid, 'SIGKILL');
        say('ended', topic, value.toString());
      }
      return batch.map(() => ({ kind: 'done' }));
    },
  });
}
await source.start();
process.on('SIGTERM', () => {
  void source
    .stop()
    .then(() => connection.close())
    .then(() => process.exit(0));
});
