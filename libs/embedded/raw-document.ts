import { deserialize, Long, ObjectId, type Doc } from './bson.js';
import { encodeStored } from './encode.js';
import { Refusal } from './refusal.js';

/**
 * Reads documents that are bytes of BSON, as many of their fields as somebody asks for. The bytes have been checked
 * (`checkDocument`): nothing here looks whether a length is right.
 */

const DOUBLE = 1;
const STRING = 2;
export const DOCUMENT = 3;
export const ARRAY = 4;
const BINARY = 5;
export const UNDEFINED = 6;
const OBJECT_ID = 7;
const BOOLEAN = 8;
const DATE = 9;
const NULL = 10;
export const REGEX = 11;
const POINTER = 12;
const CODE = 13;
const SYMBOL = 14;
const CODE_WITH_SCOPE = 15;
const INT = 16;
const TIMESTAMP = 17;
const LONG = 18;
export const DECIMAL = 19;
const MAX_KEY = 127;
const MIN_KEY = 255;

export const int32At = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);

/** Where the name that begins here has its zero; where the bytes end, if it has none. */
export function nameEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  while (end < bytes.length && bytes[end] !== 0) end += 1;
  return end;
}

/** Where a value ends; its type is one of BSON's. */
export function valueEnd(bytes: Uint8Array, type: number, at: number): number {
  switch (type) {
    case STRING:
    case CODE:
    case SYMBOL:
      return at + 4 + int32At(bytes, at);
    case DOCUMENT:
    case ARRAY:
    case CODE_WITH_SCOPE:
      return at + int32At(bytes, at);
    case DATE:
    case DOUBLE:
    case LONG:
    case TIMESTAMP:
      return at + 8;
    case INT:
      return at + 4;
    case BOOLEAN:
      return at + 1;
    case NULL:
    case UNDEFINED:
    case MIN_KEY:
    case MAX_KEY:
      return at;
    case OBJECT_ID:
      return at + 12;
    case BINARY:
      return at + 5 + int32At(bytes, at);
    case DECIMAL:
      return at + 16;
    case POINTER:
      return at + 4 + int32At(bytes, at) + 12;
    case REGEX:
      return nameEnd(bytes, nameEnd(bytes, at) + 1) + 1;
    default:
      throw new Error(`BSON has no type ${type}`);
  }
}

/**
 * Walks a document that came from outside: throws where a length leaves it, so that nothing else need look. How deep it
 * is nested is not its matter: it says so, as MongoDB counts, the document itself being the first level and an empty one
 * none.
 */
export function checkDocument(bytes: Uint8Array, at: number, end: number): number {
  /** Where the documents around this one have their zero: recursion would end with the stack. */
  const around: number[] = [];
  let stop = checkedStop(bytes, at, end);
  let here = at + 4;
  let deepest = here < stop ? 1 : 0;
  for (;;) {
    while (here < stop) {
      const type = bytes[here]!;
      here = nameEnd(bytes, here + 1) + 1;
      if (here > stop) throw new Error('a BSON name without an end');
      if (type === DOCUMENT || type === ARRAY || type === CODE_WITH_SCOPE) {
        const inner = type === CODE_WITH_SCOPE ? checkedScope(bytes, here, stop) : here;
        around.push(stop);
        stop = checkedStop(bytes, inner, stop);
        here = inner + 4;
        if (here < stop && around.length >= deepest) deepest = around.length + 1;
      } else {
        const next = checkedEnd(bytes, type, here, stop);
        if (!(next >= here && next <= stop)) throw new Error('a BSON value beyond its document');
        here = next;
      }
    }
    const outer = around.pop();
    if (outer === undefined) return deepest;
    here = stop + 1;
    stop = outer;
  }
}

/** Where the document that begins here has its zero, before `end`. */
function checkedStop(bytes: Uint8Array, at: number, end: number): number {
  if (at + 5 > end) throw new Error('BSON cut off');
  const stop = at + int32At(bytes, at) - 1;
  if (stop < at + 4 || stop >= end || bytes[stop] !== 0) throw new Error('BSON of a wrong length');
  return stop;
}

/** Where the scope of the code that begins here begins: it and the text are all there is of it. */
function checkedScope(bytes: Uint8Array, at: number, stop: number): number {
  const scope = checkedEnd(bytes, STRING, at + 4, stop);
  if (scope + int32At(bytes, scope) !== at + int32At(bytes, at)) throw new Error('BSON of a wrong length');
  return scope;
}

function checkedEnd(bytes: Uint8Array, type: number, at: number, stop: number): number {
  switch (type) {
    case STRING:
    case CODE:
    case SYMBOL: {
      const end = at + 4 + int32At(bytes, at);
      if (at + 4 > stop || end < at + 5 || end > stop || bytes[end - 1] !== 0)
        throw new Error('a BSON string without an end');
      return end;
    }
    case DATE:
    case DOUBLE:
    case LONG:
    case TIMESTAMP:
    case INT:
    case BOOLEAN:
    case NULL:
    case UNDEFINED:
    case MIN_KEY:
    case MAX_KEY:
    case OBJECT_ID:
    case DECIMAL:
      return valueEnd(bytes, type, at);
    default: {
      // The rare ones: the library reads them, and throws for what is wrong.
      const end = valueEnd(bytes, type, at);
      if (!(end >= at && end <= stop)) throw new Error('a BSON value beyond its document');
      try {
        byLibrary(bytes, type, at, end);
      } catch (error) {
        // MongoDB keeps what is a pattern to PCRE only; here each is one of JavaScript's.
        if (type === REGEX && (error as Error).name === 'SyntaxError')
          throw new Refusal(2, `the embedded store takes no such pattern: ${(error as Error).message}`);
        throw error;
      }
      return end;
    }
  }
}

