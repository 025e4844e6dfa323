import { MAX_DOCUMENT_BYTES, own, type Doc } from './bson.js';
import { CollectionIndex, Entry, type IndexSpec } from './collection-index.js';
import { encodeStored } from './encode.js';
import { pathParts, type PathKeys } from './field-path.js';
import { int32At } from './bson-layout.js';
import { Fields } from './fields.js';
import { HeldDocuments } from './held-documents.js';
import { Refusal, shown, tooLarge } from './refusal.js';
import { Slabs, type Place, type Slab } from './slabs.js';
import { valueKey } from './value-key.js';

/** Hears of every change to a collection, in order: the journal. */
export interface ChangeListener {
  /** @param at where in the bytes the document begins */
  put(namespace: string, bytes: Buffer, at: number): void;
  removed(namespace: string, id: unknown): void;
}

const ID = new Fields(['_id']);

/** Documents by `_id`, and their indexes. All of it or nothing: each change checks first and writes after. */
export class Collection {
  private readonly byId = new Map<string, Entry>();
  private readonly slabs = new Slabs();
  /** By their record's number. A number that is free again is given again: the list stays dense. */
  private readonly records: (Entry | undefined)[] = [];
  private readonly free: number[] = [];
  readonly idIndex = new CollectionIndex({ name: '_id_', key: [['_id', 1]], unique: true }, this.records);
  private readonly byName = new Map<string, CollectionIndex>([['_id_', this.idIndex]]);
  /** What the keys of all indexes are made of. */
  private roots = ID;
  /** For the fields that an update names: those, and the roots of each index that has one of them. */
  private touched = new Map<string, Fields>();
  private held: HeldDocuments | undefined;

  constructor(
    /** `database.collection` */
    readonly namespace: string,
    private readonly listener: ChangeListener,
  ) {}

  get size(): number {
    return this.byId.size;
  }

  /** By name; `_id_` first. */
  get indexes(): ReadonlyMap<string, CollectionIndex> {
    return this.byName;
  }

  entries(): IterableIterator<Entry> {
    return this.byId.values();
  }

  /** All documents as they lie now, for one reader who takes long: a snapshot. Until `letGo`. */
  hold(): Iterable<Place> {
    return (this.held = new HeldDocuments(() => this.byId.values()));
  }

  letGo(): void {
    this.held = undefined;
  }

  /** To be told when no cursor is open and no document is being read: where dropped ones lay is written again. */
  recycle(): void {
    if (this.held === undefined) this.slabs.recycle();
  }

  /** By the key of its `_id`. */
  get(idKey: string): Entry | undefined {
    return this.byId.get(idKey);
  }

  insert(doc: Doc): Entry {
    return this.insertBytes(encodeStored(doc), 0);
  }

  /** Stores a copy of the document that begins there: checked, with an `_id`. How deep it is nested is not looked at. */
  insertBytes(bytes: Buffer, at: number): Entry {
    refuseTooLarge(bytes, at);
    const doc = this.roots.of(bytes, at);
    const id = valueKey(doc['_id']);
    if (this.byId.has(id)) throw this.duplicate(this.idIndex, doc);
    const keys = this.checkedKeys(doc);
    const entry = new Entry(id, this.free.pop() ?? this.records.length);
    this.slabs.add(bytes, at, entry);
    this.records[entry.record] = entry;
    this.byId.set(id, entry);
    this.held?.added(entry);
    for (const [index, found] of keys) index.add(entry, found);
    this.listener.put(this.namespace, entry.slab.bytes, entry.at);
    return entry;
  }

  /** Puts a new document in an entry's place; the `_id` is the same. */
  replace(entry: Entry, doc: Doc): void {
    this.replaceBytes(entry, this.roots, entry.pick(this.roots), doc, encodeStored(doc));
  }

  /** As `replace`, by a copy of the document that begins there. */
  replaceWhole(entry: Entry, bytes: Buffer, at: number): void {
    const whole = bytes.subarray(at, at + int32At(bytes, at));
    this.replaceBytes(entry, this.roots, entry.pick(this.roots), this.roots.of(whole, 0), whole);
  }

  /** Changes these fields of an entry's document; of both documents there is what `fieldsFor` names. */
  change(entry: Entry, fields: Fields, before: Doc, after: Doc): void {
    this.replaceBytes(
      entry,
      fields,
      before,
      after,
      fields.replaced(entry.slab.bytes, entry.at, before, after),
    );
  }

