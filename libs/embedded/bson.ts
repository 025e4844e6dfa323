import type * as Bson from 'bson';
import { createRequire } from 'node:module';

/**
 * The driver's own BSON, as it requires it: one copy in the process, so that its classes are the same everywhere. Without
 * mongoose around it, which would be most of what the store's thread loads.
 */
const BSON = createRequire(import.meta.url)('bson') as typeof Bson;

export const { serialize, deserialize, calculateObjectSize, Long, ObjectId, Binary, Decimal128 } = BSON;

export type Doc = Record<string, unknown>;
export type LongValue = InstanceType<typeof BSON.Long>;

/** MongoDB's limit for one document. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** MongoDB's limit for the levels of one document that is stored; the document itself is the first, an empty one is none. */
export const MAX_DOCUMENT_DEPTH = 180;
/** MongoDB's limit for the levels of a command, which holds such documents. */
export const MAX_COMMAND_DEPTH = 200;

/** The driver marks its value classes so; `instanceof` would fail across two realms. */
export function bsonTypeOf(value: unknown): string | undefined {
  return (value as { _bsontype?: string } | null | undefined)?._bsontype;
}

/** True for an embedded document; false for arrays, dates, ids and whatever else is an object in JavaScript only. */
export function isDocument(value: unknown): value is Doc {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    (value as { _bsontype?: unknown })._bsontype === undefined &&
    !(value instanceof Date) &&
    !(value instanceof RegExp)
  );
}

/** The field's value if it is the document's own: a field called `constructor` is not everybody's. */
export function own(doc: Doc, field: string): unknown {
  return Object.hasOwn(doc, field) ? doc[field] : undefined;
}

const arrayKeys: Buffer[] = [];
const arrayKey = (at: number): Buffer => (arrayKeys[at] ??= Buffer.from(`\x03${at}\0`, 'latin1'));

/** A BSON array of documents that are bytes already. */
export function arrayOfDocuments(documents: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [Buffer.alloc(4)];
  let size = 5;
  for (const [at, bytes] of documents.entries()) {
    const key = arrayKey(at);
    parts.push(key, bytes);
    size += key.length + bytes.length;
  }
  parts.push(Buffer.alloc(1));
  const whole = Buffer.concat(parts, size);
  whole.writeInt32LE(size, 0);
  return whole;
}

/** The document with one more field at its end, whose value is bytes already: 3 for a document, 4 for an array. */
export function withRawField(document: Uint8Array, type: 3 | 4, name: string, value: Uint8Array): Buffer {
  const key = Buffer.from(`${String.fromCharCode(type)}${name}\0`, 'utf8');
  const size = document.length + key.length + value.length;
  const whole = Buffer.concat([document.subarray(0, document.length - 1), key, value, Buffer.alloc(1)], size);
  whole.writeInt32LE(size, 0);
  return whole;
}
