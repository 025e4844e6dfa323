import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type mongoose from 'mongoose';
import { connectMongo } from '#platform/mongo';
import { homeOf } from './home.fixture.js';
import { HouseProcess } from './processes.fixture.js';

type Documents = readonly mongoose.mongo.BSON.Document[];

/** A ledger that processes of their own share. */
export interface Ledger {
  uri: string;
  /** All that it holds now, by collection. */
  backup(): Promise<Map<string, Documents>>;
  /** Makes it hold that and nothing else. */
  restore(backup: ReadonlyMap<string, Documents>): Promise<void>;
  /** How many documents have something that is not told yet, of those that the journal of choices hears from. */
  waitingOut(): Promise<number>;
  /** Asks it to end where it is ours; its exit code. */
  stop(): Promise<number | null>;
  /** Leaves nothing behind. */
  leave(): Promise<void>;
}

/** The embedded store, served by a process of its own from a folder of its own. */
export async function openOwn(): Promise<Ledger> {
  const folder = await mkdtemp(join(tmpdir(), 'lagom-apart-'));
  const store = HouseProcess.start('store', { LAGOM_DATA_DIR: folder });
  return {
    ...looking(await store.url()),
    stop: () => store.stop(),
    leave: async () => {
      await store.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A database of its own on the server that MONGODB_URI names. */
export async function openNamed(): Promise<Ledger> {
  const home = homeOf('memory');
  const uri = home.env['MONGODB_URI'];
  if (uri === undefined) throw new Error('MONGODB_URI names no server');
  return { ...looking(uri), stop: () => Promise.resolve(0), leave: () => home.leave() };
}

function looking(uri: string): Pick<Ledger, 'uri' | 'backup' | 'restore' | 'waitingOut'> {
  const withIt = async <T>(act: (database: mongoose.mongo.Db) => Promise<T>): Promise<T> => {
    const connection = await connectMongo(uri);
    try {
      return await act(connection.db!);
    } finally {
      await connection.close();
    }
  };
  return {
    uri,
    backup: () =>
      withIt(async (database) => {
        const names = (await database.listCollections().toArray()).map(({ name }) => name);
        const all = names.map(
          async (name) => [name, await database.collection(name).find().toArray()] as const,
        );
        return new Map(await Promise.all(all));
      }),
    restore: (backup) =>
      withIt(async (database) => {
        for (const { name } of await database.listCollections().toArray()) {
          await database.collection(name).deleteMany({});
          const documents = backup.get(name) ?? [];
          if (documents.length > 0) await database.collection(name).insertMany([...documents]);
        }
      }),
    waitingOut: () =>
      withIt(async (database) => {
        const waiting = { 'out.0': { $exists: true } };
        const counts = ['customers', 'suppressions'].map((name) =>
          database.collection(name).countDocuments(waiting),
        );
        return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
      }),
  };
}