  /** All of a document that has to be known to change these top-level fields of it. */
  fieldsFor(names: readonly string[]): Fields {
    const key = names.join('\0');
    let fields = this.touched.get(key);
    if (!fields) {
      const indexes = [...this.byName.values()].filter(({ roots }) =>
        roots.some((root) => names.includes(root)),
      );
      fields = new Fields(['_id', ...names, ...indexes.flatMap(({ roots }) => roots)]);
      if (this.touched.size < 1_000) this.touched.set(key, fields);
    }
    return fields;
  }

  remove(entry: Entry): void {
    const doc = entry.pick(this.roots);
    this.held?.removed(entry);
    this.byId.delete(entry.id);
    for (const index of this.byName.values()) index.remove(entry, index.keysOf(doc));
    this.records[entry.record] = undefined;
    this.free.push(entry.record);
    this.drop(entry.slab, entry.at);
    this.listener.removed(this.namespace, doc['_id']);
  }

  /** Builds an index over what is there. A duplicate refuses it, and leaves no index. */
  createIndex(spec: IndexSpec): void {
    const index = new CollectionIndex(spec, this.records);
    const fields = new Fields(index.roots);
    for (const entry of this.byId.values()) {
      const keys = index.keysOf(entry.pick(fields));
      if (index.holderOf(keys)) throw this.duplicate(index, entry.doc);
      index.add(entry, keys);
    }
    this.byName.set(spec.name, index);
    this.learnRoots();
  }

  dropIndex(name: string): void {
    this.byName.delete(name);
    this.learnRoots();
  }

  private learnRoots(): void {
    this.roots = new Fields([...this.byName.values()].flatMap(({ roots }) => roots));
    this.touched.clear();
  }

  private replaceBytes(entry: Entry, fields: Fields, before: Doc, after: Doc, bytes: Buffer): void {
    refuseTooLarge(bytes, 0);
    const all: [CollectionIndex, PathKeys][] = [];
    for (const index of this.byName.values()) {
      if (index === this.idIndex || !index.roots.every((root) => fields.names.has(root))) continue;
      if (index.isUntouched(before, after)) continue;
      const keys = index.keysOf(after);
      if (index.holderOf(keys, entry)) throw this.duplicate(index, after);
      all.push([index, keys]);
    }
    for (const [index, keys] of all) index.move(entry, index.keysOf(before), keys);
    const { slab, at } = entry;
    this.held?.replaced(entry);
    this.slabs.add(bytes, 0, entry);
    this.drop(slab, at);
    this.listener.put(this.namespace, entry.slab.bytes, entry.at);
  }

  /** A document has gone from there; slabs that are mostly dead by now are emptied. */
  private drop(slab: Slab, at: number): void {
    this.slabs.drop({ slab, at });
    for (let next = this.slabs.takeMostlyDead(); next; next = this.slabs.takeMostlyDead()) this.empty(next);
  }

  /** Copies what still lives out of a slab, which then nothing here holds. */
  private empty(slab: Slab): void {
    for (let at = 0; at < slab.used; at += int32At(slab.bytes, at)) {
      const entry = this.byId.get(valueKey(ID.of(slab.bytes, at)['_id']));
      if (entry?.slab !== slab || entry.at !== at) continue;
      this.slabs.drop(entry);
      this.slabs.add(slab.bytes, at, entry);
    }
  }

  /** What each index will hold, once it is sure that none objects. */
  private checkedKeys(doc: Doc): [CollectionIndex, PathKeys][] {
    const all: [CollectionIndex, PathKeys][] = [];
    for (const index of this.byName.values()) {
      const keys = index.keysOf(doc);
      if (index !== this.idIndex && index.holderOf(keys)) throw this.duplicate(index, doc);
      all.push([index, keys]);
    }
    return all;
  }

  private duplicate(index: CollectionIndex, doc: Doc): Refusal {
    const keyPattern = Object.fromEntries(index.spec.key);
    const keyValue = Object.fromEntries(index.spec.key.map(([path]) => [path, shown(valueAt(doc, path))]));
    const all = Object.entries(keyValue).map(([path, value]) => `${path}: ${JSON.stringify(value)}`);
    return new Refusal(
      11000,
      `E11000 duplicate key error collection: ${this.namespace} index: ${index.spec.name} dup key: { ${all.join(', ')} }`,
      { keyPattern, keyValue },
    );
  }
}

function refuseTooLarge(bytes: Buffer, at: number): void {
  const size = int32At(bytes, at);
  if (size > MAX_DOCUMENT_BYTES) throw tooLarge(size);
}

function valueAt(doc: Doc, path: string): unknown {
  let value: unknown = doc;
  for (const part of pathParts(path)) {
    value = typeof value === 'object' && value !== null ? own(value as Doc, part) : undefined;
  }
  return value ?? null;
}
