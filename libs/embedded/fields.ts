import type { Doc } from './bson.js';
import { int32At, nameEnd, valueEnd } from './bson-layout.js';
import { encodeStored } from './encode.js';
import { put, textAt, valueAt } from './raw-document.js';

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
