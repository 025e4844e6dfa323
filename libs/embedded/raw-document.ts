import { deserialize, Long, ObjectId, type Doc } from './bson.js';
import {
  DOUBLE,
  STRING,
  DOCUMENT,
  ARRAY,
  OBJECT_ID,
  BOOLEAN,
  DATE,
  NULL,
  INT,
  LONG,
  int32At,
  nameEnd,
  valueEnd,
} from './bson-layout.js';

/**
 * Reads documents that are bytes of BSON, as many of their fields as somebody asks for. The bytes have been checked
 * (`checkDocument`): nothing here looks whether a length is right.
 */

/** As MongoDB does, a text's bytes are not looked at: what is no UTF-8 is read as far as it goes. */
const AS_IS = { validation: { utf8: false } } as const;

/** Values that no query is likely to look at are left to the library. */
export function byLibrary(bytes: Uint8Array, type: number, at: number, end: number): unknown {
  const size = 4 + 3 + (end - at) + 1;
  const whole = Buffer.alloc(size);
  whole.writeInt32LE(size, 0);
  whole[4] = type;
  whole[5] = 0x76; // "v"
  whole.set(bytes.subarray(at, end), 7);
  return (deserialize(whole, AS_IS) as { v: unknown }).v;
}

/** Texts that come again and again, and fields' names: by their bytes' hash. One that is there need not be made. */
const KNOWN_SIZE = 4096;
const LONGEST_KNOWN = 32;
const known = new Array<string>(KNOWN_SIZE).fill('');

/** Node's own, quicker than `toString` as it asks less; its types do not tell of them. */
export type Texts = Buffer & {
  utf8Slice(from: number, to: number): string;
  latin1Slice(from: number, to: number): string;
};

/** A text of so many bytes. Short ones in ASCII are looked up before they are made. */
export function textAt(buffer: Buffer, at: number, end: number): string {
  const bytes = buffer as Texts;
  const length = end - at;
  if (length > LONGEST_KNOWN) return bytes.utf8Slice(at, end);
  let hash = length;
  let above = 0;
  for (let here = at; here < end; here += 1) {
    const byte = bytes[here]!;
    hash = (Math.imul(hash, 31) + byte) | 0;
    above |= byte;
  }
  if (above > 127) return bytes.utf8Slice(at, end);
  const slot = (hash ^ (hash >>> 12)) & (KNOWN_SIZE - 1);
  const text = known[slot]!;
  if (text.length === length) {
    let same = 0;
    while (same < length && text.charCodeAt(same) === bytes[at + same]) same += 1;
    if (same === length) return text;
  }
  return (known[slot] = bytes.latin1Slice(at, end));
}

const eight = new Uint8Array(8);
const eightAsDouble = new Float64Array(eight.buffer);

function doubleAt(bytes: Uint8Array, at: number): number {
  for (let byte = 0; byte < 8; byte += 1) eight[byte] = bytes[at + byte]!;
  return eightAsDouble[0]!;
}

/** A value as JavaScript has it, as the driver would read it. */
export function valueAt(bytes: Buffer, type: number, at: number): unknown {
  switch (type) {
    case STRING:
      return textAt(bytes, at + 4, at + 3 + int32At(bytes, at));
    case INT:
      return int32At(bytes, at);
    case DATE:
      return new Date(int32At(bytes, at + 4) * 2 ** 32 + (int32At(bytes, at) >>> 0));
    case NULL:
      return null;
    case DOCUMENT:
      return documentAt(bytes, at);
    case ARRAY:
      return arrayAt(bytes, at);
    case DOUBLE:
      return doubleAt(bytes, at);
    case BOOLEAN:
      return bytes[at] !== 0;
    case OBJECT_ID:
      return new ObjectId(Uint8Array.from(bytes.subarray(at, at + 12)));
    case LONG: {
      const value = int32At(bytes, at + 4) * 2 ** 32 + (int32At(bytes, at) >>> 0);
      return Number.isSafeInteger(value) ? value : new Long(int32At(bytes, at), int32At(bytes, at + 4));
    }
    default:
      return byLibrary(bytes, type, at, valueEnd(bytes, type, at));
  }
}

