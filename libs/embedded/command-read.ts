import { bsonTypeOf, calculateObjectSize, MAX_DOCUMENT_BYTES, type LongValue } from './bson.js';
import { aggregate } from './aggregate.js';
import { arrayOf, checkFields, countOf, documentOf, namespaceOf, type Command } from './command.js';
import { anyAt } from './match-path.js';
import { storedSource } from './cursors.js';
import { placesOf } from './places.js';
import { compileRawProjection } from './project.js';
import { findEntries, findFields, sortPattern } from './query.js';
import { pathParts, rootOf } from './field-path.js';
import { Refusal } from './refusal.js';
import { valueKey } from './value-key.js';

/** MongoDB's first batch where none is asked for. */
const FIRST_BATCH = 101;

const find: Command = {
  fields: [
    ...['filter', 'sort', 'projection', 'skip', 'limit', 'batchSize', 'singleBatch'],
    ...['noCursorTimeout', 'allowDiskUse', 'allowPartialResults'],
  ],
  run(request, { databases, cursors }) {
    const namespace = namespaceOf(request);
    const { body } = request;
    const limit = countOf('limit', body['limit']);
    const entries = findEntries(databases.get(namespace), {
      filter: documentOf('filter', body['filter']),
      sort: sortPattern(body['sort']),
      skip: countOf('skip', body['skip']),
      limit,
    });
    const view = compileRawProjection(documentOf('projection', body['projection']));
    const size = body['batchSize'] === undefined ? FIRST_BATCH : countOf('batchSize', body['batchSize']);
    const batch = cursors.begin(namespace, storedSource(placesOf(entries), view), size, {
      single: body['singleBatch'] === true,
      first: true,
    });
    return { batch: { name: 'firstBatch', namespace, ...batch } };
  },
};

const cursorId = (value: unknown): bigint => {
  if (typeof value === 'number') return BigInt(value);
  if (bsonTypeOf(value) === 'Long') return (value as LongValue).toBigInt();
  throw new Refusal(14, "BSON field 'getMore.getMore' is the wrong type, expected type 'long'");
};

const getMore: Command = {
  fields: ['collection', 'batchSize'],
  run({ database, body }, { cursors }) {
    const namespace = `${database}.${String(body['collection'])}`;
    const batch = cursors.next(cursorId(body['getMore']), namespace, countOf('batchSize', body['batchSize']));
    return { batch: { name: 'nextBatch', namespace, ...batch } };
  },
};

const killCursors: Command = {
  fields: ['cursors'],
  run({ body }, { cursors }) {
    const ids = arrayOf('killCursors.cursors', body['cursors']);
    const cursorsKilled = ids.filter((id) => cursors.kill(cursorId(id)));
    const cursorsNotFound = ids.filter((id) => !cursorsKilled.includes(id));
    return { cursorsKilled, cursorsNotFound, cursorsAlive: [], cursorsUnknown: [], ok: 1 };
  },
};

const count: Command = {
  fields: ['query', 'skip', 'limit'],
  run(request, { databases }) {
    const { body } = request;
    const collection = databases.get(namespaceOf(request));
    const filter = documentOf('query', body['query']);
    const skip = countOf('skip', body['skip']);
    const limit = Math.abs(Number(body['limit'] ?? 0));
    const all = Object.keys(filter).length === 0 ? (collection?.size ?? 0) : undefined;
    if (all === undefined) return { n: findEntries(collection, { filter, skip, limit }).length, ok: 1 };
    const left = Math.max(0, all - skip);
    return { n: limit > 0 ? Math.min(limit, left) : left, ok: 1 };
  },
};

const distinct: Command = {
  fields: ['key', 'query'],
  run(request, { databases }) {
    const { body } = request;
    const key = body['key'];
    if (typeof key !== 'string' || key === '') throw new Refusal(14, "'key' must be a nonempty string");
    const values = new Map<string, unknown>();
    const note = (value: unknown): boolean => {
      if (value !== undefined && !Array.isArray(value)) values.set(valueKey(value), value);
      return false; // never enough: the walk goes on to every value of the path
    };
    const filter = documentOf('query', body['query']);
    for (const doc of findFields(databases.get(namespaceOf(request)), { filter }, [rootOf(key)])) {
      anyAt(doc, pathParts(key), note, true);
    }
    const inOrder = [...values.entries()].sort(([one], [other]) => (one < other ? -1 : 1));
    const found = inOrder.map(([, value]) => value);
    if (calculateObjectSize({ values: found }) > MAX_DOCUMENT_BYTES)
      throw new Refusal(17217, 'distinct too big, 16mb cap');
    return { values: found, ok: 1 };
  },
};

const aggregateCommand: Command = {
  fields: ['pipeline', 'cursor', 'allowDiskUse', 'bypassDocumentValidation'],
  run(request, { databases, cursors }) {
    const { body } = request;
    const namespace = namespaceOf(request);
    if (body['cursor'] === undefined) throw new Refusal(9, "The 'cursor' option is required");
    const cursor = documentOf('cursor', body['cursor']);
    checkFields('cursor', cursor, ['batchSize']);
    const documents = aggregate(databases.get(namespace), arrayOf('aggregate.pipeline', body['pipeline']));
    const size = cursor['batchSize'] === undefined ? FIRST_BATCH : countOf('batchSize', cursor['batchSize']);
    const batch = cursors.begin(namespace, documents, size, { first: true });
    return { batch: { name: 'firstBatch', namespace, ...batch } };
  },
};

export const readCommands: Record<string, Command> = {
  find,
  getMore,
  killCursors,
  count,
  distinct,
  aggregate: aggregateCommand,
};
