import { bsonTypeOf, isDocument, MAX_COMMAND_DEPTH, MAX_DOCUMENT_DEPTH, type Doc } from './bson.js';
import { pathParts, rootOf } from './field-path.js';
import { isBsonNumber, sum } from './number-sum.js';
import { Refusal, tooDeep } from './refusal.js';
import { addToSet, pop, pull, pullAll, push, refuseConflicts, type ArrayChange } from './update-array.js';
import { Draft } from './update-path.js';
import { sameValue, valueKey } from './value-key.js';

/** A compiled update: from a stored document to a new one. The same object back means that nothing changed. */
export interface Update {
  apply(stored: Doc, inserting: boolean): Doc;
  /** A whole new document instead of operators. */
  replacement: boolean;
  /** The top-level fields that operators look at and write; undefined: the whole document. */
  roots: readonly string[] | undefined;
}

type Change = (draft: Draft, parts: readonly string[]) => void;

const nameOf = (value: unknown): string =>
  Array.isArray(value) ? 'array' : value === null ? 'null' : (bsonTypeOf(value) ?? typeof value);

function set(value: unknown): Change {
  return (draft, parts) => {
    const old = draft.read(parts);
    if (old !== undefined && sameValue(old, value)) return;
    draft.write(parts, value);
  };
}

function inc(path: string, amount: unknown): Change {
  if (!isBsonNumber(amount)) {
    throw new Refusal(14, `Cannot increment with non-numeric argument: {${path}: <${nameOf(amount)}>}`);
  }
  return (draft, parts) => {
    const old = draft.read(parts);
    if (old === undefined) return draft.write(parts, amount);
    if (!isBsonNumber(old)) {
      throw new Refusal(
        14,
        `Cannot apply $inc to a value of non-numeric type. ` +
          `The field '${parts.at(-1)}' has a value of the non-numeric type ${nameOf(old)}`,
      );
    }
    const total = sum(old, amount);
    if (!sameValue(old, total)) draft.write(parts, total);
  };
}

function extreme(value: unknown, better: (key: string, than: string) => boolean): Change {
  return (draft, parts) => {
    const old = draft.read(parts);
    if (old === undefined || better(valueKey(value), valueKey(old))) draft.write(parts, value);
  };
}

/** `create`: whether a missing field becomes an array ($push) or stays missing ($pull). */
function array(operator: string, path: string, change: ArrayChange, create: boolean): Change {
  return (draft, parts) => {
    const old = draft.read(parts);
    if (old === undefined && !create) return;
    if (old !== undefined && !Array.isArray(old)) {
      throw new Refusal(
        operator === '$pop' ? 14 : 2,
        `The field '${path}' must be an array but is of type ${nameOf(old)}: cannot apply ${operator}`,
      );
    }
    const next = change((old as unknown[] | undefined) ?? []);
    if (old === undefined || !sameValue(old, next)) draft.write(parts, next);
  };
}

const OPERATORS = new Set(
  '$set $unset $setOnInsert $inc $min $max $push $addToSet $pull $pullAll $pop'.split(' '),
);

function compileChange(operator: string, path: string, operand: unknown): Change {
  switch (operator) {
    case '$set':
    case '$setOnInsert':
      return set(operand);
    case '$unset':
      return (draft, parts) => draft.remove(parts);
    case '$inc':
      return inc(path, operand);
    case '$min':
      return extreme(operand, (key, than) => key < than);
    case '$max':
      return extreme(operand, (key, than) => key > than);
    case '$push':
      return array(operator, path, push(operand), true);
    case '$addToSet':
      return array(operator, path, addToSet(operand), true);
    case '$pull':
      return array(operator, path, pull(operand), false);
    case '$pullAll':
      return array(operator, path, pullAll(operand), false);
    case '$pop':
      return array(operator, path, pop(operand), false);
    default:
      throw new Refusal(9, `Unknown modifier: ${operator}`);
  }
}

function checkPath(path: string): void {
  const parts = pathParts(path);
  // Nothing lies so deep; and what looks at each beginning of a path would take for ever.
  if (parts.length > MAX_COMMAND_DEPTH) throw tooDeep(MAX_DOCUMENT_DEPTH);
  if (parts.some((part) => part === '')) {
    throw new Refusal(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  }
  if (parts.some((part) => part.startsWith('$'))) {
    throw new Refusal(2, `positional operators are not supported by the embedded store: '${path}'`);
  }
  if (parts.includes('__proto__')) throw new Refusal(2, `'__proto__' is not supported as a field name`);
}

const IN_NUMBER_ORDER = new Intl.Collator('en', { numeric: true }).compare;
const inOrder = (one: string, other: string): number =>
  /^\d+$/.test(one) && /^\d+$/.test(other) ? IN_NUMBER_ORDER(one, other) : one < other ? -1 : 1;

function compileOperators(update: Doc): Update {
  const steps: { path: string; parts: readonly string[]; onInsert: boolean; change: Change }[] = [];
  for (const [operator, fields] of Object.entries(update)) {
    if (!operator.startsWith('$')) {
      throw new Refusal(
        9,
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update`,
      );
    }
    if (!OPERATORS.has(operator)) throw new Refusal(9, `Unknown modifier: ${operator}`);
    if (!isDocument(fields)) {
      throw new Refusal(
        9,
        `Modifiers operate on fields but we found type ${nameOf(fields)} instead: ${operator}`,
      );
    }
    for (const [path, operand] of Object.entries(fields)) {
      const change = compileChange(operator, path, operand);
      checkPath(path);
      steps.push({ path, parts: pathParts(path), onInsert: operator === '$setOnInsert', change });
    }
  }
  refuseConflicts(steps.map(({ path }) => path));
  steps.sort((one, other) => inOrder(one.path, other.path)); // MongoDB adds new fields in the order of their names
  return {
    replacement: false,
    roots: [...new Set(steps.map(({ path }) => rootOf(path)))],
    apply(stored, inserting) {
      const draft = new Draft(stored);
      for (const { parts, onInsert, change } of steps) if (inserting || !onInsert) change(draft, parts);
      return draft.changed ? draft.root : stored;
    },
  };
}

function compileReplacement(update: Doc): Update {
  const odd = Object.keys(update).find((key) => key.startsWith('$'));
  if (odd !== undefined) throw new Refusal(52, `The dollar ($) prefixed field '${odd}' is not allowed here`);
  return {
    replacement: true,
    roots: undefined,
    apply(stored) {
      const { _id, ...rest } = update;
      const id = '_id' in update ? _id : stored['_id'];
      const next = id === undefined ? rest : { _id: id, ...rest };
      return sameValue(next, stored) ? stored : next;
    },
  };
}

/** Compiles `u` of an update: operators, or a whole document if no key begins with `$`. */
export function compileUpdate(update: unknown): Update {
  if (Array.isArray(update)) {
    throw new Refusal(9, 'an update by an aggregation pipeline is not supported by the embedded store');
  }
  if (!isDocument(update)) throw new Refusal(9, 'Update argument must be either an object or an array');
  const first = Object.keys(update)[0];
  return first?.startsWith('$') ? compileOperators(update) : compileReplacement(update);
}

/** `_id` never changes. */
export function refuseNewId(before: Doc, after: Doc): void {
  if (before === after || sameValue(before['_id'], after['_id'])) return;
  throw new Refusal(66, "Performing an update on the path '_id' would modify the immutable field '_id'");
}
