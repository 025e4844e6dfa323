import {
  bsonTypeOf,
  calculateObjectSize,
  isDocument,
  MAX_DOCUMENT_BYTES,
  ObjectId,
  type Doc,
} from './bson.js';
import { arrayOf, checkFields, documentOf, namespaceOf, type Command } from './command.js';
import type { Collection } from './collection.js';
import type { Entry } from './collection-index.js';
import type { Databases } from './databases.js';
import { codeName, isRefusal, Refusal } from './refusal.js';
import { findEntries } from './query.js';
import { compileUpdate, refuseNewId, type Update } from './update.js';
import { upserted } from './upsert.js';

/** Runs each part; the failed ones are told by their place. Ordered stops at the first. */
function eachOf(
  parts: readonly unknown[],
  ordered: boolean,
  run: (part: unknown, index: number) => void,
): Doc[] {
  if (parts.length === 0 || parts.length > 100_000) {
    throw new Refusal(16, `Write batch sizes must be between 1 and 100000. Got ${parts.length} operations.`);
  }
  const errors: Doc[] = [];
  for (const [index, part] of parts.entries()) {
    try {
      run(part, index);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const { code, message: errmsg, extra } = error;
      errors.push({ index, code, codeName: codeName(code), errmsg, ...extra });
      if (ordered) break;
    }
  }
  return errors;
}

const withErrors = (body: Doc, errors: readonly Doc[]): Doc =>
  errors.length > 0 ? { ...body, writeErrors: errors, ok: 1 } : { ...body, ok: 1 };

/** A document as it will be stored: with an `_id`, and that first. */
function storable(doc: unknown): Doc {
  if (!isDocument(doc)) throw new Refusal(14, 'a document is wanted');
  const { _id = new ObjectId() } = doc;
  if (Array.isArray(_id)) throw new Refusal(53, "The '_id' value cannot be of type array");
  if (_id instanceof RegExp) throw new Refusal(53, "The '_id' value cannot be of type regex");
  if (bsonTypeOf(_id) === 'Decimal128')
    throw new Refusal(53, "the embedded store takes no '_id' of type decimal");
  if (Object.keys(doc)[0] === '_id' && doc['_id'] !== undefined) return doc;
  const { _id: _, ...rest } = doc;
  return { _id, ...rest };
}

/** Its size in bytes of BSON. */
function measured(doc: Doc): number {
  const size = calculateObjectSize(doc);
  if (size > MAX_DOCUMENT_BYTES) {
    throw new Refusal(
      10334,
      `BSONObj size: ${size} is invalid. Size must be between 0 and ${MAX_DOCUMENT_BYTES}`,
    );
  }
  return size;
}

/** What a document can have grown to, by the fields that are others now; measured whole only where that is too much. */
function grown({ doc: before, atMost }: Entry, after: Doc): number {
  let size = atMost;
  for (const field of Object.keys(after)) {
    if (after[field] !== before[field]) size += calculateObjectSize({ [field]: after[field] });
  }
  return size > MAX_DOCUMENT_BYTES ? measured(after) : size;
}

const insert: Command = {
  fields: ['documents', 'ordered', 'bypassDocumentValidation'],
  run(request, { databases }) {
    const namespace = namespaceOf(request);
    const documents = arrayOf('insert.documents', request.body['documents']);
    const collection = databases.open(namespace);
    let n = 0;
    const errors = eachOf(documents, request.body['ordered'] !== false, (doc) => {
      const whole = storable(doc);
      // What arrives is capped already, and is no larger than its message.
      collection.insert(whole, request.bytes > MAX_DOCUMENT_BYTES ? measured(whole) : request.bytes);
      n += 1;
    });
    return withErrors({ n }, errors);
  },
};

interface Changed {
  matched: number;
  modified: number;
  /** The documents before and after, of a single change. */
  before?: Doc;
  after?: Doc;
  upsertedId?: unknown;
}

interface UpdateOne {
  filter: Doc;
  update: Update;
  upsert: boolean;
  multi: boolean;
  sort?: Parameters<typeof findEntries>[1]['sort'];
}

/** The heart of update and findAndModify. Each document changes whole or not at all. */
export function change(databases: Databases, namespace: string, wanted: UpdateOne): Changed {
  const { filter, update, upsert, multi, sort } = wanted;
  const entries = findEntries(databases.get(namespace), {
    filter,
    ...(sort && { sort }),
    limit: multi ? 0 : 1,
  });
  const collection: Collection | undefined = databases.get(namespace);
  let modified = 0;
  for (const entry of entries) {
    const before = entry.doc;
    const after = update.apply(before, false);
    refuseNewId(before, after);
    if (after === before) continue;
    collection!.replace(entry, after, grown(entry, after));
    modified += 1;
    if (!multi) return { matched: 1, modified, before, after };
  }
  if (entries.length > 0) {
    const same = entries[0]!.doc;
    return { matched: entries.length, modified, before: same, after: same };
  }
  if (!upsert) return { matched: 0, modified: 0 };
  const after = storable(upserted(filter, update));
  databases.open(namespace).insert(after, measured(after));
  return { matched: 0, modified: 0, after, upsertedId: after['_id'] };
}

const update: Command = {
  fields: ['updates', 'ordered', 'bypassDocumentValidation'],
  run(request, { databases }) {
    const namespace = namespaceOf(request);
    const updates = arrayOf('update.updates', request.body['updates']);
    let n = 0;
    let nModified = 0;
    const upsertedIds: Doc[] = [];
    for (const part of updates)
      checkFields('update.updates', documentOf('updates', part), ['q', 'u', 'upsert', 'multi']);
    const errors = eachOf(updates, request.body['ordered'] !== false, (part, index) => {
      const { q, u, upsert = false, multi = false } = part as Doc;
      const compiled = compileUpdate(u);
      if (compiled.replacement && multi === true)
        throw new Refusal(9, 'multi update is not supported for replacement-style update');
      const wanted = {
        filter: documentOf('q', q),
        update: compiled,
        upsert: upsert === true,
        multi: multi === true,
      };
      const { matched, modified, upsertedId } = change(databases, namespace, wanted);
      n += matched + (upsertedId === undefined ? 0 : 1);
      nModified += modified;
      if (upsertedId !== undefined) upsertedIds.push({ index, _id: upsertedId });
    });
    return withErrors({ n, nModified, ...(upsertedIds.length > 0 && { upserted: upsertedIds }) }, errors);
  },
};

const deleteCommand: Command = {
  fields: ['deletes', 'ordered'],
  run(request, { databases }) {
    const namespace = namespaceOf(request);
    const deletes = arrayOf('delete.deletes', request.body['deletes']);
    let n = 0;
    for (const part of deletes) checkFields('delete.deletes', documentOf('deletes', part), ['q', 'limit']);
    const errors = eachOf(deletes, request.body['ordered'] !== false, (part) => {
      const { q, limit } = part as Doc;
      if (limit !== 0 && limit !== 1)
        throw new Refusal(9, `The limit field in delete objects must be 0 or 1. Got ${String(limit)}`);
      const collection = databases.get(namespace);
      const entries = findEntries(collection, { filter: documentOf('q', q), limit });
      for (const entry of entries) collection!.remove(entry);
      n += entries.length;
    });
    return withErrors({ n }, errors);
  },
};

export const writeCommands: Record<string, Command> = { insert, update, delete: deleteCommand };
