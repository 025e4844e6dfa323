import {
  bsonTypeOf,
  calculateObjectSize,
  isDocument,
  MAX_DOCUMENT_DEPTH,
  ObjectId,
  type Doc,
} from './bson.js';
import { arrayOf, checkFields, documentOf, namespaceOf, type Command } from './command.js';
import type { Collection } from './collection.js';
import type { Entry } from './collection-index.js';
import type { Databases } from './databases.js';
import { isRefusal, Refusal, refusalFields, tooDeep } from './refusal.js';
import { findEntries } from './query.js';
import { ARRAY, DECIMAL, REGEX, UNDEFINED } from './bson-layout.js';
import { checkDocument } from './check-document.js';
import { documentAt, firstOf, RawDocument, repeatedName } from './raw-document.js';
import type { Place } from './slabs.js';
import { compileUpdate, refuseNewId, type Update } from './update.js';
import { upserted } from './upsert.js';

/** Bytes of write errors that are told in full, as in MongoDB; of the others only which it was, and its code. */
const ERRORS_IN_FULL = 1024 * 1024;

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
  let bytes = 0;
  for (const [index, part] of parts.entries()) {
    try {
      run(part, index);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const full = { index, ...refusalFields(error) };
      if (bytes < ERRORS_IN_FULL) bytes += calculateObjectSize(full);
      errors.push(bytes < ERRORS_IN_FULL ? full : { index, code: error.code, errmsg: '' });
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

const NO_IDS = new Set([ARRAY, REGEX, DECIMAL, UNDEFINED]);

/** Stores a document that came, as it came where its `_id` is first and may be one. */
function insertOne(collection: Collection, doc: unknown): Entry {
  if (!(doc instanceof RawDocument)) return collection.insert(storable(doc));
  const { bytes, at, deepest } = doc;
  // What came in a command's body is as deep as that, or less: mostly that is little, and nobody need look again.
  if (deepest > MAX_DOCUMENT_DEPTH && checkDocument(bytes, at, bytes.length) > MAX_DOCUMENT_DEPTH)
    throw tooDeep(MAX_DOCUMENT_DEPTH);
  const twice = repeatedName(bytes, at);
  if (twice !== undefined)
    throw new Refusal(2, `the embedded store takes no document with a field twice: '${twice}'`);
  const first = firstOf(bytes, at);
  if (first?.name === '_id' && !NO_IDS.has(first.type)) return collection.insertBytes(bytes, at);
  return collection.insert(storable(documentAt(bytes, at)));
}

const insert: Command = {
  fields: ['documents', 'ordered', 'bypassDocumentValidation'],
  run(request, { databases }) {
    const namespace = namespaceOf(request);
    const documents = arrayOf('insert.documents', request.body['documents']);
    const collection = databases.open(namespace);
    let n = 0;
    const errors = eachOf(documents, request.body['ordered'] !== false, (doc) => {
      insertOne(collection, doc);
      n += 1;
    });
    return withErrors({ n }, errors);
  },
};

interface Changed {
  matched: number;
  modified: number;
  /** Where the document lay before and after, of a single change. */
  before?: Place;
  after?: Place;
  upsertedId?: unknown;
}

interface UpdateOne {
  filter: Doc;
  update: Update;
  upsert: boolean;
  multi: boolean;
  sort?: Parameters<typeof findEntries>[1]['sort'];
  /** Looks at what an upsert has made before it is written; a refusal leaves everything as it was. */
  beforeInsert?: (made: Doc) => void;
}

const placeOf = ({ slab, at }: Place): Place => ({ slab, at });

/** True if the document is another now. Of one that operators change only what they name is read. */
function changeOne(collection: Collection, entry: Entry, update: Update): boolean {
  const fields = update.roots && collection.fieldsFor(update.roots);
  const before = fields ? entry.pick(fields) : entry.doc;
  const after = update.apply(before, false);
  if (after === before) return false;
  refuseNewId(before, after);
  if (fields) collection.change(entry, fields, before, after);
  else collection.replace(entry, after);
  return true;
}

/** The heart of update and findAndModify. Each document changes whole or not at all. */
export function change(databases: Databases, namespace: string, wanted: UpdateOne): Changed {
  const { filter, update, upsert, multi, sort, beforeInsert } = wanted;
  const entries = findEntries(databases.get(namespace), {
    filter,
    ...(sort && { sort }),
    limit: multi ? 0 : 1,
  });
  const collection: Collection | undefined = databases.get(namespace);
  let modified = 0;
  for (const entry of entries) {
    const before = placeOf(entry);
    if (!changeOne(collection!, entry, update)) continue;
    modified += 1;
    if (!multi) return { matched: 1, modified, before, after: placeOf(entry) };
  }
  if (entries.length > 0) {
    const same = placeOf(entries[0]!);
    return { matched: entries.length, modified, before: same, after: same };
  }
  if (!upsert) return { matched: 0, modified: 0 };
  const after = storable(upserted(filter, update));
  beforeInsert?.(after);
  const inserted = databases.open(namespace).insert(after);
  return { matched: 0, modified: 0, after: placeOf(inserted), upsertedId: after['_id'] };
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
