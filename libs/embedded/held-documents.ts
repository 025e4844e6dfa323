import type { Place } from './slabs.js';

/**
 * A collection's documents as they lay at one moment, read bit by bit while it goes on changing: what is replaced or
 * removed meanwhile is noted as it lay, what is new is passed over. Nothing is copied at the moment itself, however much
 * there is. A document that is removed after it was read comes once more, the same.
 */
export class HeldDocuments implements Iterable<Place> {
  /** Of what has changed since: where it lay; null: it was not there. */
  private readonly before = new Map<Place, Place | null>();
  private readonly gone: Place[] = [];

  /** @param entries the collection's own, live */
  constructor(private readonly entries: () => Iterable<Place>) {}

  /** To be told after one is added. */
  added(entry: Place): void {
    this.before.set(entry, null);
  }

  /** To be told before one is replaced. */
  replaced(entry: Place): void {
    if (!this.before.has(entry)) this.before.set(entry, { slab: entry.slab, at: entry.at });
  }

  /** To be told before one is removed. */
  removed(entry: Place): void {
    this.replaced(entry);
    const lay = this.before.get(entry);
    this.before.delete(entry);
    if (lay) this.gone.push(lay);
  }

  *[Symbol.iterator](): Iterator<Place> {
    for (const entry of this.entries()) {
      const lay = this.before.get(entry);
      if (lay !== null) yield lay ?? entry;
    }
    yield* this.gone;
  }
}
