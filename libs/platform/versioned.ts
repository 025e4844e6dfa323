import type mongoose from 'mongoose';
import { casMany, isDuplicateKey, nonce } from './mongo.js';

/** A document whose `rev` is a fresh nonce on every write. */
export interface Versioned {
  _id: string;
  tenant: string;
  rev: string;
}

/** What was read (null: nothing) and what is to stand in its place. */
export interface VersionedChange<T extends Versioned> {
  before: T | null;
  after: T;
}

/**
 * Inserts what is not there yet, in one unordered write; the `_id`s that were new. An error other than a duplicate key
 * throws.
 */
export async function insertMissing(
  collection: mongoose.Collection,
  documents: readonly { _id: string }[],
): Promise<Set<string>> {
  if (documents.length === 0) return new Set();
  const unique = [...new Map(documents.map((document) => [document._id, document])).values()];
  try {
    await collection.insertMany(unique as never[], { ordered: false });
    return new Set(unique.map((document) => document._id));
  } catch (error) {
    const writeErrors = (error as { writeErrors?: { index: number; code?: number }[] | { index: number } })
      .writeErrors;
    if (writeErrors === undefined || !isDuplicateKey(error)) throw error;
    const failed = new Set([writeErrors].flat().map((fault) => fault.index));
    return new Set(unique.filter((_, index) => !failed.has(index)).map((document) => document._id));
  }
}

/** Writes each change that still stands on what was read; the documents that won, as they now stand. */
export async function writeVersioned<T extends Versioned>(
  collection: mongoose.Collection,
  changes: readonly VersionedChange<T>[],
): Promise<T[]> {
  const written = changes.map(({ before, after }) => ({ before, after: { ...after, rev: nonce() } }));
  const [inserted, updated] = await Promise.all([
    insertMissing(
      collection,
      written.filter(({ before }) => before === null).map(({ after }) => after),
    ),
    casMany(
      collection,
      written.flatMap(({ before, after }) => {
        if (before === null) return [];
        const { _id, ...fields } = after;
        return [
          {
            nonce: after.rev,
            filter: { _id, tenant: after.tenant, rev: before.rev },
            update: { $set: fields },
          },
        ];
      }),
    ),
  ]);
  return written
    .filter(({ after }) => inserted.has(after._id) || updated.has(after._id))
    .map(({ after }) => after);
}
