import { isDocument, type Doc } from './bson.js';
import { pathParts, sortKey, type Direction, type KeyPattern } from './field-path.js';
import { compileFilter, compileOperators } from './match-filter.js';
import { isOperators } from './match-operand.js';
import type { Test } from './match-path.js';
import { equalsOrMatches } from './match-value.js';
import { Refusal } from './refusal.js';
import { sameValue, valueKey } from './value-key.js';

/** From the array as it is to the array as it shall be; the given one is not touched. */
export type ArrayChange = (array: readonly unknown[]) => unknown[];

const integer = (name: string, value: unknown): number => {
  if (!Number.isInteger(value)) throw new Refusal(2, `The value for ${name} must be an integer value`);
  return value as number;
};

function direction(value: unknown): Direction {
  if (value === 1 || value === -1) return value;
  throw new Refusal(2, 'The $sort element value must be either 1 or -1');
}

function sorter(by: unknown): ArrayChange {
  if (!isDocument(by)) {
    const up = direction(by);
    const order = (one: unknown, other: unknown): number => (valueKey(one) < valueKey(other) ? -up : up);
    return (array) => [...array].sort((one, other) => (sameValue(one, other) ? 0 : order(one, other)));
  }
  const pattern: KeyPattern = Object.entries(by).map(([path, value]) => [path, direction(value)]);
  if (pattern.length === 0)
    throw new Refusal(2, 'The $sort pattern is empty when it should be a set of fields.');
  const keyOf = (element: unknown): string => sortKey(isDocument(element) ? element : {}, pattern);
  return (array) =>
    array
      .map((element) => ({ element, key: keyOf(element) }))
      .sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
      .map(({ element }) => element);
}

function eachOf(operator: string, operand: Doc): unknown[] {
  const each = operand['$each'];
  if (!Array.isArray(each)) throw new Refusal(2, `The argument to $each in ${operator} must be an array`);
  return each;
}

/** `$push`, with `$each`, `$position`, `$sort`, `$slice`, applied in that order as MongoDB does. */
export function push(operand: unknown): ArrayChange {
  if (!isDocument(operand) || !('$each' in operand)) {
    if (isOperators(operand)) throw new Refusal(2, `$push with ${Object.keys(operand)[0]} needs $each`);
    return (array) => [...array, operand];
  }
  const known = ['$each', '$position', '$sort', '$slice'];
  const odd = Object.keys(operand).find((clause) => !known.includes(clause));
  if (odd !== undefined) throw new Refusal(2, `Unrecognized clause in $push: ${odd}`);
  const each = eachOf('$push', operand);
  const position = '$position' in operand ? integer('$position', operand['$position']) : undefined;
  const slice = '$slice' in operand ? integer('$slice', operand['$slice']) : undefined;
  const sort = '$sort' in operand ? sorter(operand['$sort']) : undefined;
  return (array) => {
    let out = [...array];
    out.splice(position ?? out.length, 0, ...each);
    if (sort) out = sort(out);
    if (slice === undefined) return out;
    return slice >= 0 ? out.slice(0, slice) : out.slice(slice);
  };
}

/** `$addToSet`, one value or `$each`. */
export function addToSet(operand: unknown): ArrayChange {
  const many = isDocument(operand) && '$each' in operand;
  if (isOperators(operand) && (!many || Object.keys(operand).length > 1)) {
    throw new Refusal(2, `Found unexpected fields after $each in $addToSet`);
  }
  const values = many ? eachOf('$addToSet', operand) : [operand];
  return (array) => {
    const out = [...array];
    const seen = new Set(out.map(valueKey));
    for (const value of values) {
      if (seen.has(valueKey(value))) continue;
      seen.add(valueKey(value));
      out.push(value);
    }
    return out;
  };
}

function pullTest(operand: unknown): Test {
  if (isOperators(operand) && !['$and', '$or', '$nor'].includes(Object.keys(operand)[0]!)) {
    const tests = compileOperators(operand, (test) => test);
    return (element) => tests.every((test) => test(element));
  }
  if (!isDocument(operand)) return equalsOrMatches(operand);
  const matches = compileFilter(operand);
  return (element) => isDocument(element) && matches(element);
}

/** `$pull`: a value, operators on the elements, or a filter of the elements that are documents. */
export function pull(operand: unknown): ArrayChange {
  const test = pullTest(operand);
  return (array) => array.filter((element) => !test(element));
}

export function pullAll(operand: unknown): ArrayChange {
  if (!Array.isArray(operand)) throw new Refusal(2, '$pullAll requires an array argument');
  const keys = new Set(operand.map(valueKey));
  return (array) => array.filter((element) => !keys.has(valueKey(element)));
}

export function pop(operand: unknown): ArrayChange {
  if (operand !== 1 && operand !== -1)
    throw new Refusal(9, `$pop expects 1 or -1, found: ${String(operand)}`);
  return (array) => (operand === 1 ? array.slice(0, -1) : array.slice(1));
}

/** The same path in two operators, or one inside the other, is a conflict in MongoDB. */
export function refuseConflicts(paths: readonly string[]): void {
  const seen = new Set<string>();
  for (const path of paths) {
    if (seen.has(path)) throw conflict(path, path);
    seen.add(path);
  }
  for (const path of paths) {
    const parts = pathParts(path);
    for (let length = 1; length < parts.length; length += 1) {
      const above = parts.slice(0, length).join('.');
      if (seen.has(above)) throw conflict(path, above);
    }
  }
}

const conflict = (path: string, at: string): Refusal =>
  new Refusal(40, `Updating the path '${path}' would create a conflict at '${at}'`);
