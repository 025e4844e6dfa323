import { isDocument, type Doc } from './bson.js';
import type { Collection } from './collection.js';
import type { Entry } from './collection-index.js';
import { rootOf, sortKey, type KeyPattern } from './field-path.js';
import { compileFilter, filterRoots } from './match-filter.js';
import { candidates, planFor } from './plan.js';
import { Fields } from './raw-document.js';
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

/** Sorts as MongoDB does: missing and null first, then by type; equal keys keep their order. */
export function sorted<T>(items: readonly T[], docOf: (item: T) => Doc, pattern: KeyPattern): T[] {
  const keyed = items.map((item) => ({ item, key: sortKey(docOf(item), pattern) }));
  keyed.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  return keyed.map(({ item }) => item);
}

/** The entries that a query finds, in its order. */
export function findEntries(collection: Collection | undefined, query: Query): Entry[] {
  const { filter, sort = [], skip = 0, limit = 0 } = query;
  const matches = compileFilter(filter); // refuses a wrong filter even where there is nothing to find
  if (!collection) return [];
  const plan = planFor(collection, filter, sort);
  const inOrder = sort.length === 0 || (plan.kind === 'index' && plan.sorted);
  const most = inOrder && limit > 0 ? skip + limit : Infinity;
  const fields = new Fields(filterRoots(filter));
  let found: Entry[] = [];
  for (const entry of candidates(collection, plan)) {
    if (!matches(entry.pick(fields))) continue;
    found.push(entry);
    if (found.length >= most) break;
  }
  if (!inOrder) {
    const ordering = new Fields(sort.map(([path]) => rootOf(path)));
    found = sorted(found, (entry) => entry.pick(ordering), sort);
  }
  return skip === 0 && limit === 0 ? found : found.slice(skip, limit > 0 ? skip + limit : undefined);
}
