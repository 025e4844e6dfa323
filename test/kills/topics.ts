import type { Admin } from 'kafkajs';
import { kafkaClient } from '#messaging/kafka-client';
import { TOPICS } from '../../apps/platform.module.js';
import { silent } from '../home.fixture.js';

const named = new Set<string>(TOPICS.map(({ topic }) => topic));

/** A new group hears a topic from its beginning, and so what an earlier run told: each run has topics of its own. */
export async function refuseUsedTopics(brokers: readonly string[]): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const used = (await admin.listTopics()).filter((topic) => named.has(topic));
    if (used.length > 0) throw new Error(`a kill run wants a Kafka without ${used.join()}`);
  });
}

/** Takes back what a run made: the topics, and the groups of its prefix. */
export async function dropTopics(brokers: readonly string[], prefix: string): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const { groups } = await admin.listGroups();
    const own = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(prefix));
    // Those who were killed are members until their session ends.
    await admin.deleteGroups(own).catch(() => undefined);
    const made = (await admin.listTopics()).filter((topic) => named.has(topic));
    if (made.length > 0) await admin.deleteTopics({ topics: made });
    for (let left = made; left.length > 0;) {
      left = (await admin.listTopics()).filter((topic) => named.has(topic));
    }
  });
}

async function withAdmin(brokers: readonly string[], work: (admin: Admin) => Promise<void>): Promise<void> {
  const admin = kafkaClient(brokers, 'kills', silent).admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}
