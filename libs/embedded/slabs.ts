import { int32At } from './bson-layout.js';

/** A new collection has one of this size; a large one has many of the other. */
const SMALLEST_SLAB = 4 * 1024;
const LARGEST_SLAB = 4 * 1024 * 1024;
/** A larger document has a slab of its own size: behind few of them, much of a usual one would stay empty. */
const LARGEST_SHARING = LARGEST_SLAB / 8;

/** Of so many slabs of the usual size that are empty the bytes are kept, to be written again. */
const MOST_KEPT = 8;

/** Documents one behind the other, outside of what the collector walks. What lies there is never changed while it can be read. */
export interface Slab {
  readonly bytes: Buffer;
  /** Where the next document will lie. */
  used: number;
  /** Bytes of documents that nothing has replaced. */
  live: number;
}

/** Where a document lies. Who holds it holds what was, for as long as nobody says that none is held (`recycle`). */
export interface Place {
  slab: Slab;
  at: number;
}

/**
 * The documents of one collection. They are only ever added; what is mostly dead is to be copied together by its owner. The
 * bytes of what is empty are written again: for each 64 MB of new ones V8 would mark its whole heap, which grows with the
 * documents.
 */
export class Slabs {
  private current: Slab = { bytes: Buffer.alloc(0), used: 0, live: 0 };
  private live = 0;
  private readonly dead = new Set<Slab>();
  /** Of slabs in which nothing lives: somebody may read there still what lived. */
  private emptied: Buffer[] = [];
  /** Those in which nobody does. */
  private readonly free: Buffer[] = [];

  /** Copies a document in, and says where it lies. */
  add(document: Uint8Array, from: number, place: Place): void {
    const size = int32At(document, from);
    const slab = size > LARGEST_SHARING ? newSlab(size) : this.withRoom(size);
    place.slab = slab;
    place.at = slab.used;
    if (size < 64)
      for (let byte = 0; byte < size; byte += 1) slab.bytes[slab.used + byte] = document[from + byte]!;
    else slab.bytes.set(document.subarray(from, from + size), slab.used);
    slab.used += size;
    slab.live += size;
    this.live += size;
  }

  /** A document that is not wanted any more. */
  drop({ slab, at }: Place): void {
    const size = int32At(slab.bytes, at);
    slab.live -= size;
    this.live -= size;
    if (slab !== this.current) this.sort(slab);
  }

  /** A slab that is worth being emptied, if there is one: what lives in it is to be added again, and dropped there. */
  takeMostlyDead(): Slab | undefined {
    const [slab] = this.dead;
    if (slab !== undefined) this.dead.delete(slab);
    return slab;
  }

  /** To be told when nobody holds a place of a document that has been dropped: where those lay is written again. */
  recycle(): void {
    if (this.emptied.length === 0) return;
    this.free.push(...this.emptied);
    this.emptied = [];
  }

  private withRoom(size: number): Slab {
    if (this.current.used + size <= this.current.bytes.length) return this.current;
    this.sort(this.current);
    const usual = Math.min(LARGEST_SLAB, Math.max(SMALLEST_SLAB, this.live));
    const free = usual === LARGEST_SLAB ? this.free.pop() : undefined;
    return (this.current = free === undefined ? newSlab(Math.max(usual, size)) : slabOf(free));
  }

  /** What is to become of one that is full. */
  private sort(slab: Slab): void {
    if (slab.live > 0) {
      if (isMostlyDead(slab)) this.dead.add(slab);
      return;
    }
    this.dead.delete(slab);
    const kept = this.emptied.length + this.free.length;
    if (slab.bytes.length === LARGEST_SLAB && kept < MOST_KEPT) this.emptied.push(slab.bytes);
  }
}

const newSlab = (size: number): Slab => slabOf(Buffer.allocUnsafeSlow(size));

const slabOf = (bytes: Buffer): Slab => ({ bytes, used: 0, live: 0 });

const isMostlyDead = ({ live, used }: Slab): boolean => live * 2 < used;
