import { isDocument, type Doc } from './bson.js';
import { checkFields } from './command.js';
import type { IndexSpec } from './collection-index.js';
import { isPosition, pathParts, type Direction } from './field-path.js';
import { Refusal } from './refusal.js';

function directionOf(path: string, value: unknown): Direction {
  if (typeof value !== 'number' || value === 0 || Number.isNaN(value)) {
    throw new Refusal(
      67,
      `the embedded store has ascending and descending indexes only, not ${path}: ${String(value)}`,
    );
  }
  return value > 0 ? 1 : -1;
}

/** Reads one index of createIndexes; what would make it another kind of index is refused. */
export function parseIndex(index: unknown): IndexSpec {
  if (!isDocument(index)) throw new Refusal(14, 'The elements of the "indexes" array must be objects');
  checkFields('createIndexes.indexes', index, ['key', 'name', 'unique', 'v', 'background', 'ns']);
  const { key, name, unique = false } = index;
  if (!isDocument(key) || Object.keys(key).length === 0) throw new Refusal(67, 'Index keys cannot be empty.');
  if (typeof name !== 'string' || name === '')
    throw new Refusal(9, "The 'name' field is a required property of an index");
  for (const path of Object.keys(key)) {
    const parts = pathParts(path);
    if (parts.includes('')) throw new Refusal(67, 'Index keys cannot contain an empty field.');
    if (parts.some((part) => part.startsWith('$') || isPosition(part))) {
      throw new Refusal(67, `Index key contains an illegal field name: ${path}`);
    }
  }
  const pattern = Object.entries(key).map(([path, value]) => [path, directionOf(path, value)] as const);
  return { name, key: pattern, unique: Boolean(unique) };
}

/** As listIndexes tells it. */
export function specOf({ name, key, unique }: IndexSpec): Doc {
  return { v: 2, key: Object.fromEntries(key), name, ...(unique && name !== '_id_' && { unique: true }) };
}

export const sameKey = (one: Pick<IndexSpec, 'key'>, other: Pick<IndexSpec, 'key'>): boolean =>
  JSON.stringify(one.key) === JSON.stringify(other.key);
