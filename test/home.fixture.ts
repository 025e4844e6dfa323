import { afterAll } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { kafkaClient } from '#messaging/kafka-client';
import { connectMongo } from '#platform/mongo';
import { TOPICS } from '../apps/platform.module.js';

/** Where one app under test lives: what the environment says for it, and nothing of it is another's. */
export interface Home {
  env: Record<string, string>;
  /** Kafka's topics have one name each: the app's own begin with this. */
  topicPrefix: string;
  /** Gives back what the app kept; a home that was asked for by its data folder stays until the file's tests have ended. */
  leave(): Promise<void>;
}

/** The real servers that this run of the tests is to use (`npm run test:servers`). */
export const REAL = {
  mongoUri: process.env.MONGODB_URI || undefined,
  brokers: process.env.KAFKA_BROKERS?.split(','),
};

// What `all` makes for itself on its own store must be said beside a real one.
const SECRETS = {
  LAGOM_SECRET: 'the-secret-of-links-in-tests',
  LAGOM_HASH_KEY: 'test:the-key-of-hashes-in-tests',
};
export const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const kept = new Map<string, () => Promise<void>>();

afterAll(async () => {
  for (const [name, drop] of kept) {
    kept.delete(name);
    await drop();
  }
});

/** A database, topics and groups of its own on the real servers that are named; where none is, the embedded ones. */
export function homeOf(dataDir: string): Home {
  const isKept = dataDir !== 'memory';
  // The same folder is the same home: a second start finds what the first one left.
  const seed = isKept ? createHash('sha256').update(dataDir).digest('hex') : randomUUID();
  const name = `lagom-test-${seed.slice(0, 12)}`;
  const { mongoUri, brokers } = REAL;
  const database = mongoUri === undefined ? undefined : withDatabase(mongoUri, name);
  const drop = async (): Promise<void> => {
    await Promise.all([database && dropDatabase(database), brokers && dropTopics(brokers, name)]);
  };
  if (isKept) kept.set(name, drop);
  return {
    env: {
      ...(database === undefined ? {} : { MONGODB_URI: database, ...SECRETS }),
      ...(brokers === undefined ? {} : { KAFKA_BROKERS: brokers.join(), KAFKA_GROUP_PREFIX: name }),
    },
    topicPrefix: brokers === undefined ? '' : `${name}.`,
    leave: isKept ? async () => undefined : drop,
  };
}

function withDatabase(uri: string, name: string): string {
  const url = new URL(uri);
  url.pathname = `/${name}`;
  return url.href;
}

async function dropDatabase(uri: string): Promise<void> {
  const connection = await connectMongo(uri);
  await connection.dropDatabase();
  await connection.close();
}

async function dropTopics(brokers: string[], name: string): Promise<void> {
  const admin = kafkaClient(brokers, 'test', silent).admin();
  await admin.connect();
  try {
    const own = new Set(TOPICS.map(({ topic }) => `${name}.${topic}`));
    const topics = (await admin.listTopics()).filter((topic) => own.has(topic));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    const { groups } = await admin.listGroups();
    const mine = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(`${name}-`));
    if (mine.length > 0) await admin.deleteGroups(mine);
  } finally {
    await admin.disconnect();
  }
}
