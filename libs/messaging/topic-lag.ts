import type { Admin } from 'kafkajs';

/** How many messages of a topic, or of some of its partitions, a group has not committed yet. */
export async function topicLag(
  admin: Admin,
  group: string,
  topic: string,
  only?: ReadonlySet<number>,
): Promise<number> {
  const [ends, committed] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId: group, topics: [topic] }),
  ]);
  const next = new Map(committed[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  return ends.reduce((sum, { partition, low, high }) => {
    if (only && !only.has(partition)) return sum;
    const from = Math.max(Number(low), next.get(partition) ?? 0);
    return sum + Math.max(0, Number(high) - from);
  }, 0);
}
