import { randomBytes } from 'node:crypto';
import { MAX_DOCUMENT_BYTES, type Doc } from './bson.js';
import { encode } from './encode.js';
import type { Places } from './places.js';
import type { RawView } from './project-raw.js';
import { int32At } from './bson-layout.js';
import { Refusal } from './refusal.js';

/** What a cursor hands out: so many documents, each as bytes when its turn has come. */
export interface Source {
  readonly length: number;
  bytes(n: number): Uint8Array;
}

/** Documents that were made. */
export const madeSource = (documents: readonly Doc[]): Source => ({
  length: documents.length,
  bytes: (n) => encode(documents[n]!),
});

/** Documents that are stored, or a view of them (a projection). */
export const storedSource = (places: Places, view: RawView | undefined): Source => ({
  length: places.length,
  bytes(n) {
    const { bytes } = places.slab(n);
    const at = places.at(n);
    return view ? view(bytes, at) : bytes.subarray(at, at + int32At(bytes, at));
  },
});

/** Documents still to be fetched, as they were when the cursor was opened. */
interface Cursor {
  namespace: string;
  documents: Source;
  at: number;
  usedAt: number;
}

export interface Batch {
  /** 0 when there is no more. */
  id: bigint;
  documents: Uint8Array[];
}

interface BeginOptions {
  /** No cursor is left open, whatever is left. */
  single?: boolean;
  /** The size came from the client: none means none. */
  first?: boolean;
}

/** Open cursors. One that nobody asks for a while is closed, as in MongoDB. */
export class Cursors {
  private readonly open = new Map<bigint, Cursor>();

  constructor(
    private readonly idleMs: number,
    private readonly monotonic: () => number,
  ) {}

  get size(): number {
    return this.open.size;
  }

  /** The first batch; what is left waits under the batch's id. */
  begin(namespace: string, documents: Source, size: number, options: BeginOptions = {}): Batch {
    this.expire();
    const { single = false } = options;
    const cursor: Cursor = { namespace, documents, at: 0, usedAt: this.monotonic() };
    // A first batch of none is asked for to learn the cursor's id; elsewhere 0 means as many as fit.
    const batch = options.first && size === 0 ? [] : take(cursor, size);
    if (single || cursor.at >= documents.length) return { id: 0n, documents: batch };
    const id = newId();
    this.open.set(id, cursor);
    return { id, documents: batch };
  }

  next(id: bigint, namespace: string, size: number): Batch {
    this.expire();
    const cursor = this.open.get(id);
    if (!cursor) throw new Refusal(43, `cursor id ${id} not found`);
    if (cursor.namespace !== namespace) {
      throw new Refusal(
        13,
        `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace`,
      );
    }
    cursor.usedAt = this.monotonic();
    const documents = take(cursor, size);
    if (cursor.at < cursor.documents.length) return { id, documents };
    this.open.delete(id);
    return { id: 0n, documents };
  }

  kill(id: bigint): boolean {
    return this.open.delete(id);
  }

  /** Closes what has idled too long. */
  expire(): void {
    if (this.open.size === 0) return;
    const oldest = this.monotonic() - this.idleMs;
    for (const [id, cursor] of this.open) if (cursor.usedAt < oldest) this.open.delete(id);
  }
}

/** Positive and odd to guess: the driver takes 0 for "no more". */
function newId(): bigint {
  return (randomBytes(8).readBigUInt64LE() >> 1n) | 1n;
}

/** Up to `size` documents (0: as many as fit), at most 16 MB, at least one. */
function take(cursor: Cursor, size: number): Uint8Array[] {
  const out: Uint8Array[] = [];
  let bytes = 0;
  while (cursor.at < cursor.documents.length && (size === 0 || out.length < size)) {
    const next = cursor.documents.bytes(cursor.at);
    if (out.length > 0 && bytes + next.length > MAX_DOCUMENT_BYTES) break;
    bytes += next.length;
    out.push(next);
    cursor.at += 1;
  }
  return out;
}
