import { ObjectId, type Doc } from './bson.js';
import { pathParts } from './field-path.js';
import { isOperators } from './match-operand.js';
import { Refusal } from './refusal.js';
import { refuseNewId, type Update } from './update.js';
import { Draft } from './update-path.js';

/** The fields that a filter fixes to one value: they seed the document that an upsert inserts. */
function fixedFields(filter: Doc, out: Map<string, unknown>): Map<string, unknown> {
  for (const [key, operand] of Object.entries(filter)) {
    if (key === '$and' || (key === '$or' && (operand as unknown[]).length === 1)) {
      for (const one of operand as Doc[]) fixedFields(one, out);
    } else if (!key.startsWith('$')) {
      const value = fixedValue(operand);
      if (value === undefined) continue;
      if (out.has(key)) {
        throw new Refusal(54, `cannot infer query fields to set, path '${key}' is matched twice`);
      }
      out.set(key, value);
    }
  }
  return out;
}

function fixedValue(operand: unknown): unknown {
  if (operand instanceof RegExp) return undefined;
  if (!isOperators(operand)) return operand;
  if ('$eq' in operand) return operand['$eq'];
  for (const operator of ['$in', '$all']) {
    const list = operand[operator];
    if (Array.isArray(list) && list.length === 1 && !isOperators(list[0])) return fixedValue(list[0]);
  }
  return undefined;
}

/** The document that an upsert inserts: the filter's fixed fields, then the update; `_id` first, made up if none. */
export function upserted(filter: Doc, update: Update): Doc {
  const fixed = fixedFields(filter, new Map<string, unknown>());
  const seed = new Draft({});
  for (const [path, value] of fixed) {
    if (!update.replacement || path === '_id') seed.write(pathParts(path), value);
  }
  const doc = update.apply(seed.root, true);
  if (fixed.has('_id')) refuseNewId({ _id: fixed.get('_id') }, doc);
  const { _id = new ObjectId(), ...rest } = doc;
  return { _id, ...rest };
}
