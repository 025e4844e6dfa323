import type { Admin } from 'kafkajs';
import type { Standing } from './backlog.js';

/** Where a topic ends and what a group has committed of it; what retention has deleted counts as handled. */
export async function topicStanding(admin: Admin, group: string, topic: string): Promise<Standing> {
  const [ends, committed] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId: group, topics: [topic] }),
  ]);
  // -1 where the group has committed nothing.
  const next = new Map(committed[0]?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
  const handledTo = (partition: number, low: bigint): bigint => {
    const at = next.get(partition) ?? low;
    return at > low ? at : low;
  };
  return new Map(
    ends.map(({ partition, low, high }) => [
      partition,
      { end: BigInt(high), handledTo: handledTo(partition, BigInt(low)) },
    ]),
  );
}

/** How many messages of a topic, or of some of its partitions, a group has not committed yet. */
export async function topicLag(
  admin: Admin,
  group: string,
  topic: string,
  only?: ReadonlySet<number>,
): Promise<number> {
  const standing = await topicStanding(admin, group, topic);
  return [...standing].reduce((sum, [partition, { end, handledTo }]) => {
    if (only && !only.has(partition)) return sum;
    return sum + Math.max(0, Number(end - handledTo));
  }, 0);
}
