import { int32At } from './bson-layout.js';

/** A new collection has one of this size; a large one has many of the other. */
const SMALLEST_SLAB = 4 * 1024;
const LARGEST_SLAB = 4 * 1024 * 1024;
/** A larger document has a slab of its own size: behind few of them, much of a usual one would stay empty. */
const LARGEST_SHARING = LARGEST_SLAB / 8;

/** Documents one behind the other, outside of what the collector walks. What lies there is never changed. */
export interface Slab {
  readonly bytes: Buffer;
  /** Where the next document will lie. */
  used: number;
  /** Bytes of documents that nothing has replaced. */
  live: number;
}

/** Where a document lies. Who holds it holds what was: a slab goes when nobody holds it any more. */
export interface Place {
  slab: Slab;
  at: number;
}

/** The documents of one collection. They are only ever added; what is mostly dead is to be copied together by its owner. */
export class Slabs {
  private current: Slab = { bytes: Buffer.alloc(0), used: 0, live: 0 };
  private live = 0;
  private readonly dead = new Set<Slab>();

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
    if (slab !== this.current && isMostlyDead(slab)) this.dead.add(slab);
  }

  /** A slab that is worth being emptied, if there is one: what lives in it is to be added again, and dropped there. */
  takeMostlyDead(): Slab | undefined {
    for (const slab of this.dead) {
      this.dead.delete(slab);
      if (slab.live > 0) return slab;
    }
    return undefined;
  }

  private withRoom(size: number): Slab {
    if (this.current.used + size <= this.current.bytes.length) return this.current;
    if (isMostlyDead(this.current)) this.dead.add(this.current);
    const usual = Math.min(LARGEST_SLAB, Math.max(SMALLEST_SLAB, this.live));
    return (this.current = newSlab(Math.max(usual, size)));
  }
}

const newSlab = (size: number): Slab => ({ bytes: Buffer.allocUnsafeSlow(size), used: 0, live: 0 });

const isMostlyDead = ({ live, used }: Slab): boolean => live * 2 < used;
