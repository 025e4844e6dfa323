import { isDocument, own, type Doc } from './bson.js';
import { isPosition } from './field-path.js';
import { Refusal } from './refusal.js';

/** The value at a path; undefined if any part is missing. */
export function valueAt(doc: Doc, parts: readonly string[]): unknown {
  let value: unknown = doc;
  for (const part of parts) value = child(value, part);
  return value;
}

/**
 * A document under change. What is stored is never touched: the first write to a part copies that part and those
 * above it, and `owned` remembers which parts are already ours.
 */
export class Draft {
  private readonly owned = new Set<object>();
  root: Doc;
  changed = false;

  constructor(stored: Doc) {
    this.root = { ...stored };
    this.owned.add(this.root);
  }

  /** The value at a path; undefined if any part is missing. */
  read(parts: readonly string[]): unknown {
    return valueAt(this.root, parts);
  }

  /** Writes a value, making the documents on the way. */
  write(parts: readonly string[], value: unknown): void {
    const holder = this.holder(parts);
    const last = parts.at(-1)!;
    if (Array.isArray(holder)) {
      if (!isPosition(last)) throw notViable(last, parts.slice(0, -1).join('.'), holder);
      pad(holder, Number(last));
      holder[Number(last)] = value;
    } else {
      holder[last] = value;
    }
    this.changed = true;
  }

  /** Takes a field out; an array keeps its length and gets a null. */
  remove(parts: readonly string[]): void {
    if (this.read(parts) === undefined) return;
    const holder = this.holder(parts);
    const last = parts.at(-1)!;
    if (Array.isArray(holder)) holder[Number(last)] = null;
    else delete holder[last];
    this.changed = true;
  }

  /** The document or array that holds the path's last part, made ours. */
  private holder(parts: readonly string[]): Doc | unknown[] {
    let here: Doc | unknown[] = this.root;
    for (const [at, part] of parts.slice(0, -1).entries()) {
      const next: unknown = child(here, part);
      if (next !== undefined && !isDocument(next) && !Array.isArray(next)) {
        throw notViable(parts[at + 1]!, part, next);
      }
      if (Array.isArray(here)) {
        if (!isPosition(part)) throw notViable(part, parts.slice(0, at).join('.'), here);
        pad(here, Number(part));
      }
      const ours = this.own(next);
      (here as Record<string, unknown>)[part] = ours;
      here = ours;
    }
    return here;
  }

  private own(value: Doc | unknown[] | undefined): Doc | unknown[] {
    if (value !== undefined && this.owned.has(value)) return value;
    const copy = value === undefined ? {} : Array.isArray(value) ? [...value] : { ...value };
    this.owned.add(copy);
    return copy;
  }
}

function child(value: unknown, part: string): unknown {
  if (Array.isArray(value)) return isPosition(part) ? (value[Number(part)] as unknown) : undefined;
  return isDocument(value) ? own(value, part) : undefined;
}

function notViable(field: string, under: string, value: unknown): Refusal {
  const kind = Array.isArray(value) ? 'an array' : typeof value;
  return new Refusal(28, `Cannot create field '${field}' in element {${under}: <${kind}>}`);
}

/** MongoDB fills the gap with nulls, and refuses one above 1,500,000. */
function pad(array: unknown[], position: number): void {
  if (position > array.length + 1_500_000)
    throw new Refusal(2, `can't backfill array to larger than 1500000 elements`);
  while (array.length < position) array.push(null);
}
