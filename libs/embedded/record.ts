import { crc32 } from 'node:zlib';
import { deserialize, serialize, type Doc } from './bson.js';
import type { Databases } from './databases.js';
import type { IndexSpec } from './collection-index.js';
import type { Direction } from './field-path.js';

/** What the journal and the snapshot are made of: a length, a checksum, a BSON document. Fields are short: there are many. */
export type StoreRecord =
  | { o: 'put'; ns: string; d: Doc }
  | { o: 'del'; ns: string; id: unknown }
  | { o: 'create'; ns: string }
  | { o: 'drop'; ns: string }
  | { o: 'index'; ns: string; name: string; key: Doc; unique: boolean }
  | { o: 'unindex'; ns: string; name: string }
  /** A snapshot's last record: without it the snapshot is not whole. */
  | { o: 'end' };

const FRAME = 8;

export const indexRecord = (ns: string, { name, key, unique }: IndexSpec): StoreRecord => ({
  o: 'index',
  ns,
  name,
  key: Object.fromEntries(key),
  unique,
});

export function frame(record: StoreRecord): Buffer {
  const payload = serialize(record);
  const whole = Buffer.allocUnsafe(FRAME + payload.length);
  whole.writeUInt32LE(payload.length, 0);
  whole.writeUInt32LE(crc32(payload), 4);
  whole.set(payload, FRAME);
  return whole;
}

/** How the reading of a file ended: at its end, or where a record was cut off or is wrong. */
export interface Ending {
  /** Where the last whole record ends. */
  at: number;
  how: 'whole' | 'torn' | 'damaged';
}

/**
 * Reads records until the end or the first that is not whole. It is torn if nothing but its own rest follows: a write
 * that was cut off. Anything else is damage, and what follows it must not be thrown away silently.
 */
export function readRecords(file: Buffer, take: (record: StoreRecord, bytes: number) => void): Ending {
  let at = 0;
  while (at < file.length) {
    const length = file.length - at >= FRAME ? file.readUInt32LE(at) : Infinity;
    const end = at + FRAME + length;
    if (end > file.length) return { at, how: 'torn' };
    const payload = file.subarray(at + FRAME, end);
    if (length < 5 || crc32(payload) !== file.readUInt32LE(at + 4)) {
      const onlyZeros = file.subarray(at).every((byte) => byte === 0);
      return { at, how: onlyZeros || end === file.length ? 'torn' : 'damaged' };
    }
    take(deserialize(payload) as StoreRecord, length);
    at = end;
  }
  return { at, how: 'whole' };
}

/** Does again what a record of so many bytes tells. */
export function replay(databases: Databases, record: StoreRecord, bytes: number): void {
  switch (record.o) {
    case 'put':
      return databases.restore(record.ns, record.d, bytes);
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
