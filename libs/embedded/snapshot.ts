import { open, rename, rm } from 'node:fs/promises';
import type { IndexSpec } from './collection-index.js';
import type { Databases } from './databases.js';
import { frame, framePut, indexRecord } from './record.js';
import type { Place } from './slabs.js';

/** All that there was in one collection at one moment. Documents are replaced, never changed: knowing where they lie is enough. */
export interface Moment {
  namespace: string;
  indexes: IndexSpec[];
  documents: Iterable<Place>;
  /** Nobody reads it any more. */
  letGo(): void;
}

export function capture(databases: Databases): Moment[] {
  return [...databases.all()].map((collection) => ({
    namespace: collection.namespace,
    indexes: [...collection.indexes.values()].map(({ spec }) => spec).filter(({ name }) => name !== '_id_'),
    documents: collection.hold(),
    letGo: () => collection.letGo(),
  }));
}

function* frames(moments: readonly Moment[]): Generator<Buffer> {
  for (const { namespace: ns, indexes, documents } of moments) {
    yield frame({ o: 'create', ns });
    for (const index of indexes) yield frame(indexRecord(ns, index));
    for (const { slab, at } of documents) yield framePut(ns, slab.bytes, at);
  }
  yield frame({ o: 'end' });
}

/** Small enough that others get their turn between two of them. */
const CHUNK_BYTES = 128 * 1024;
/** After a chunk, commands have the thread to themselves for so many times as long as it took to make. */
const RESTS = 3;
/** More at the disk at once would keep the journal's writes waiting behind it. */
const SYNC_BYTES = 4 * 1024 * 1024;

/**
 * Writes a snapshot beside its name and then renames it: under its name there is a whole one or none. Commands go on
 * between the chunks; what they write is in the next journal. Returns its size.
 *
 * @param rest resolves after so many milliseconds, or at once where the store is closing
 */
export async function writeSnapshot(
  path: string,
  moments: readonly Moment[],
  rest: (ms: number) => Promise<unknown>,
): Promise<number> {
  const beside = `${path}.tmp`;
  let bytes = 0;
  try {
    const file = await open(beside, 'w', 0o600);
    try {
      let chunk: Buffer[] = [];
      let size = 0;
      let unsynced = 0;
      let begun = performance.now();
      for (const next of frames(moments)) {
        chunk.push(next);
        size += next.length;
        bytes += next.length;
        if (size < CHUNK_BYTES) continue;
        const whole = Buffer.concat(chunk, size);
        const took = performance.now() - begun;
        await file.writeFile(whole);
        unsynced += size;
        if (unsynced >= SYNC_BYTES) {
          await file.datasync();
          unsynced = 0;
        }
        await rest(took * RESTS);
        chunk = [];
        size = 0;
        begun = performance.now();
      }
      await file.writeFile(Buffer.concat(chunk, size));
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
