import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ReleaseDue } from '#dispatch/release-due';
import { EventSink } from '#messaging/event-sink';
import { MemoryTopics } from '#messaging/memory-topics';
import { MessageStore } from '#messages/message.store';
import type { BootedApp } from '#platform/boot';
import { readConfig, type AppName } from '#platform/config';
import { Health } from '#platform/health';
import { rootDir } from '#platform/root';
import type mongoose from 'mongoose';
import { Tenants } from '#tenants/tenant';
import { addCampaign, addMembers, membersDue, type Members } from './campaign-ledger.js';
import { serve } from './child.js';
import { bookingEvents } from './events.js';
import { addEnded, addReleased, dueOf, TENANT } from './ledger.js';
import { monotonicMs, until, useOfThis } from './measure.js';

/** Which modules a process of the bench has, as the processes of the house have them. */
const MODULES = {
  ingest: [['apps/ingest/ingest.module.js', 'IngestModule']],
  scheduler: [['apps/scheduler/scheduler.module.js', 'SchedulerModule']],
  dispatcher: [['apps/dispatcher/dispatcher.module.js', 'DispatcherModule']],
} as const;
export type Part = keyof typeof MODULES | 'all';

export interface HouseStart {
  /** Its name to the configuration: only `all` may run on what is embedded. */
  app: AppName;
  part: Part;
  env: Record<string, string>;
  topicPrefix: string;
}

/** What was built, not its sources: that is what runs. */
const built = async <T>(path: string): Promise<T> =>
  (await import(pathToFileURL(join(rootDir(), 'dist', path)).href)) as T;

let house: BootedApp | undefined;
let connection: mongoose.Connection;

async function start({ app, part, env, topicPrefix }: HouseStart): Promise<string> {
  const { bootLagom } = await built<typeof import('../apps/boot-lagom.js')>('apps/boot-lagom.js');
  const { Database } = await built<typeof import('../apps/database.js')>('apps/database.js');
  const modules =
    part === 'all'
      ? (await built<typeof import('../apps/all/all.modules.js')>('apps/all/all.modules.js')).ALL_MODULES
      : await modulesOf(part);
  const config = readConfig({ PORT: '0', LOG_LEVEL: 'error', ...env }, app);
  house = await bootLagom({ app, config, topicPrefix }, modules);
  const health = house.app.get(Health);
  await until(`${part} is ready`, async () => (await health.notReady()).length === 0, 60_000);
  connection = house.app.get(Database).connection;
  return house.url;
}

async function modulesOf(part: keyof typeof MODULES) {
  const loaded = await Promise.all(
    MODULES[part].map(
      async ([path, name]) =>
        (await built<Record<string, new () => unknown>>(path))[name] as new () => unknown,
    ),
  );
  return () => loaded;
}

const running = (): BootedApp => {
  if (house === undefined) throw new Error('start first');
  return house;
};

/** How many rows are on their way. */
const open = (): Promise<number> =>
  running().app.get(MessageStore, { strict: false }).countByStatus(['released', 'sending']);

serve(
  {
    start,
    /** Rows that have long ended, as a real one ended: what a ledger is full of. */
    addEnded: (told: { from: number; count: number }) => addEnded(connection, told),
    /** People, bookings and released rows, of which nobody has been told yet. */
    addReleased: (told: { from: number; count: number }) => addReleased(connection, told),
    /** Tells the dispatcher of them; when that began. */
    produceDue: async (told: { from: number; count: number }): Promise<number> => {
      const began = monotonicMs();
      await running().app.get(EventSink).produce('messages.due.service', dueOf(told));
      return began;
    },
    /** What is due is released: how many. */
    releaseDue: (): Promise<number> => running().app.get(ReleaseDue, { strict: false }).runOnce(new Date()),
    open,
    addCampaign: () => addCampaign(connection),
    addMembers: async (told: Members): Promise<void> => {
      const tenant = running().app.get(Tenants, { strict: false }).get(TENANT);
      if (tenant === undefined) throw new Error('the tenant of the bench is not there');
      await addMembers(connection, tenant, told);
    },
    produceMembers: async (told: { from: number; count: number }): Promise<number> => {
      const began = monotonicMs();
      await running().app.get(EventSink).produce('messages.due.marketing', membersDue(told));
      return began;
    },
    /** What the scheduler would do, whom this part lacks: what was given back goes again. How many have not ended. */
    releaseAgain: async (): Promise<number> => {
      await running().app.get(ReleaseDue, { strict: false }).runOnce(new Date());
      return running()
        .app.get(MessageStore, { strict: false })
        .countByStatus(['planned', 'released', 'sending']);
    },
    /** How many messages stand where, for the one who wonders why something does not end. */
    states: () =>
      connection
        .collection('messages')
        .aggregate([{ $group: { _id: { status: '$status' }, count: { $sum: 1 } } }])
        .toArray(),
    /** Produces events, each keyed by its person. In memory it resolves once they are applied. */
    produceEvents: async (told: { from: number; count: number }): Promise<void> => {
      await running().app.get(EventSink).produce('booking.events', bookingEvents(told));
    },
    heard: () => connection.collection('heard_events').countDocuments({}),
    idle: () => running().app.get(MemoryTopics).idle(),
    use: () => useOfThis(),
    dropDatabase: async () => {
      await connection.dropDatabase();
    },
  },
  () => house?.close(),
);
