import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { deserialize, serialize, type Doc } from './bson.js';
import type { Databases } from './databases.js';
import type { IndexSpec } from './collection-index.js';
import type { Direction } from './field-path.js';
import { int32At } from './bson-layout.js';
import { checkDocument } from './check-document.js';

/** What the journal and the snapshot are made of: a length, a checksum, a BSON document. Fields are short: there are many. */
export type StoreRecord =
  | { o: 'del'; ns: string; id: unknown }
  | { o: 'create'; ns: string }
  | { o: 'drop'; ns: string }
  | { o: 'index'; ns: string; name: string; key: Doc; unique: boolean }
  | { o: 'unindex'; ns: string; name: string }
  /** A snapshot's last record: without it the snapshot is not whole. */
  | { o: 'end' };

/** A document that was put, `{ o: 'put', ns, d }` in the file: where in the bytes it begins. */
export interface PutRecord {
  o: 'put';
  ns: string;
  bytes: Buffer;
  at: number;
}

const FRAME = 8;

export const indexRecord = (ns: string, { name, key, unique }: IndexSpec): StoreRecord => ({
  o: 'index',
  ns,
  name,
  key: Object.fromEntries(key),
  unique,
});

function seal(whole: Buffer): Buffer {
  whole.writeUInt32LE(whole.length - FRAME, 0);
  whole.writeUInt32LE(crc32(whole.subarray(FRAME)), 4);
  return whole;
}

export function frame(record: StoreRecord): Buffer {
  const payload = serialize(record);
  const whole = Buffer.allocUnsafe(FRAME + payload.length);
  whole.set(payload, FRAME);
  return seal(whole);
}

/** What stands before a document of a namespace in its record, from the record's size on. */
const heads = new Map<string, Buffer>();

function headOf(ns: string): Buffer {
  let head = heads.get(ns);
  if (!head) {
    const made = serialize({ o: 'put', ns, d: {} });
    head = Buffer.from(made.subarray(0, made.length - 6));
    if (heads.size > 1_000) heads.clear();
    heads.set(ns, head);
  }
  return head;
}

/** The record of a document whose bytes are there: they are only copied. */
export function framePut(ns: string, bytes: Buffer, at: number): Buffer {
  const head = headOf(ns);
  const size = int32At(bytes, at);
  const whole = Buffer.allocUnsafe(FRAME + head.length + size + 1);
  whole.set(head, FRAME);
  whole.writeInt32LE(whole.length - FRAME, FRAME);
  bytes.copy(whole, FRAME + head.length, at, at + size);
  whole[whole.length - 1] = 0;
  return seal(whole);
}

/** How the reading of a file ended: at its end, or where a record was cut off or is wrong. */
export interface Ending {
  /** Where the last whole record ends. */
  at: number;
  how: 'whole' | 'torn' | 'damaged';
  /** How long the file is. */
  size: number;
  /** Why a record whose checksum is right could not be taken. */
  cause?: Error;
}

/** So much of a file is in memory at once: one of a large store is larger than a buffer may be. */
const WINDOW = 16 * 1024 * 1024;

/** A file's bytes from anywhere, read a window at a time. */
class Windows {
  readonly size: number;
  private from = 0;
  private window = Buffer.alloc(0);

  constructor(private readonly file: number) {
    this.size = fstatSync(file).size;
  }

  /** So many bytes from there, which the file has. What was given before stays as it was. */
  bytes(at: number, count: number): Buffer {
    if (at < this.from || at + count > this.from + this.window.length) this.read(at, count);
    return this.window.subarray(at - this.from, at - this.from + count);
  }

  /** Whether nothing but zeros follows. */
  isEmptyFrom(at: number): boolean {
    for (let here = at; here < this.size; here += WINDOW) {
      if (this.bytes(here, Math.min(WINDOW, this.size - here)).some((byte) => byte !== 0)) return false;
    }
    return true;
  }

  private read(at: number, count: number): void {
    const window = Buffer.allocUnsafe(Math.min(this.size - at, Math.max(WINDOW, count)));
    for (let read = 0; read < window.length;) {
      const more = readSync(this.file, window, read, window.length - read, at + read);
      if (more === 0) throw new Error('a file that became shorter while it was read');
      read += more;
    }
    this.from = at;
    this.window = window;
  }
}

/**
 * Reads a file's records until the end or the first that is not whole. It is torn if nothing but its own rest follows: a
 * write that was cut off. Anything else is damage, and what follows it must not be thrown away silently.
 */
export function readRecords(path: string, take: (record: StoreRecord | PutRecord) => void): Ending {
  const opened = openSync(path, 'r');
  try {
    const file = new Windows(opened);
    const { size } = file;
    let at = 0;
    while (at < size) {
      const payload = payloadAt(file, at);
      if (typeof payload === 'string') return { at, how: payload, size };
      try {
        take(readPut(payload) ?? (deserialize(payload) as StoreRecord));
      } catch (error) {
        return { at, how: 'damaged', size, cause: error as Error };
      }
      at += FRAME + payload.length;
    }
    return { at, how: 'whole', size };
  } finally {
    closeSync(opened);
  }
}

/** The document of the record that begins there, whose length and checksum are right. */
function payloadAt(file: Windows, at: number): Buffer | 'torn' | 'damaged' {
  const { size } = file;
  const from = at + FRAME;
  if (from + 4 > size) return 'torn';
  const head = file.bytes(at, FRAME + 4);
  const length = head.readUInt32LE(0);
  // The length stands there twice, being BSON's own too: a wrong one must not pass what follows off as a record cut short.
  if (head.readUInt32LE(FRAME) !== length) return file.isEmptyFrom(from) ? 'torn' : 'damaged';
  const end = from + length;
  if (end > size) return 'torn';
  const payload = file.bytes(from, length);
  if (length >= 5 && crc32(payload) === head.readUInt32LE(4)) return payload;
  return end === size || file.isEmptyFrom(at) ? 'torn' : 'damaged';
}

const PUT = Buffer.from('\x02o\0\x04\0\0\0put\0\x02ns\0', 'latin1');

/**
 * A put's document stays bytes. It was checked when it was stored; a file from elsewhere may say anything. How deep it is
 * nested is not asked: what was once taken is given back.
 */
function readPut(payload: Buffer): PutRecord | undefined {
  if (!payload.subarray(4, 4 + PUT.length).equals(PUT)) return undefined;
  const text = 4 + PUT.length + 4;
  const end = text - 1 + payload.readInt32LE(text - 4);
  const at = end + 4; // zero, type, "d", zero
  checkDocument(payload, at, payload.length - 1);
  return { o: 'put', ns: payload.toString('utf8', text, end), bytes: payload, at };
}

/** Does again what a record tells. */
export function replay(databases: Databases, record: StoreRecord | PutRecord): void {
  switch (record.o) {
    case 'put':
      return databases.restore(record.ns, record.bytes, record.at);
    case 'del':
      return databases.forget(record.ns, record.id);
    case 'create':
      databases.open(record.ns);
      return;
    case 'drop':
      databases.drop(record.ns);
      return;
    case 'index': {
      const key = Object.entries(record.key) as [string, Direction][];
      return databases.createIndex(record.ns, { name: record.name, key, unique: record.unique });
    }
    case 'unindex':
      return databases.dropIndex(record.ns, record.name);
    case 'end':
  }
}
