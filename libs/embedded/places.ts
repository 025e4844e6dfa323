import type { Place, Slab } from './slabs.js';

/** Where many documents lay at one moment: held, they stay as they were, whatever is written after. */
export class Places {
  private readonly slabs: Slab[] = [];
  private readonly offsets: number[] = [];

  get length(): number {
    return this.slabs.length;
  }

  add({ slab, at }: Place): void {
    this.slabs.push(slab);
    this.offsets.push(at);
  }

  slab(n: number): Slab {
    return this.slabs[n]!;
  }

  at(n: number): number {
    return this.offsets[n]!;
  }
}

export function placesOf(entries: Iterable<Place>): Places {
  const places = new Places();
  for (const entry of entries) places.add(entry);
  return places;
}
