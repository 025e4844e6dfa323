import { Collection, type ChangeListener } from './collection.js';
import type { IndexSpec } from './collection-index.js';
import { Fields } from './fields.js';
import { Refusal } from './refusal.js';
import { valueKey } from './value-key.js';

const ID = new Fields(['_id']);

/** Hears of everything that a restart must find again. */
export interface StoreListener extends ChangeListener {
  created(namespace: string): void;
  dropped(namespace: string): void;
  indexed(namespace: string, index: IndexSpec): void;
  unindexed(namespace: string, name: string): void;
}

/** All collections by namespace (`database.collection`), and the one way to change which there are. */
export class Databases {
  private readonly collections = new Map<string, Collection>();

  constructor(private readonly listener: StoreListener) {}

  all(): IterableIterator<Collection> {
    return this.collections.values();
  }

  in(database: string): Collection[] {
    return [...this.collections.values()].filter(({ namespace }) => namespace.startsWith(`${database}.`));
  }

  get(namespace: string): Collection | undefined {
    return this.collections.get(namespace);
  }

  /** The collection, made if there is none: a first write creates it, as in MongoDB. */
  open(namespace: string): Collection {
    const known = this.collections.get(namespace);
    if (known) return known;
    checkNamespace(namespace);
    const made = new Collection(namespace, this.listener);
    this.collections.set(namespace, made);
    this.listener.created(namespace);
    return made;
  }

  drop(namespace: string): boolean {
    if (!this.collections.delete(namespace)) return false;
    this.listener.dropped(namespace);
    return true;
  }

  createIndex(namespace: string, index: IndexSpec): void {
    this.open(namespace).createIndex(index);
    this.listener.indexed(namespace, index);
  }

  dropIndex(namespace: string, name: string): void {
    this.collections.get(namespace)?.dropIndex(name);
    this.listener.unindexed(namespace, name);
  }

  /** As `Collection.recycle`, of all of them. */
  recycle(): void {
    for (const collection of this.collections.values()) collection.recycle();
  }

  /** Replays one journalled document: what was there under its `_id` gives way. */
  restore(namespace: string, bytes: Buffer, at: number): void {
    const collection = this.open(namespace);
    const entry = collection.get(valueKey(ID.of(bytes, at)['_id']));
    if (entry) collection.replaceWhole(entry, bytes, at);
    else collection.insertBytes(bytes, at);
  }

  /** Replays one journalled removal. */
  forget(namespace: string, id: unknown): void {
    const collection = this.open(namespace);
    const entry = collection.get(valueKey(id));
    if (entry) collection.remove(entry);
  }
}

function checkNamespace(namespace: string): void {
  const dot = namespace.indexOf('.');
  const database = namespace.slice(0, dot);
  const collection = namespace.slice(dot + 1);
  // eslint-disable-next-line no-control-regex -- a NUL is what is looked for
  if (!/^[^/\\. "$*<>:|?\u0000]{1,63}$/.test(database) || collection === '' || /[\u0000$]/.test(collection)) {
    throw new Refusal(73, `Invalid namespace specified '${namespace}'`);
  }
  if (collection.startsWith('system.')) throw new Refusal(73, `cannot write to '${namespace}'`);
}
