import type { Admin } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Standing } from './backlog.js';

/** How long a broker may say "not yet": a topic that has just been made, a leader or a coordinator that has just gone. */
const NOT_YET_MS = 10_000;
const ASK_AGAIN_MS = 200;

/** Asks again while the broker's answer is one of those that pass by themselves (Kafka's retriable error codes). */
async function askAgain<T>(ask: () => Promise<T>): Promise<T> {
  const end = performance.now() + NOT_YET_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { name, retriable } = error as { name?: string; retriable?: boolean };
      if (name !== 'KafkaJSProtocolError' || !retriable || performance.now() > end) throw error;
      await pause(ASK_AGAIN_MS);
    }
  }
}

/** Where each partition of a topic begins and ends. kafkajs looks for the leaders anew each time it is asked. */
export function topicEnds(admin: Admin, topic: string): ReturnType<Admin['fetchTopicOffsets']> {
  return askAgain(() => admin.fetchTopicOffsets(topic));
}

/** What a group has committed of each partition of a topic, -1 where that is nothing. */
export async function topicCommitted(
  admin: Admin,
  group: string,
  topic: string,
): Promise<Map<number, bigint>> {
  const [at] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  return new Map(at?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
}

/** Where a topic ends and what a group has committed of it; what retention has deleted counts as handled. */
export async function topicStanding(admin: Admin, group: string, topic: string): Promise<Standing> {
  const [ends, next] = await Promise.all([
    topicEnds(admin, topic),
    askAgain(() => topicCommitted(admin, group, topic)),
  ]);
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
