import { open, rename, rm } from 'node:fs/promises';
import type { Doc } from './bson.js';
import type { IndexSpec } from './collection-index.js';
import type { Databases } from './databases.js';
import { frame, indexRecord, type StoreRecord } from './record.js';

/** All that there was at one moment. Documents are replaced, never changed: holding them is enough. */
export interface Moment {
  namespace: string;
  indexes: IndexSpec[];
  documents: Doc[];
}

export function capture(databases: Databases): Moment[] {
  return [...databases.all()].map((collection) => ({
    namespace: collection.namespace,
    indexes: [...collection.indexes.values()].map(({ spec }) => spec).filter(({ name }) => name !== '_id_'),
    documents: Array.from(collection.entries(), (entry) => entry.doc),
  }));
}

function* records(moments: readonly Moment[]): Generator<StoreRecord> {
  for (const { namespace: ns, indexes, documents } of moments) {
    yield { o: 'create', ns };
    for (const index of indexes) yield indexRecord(ns, index);
    for (const d of documents) yield { o: 'put', ns, d };
  }
  yield { o: 'end' };
}

/** Small enough that others get their turn between two of them. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Writes a snapshot beside its name and then renames it: under its name there is a whole one or none. Commands go on
 * between the chunks; what they write is in the next journal. Returns its size.
 */
export async function writeSnapshot(path: string, moments: readonly Moment[]): Promise<number> {
  const beside = `${path}.tmp`;
  let bytes = 0;
  try {
    const file = await open(beside, 'w', 0o600);
    try {
      let chunk: Buffer[] = [];
      let size = 0;
      for (const record of records(moments)) {
        const next = frame(record);
        chunk.push(next);
        size += next.length;
        if (size < CHUNK_BYTES && record.o !== 'end') continue;
        await file.writeFile(Buffer.concat(chunk, size));
        bytes += size;
        chunk = [];
        size = 0;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  return bytes;
}
