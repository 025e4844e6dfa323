import { own, type Doc } from './bson.js';
import { pathKeys, pathParts, rootOf, type KeyPattern, type PathKeys } from './field-path.js';
import { indexKey, onlyKey } from './index-key.js';
import { KeyPages } from './key-pages.js';
import type { Fields } from './fields.js';
import { documentAt } from './raw-document.js';
import { Refusal } from './refusal.js';
import type { Place, Slab } from './slabs.js';
import { reversed } from './value-key.js';

/** A stored document: where its bytes lie. They are replaced, never changed: who holds a place holds what was. */
export class Entry implements Place {
  slab!: Slab;
  at = 0;

  constructor(
    /** The key of its `_id`. */
    readonly id: string,
    /** Its number: what tells equal keys apart. */
    readonly record: number,
  ) {}

  /** The whole document, read. */
  get doc(): Doc {
    return documentAt(this.slab.bytes, this.at);
  }

  /** Some of its top-level fields, read. */
  pick(fields: Fields): Doc {
    return fields.of(this.slab.bytes, this.at);
  }
}

export interface IndexSpec {
  name: string;
  key: KeyPattern;
  unique: boolean;
}

/** An ordered index: pages of joined value keys. Missing fields count as null, arrays give a key an element. */
export class CollectionIndex {
  private readonly pages = new KeyPages();
  /** Documents that gave this index an array. While there is one, bounds may not be combined, nor order trusted. */
  private arrays = 0;
  /** The fields of a document that its keys are made of. */
  readonly roots: readonly string[];
  /** Its paths, if all of them ascend. */
  private readonly plain: readonly (readonly string[])[] | undefined;

  /** @param entries by their record's number */
  constructor(
    readonly spec: IndexSpec,
    private readonly entries: readonly (Entry | undefined)[],
  ) {
    this.roots = [...new Set(spec.key.map(([path]) => rootOf(path)))];
    const isAscending = spec.key.every(([, direction]) => direction === 1);
    this.plain = isAscending ? spec.key.map(([path]) => pathParts(path)) : undefined;
  }

  get multikey(): boolean {
    return this.arrays > 0;
  }

  /** Whether a document that takes another's place has the same keys: what was not written is the very same value. */
  isUntouched(before: Doc, after: Doc): boolean {
    return this.roots.every((root) => own(before, root) === own(after, root));
  }

  /** The joined keys of a document (`index-key`), of which its roots are enough. Refuses what cannot be indexed. */
  keysOf(doc: Doc): PathKeys {
    const only = this.plain && onlyKey(doc, this.plain);
    if (only !== undefined) return { keys: [only], multikey: false };
    let keys = [''];
    let arrayPath: string | undefined;
    for (const [path, direction] of this.spec.key) {
      const found = pathKeys(doc, path);
      if (found.multikey) {
        // Two arrays side by side would need their product; two paths into one array are one array.
        if (arrayPath !== undefined && rootOf(arrayPath) !== rootOf(path)) {
          throw new Refusal(171, `cannot index parallel arrays [${path}] [${arrayPath}]`);
        }
        arrayPath = path;
      }
      const parts = direction === 1 ? found.keys : found.keys.map(reversed);
      if (parts.length === 1 && keys.length === 1) keys = [keys[0]! + parts[0]!];
      else keys = keys.flatMap((key) => parts.map((part) => key + part));
    }
    return { keys: keys.map(indexKey), multikey: arrayPath !== undefined };
  }

  /** Another document that already has one of these keys, if the index is unique. */
  holderOf({ keys }: PathKeys, self?: Entry): Entry | undefined {
    if (!this.spec.unique) return undefined;
    for (const key of keys) {
      const record = this.pages.get(key);
      if (record !== undefined && record !== self?.record) return this.entries[record];
    }
    return undefined;
  }

  add({ record }: Entry, { keys, multikey }: PathKeys): void {
    if (multikey) this.arrays += 1;
    for (const key of keys) this.pages.add(key, record);
  }

  remove({ record }: Entry, { keys, multikey }: PathKeys): void {
    if (multikey) this.arrays -= 1;
    for (const key of keys) this.pages.remove(key, record);
  }

  /** Moves an entry from its document's keys to the next ones; keys that stay are not touched. */
  move({ record }: Entry, before: PathKeys, after: PathKeys): void {
    this.arrays += Number(after.multikey) - Number(before.multikey);
    if (before.keys.length === 1 && after.keys.length === 1 && before.keys[0] === after.keys[0]) return;
    const kept = new Set(after.keys);
    const had = new Set(before.keys);
    for (const key of before.keys) if (!kept.has(key)) this.pages.remove(key, record);
    for (const key of after.keys) if (!had.has(key)) this.pages.add(key, record);
  }

  /** Entries with low ≤ key < high, in the index's order or backwards. With arrays an entry may come twice. */
  *between(low: string, high: string, backwards = false): Generator<Entry> {
    for (const record of this.pages.between(low, high, backwards)) yield this.entries[record]!;
  }

  /** How many entries lie between, counted up to a limit: what a plan costs. */
  countUpTo(low: string, high: string, limit: number): number {
    return this.pages.countUpTo(low, high, limit);
  }
}
