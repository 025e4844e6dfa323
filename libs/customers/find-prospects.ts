import type mongoose from 'mongoose';
import { isLostServer } from '#platform/mongo';
import { prospectFields } from './prospect.js';
import { ProspectPage } from './read-prospect.js';

/**
 * Those whom a filter means, in the order of `_id`, in one answer: it may have no room for as many as `limit`.
 *
 * As a command, whose answer the driver leaves in its bytes: its cursor looks at each document, raw ones too.
 */
export async function findProspects(
  database: mongoose.mongo.Db,
  collection: string,
  filter: Record<string, unknown>,
  channel: 'email' | 'sms',
  limit: number,
): Promise<ProspectPage> {
  const find = {
    ...{ find: collection, filter, projection: prospectFields(channel), sort: { _id: 1 } },
    ...{ limit, batchSize: limit, singleBatch: true },
    // A command takes nothing of what the connection was opened with.
    readConcern: { level: 'majority' },
  };
  const ask = () => database.command(find, { raw: true }) as Promise<{ cursor: Uint8Array }>;
  const { cursor } = await ask().catch((error: unknown) => {
    // As the driver reads again (retryReads), once.
    if (isLostServer(error)) return ask();
    throw error;
  });
  return new ProspectPage(cursor);
}