/** As MongoDB does, a text's bytes are not looked at: what is no UTF-8 is read as far as it goes. */
const AS_IS = { validation: { utf8: false } } as const;

/** Values that no query is likely to look at are left to the library. */
function byLibrary(bytes: Uint8Array, type: number, at: number, end: number): unknown {
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
function textAt(buffer: Buffer, at: number, end: number): string {
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
function valueAt(bytes: Buffer, type: number, at: number): unknown {
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
function put(doc: Doc, name: string, value: unknown): void {
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

/** Hash of a field's name, as the walk over a document makes it in passing. */
function hashOf(name: Uint8Array): number {
  let hash = 0;
  for (const byte of name) hash = (Math.imul(hash, 31) + byte) | 0;
  return hash;
}

interface Wanted {
  name: string;
  bytes: Uint8Array;
}

/** Some top-level fields, to be found among a document's. */
export class Fields {
  /** Which hashes' lowest bits occur: most fields of a document are passed over by one look. */
  private readonly sieve = new Uint8Array(256);
  private readonly byHash = new Map<number, Wanted[]>();
  readonly names: ReadonlySet<string>;

  constructor(names: Iterable<string>) {
    this.names = new Set(names);
    for (const name of this.names) {
      const bytes = Buffer.from(name, 'utf8');
      const hash = hashOf(bytes);
      this.sieve[hash & 255] = 1;
      const alike = this.byHash.get(hash);
      if (alike) alike.push({ name, bytes });
      else this.byHash.set(hash, [{ name, bytes }]);
    }
  }

  /** The wanted field whose name ends there, if it is one. */
  find(bytes: Uint8Array, from: number, end: number): string | undefined {
    let hash = 0;
    for (let at = from; at < end; at += 1) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    return this.sieve[hash & 255] === 1 ? this.at(bytes, from, end - from, hash) : undefined;
  }

  private at(bytes: Uint8Array, at: number, length: number, hash: number): string | undefined {
    for (const { name, bytes: wanted } of this.byHash.get(hash) ?? []) {
      if (wanted.length !== length) continue;
      let same = 0;
      while (same < length && wanted[same] === bytes[at + same]) same += 1;
      if (same === length) return name;
    }
    return undefined;
  }

  /** These fields of the document that begins here, read; in its order. */
  of(bytes: Buffer, at: number): Doc {
    const doc: Doc = {};
    let left = this.names.size;
    const stop = at + int32At(bytes, at) - 1;
    let here = at + 4;
    while (here < stop && left > 0) {
      const type = bytes[here]!;
      let end = here + 1;
      let hash = 0;
      for (let byte = bytes[end]!; byte > 0; byte = bytes[end]!) {
        hash = (Math.imul(hash, 31) + byte) | 0;
        end += 1;
      }
      if (this.sieve[hash & 255] === 1) {
        const name = this.at(bytes, here + 1, end - here - 1, hash);
        if (name !== undefined) {
          put(doc, name, valueAt(bytes, type, end + 1));
          left -= 1;
        }
      }
      here = valueEnd(bytes, type, end + 1);
    }
    return doc;
  }

  /**
   * The document that begins here with these fields as they are in `after`: those that are the very same values as in
   * `before` and all others as they lie there, new ones at the end.
   */
  replaced(bytes: Buffer, at: number, before: Doc, after: Doc): Buffer {
    const changed: Doc = {};
    for (const name of Object.keys(after)) {
      if (!Object.hasOwn(before, name) || before[name] !== after[name]) put(changed, name, after[name]);
    }
    const made = encodeStored(changed);
    const segments = segmentsOf(made);
    const parts: Uint8Array[] = [Buffer.alloc(4)];
    const stop = at + int32At(bytes, at) - 1;
    let from = at + 4; // where what is kept as it lies begins
    let here = from;
    const keepUpTo = (end: number): void => {
      if (end > from) parts.push(bytes.subarray(from, end));
    };
    while (here < stop) {
      const type = bytes[here]!;
      const end = nameEnd(bytes, here + 1);
      const next = valueEnd(bytes, type, end + 1);
      const name = this.find(bytes, here + 1, end);
      if (name !== undefined && (!Object.hasOwn(after, name) || segments.has(name))) {
        keepUpTo(here);
        from = next;
        const segment = segments.get(name);
        if (segment) parts.push(segment);
        segments.delete(name);
      }
      here = next;
    }
    keepUpTo(stop);
    parts.push(...segments.values(), Buffer.alloc(1));
    const whole = Buffer.concat(parts);
    whole.writeInt32LE(whole.length, 0);
    return whole;
  }
}

/** The elements of a document, type and name included. */
function segmentsOf(bytes: Buffer): Map<string, Uint8Array> {
  const segments = new Map<string, Uint8Array>();
  const stop = bytes.length - 1;
  let here = 4;
  while (here < stop) {
    const end = nameEnd(bytes, here + 1);
    const next = valueEnd(bytes, bytes[here]!, end + 1);
    segments.set(textAt(bytes, here + 1, end), bytes.subarray(here, next));
    here = next;
  }
  return segments;
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
