import { isDocument, type Doc } from './bson.js';
import {
  arrayOf,
  checkFields,
  documentOf,
  namespaceOf,
  type Command,
  type ReplyBatch,
  type Session,
} from './command.js';
import { madeSource } from './cursors.js';
import { compileFilter } from './match-filter.js';
import { parseIndex, sameKey, specOf } from './index-spec.js';
import { Refusal } from './refusal.js';

/** A list as a cursor's only batches, as MongoDB answers listCollections and listIndexes. */
function listed(
  session: Session,
  namespace: string,
  documents: Doc[],
  cursor: unknown,
): { batch: ReplyBatch } {
  const options = documentOf('cursor', cursor);
  checkFields('cursor', options, ['batchSize']);
  const batch = session.cursors.begin(namespace, madeSource(documents), 0);
  return { batch: { name: 'firstBatch', namespace, ...batch } };
}

const create: Command = {
  fields: ['autoIndexId'],
  run(request, { databases }) {
    const namespace = namespaceOf(request);
    if (databases.get(namespace)) throw new Refusal(48, `Collection ${namespace} already exists.`);
    databases.open(namespace);
    return { ok: 1 };
  },
};

const drop: Command = {
  fields: [],
  run(request, { databases }) {
    const namespace = namespaceOf(request);
    const nIndexesWas = databases.get(namespace)?.indexes.size;
    if (nIndexesWas === undefined) return { ok: 1 }; // MongoDB 7 says yes to what is not there
    databases.drop(namespace);
    return { nIndexesWas, ns: namespace, ok: 1 };
  },
};

const dropDatabase: Command = {
  fields: [],
  run({ database }, { databases }) {
    const collections = databases.in(database);
    for (const { namespace } of collections) databases.drop(namespace);
    return collections.length > 0 ? { dropped: database, ok: 1 } : { ok: 1 };
  },
};

const listCollections: Command = {
  fields: ['filter', 'nameOnly', 'authorizedCollections', 'cursor'],
  run({ database, body }, session) {
    const matches = compileFilter(documentOf('filter', body['filter']));
    const all = session.databases.in(database).map(({ namespace }) => {
      const name = namespace.slice(database.length + 1);
      const more = {
        options: {},
        info: { readOnly: false },
        idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
      };
      return { name, type: 'collection', ...(body['nameOnly'] === true ? {} : more) };
    });
    return listed(session, `${database}.$cmd.listCollections`, all.filter(matches), body['cursor']);
  },
};

const listDatabases: Command = {
  fields: ['filter', 'nameOnly', 'authorizedDatabases'],
  run({ body }, { databases }) {
    const matches = compileFilter(documentOf('filter', body['filter']));
    const names = new Set([...databases.all()].map(({ namespace }) => namespace.split('.')[0]!));
    const all = [...names].sort().map((name) => ({ name, empty: false }));
    return { databases: all.filter(matches), ok: 1 };
  },
};

const createIndexes: Command = {
  fields: ['indexes', 'commitQuorum'],
  run(request, { databases }) {
    const namespace = namespaceOf(request);
    const specs = arrayOf('createIndexes.indexes', request.body['indexes']).map(parseIndex);
    if (specs.length === 0) throw new Refusal(2, 'Must specify at least one index to create');
    const createdCollectionAutomatically = !databases.get(namespace);
    const { indexes } = databases.open(namespace);
    const numIndexesBefore = indexes.size;
    for (const spec of specs) {
      const named = indexes.get(spec.name)?.spec;
      if (named && !(sameKey(named, spec) && named.unique === spec.unique)) {
        throw new Refusal(86, `An existing index has the same name as the requested index: ${spec.name}`);
      }
      const alike = [...indexes.values()].find((index) => sameKey(index.spec, spec));
      if (!named && alike?.spec.name === '_id_') continue; // the driver names it _id_1; it is there already
      if (!named && alike) {
        throw new Refusal(85, `Index already exists with a different name: ${alike.spec.name}`);
      }
      if (!named) databases.createIndex(namespace, spec);
    }
    const numIndexesAfter = indexes.size;
    const note = numIndexesAfter === numIndexesBefore ? { note: 'all indexes already exist' } : {};
    return { numIndexesBefore, numIndexesAfter, createdCollectionAutomatically, ...note, ok: 1 };
  },
};

const dropIndexes: Command = {
  fields: ['index'],
  run(request, { databases }) {
    const namespace = namespaceOf(request);
    const collection = databases.get(namespace);
    if (!collection) throw new Refusal(26, `ns not found ${namespace}`);
    const nIndexesWas = collection.indexes.size;
    const wanted = request.body['index'];
    const named = [...collection.indexes.values()].map(({ spec }) => spec);
    let names: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
    if (wanted === '*') names = named.map(({ name }) => name).filter((name) => name !== '_id_');
    else if (isDocument(wanted)) {
      const key = Object.entries(wanted) as [string, 1 | -1][];
      names = [named.find((spec) => sameKey(spec, { key }))?.name];
    }
    for (const name of names) {
      if (name === '_id_') throw new Refusal(72, 'cannot drop _id index');
      if (typeof name !== 'string' || !collection.indexes.has(name)) {
        throw new Refusal(27, `index not found with name [${String(name)}]`);
      }
    }
    for (const name of names) databases.dropIndex(namespace, name as string);
    return { nIndexesWas, ok: 1 };
  },
};

const listIndexes: Command = {
  fields: ['cursor'],
  run(request, session) {
    const namespace = namespaceOf(request);
    const collection = session.databases.get(namespace);
    if (!collection) throw new Refusal(26, `ns does not exist: ${namespace}`);
    const all = [...collection.indexes.values()].map(({ spec }) => specOf(spec));
    return listed(session, namespace, all, request.body['cursor']);
  },
};

export const schemaCommands: Record<string, Command> = {
  create,
  drop,
  dropDatabase,
  listCollections,
  listDatabases,
  createIndexes,
  dropIndexes,
  deleteIndexes: dropIndexes,
  listIndexes,
};
