import type mongoose from 'mongoose';
import { openEmbeddedStore } from '#embedded/embedded-store';
import { isThreadBuilt, openStoreThread } from '#embedded/store-thread';
import type { Config } from '#platform/config';
import { connectMongo } from '#platform/mongo';

/** The driver's connection, and the embedded store behind it where no server is named. */
export class Database {
  /** Stores make their indexes one after the other: all at once, each would open a connection of its own. */
  private tail: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly connection: mongoose.Connection,
    /** True where this process runs the store itself, and so is alone on it. */
    readonly embedded: boolean,
    private readonly closeStore: () => Promise<void>,
  ) {}

  /** Rejects where no server answers, or another process holds the data folder. */
  static async open(config: Config): Promise<Database> {
    const openStore = isThreadBuilt ? openStoreThread : openEmbeddedStore;
    const store = config.mongoUri === null ? await openStore({ dataDir: config.dataDir ?? 'memory' }) : null;
    const closeStore = async (): Promise<void> => store?.close();
    try {
      const connection = await connectMongo(config.mongoUri ?? store?.uri ?? '');
      return new Database(connection, store !== null, closeStore);
    } catch (error) {
      await closeStore();
      throw error;
    }
  }

  /** Makes a store's indexes when its turn has come. */
  makeIndexes(store: { createIndexes(): Promise<void> }): Promise<void> {
    const turn = this.tail.then(() => store.createIndexes());
    this.tail = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.connection.close();
    await this.closeStore();
  }
}
