import { isDocument, type Doc } from './bson.js';
import { encode } from './encode.js';
import { pathParts } from './field-path.js';
import { compileFilter } from './match-filter.js';
import { rawView, type RawView, type Tree } from './project-raw.js';
import { documentAt } from './raw-document.js';
import { Refusal } from './refusal.js';

/** What a projection makes of a document. It never touches the given one. */
export type View = (doc: Doc) => Doc;

/** A tree of wanted (or unwanted) fields; a leaf is true, or a change of the value found there. */
interface Fields {
  [field: string]: Fields | true | ((value: unknown) => unknown);
}

const isSwitch = (value: unknown): value is number | boolean =>
  typeof value === 'number' || typeof value === 'boolean';

function place(fields: Fields, path: string, leaf: true | ((value: unknown) => unknown)): void {
  let here = fields;
  const parts = pathParts(path);
  for (const part of parts.slice(0, -1)) {
    const next = Object.hasOwn(here, part) ? here[part]! : (here[part] = {});
    if (next === true || typeof next === 'function') throw new Refusal(31249, `Path collision at ${path}`);
    here = next;
  }
  const last = parts.at(-1)!;
  if (Object.hasOwn(here, last)) throw new Refusal(31249, `Path collision at ${path}`);
  here[last] = leaf;
}

function keep(value: unknown, fields: Fields): unknown {
  // An array keeps its documents, each with the wanted fields; what has no fields has none of them.
  if (Array.isArray(value)) {
    return value.filter((one) => isDocument(one) || Array.isArray(one)).map((one) => keep(one, fields));
  }
  if (!isDocument(value)) return undefined;
  const out: Doc = {};
  for (const field of Object.keys(value)) {
    if (!Object.hasOwn(fields, field)) continue;
    const wanted = fields[field]!;
    const kept =
      wanted === true
        ? value[field]
        : typeof wanted === 'function'
          ? wanted(value[field])
          : keep(value[field], wanted);
    if (kept !== undefined) out[field] = kept;
  }
  return out;
}

function leaveOut(value: unknown, fields: Fields): unknown {
  if (Array.isArray(value)) return value.map((one) => leaveOut(one, fields));
  if (!isDocument(value)) return value;
  const out: Doc = {};
  for (const field of Object.keys(value)) {
    const unwanted = Object.hasOwn(fields, field) ? fields[field]! : undefined;
    if (unwanted === true) continue;
    const left =
      unwanted === undefined
        ? value[field]
        : typeof unwanted === 'function'
          ? unwanted(value[field])
          : leaveOut(value[field], unwanted);
    if (left !== undefined) out[field] = left;
  }
  return out;
}

function slice(operand: unknown): (value: unknown) => unknown {
  const [skip, count] = Array.isArray(operand) ? (operand as unknown[]) : [undefined, operand];
  if (
    !Number.isInteger(count) ||
    (Array.isArray(operand) && (operand.length !== 2 || !Number.isInteger(skip) || (count as number) <= 0))
  ) {
    throw new Refusal(2, '$slice needs a number, or [skip, limit] with a positive limit');
  }
  const size = count as number;
  return (value) => {
    if (!Array.isArray(value)) return value;
    if (skip === undefined)
      return size >= 0 ? (value as unknown[]).slice(0, size) : (value as unknown[]).slice(size);
    const from = (skip as number) < 0 ? Math.max(0, value.length + (skip as number)) : (skip as number);
    return (value as unknown[]).slice(from, from + size);
  };
}

function firstMatch(operand: unknown): (value: unknown) => unknown {
  const matches = compileFilter({ e: { $elemMatch: operand } });
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const found = value.findIndex((one) => matches({ e: [one] }));
    return found < 0 ? undefined : [value[found]];
  };
}

interface Parsed {
  fields: Fields;
  /** Undefined while only `_id`, `$slice` and `$elemMatch` were seen. */
  including: boolean | undefined;
  id: boolean | undefined;
  elemMatch: boolean;
}

function parse(spec: Doc, prefix: string, out: Parsed): void {
  for (const [key, value] of Object.entries(spec)) {
    const path = prefix + key;
    if (key.includes('$'))
      throw new Refusal(2, `projection '${path}' is not supported by the embedded store`);
    if (pathParts(path).includes('')) throw new Refusal(2, `FieldPath '${path}' has an empty part`);
    if (isSwitch(value)) {
      const wanted = Boolean(value);
      if (path === '_id') {
        out.id = wanted;
        continue;
      }
      if (out.including !== undefined && out.including !== wanted) {
        throw wanted
          ? new Refusal(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
          : new Refusal(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
      }
      out.including = wanted;
      place(out.fields, path, true);
    } else if (isDocument(value) && Object.keys(value).length === 1 && '$slice' in value) {
      place(out.fields, path, slice(value['$slice']));
    } else if (isDocument(value) && Object.keys(value).length === 1 && '$elemMatch' in value) {
      out.elemMatch = true;
      place(out.fields, path, firstMatch(value['$elemMatch']));
    } else if (
      isDocument(value) &&
      Object.keys(value).length > 0 &&
      !Object.keys(value)[0]!.startsWith('$')
    ) {
      parse(value, `${path}.`, out);
    } else {
      throw new Refusal(31325, `Unknown expression in the projection of '${path}'`);
    }
  }
}

interface Compiled {
  view: View;
  /** The same on bytes. Undefined where nothing is taken away. */
  raw: RawView | undefined;
}

const isTree = (fields: Fields): fields is Tree =>
  Object.values(fields).every((leaf) => leaf === true || (typeof leaf !== 'function' && isTree(leaf)));

/** Compiles a projection: fields in or fields out, `$slice`, `$elemMatch`. Expressions are refused. */
export function compileProjection(spec: Doc): View {
  return compile(spec).view;
}

/** The same for documents that are bytes; undefined where they stay as they are. */
export function compileRawProjection(spec: Doc): RawView | undefined {
  return compile(spec).raw;
}

function compile(spec: Doc): Compiled {
  const parsed: Parsed = { fields: {}, including: undefined, id: undefined, elemMatch: false };
  parse(spec, '', parsed);
  const { fields, id } = parsed;
  if (Object.keys(spec).length === 0) return { view: (doc) => doc, raw: undefined };
  const onlyId = Object.keys(fields).length === 0;
  const including = parsed.including ?? (parsed.elemMatch || (onlyId && id === true));
  if (including) {
    if (id !== false && !Object.hasOwn(fields, '_id')) fields['_id'] = true;
    return compiled(fields, true);
  }
  if (id === false) fields['_id'] = true;
  return compiled(fields, false);
}

function compiled(fields: Fields, including: boolean): Compiled {
  const change = including ? keep : leaveOut;
  const view: View = (doc) => change(doc, fields) as Doc;
  // What changes values has to read them.
  const raw = isTree(fields)
    ? rawView(fields, including)
    : (bytes: Buffer, at: number): Uint8Array => encode(view(documentAt(bytes, at)));
  return { view, raw };
}
