import type { Admin, ITopicConfig } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from './handling.js';

const LEADERS_MS = 30_000;
const LOOK_EACH_MS = 50;

/** A topic as it is needed. Existing topics are left as they are. */
export interface WantedTopic {
  topic: string;
  partitions: number;
  retentionMs?: number;
  cleanupPolicy?: 'delete' | 'compact';
}

/**
 * Creates what is missing. Where the broker does not allow it, throws an error that names each missing topic, why, and how
 * it must be made.
 */
export async function ensureTopics(admin: Admin, wanted: readonly WantedTopic[], log: Log): Promise<void> {
  const known = new Set(await admin.listTopics());
  const missing = wanted.filter(({ topic }) => !known.has(topic));
  await warnOfNarrow(
    admin,
    wanted.filter(({ topic }) => known.has(topic)),
    log,
  );
  if (missing.length === 0) return;
  try {
    // Not `waitForLeaders`: a broker that has just made a topic may say once more that it does not know it.
    await admin.createTopics({ waitForLeaders: false, topics: missing.map(config) });
  } catch (error) {
    const refused = missing.filter(({ topic }) => isRefused(error, topic));
    if (refused.length > 0) throw lacking(refused, error);
  }
  await untilLed(admin, missing);
  log.info({ topics: missing.map(({ topic }) => topic) }, 'topics created');
}

/** Resolves once every partition has a leader: before, the first to produce or to hear would fail. */
async function untilLed(admin: Admin, wanted: readonly WantedTopic[]): Promise<void> {
  const topics = wanted.map(({ topic }) => topic);
  const end = performance.now() + LEADERS_MS;
  for (;;) {
    try {
      const found = await admin.fetchTopicMetadata({ topics });
      const led = found.topics.filter(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
      if (led.length === topics.length) return;
    } catch (error) {
      // Unknown, or without leaders: it is being made.
      if ((error as { retriable?: boolean }).retriable !== true || performance.now() > end)
        throw lacking(wanted, error);
    }
    if (performance.now() > end) throw lacking(wanted, new Error('no leader'));
    await pause(LOOK_EACH_MS);
  }
}

/** Another process that made it first is no fault. */
const isRefused = (error: unknown, topic: string): boolean =>
  (errorsOf(error)?.some((one) => one.topic === topic) ?? true) &&
  why(error, topic) !== 'TOPIC_ALREADY_EXISTS';

function lacking(topics: readonly WantedTopic[], cause: unknown): Error {
  const lines = topics.map((topic) => `  ${describe(topic)}: ${why(cause, topic.topic)}`);
  return new Error(`Kafka lacks topics that this key may not create:\n${lines.join('\n')}`, { cause });
}

async function warnOfNarrow(admin: Admin, wanted: readonly WantedTopic[], log: Log): Promise<void> {
  if (wanted.length === 0) return;
  const { topics } = await admin.fetchTopicMetadata({ topics: wanted.map(({ topic }) => topic) });
  for (const { name, partitions } of topics) {
    const asked = wanted.find(({ topic }) => topic === name)?.partitions ?? 0;
    if (partitions.length >= asked) continue;
    log.warn(
      { topic: name, partitions: partitions.length, asked },
      'a topic has fewer partitions than asked for',
    );
  }
}

const settings = ({ retentionMs, cleanupPolicy }: WantedTopic): { name: string; value: string }[] => [
  ...(retentionMs === undefined ? [] : [{ name: 'retention.ms', value: String(retentionMs) }]),
  ...(cleanupPolicy === undefined ? [] : [{ name: 'cleanup.policy', value: cleanupPolicy }]),
];

const config = (wanted: WantedTopic): ITopicConfig => ({
  topic: wanted.topic,
  numPartitions: wanted.partitions,
  configEntries: settings(wanted),
});

const describe = (wanted: WantedTopic): string =>
  [
    `${wanted.topic} (${wanted.partitions} partitions`,
    ...settings(wanted).map(({ name, value }) => `${name}=${value}`),
  ].join(', ') + ')';

type TopicError = { topic?: string; type?: string; message: string };
const errorsOf = (error: unknown): TopicError[] | undefined => (error as { errors?: TopicError[] }).errors;

function why(error: unknown, topic: string): string {
  const own = errorsOf(error)?.find((one) => one.topic === topic) ?? (error as TopicError);
  return own.type ?? own.message;
}
