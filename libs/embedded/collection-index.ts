import BTreeModule from 'sorted-btree';
import { own, type Doc } from './bson.js';
import { pathKeys, type KeyPattern, type PathKeys } from './field-path.js';
import { Refusal } from './refusal.js';
import { reversed } from './value-key.js';

// CommonJS with a default export: Node hands over the module, a bundler or jest may hand over the class.
type Tree = import('sorted-btree').default<string, Entry>;
const BTree = ((BTreeModule as unknown as { default?: unknown }).default ?? BTreeModule) as new (
  entries: undefined,
  compare: (one: string, other: string) => number,
) => Tree;

/** A stored document. `doc` is replaced, never changed: who holds it holds what was. */
export interface Entry {
  readonly id: string;
  /** The record's number as a key: the order of insertion, and what tells equal keys apart. */
  readonly record: string;
  doc: Doc;
  /** No smaller than the document in bytes of BSON: cheap to keep, where its true size is not. */
  atMost: number;
}

export interface IndexSpec {
  name: string;
  key: KeyPattern;
  unique: boolean;
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** An ordered index: a B+tree of joined value keys. Missing fields count as null, arrays give a key an element. */
export class CollectionIndex {
  private readonly tree = new BTree(undefined, compare);
  /** Documents that gave this index an array. While there is one, bounds may not be combined, nor order trusted. */
  private arrays = 0;
  /** The fields of a document that its keys are made of. */
  private readonly roots: readonly string[];

  constructor(readonly spec: IndexSpec) {
    this.roots = [...new Set(spec.key.map(([path]) => path.split('.')[0]!))];
  }

  get multikey(): boolean {
    return this.arrays > 0;
  }

  /** Whether a document that takes another's place has the same keys: what was not written is the very same value. */
  isUntouched(before: Doc, after: Doc): boolean {
    return this.roots.every((root) => own(before, root) === own(after, root));
  }

  /** The joined keys of a document, without the record's number. Refuses what cannot be indexed. */
  keysOf(doc: Doc): PathKeys {
    let keys = [''];
    let arrayPath: string | undefined;
    for (const [path, direction] of this.spec.key) {
      const found = pathKeys(doc, path);
      if (found.multikey) {
        // Two arrays side by side would need their product; two paths into one array are one array.
        if (arrayPath !== undefined && arrayPath.split('.')[0] !== path.split('.')[0]) {
          throw new Refusal(171, `cannot index parallel arrays [${path}] [${arrayPath}]`);
        }
        arrayPath = path;
      }
      const parts = direction === 1 ? found.keys : found.keys.map(reversed);
      if (parts.length === 1 && keys.length === 1) keys = [keys[0]! + parts[0]!];
      else keys = keys.flatMap((key) => parts.map((part) => key + part));
    }
    return { keys, multikey: arrayPath !== undefined };
  }

  /** Another document that already has one of these keys, if the index is unique. */
  holderOf({ keys }: PathKeys, self?: Entry): Entry | undefined {
    if (!this.spec.unique) return undefined;
    for (const key of keys) {
      const holder = this.tree.get(key);
      if (holder && holder !== self) return holder;
    }
    return undefined;
  }

  add(entry: Entry, { keys, multikey }: PathKeys): void {
    if (multikey) this.arrays += 1;
    for (const key of keys) this.tree.set(this.spec.unique ? key : key + entry.record, entry);
  }

  remove(entry: Entry): void {
    const { keys, multikey } = this.keysOf(entry.doc);
    if (multikey) this.arrays -= 1;
    for (const key of keys) this.tree.delete(this.spec.unique ? key : key + entry.record);
  }

  /** Moves an entry from its document's keys to the next ones; keys that stay are not touched. */
  move(entry: Entry, after: PathKeys): void {
    const before = this.keysOf(entry.doc);
    this.arrays += Number(after.multikey) - Number(before.multikey);
    if (before.keys.length === 1 && after.keys.length === 1 && before.keys[0] === after.keys[0]) return;
    const kept = new Set(after.keys);
    const had = new Set(before.keys);
    const suffix = this.spec.unique ? '' : entry.record;
    for (const key of before.keys) if (!kept.has(key)) this.tree.delete(key + suffix);
    for (const key of after.keys) if (!had.has(key)) this.tree.set(key + suffix, entry);
  }

  /** Entries with low ≤ key < high, in the index's order or backwards. With arrays an entry may come twice. */
  *between(low: string, high: string, backwards = false): Generator<Entry> {
    if (backwards) {
      for (const [key, entry] of this.tree.entriesReversed(high, undefined, true)) {
        if (key < low) return;
        yield entry;
      }
    } else {
      for (const [key, entry] of this.tree.entries(low)) {
        if (key >= high) return;
        yield entry;
      }
    }
  }

  /** How many entries lie between, counted up to a limit: what a plan costs. */
  countUpTo(low: string, high: string, limit: number): number {
    let count = 0;
    for (const [key] of this.tree.entries(low)) {
      if (key >= high || count >= limit) break;
      count += 1;
    }
    return count;
  }
}
