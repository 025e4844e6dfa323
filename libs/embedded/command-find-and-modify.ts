import { documentOf, namespaceOf, type Command } from './command.js';
import { change } from './command-write.js';
import { calculateObjectSize, MAX_DOCUMENT_BYTES, type Doc } from './bson.js';
import { compileProjection } from './project.js';
import { findEntries, sortPattern } from './query.js';
import { documentAt } from './raw-document.js';
import { Refusal, tooLarge } from './refusal.js';
import { compileUpdate } from './update.js';

function checkOptions(body: Doc): void {
  const { remove, update, upsert } = body;
  if (!remove && update === undefined)
    throw new Refusal(9, 'Either an update or remove=true must be specified');
  if (remove && update !== undefined) throw new Refusal(9, 'Cannot specify both an update and remove=true');
  if (remove && upsert) throw new Refusal(9, 'Cannot specify both upsert=true and remove=true');
  if (remove && body['new']) {
    throw new Refusal(
      9,
      "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
    );
  }
}

/** One document read and changed at once: before it (or after it, with `new`) is the answer. */
const findAndModify: Command = {
  fields: ['query', 'sort', 'remove', 'update', 'new', 'fields', 'upsert', 'bypassDocumentValidation'],
  run(request, { databases }) {
    const namespace = namespaceOf(request);
    const { body } = request;
    checkOptions(body);
    const filter = documentOf('query', body['query']);
    const sort = sortPattern(body['sort']);
    const view = compileProjection(documentOf('fields', body['fields']));
    if (body['remove']) {
      const collection = databases.get(namespace);
      const [entry] = findEntries(collection, { filter, sort, limit: 1 });
      if (!entry) return { lastErrorObject: { n: 0 }, value: null, ok: 1 };
      const { doc } = entry;
      collection!.remove(entry);
      return { lastErrorObject: { n: 1 }, value: view(doc), ok: 1 };
    }
    const update = compileUpdate(body['update']);
    // What is new is told twice, as it stands and as its id: what cannot be told is not written.
    const beforeInsert = (made: Doc): void => {
      if (!body['new']) return;
      const size = calculateObjectSize({ value: view(made), upserted: made['_id'] });
      if (size > MAX_DOCUMENT_BYTES) throw tooLarge(size);
    };
    const wanted = { filter, sort, update, upsert: body['upsert'] === true, multi: false, beforeInsert };
    const { before, after, upsertedId } = change(databases, namespace, wanted);
    const value = body['new'] ? after : before;
    const lastErrorObject: Doc = { n: after ? 1 : 0, updatedExisting: before !== undefined };
    if (upsertedId !== undefined) lastErrorObject['upserted'] = upsertedId;
    return { lastErrorObject, value: value ? view(documentAt(value.slab.bytes, value.at)) : null, ok: 1 };
  },
};

export const findAndModifyCommands: Record<string, Command> = { findAndModify, findandmodify: findAndModify };
