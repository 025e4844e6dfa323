import { bsonTypeOf, isDocument, type Doc, type LongValue } from './bson.js';
import { Refusal } from './refusal.js';

/**
 * One string for each BSON value, so that comparing two strings by code unit compares the values as MongoDB does:
 * first by type, then within it; int, long and double in one order. No value's key is the beginning of another's:
 * keys can be joined (compound indexes) and turned round (descending). The terminator is the lowest unit of all.
 */
const END = '\u0000';

/** MongoDB's order of types. `none` is the empty array's place in an index: below null. */
export const TYPE = {
  minKey: '\u0001',
  none: '\u0002',
  null: '\u0003',
  number: '\u0004',
  string: '\u0005',
  object: '\u0006',
  array: '\u0007',
  binary: '\u0008',
  objectId: '\u0009',
  bool: '\u000a',
  date: '\u000b',
  timestamp: '\u000c',
  regex: '\u000d',
  code: '\u000e',
  maxKey: '\u000f',
} as const;

/** Above every value's key: what follows a key is a type or a record number, and none begins with this. */
export const ABOVE = '\uffff';
export const NULL_KEY = TYPE.null;
export const EMPTY_ARRAY_KEY = TYPE.none;

const float = new Float64Array(1);
const units = new Uint16Array(float.buffer);
const MIDDLE = '\u8000';

function doubleKey(value: number): string {
  if (Number.isNaN(value)) return '\0\0\0\0'; // below minus infinity, as in MongoDB
  float[0] = value === 0 ? 0 : value; // minus zero equals zero
  const flip = units[3]! & 0x8000 ? 0xffff : 0;
  return String.fromCharCode(
    units[3]! ^ (flip || 0x8000),
    units[2]! ^ flip,
    units[1]! ^ flip,
    units[0]! ^ flip,
  );
}

/** A long beyond 2^53: the nearest double, then how far it is from it. */
function longKey(value: LongValue): string {
  const near = value.toNumber();
  const rest = value.toBigInt() - BigInt(near);
  return TYPE.number + doubleKey(near) + String.fromCharCode(0x8000 + Number(rest));
}

// eslint-disable-next-line no-control-regex -- the terminator and its escape
const ESCAPED = /[\u0000\u0001\ud800-\uffff]/;

/** MongoDB compares UTF-8 bytes, that is code points; JavaScript compares units, which puts U+E000 above U+10000. */
function escapeText(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 2) out += unit === 0 ? '\u0001\u0001' : '\u0001\u0002';
    else if (unit >= 0xe000) out += String.fromCharCode(unit - 0x800);
    else if (unit >= 0xd800) out += String.fromCharCode(unit + 0x2000);
    else out += String.fromCharCode(unit);
  }
  return out;
}

const textKey = (text: string): string => (ESCAPED.test(text) ? escapeText(text) : text) + END;

function objectKey(doc: Doc): string {
  let out: string = TYPE.object;
  for (const field of Object.keys(doc)) {
    const key = valueKey(doc[field]);
    out += key[0]! + textKey(field) + key.slice(1);
  }
  return out + END;
}

function binaryKey(value: { sub_type: number; position: number; buffer: Uint8Array }): string {
  const size = value.position;
  const bytes = Buffer.from(value.buffer.buffer, value.buffer.byteOffset, size).toString('latin1');
  return TYPE.binary + String.fromCharCode(size >>> 16, size & 0xffff, value.sub_type) + bytes;
}

function classKey(type: string, value: object): string {
  switch (type) {
    case 'ObjectId':
      return TYPE.objectId + (value as { toHexString(): string }).toHexString();
    case 'Long':
      return longKey(value as LongValue);
    case 'Timestamp': {
      const { high, low } = value as { high: number; low: number };
      return TYPE.timestamp + String.fromCharCode(high >>> 16, high & 0xffff, low >>> 16, low & 0xffff);
    }
    case 'Binary':
      return binaryKey(value as { sub_type: number; position: number; buffer: Uint8Array });
    case 'MinKey':
      return TYPE.minKey;
    case 'MaxKey':
      return TYPE.maxKey;
    case 'Int32':
    case 'Double':
      return valueKey(Number(value.valueOf()));
    case 'DBRef':
      return objectKey((value as { toJSON(): Doc }).toJSON());
    default:
      throw new Refusal(2, `the embedded store only stores ${type}: it neither compares nor indexes it`);
  }
}

/** The key of a value; a missing one counts as null. */
export function valueKey(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return TYPE.string + textKey(value);
    case 'number':
      return TYPE.number + doubleKey(value) + MIDDLE;
    case 'boolean':
      return value ? `${TYPE.bool}\u0001` : `${TYPE.bool}\u0000`;
    case 'undefined':
      return NULL_KEY;
    case 'bigint':
      return valueKey(Number(value));
    default:
  }
  if (value === null) return NULL_KEY;
  if (Array.isArray(value)) return TYPE.array + value.map(valueKey).join('') + END;
  if (value instanceof Date) return TYPE.date + doubleKey(value.getTime());
  if (value instanceof RegExp) return TYPE.regex + textKey(value.source) + textKey(value.flags);
  const type = bsonTypeOf(value);
  if (type !== undefined) return classKey(type, value as object);
  if (isDocument(value)) return objectKey(value);
  throw new Refusal(2, `a value of an unknown type cannot be compared`);
}

/** The key turned round: what was above is below. */
export function reversed(key: string): string {
  let out = '';
  for (let at = 0; at < key.length; at += 1) out += String.fromCharCode(0xffff - key.charCodeAt(at));
  return out;
}

/** Whether two values have one key. Most are told apart, or are the same, without making it. */
export function sameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one === 'string' || typeof other === 'string') return false;
  if (one instanceof Date && other instanceof Date) return Object.is(one.getTime(), other.getTime());
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((element, at) => sameValue(element, other[at]));
  }
  return valueKey(one) === valueKey(other);
}
