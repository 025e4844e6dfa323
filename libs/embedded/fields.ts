import type { Doc } from './bson.js';
import { DOCUMENT, int32At, nameEnd, valueEnd } from './bson-layout.js';
import { encodeStored } from './encode.js';
import { documentAt, put, textAt, valueAt } from './raw-document.js';

/** Hash of a field's name, as the walk over a document makes it in passing. */
function hashOf(name: Uint8Array): number {
  let hash = 0;
  for (const byte of name) hash = (Math.imul(hash, 31) + byte) | 0;
  return hash;
}

interface Wanted {
  name: string;
  bytes: Uint8Array;
  hash: number;
}

/** A document that has a field of this name becomes a class of the library's. */
const REFERENCE = '$ref';
const DOLLAR = 0x24;

/** Some top-level fields, to be found among a document's. */
export class Fields {
  /** By their hashes' lowest bits: most fields of a document are passed over by one look. */
  private readonly slots = new Array<Wanted[] | undefined>(256).fill(undefined);
  private readonly inner: ReadonlyMap<string, Fields>;
  readonly names: ReadonlySet<string>;
  /** Where the name that was last sought has its zero. */
  end = 0;

  /** @param inner of which of them, where it is a document, only these fields are read */
  constructor(names: Iterable<string>, inner: ReadonlyMap<string, Fields> = new Map()) {
    this.names = new Set(names);
    this.inner = inner;
    for (const name of this.names) {
      const bytes = Buffer.from(name, 'utf8');
      const hash = hashOf(bytes);
      (this.slots[hash & 255] ??= []).push({ name, bytes, hash });
    }
  }

  /** As much of documents as these paths name. */
  static ofPaths(paths: Iterable<readonly string[]>): Fields {
    const rest = new Map<string, (readonly string[])[]>();
    for (const [name, ...parts] of paths) {
      if (name === undefined) throw new Error('a path without a part');
      const known = rest.get(name);
      if (known) known.push(parts);
      else rest.set(name, [parts]);
    }
    const inner = new Map<string, Fields>();
    for (const [name, within] of rest) {
      if (within.every((parts) => parts.length > 0)) inner.set(name, Fields.ofPaths(within));
    }
    return new Fields(rest.keys(), inner);
  }

  /** The wanted field whose name begins there, if it is one; `end` tells where the name ends. */
  seek(bytes: Uint8Array, from: number): string | undefined {
    let end = from;
    let hash = 0;
    for (let byte = bytes[end]!; byte > 0; byte = bytes[end]!) {
      hash = (Math.imul(hash, 31) + byte) | 0;
      end += 1;
    }
    this.end = end;
    const alike = this.slots[hash & 255];
    return alike === undefined ? undefined : nameAmong(alike, bytes, from, end, hash);
  }

  /** These fields of the document that begins here, read; in its order. */
  of(bytes: Buffer, at: number): Doc {
    const doc: Doc = {};
    let left = this.names.size;
    const stop = at + int32At(bytes, at) - 1;
    let here = at + 4;
    while (here < stop && left > 0) {
      const type = bytes[here]!;
      const name = this.seek(bytes, here + 1);
      const value = this.end + 1;
      if (name !== undefined) {
        const inner = type === DOCUMENT ? this.inner.get(name) : undefined;
        put(doc, name, inner === undefined ? valueAt(bytes, type, value) : inner.within(bytes, value));
        left -= 1;
      }
      here = valueEnd(bytes, type, value);
    }
    return doc;
  }

  /** As `of`, but a reference is read whole. */
  private within(bytes: Buffer, at: number): unknown {
    const stop = at + int32At(bytes, at) - 1;
    for (let here = at + 4; here < stop;) {
      const end = nameEnd(bytes, here + 1);
      if (bytes[here + 1] === DOLLAR && textAt(bytes, here + 1, end) === REFERENCE)
        return documentAt(bytes, at);
      here = valueEnd(bytes, bytes[here]!, end + 1);
    }
    return this.of(bytes, at);
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
      const name = this.seek(bytes, here + 1);
      const next = valueEnd(bytes, type, this.end + 1);
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

function nameAmong(
  alike: readonly Wanted[],
  bytes: Uint8Array,
  from: number,
  end: number,
  hash: number,
): string | undefined {
  for (const wanted of alike) {
    if (wanted.hash !== hash || wanted.bytes.length !== end - from) continue;
    let same = 0;
    while (from + same < end && wanted.bytes[same] === bytes[from + same]) same += 1;
    if (from + same === end) return wanted.name;
  }
  return undefined;
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
