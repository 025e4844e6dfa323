import type { Admin } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Standing } from './backlog.js';

/** How long a broker may say that it does not lead a topic: one that has just been made, or whose leader has just gone. */
const LEADERS_MS = 10_000;
const ASK_AGAIN_MS = 200;

/** Where each partition of a topic begins and ends. kafkajs looks for the leaders anew each time it is asked. */
export async function topicEnds(admin: Admin, topic: string): ReturnType<Admin['fetchTopicOffsets']> {
  const end = performance.now() + LEADERS_MS;
  for (;;) {
    try {
      return await admin.fetchTopicOffsets(topic);
    } catch (error) {
      const { name, retriable } = error as { name?: string; retriable?: boolean };
      if (name !== 'KafkaJSProtocolError' || !retriable || performance.now() > end) throw error;
      await pause(ASK_AGAIN_MS);
    }
  }
}

/** Where a topic ends and what a group has committed of it; what retention has deleted counts as handled. */
export async function topicStanding(admin: Admin, group: string, topic: string): Promise<Standing> {
  const [ends, committed] = await Promise.all([
    topicEnds(admin, topic),
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
