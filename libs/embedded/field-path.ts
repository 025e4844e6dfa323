import { isDocument, own, type Doc } from './bson.js';
import { EMPTY_ARRAY_KEY, NULL_KEY, reversed, valueKey } from './value-key.js';

const parsed = new Map<string, readonly string[]>();

/** `'a.b'` → `['a', 'b']`, remembered: the same few paths come with every command. */
export function pathParts(path: string): readonly string[] {
  let parts = parsed.get(path);
  if (!parts) {
    parts = path.split('.');
    if (parsed.size < 10_000) parsed.set(path, parts); // field names can be data: do not grow for ever
  }
  return parts;
}

/** The top-level field of a path. */
export const rootOf = (path: string): string => pathParts(path)[0]!;

const INDEX = /^(0|[1-9]\d*)$/;
/** True for a part that may be an array's position. */
export const isPosition = (part: string): boolean => INDEX.test(part);

/** What an index holds for one path of one document. */
export interface PathKeys {
  keys: string[];
  /** An array was met: there may be several keys, and bounds on it may not be intersected. */
  multikey: boolean;
}

function collect(value: unknown, parts: readonly string[], at: number, out: PathKeys): void {
  if (at === parts.length) {
    if (!Array.isArray(value)) {
      out.keys.push(valueKey(value));
      return;
    }
    out.multikey = true;
    if (value.length === 0) out.keys.push(EMPTY_ARRAY_KEY);
    for (const element of value) out.keys.push(valueKey(element));
  } else if (Array.isArray(value)) {
    out.multikey = true;
    if (value.length === 0) out.keys.push(EMPTY_ARRAY_KEY);
    for (const element of value) {
      if (isDocument(element)) collect(own(element, parts[at]!), parts, at + 1, out);
      else out.keys.push(NULL_KEY);
    }
  } else if (isDocument(value)) {
    collect(own(value, parts[at]!), parts, at + 1, out);
  } else {
    out.keys.push(NULL_KEY);
  }
}

/** The keys of a path: one for a plain value, one for each element of an array. */
export function pathKeys(doc: Doc, path: string): PathKeys {
  const parts = pathParts(path);
  const out: PathKeys = { keys: [], multikey: false };
  collect(doc, parts, 0, out);
  if (out.keys.length > 1) out.keys = [...new Set(out.keys)];
  return out;
}

export type Direction = 1 | -1;
export type KeyPattern = readonly (readonly [path: string, direction: Direction])[];

/** What a document is sorted by: of an array its least element, or its greatest when descending. */
export function sortKey(doc: Doc, pattern: KeyPattern): string {
  let whole = '';
  for (const [path, direction] of pattern) {
    const { keys } = pathKeys(doc, path);
    let best = keys[0]!;
    for (const key of keys) if (direction === 1 ? key < best : key > best) best = key;
    whole += direction === 1 ? best : reversed(best);
  }
  return whole;
}
