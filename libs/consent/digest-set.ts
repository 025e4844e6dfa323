import { HASH_BYTES } from './hash-ring.js';

/** 32-bit words of a digest. */
const WORDS = HASH_BYTES / 4;
const SMALLEST = 1_024;

/**
 * A set of addresses by their keyed hashes (`HashRing.digests`), in one block of memory: 32 to 64 bytes for each, where a
 * `Set` of texts takes some 150. Open addressing; a slot of zeros is free, which no hash comes to.
 */
export class DigestSet {
  private slots = new Uint32Array(SMALLEST * WORDS);
  private count = 0;

  get size(): number {
    return this.count;
  }

  has(digest: string): boolean {
    return this.isAt(this.slotOf(digest), digest);
  }

  /** False where it was there already. */
  add(digest: string): boolean {
    const slot = this.slotOf(digest);
    if (this.isAt(slot, digest)) return false;
    for (let word = 0; word < WORDS; word += 1) this.slots[slot + word] = wordAt(digest, word);
    this.count += 1;
    if (this.count * 2 * WORDS > this.slots.length) this.grow();
    return true;
  }

  /** Where it stands, or where it would: the first free place from its own on. */
  private slotOf(digest: string): number {
    const { slots } = this;
    let slot = (wordAt(digest, 0) * WORDS) % slots.length;
    while (!isFree(slots, slot) && !this.isAt(slot, digest)) slot = (slot + WORDS) % slots.length;
    return slot;
  }

  private isAt(slot: number, digest: string): boolean {
    for (let word = 0; word < WORDS; word += 1) {
      if (this.slots[slot + word] !== wordAt(digest, word)) return false;
    }
    return true;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Uint32Array(old.length * 2);
    for (let from = 0; from < old.length; from += WORDS) {
      if (isFree(old, from)) continue;
      let to = (old[from]! * WORDS) % this.slots.length;
      while (!isFree(this.slots, to)) to = (to + WORDS) % this.slots.length;
      for (let word = 0; word < WORDS; word += 1) this.slots[to + word] = old[from + word]!;
    }
  }
}

function isFree(slots: Uint32Array, slot: number): boolean {
  for (let word = 0; word < WORDS; word += 1) if (slots[slot + word] !== 0) return false;
  return true;
}

/** Little-endian, as the bytes of a `Uint32Array` are on every machine that Node runs on. */
const wordAt = (digest: string, word: number): number => {
  const at = word * 4;
  return (
    (digest.charCodeAt(at) |
      (digest.charCodeAt(at + 1) << 8) |
      (digest.charCodeAt(at + 2) << 16) |
      (digest.charCodeAt(at + 3) << 24)) >>>
    0
  );
};