/** `__proto__` as a field is a field. */
export function put(doc: Doc, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(doc, name, { value, writable: true, enumerable: true, configurable: true });
  } else doc[name] = value;
}

/** The whole document that begins here. */
export function documentAt(bytes: Buffer, at: number): Doc {
  const stop = at + int32At(bytes, at) - 1;
  const doc: Doc = {};
  let here = at + 4;
  while (here < stop) {
    const type = bytes[here]!;
    const end = nameEnd(bytes, here + 1);
    const name = textAt(bytes, here + 1, end);
    // A reference becomes a class of the library's.
    if (name === '$ref') return deserialize(bytes.subarray(at, stop + 1), AS_IS);
    put(doc, name, valueAt(bytes, type, end + 1));
    here = valueEnd(bytes, type, end + 1);
  }
  return doc;
}

/** A document of a command that stays bytes: one to be inserted. */
export class RawDocument {
  constructor(
    readonly bytes: Buffer,
    readonly at: number,
    /** It is nested no deeper than this. */
    readonly deepest: number,
  ) {}
}

/** A command, nested so deep: read, but for the documents of its field of this name. */
export function commandAt(bytes: Buffer, at: number, unread: string, deepest: number): Doc {
  const stop = at + int32At(bytes, at) - 1;
  const doc: Doc = {};
  let here = at + 4;
  while (here < stop) {
    const type = bytes[here]!;
    const end = nameEnd(bytes, here + 1);
    const name = textAt(bytes, here + 1, end);
    const value = end + 1;
    put(
      doc,
      name,
      name === unread && type === ARRAY ? arrayAt(bytes, value, deepest) : valueAt(bytes, type, value),
    );
    here = valueEnd(bytes, type, value);
  }
  return doc;
}

/** @param deepest of an array whose documents stay bytes: they are nested no deeper */
function arrayAt(bytes: Buffer, at: number, deepest?: number): unknown[] {
  const stop = at + int32At(bytes, at) - 1;
  const array: unknown[] = [];
  let here = at + 4;
  while (here < stop) {
    const type = bytes[here]!;
    const value = nameEnd(bytes, here + 1) + 1;
    array.push(
      deepest !== undefined && type === DOCUMENT
        ? new RawDocument(bytes, value, deepest)
        : valueAt(bytes, type, value),
    );
    here = valueEnd(bytes, type, value);
  }
  return array;
}

/** Where a name's hash was last met, in which walk over a document. */
const METS = 1024;
const met = new Uint32Array(METS);
let walk = 0;

/** A name that two of the top-level fields have. Names are compared only where two of them share a place. */
export function repeatedName(bytes: Buffer, at: number): string | undefined {
  walk += 1;
  if (walk > 0xffffffff) {
    met.fill(0);
    walk = 1;
  }
  const stop = at + int32At(bytes, at) - 1;
  let here = at + 4;
  while (here < stop) {
    let end = here + 1;
    let hash = 0;
    for (let byte = bytes[end]!; byte !== 0; byte = bytes[end]!) {
      hash = (Math.imul(hash, 31) + byte) | 0;
      end += 1;
    }
    const slot = (hash ^ (hash >>> 10)) & (METS - 1);
    if (met[slot] === walk) return repeatedByText(bytes, at);
    met[slot] = walk;
    here = valueEnd(bytes, bytes[here]!, end + 1);
  }
  return undefined;
}

function repeatedByText(bytes: Buffer, at: number): string | undefined {
  const names = new Set<string>();
  const stop = at + int32At(bytes, at) - 1;
  let here = at + 4;
  while (here < stop) {
    const end = nameEnd(bytes, here + 1);
    const name = bytes.toString('latin1', here + 1, end); // other bytes are another name
    if (names.has(name)) return bytes.toString('utf8', here + 1, end);
    names.add(name);
    here = valueEnd(bytes, bytes[here]!, end + 1);
  }
  return undefined;
}

/** The type and name of a document's first element. */
export function firstOf(bytes: Buffer, at: number): { type: number; name: string } | undefined {
  if (int32At(bytes, at) <= 5) return undefined;
  return { type: bytes[at + 4]!, name: textAt(bytes, at + 5, nameEnd(bytes, at + 5)) };
}
