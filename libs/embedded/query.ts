import { isDocument, type Doc } from './bson.js';
import type { Collection } from './collection.js';
import type { Entry } from './collection-index.js';
import { pathParts, sortKey, type KeyPattern } from './field-path.js';
import { compileFilter, filterPaths } from './match-filter.js';
import { candidates, planFor } from './plan.js';
import { Fields } from './fields.js';
import { Refusal } from './refusal.js';

export interface Query {
  filter: Doc;
  sort?: KeyPattern;
  skip?: number;
  limit?: number;
}

/** `{dueAt: 1, _id: -1}` → a pattern; anything but 1 and -1 is refused. */
export function sortPattern(sort: unknown): KeyPattern {
  if (sort === undefined || sort === null) return [];
  if (!isDocument(sort)) throw new Refusal(14, 'Expected field sort to be of type object');
  return Object.entries(sort).map(([path, direction]) => {
    if (path.startsWith('$') || isDocument(direction))
      throw new Refusal(2, `sort by ${path} is not supported`);
    if (direction !== 1 && direction !== -1) {
      throw new Refusal(2, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
    }
    return [path, direction] as const;
  });
}

interface Keyed<T> {
  item: T;
  key: string;
}

function inOrderOf<T>(keyed: Keyed<T>[]): T[] {
  keyed.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  return keyed.map(({ item }) => item);
}

/** Sorts as MongoDB does: missing and null first, then by type; equal keys keep their order. */
export function sorted<T>(items: readonly T[], docOf: (item: T) => Doc, pattern: KeyPattern): T[] {
  return inOrderOf(items.map((item) => ({ item, key: sortKey(docOf(item), pattern) })));
}

/** The entries that a query finds, in its order. */
export function findEntries(collection: Collection | undefined, query: Query): Entry[] {
  return find(collection, query, [], (entry) => entry);
}

/** Of what a query finds at least these top-level fields, read in one go with those that it looks at itself. */
export function findFields(collection: Collection | undefined, query: Query, names: Iterable<string>): Doc[] {
  return find(collection, query, names, (_entry, doc) => doc);
}

/** As `findFields`, one by one where none has to wait for another: who folds them holds none of them. */
export function eachFields(
  collection: Collection | undefined,
  query: Query,
  names: Iterable<string>,
): Iterable<Doc> {
  const { filter, sort = [], skip = 0, limit = 0 } = query;
  if (sort.length > 0 || skip > 0 || limit > 0) return findFields(collection, query, names);
  return collection === undefined ? [] : matching(collection, filter, names);
}

/** What queries read is of few shapes; beyond, one begins anew. */
const MOST_SHAPES = 1_000;
const shapes = new Map<string, Fields>();

function fieldsOf(paths: readonly string[]): Fields {
  const shape = paths.join('\0');
  let fields = shapes.get(shape);
  if (fields === undefined) {
    if (shapes.size >= MOST_SHAPES) shapes.clear();
    shapes.set(shape, (fields = Fields.ofPaths(paths.map(pathParts))));
  }
  return fields;
}

function* matching(collection: Collection, filter: Doc, names: Iterable<string>): Generator<Doc> {
  const matches = compileFilter(filter);
  const fields = fieldsOf([...filterPaths(filter), ...names]);
  for (const entry of candidates(collection, planFor(collection, filter, []))) {
    const doc = entry.pick(fields);
    if (matches(doc)) yield doc;
  }
}

function find<T>(
  collection: Collection | undefined,
  { filter, sort = [], skip = 0, limit = 0 }: Query,
  names: Iterable<string>,
  itemOf: (entry: Entry, doc: Doc) => T,
): T[] {
  const matches = compileFilter(filter); // refuses a wrong filter even where there is nothing to find
  if (!collection) return [];
  const plan = planFor(collection, filter, sort);
  const inOrder = sort.length === 0 || (plan.kind === 'index' && plan.sorted);
  const most = inOrder && limit > 0 ? skip + limit : Infinity;
  const ordering = inOrder ? [] : sort.map(([path]) => path);
  const fields = fieldsOf([...filterPaths(filter), ...ordering, ...names]);
  let found: T[] = [];
  const keyed: Keyed<T>[] = [];
  for (const entry of candidates(collection, plan)) {
    const doc = entry.pick(fields);
    if (!matches(doc)) continue;
    const item = itemOf(entry, doc);
    if (inOrder) found.push(item);
    else keyed.push({ item, key: sortKey(doc, sort) });
    if (found.length >= most) break;
  }
  if (!inOrder) found = inOrderOf(keyed);
  return skip === 0 && limit === 0 ? found : found.slice(skip, limit > 0 ? skip + limit : undefined);
}
