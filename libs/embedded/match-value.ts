import { bsonTypeOf, isDocument } from './bson.js';
import type { Test } from './match-path.js';
import { Refusal } from './refusal.js';
import { TYPE, valueKey } from './value-key.js';

/** `{a: value}` and `$eq`: null also finds what is missing. */
export function equals(operand: unknown): Test {
  if (operand === null || operand === undefined) return (value) => value === null || value === undefined;
  if (typeof operand === 'string' || typeof operand === 'boolean') return (value) => value === operand;
  if (Number.isSafeInteger(operand)) return (value) => value === operand;
  if (operand instanceof Date) {
    const time = operand.getTime();
    return (value) => value instanceof Date && value.getTime() === time;
  }
  const key = valueKey(operand);
  const type = shape(operand);
  return (value) => value !== undefined && shape(value) === type && valueKey(value) === key;
}

/** Cheap sieve before keys are built. */
function shape(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  const type = bsonTypeOf(value);
  if (type !== undefined) return type === 'Long' || type === 'Decimal128' ? 'number' : type;
  return value instanceof Date ? 'date' : value instanceof RegExp ? 'regex' : typeof value;
}

/** A regular expression as a value: finds strings that match it, and itself. */
export function matchesRegex(pattern: RegExp): Test {
  const plain = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  return (value) =>
    typeof value === 'string'
      ? plain.test(value)
      : value instanceof RegExp && value.source === plain.source && value.flags === plain.flags;
}

export function equalsOrMatches(operand: unknown): Test {
  return operand instanceof RegExp ? matchesRegex(operand) : equals(operand);
}

/** `$in`: a set of keys where there are many. */
export function isOneOf(operands: readonly unknown[]): Test {
  const patterns = operands.filter((operand) => operand instanceof RegExp).map(matchesRegex);
  const values = operands.filter((operand) => !(operand instanceof RegExp));
  if (values.every((value) => typeof value === 'string')) {
    const strings = new Set<unknown>(values);
    return (value) => strings.has(value) || patterns.some((test) => test(value));
  }
  const keys = new Set(values.map(valueKey));
  return (value) => keys.has(valueKey(value)) || patterns.some((test) => test(value));
}

const ORDERED: string[] = [
  TYPE.null,
  TYPE.number,
  TYPE.string,
  TYPE.object,
  TYPE.array,
  TYPE.binary,
  TYPE.objectId,
  TYPE.bool,
  TYPE.date,
  TYPE.timestamp,
];

/** `$gt` and its kin: only values of the operand's own type are in the range. */
export function inRange(operator: '$gt' | '$gte' | '$lt' | '$lte', operand: unknown): Test {
  const bound = valueKey(operand);
  const type = bound[0]!;
  if (!ORDERED.includes(type)) throw new Refusal(2, `${operator} with this type is not supported`);
  const orEqual = operator === '$gte' || operator === '$lte';
  if (type === TYPE.null) return (value) => orEqual && (value === null || value === undefined);
  const up = operator === '$gt' || operator === '$gte';
  if (Number.isNaN(operand)) return (value) => orEqual && Number.isNaN(value);
  const operandShape = shape(operand);
  return (value) => {
    if (value === undefined || value === null) return false;
    if (typeof value === 'number' && typeof operand === 'number') {
      return value === operand ? orEqual : up ? value > operand : value < operand;
    }
    if (shape(value) !== operandShape) return false;
    if (Number.isNaN(value)) return false;
    const key = valueKey(value);
    if (key[0] !== type) return false;
    return key === bound ? orEqual : up ? key > bound : key < bound;
  };
}

const isInt32 = (value: unknown): boolean => typeof value === 'number' && (value | 0) === value;

/**
 * `$type`. A number is told apart by its value, since that is how the driver writes it: whole and within 32 bits int,
 * other numbers double.
 */
const TYPE_TESTS: readonly (readonly [number, string, Test])[] = [
  [1, 'double', (value) => typeof value === 'number' && !isInt32(value)],
  [2, 'string', (value) => typeof value === 'string'],
  [3, 'object', isDocument],
  [4, 'array', Array.isArray],
  [5, 'binData', (value) => bsonTypeOf(value) === 'Binary'],
  [7, 'objectId', (value) => bsonTypeOf(value) === 'ObjectId'],
  [8, 'bool', (value) => typeof value === 'boolean'],
  [9, 'date', (value) => value instanceof Date],
  [10, 'null', (value) => value === null],
  [11, 'regex', (value) => value instanceof RegExp],
  [16, 'int', isInt32],
  [17, 'timestamp', (value) => bsonTypeOf(value) === 'Timestamp'],
  [18, 'long', (value) => bsonTypeOf(value) === 'Long'],
  [19, 'decimal', (value) => bsonTypeOf(value) === 'Decimal128'],
];

export function hasType(operand: unknown): Test {
  const names: unknown[] = Array.isArray(operand) ? operand : [operand];
  const tests = names.map((name): Test => {
    if (name === 'number') {
      return (value) => typeof value === 'number' || ['Long', 'Decimal128'].includes(bsonTypeOf(value) ?? '');
    }
    const known = TYPE_TESTS.find(([code, alias]) => name === code || name === alias);
    if (!known) throw new Refusal(2, `Unknown type name alias: ${String(name)}`);
    return known[2];
  });
  if (tests.length === 0) throw new Refusal(9, '$type must match at least one type');
  return (value) => value !== undefined && tests.some((test) => test(value));
}
