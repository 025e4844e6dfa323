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
  /** Events out that tell of it, pushed to `out` in the same write (PROTOCOL D7). */
  tell?: readonly object[];
  /** Fields written with it that are derived from it and are no part of what is read and given back. */
  beside?: Record<string, unknown>;
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

/**
 * Writes each change that still stands on what was read; the documents that won, as they now stand. `out` is the
 * publisher's: what was read of it is never written back.
 */
export async function writeVersioned<T extends Versioned>(
  collection: mongoose.Collection,
  changes: readonly VersionedChange<T>[],
): Promise<T[]> {
  const written = changes.map(({ before, after, tell = [], beside = {} }) => ({
    before,
    tell,
    beside,
    after: withoutOut({ ...after, rev: nonce() }),
  }));
  const [inserted, updated] = await Promise.all([
    insertMissing(
      collection,
      written
        .filter(({ before }) => before === null)
        .map(({ after, tell, beside }) => ({
          ...after,
          ...beside,
          ...(tell.length === 0 ? {} : { out: tell }),
        })),
    ),
    casMany(
      collection,
      written.flatMap(({ before, after, tell, beside }) => {
        if (before === null) return [];
        const { _id, ...fields } = after;
        return [
          {
            nonce: after.rev,
            filter: { _id, tenant: after.tenant, rev: before.rev },
            update: {
              $set: { ...fields, ...beside },
              ...(tell.length === 0 ? {} : { $push: { out: { $each: tell } } }),
            },
          },
        ];
      }),
    ),
  ]);
  return written
    .filter(({ after }) => inserted.has(after._id) || updated.has(after._id))
    .map(({ after }) => after);
}

/** Takes the events that wait in it off a document that was read: they are nobody's but the publisher's. */
export function withoutOut<T extends object>(document: T): T {
  if ('out' in document) delete document.out;
  return document;
}

/** The `_id`s of one tenant behind `after`: each begins with the tenant and a slash, and what follows `/` is `0`. */
export function ofTenant(tenant: string, after: string | null): { $gt: string; $lt: string } {
  const begin = encodeURIComponent(tenant);
  return { $gt: after ?? `${begin}/`, $lt: `${begin}0` };
}
