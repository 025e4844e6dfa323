import type { Admin, ITopicConfig } from 'kafkajs';
import type { Log } from './handling.js';

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
    await admin.createTopics({ waitForLeaders: true, topics: missing.map(config) });
    log.info({ topics: missing.map(({ topic }) => topic) }, 'topics created');
  } catch (error) {
    const now = new Set(await admin.listTopics());
    const still = missing.filter(({ topic }) => !now.has(topic));
    if (still.length === 0) return;
    const lines = still.map((topic) => `  ${describe(topic)}: ${why(error, topic.topic)}`);
    throw new Error(`Kafka lacks topics that this key may not create:\n${lines.join('\n')}`, {
      cause: error,
    });
  }
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

function why(error: unknown, topic: string): string {
  const errors = (error as { errors?: { topic?: string; type?: string; message: string }[] }).errors ?? [];
  const own = errors.find((one) => one.topic === topic) ?? (error as { type?: string; message: string });
  return own.type ?? own.message;
}
