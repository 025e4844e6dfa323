import { own, type Doc } from './bson.js';
import { CollectionIndex, type Entry, type IndexSpec } from './collection-index.js';
import { pathParts, type PathKeys } from './field-path.js';
import { Refusal } from './refusal.js';
import { valueKey } from './value-key.js';

/** Hears of every change to a collection, in order: the journal. */
export interface ChangeListener {
  put(namespace: string, doc: Doc): void;
  removed(namespace: string, id: unknown): void;
}

const recordKey = (number: number): string =>
  String.fromCharCode(Math.floor(number / 2 ** 30), Math.floor(number / 2 ** 15) % 2 ** 15, number % 2 ** 15);

/** Documents by `_id`, and their indexes. All of it or nothing: each change checks first and writes after. */
export class Collection {
  private readonly byId = new Map<string, Entry>();
  readonly idIndex = new CollectionIndex({ name: '_id_', key: [['_id', 1]], unique: true });
  /** By name; `_id_` first. */
  readonly indexes = new Map<string, CollectionIndex>([['_id_', this.idIndex]]);
  private records = 0;

  constructor(
    /** `database.collection` */
    readonly namespace: string,
    private readonly listener: ChangeListener,
  ) {}

  get size(): number {
    return this.byId.size;
  }

  entries(): IterableIterator<Entry> {
    return this.byId.values();
  }

  /** By the key of its `_id`. */
  get(idKey: string): Entry | undefined {
    return this.byId.get(idKey);
  }

  /** @param atMost bytes of BSON that the document has at most */
  insert(doc: Doc, atMost: number): void {
    const id = valueKey(doc['_id']);
    if (this.byId.has(id)) throw this.duplicate(this.idIndex, doc);
    const keys = this.checkedKeys(doc);
    const entry: Entry = { id, record: recordKey(this.records), doc, atMost };
    this.records += 1;
    this.byId.set(id, entry);
    for (const [index, found] of keys) index.add(entry, found);
    this.listener.put(this.namespace, doc);
  }

  /** Puts a new document in an entry's place; the `_id` is the same. */
  replace(entry: Entry, doc: Doc, atMost: number): void {
    for (const [index, found] of this.checkedKeys(doc, entry)) index.move(entry, found);
    entry.doc = doc;
    entry.atMost = atMost;
    this.listener.put(this.namespace, doc);
  }

  remove(entry: Entry): void {
    this.byId.delete(entry.id);
    for (const index of this.indexes.values()) index.remove(entry);
    this.listener.removed(this.namespace, entry.doc['_id']);
  }

  /** Builds an index over what is there. A duplicate refuses it, and leaves no index. */
  createIndex(spec: IndexSpec): void {
    const index = new CollectionIndex(spec);
    for (const entry of this.byId.values()) {
      const keys = index.keysOf(entry.doc);
      if (index.holderOf(keys)) throw this.duplicate(index, entry.doc);
      index.add(entry, keys);
    }
    this.indexes.set(spec.name, index);
  }

  /** What each index will hold, once it is sure that none objects. */
  private checkedKeys(doc: Doc, self?: Entry): [CollectionIndex, PathKeys][] {
    const all: [CollectionIndex, PathKeys][] = [];
    for (const index of this.indexes.values()) {
      if (self && (index === this.idIndex || index.isUntouched(self.doc, doc))) continue;
      const keys = index.keysOf(doc);
      if (index.holderOf(keys, self)) throw this.duplicate(index, doc);
      all.push([index, keys]);
    }
    return all;
  }

  private duplicate(index: CollectionIndex, doc: Doc): Refusal {
    const keyPattern = Object.fromEntries(index.spec.key);
    const keyValue = Object.fromEntries(index.spec.key.map(([path]) => [path, valueAt(doc, path)]));
    const shown = Object.entries(keyValue).map(([path, value]) => `${path}: ${JSON.stringify(value)}`);
    return new Refusal(
      11000,
      `E11000 duplicate key error collection: ${this.namespace} index: ${index.spec.name} dup key: { ${shown.join(', ')} }`,
      { keyPattern, keyValue },
    );
  }
}

function valueAt(doc: Doc, path: string): unknown {
  let value: unknown = doc;
  for (const part of pathParts(path)) {
    value = typeof value === 'object' && value !== null ? own(value as Doc, part) : undefined;
  }
  return value ?? null;
}
