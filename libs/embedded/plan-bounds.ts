import { isDocument, type Doc } from './bson.js';
import { isOperators } from './match-operand.js';
import { ABOVE, reversed, TYPE, valueKey } from './value-key.js';

interface Limit {
  key: string;
  inclusive: boolean;
}

/** What a filter says of one path: one of these values, or a range within a type. Each is a necessary condition. */
export type Bound =
  { kind: 'points'; keys: readonly string[] } | { kind: 'range'; type: string; low?: Limit; high?: Limit };

/** All bounds of a filter by path. A bound may let too much through (every candidate is matched again), never too little. */
export type Bounds = Map<string, Bound[]>;

function points(values: readonly unknown[]): Bound | undefined {
  // A whole array is matched whole or within: its index keys are its elements'. A pattern has no key at all.
  if (values.some((value) => Array.isArray(value) || value instanceof RegExp)) return undefined;
  return { kind: 'points', keys: [...new Set(values.map(valueKey))] };
}

function range(operator: string, operand: unknown): Bound | undefined {
  const key = valueKey(operand);
  const type = key[0]!;
  if (type === TYPE.null || type === TYPE.array || Number.isNaN(operand)) return undefined;
  const limit: Limit = { key, inclusive: operator.endsWith('e') };
  return operator.startsWith('$g')
    ? { kind: 'range', type, low: limit }
    : { kind: 'range', type, high: limit };
}

function collectOperator(path: string, operator: string, operand: unknown, out: Bounds): void {
  switch (operator) {
    case '$eq':
      return note(out, path, points([operand]));
    case '$in':
      return note(out, path, points(operand as unknown[]));
    case '$all':
      for (const one of operand as unknown[]) {
        if (isOperators(one)) collectOperator(path, '$elemMatch', one['$elemMatch'], out);
        else note(out, path, points([one]));
      }
      return;
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return note(out, path, range(operator, operand));
    case '$elemMatch':
      if (!isDocument(operand)) return;
      if (isOperators(operand)) {
        // The elements' own values: an array within the array has another key, so whole values only.
        for (const [inner, value] of Object.entries(operand)) {
          if (inner !== '$elemMatch' && inner !== '$all') collectOperator(path, inner, value, out);
        }
      } else {
        collect(operand, `${path}.`, out);
      }
      return;
    default: // says nothing that an index knows
  }
}

function note(out: Bounds, path: string, bound: Bound | undefined): void {
  if (!bound) return;
  const known = out.get(path);
  if (known) known.push(bound);
  else out.set(path, [bound]);
}

function collect(filter: Doc, prefix: string, out: Bounds): void {
  for (const [key, operand] of Object.entries(filter)) {
    if (key === '$and') {
      for (const one of operand as Doc[]) collect(one, prefix, out);
    } else if (!key.startsWith('$')) {
      if (!isOperators(operand)) note(out, prefix + key, points([operand]));
      else
        for (const [operator, value] of Object.entries(operand))
          collectOperator(prefix + key, operator, value, out);
    }
  }
}

/** Reads a filter that has compiled: its shape is sound. */
export function boundsOf(filter: Doc): Bounds {
  const out: Bounds = new Map();
  collect(filter, '', out);
  return out;
}

const tighter = (one: Limit | undefined, other: Limit | undefined, sign: 1 | -1): Limit | undefined => {
  if (!one || !other) return one ?? other;
  if (one.key === other.key) return one.inclusive ? other : one;
  return one.key > other.key === (sign === 1) ? one : other;
};

/** The strongest single bound; all of them together where no array can satisfy each with another element. */
export function combined(bounds: readonly Bound[], multikey: boolean): Bound {
  let best = bounds[0]!;
  for (const next of bounds.slice(1)) {
    if (best.kind === 'points' && next.kind === 'points') {
      const keys = new Set(next.keys);
      if (!multikey) best = { kind: 'points', keys: best.keys.filter((key) => keys.has(key)) };
      else if (next.keys.length < best.keys.length) best = next;
    } else if (next.kind === 'points') {
      best = next;
    } else if (best.kind === 'range' && !multikey) {
      const low = tighter(best.low, next.low, 1);
      const high = tighter(best.high, next.high, -1);
      best = { kind: 'range', type: (low ?? high)!.key[0]!, ...(low && { low }), ...(high && { high }) };
    }
  }
  return best;
}

const after = (type: string, by: number): string => String.fromCharCode(type.charCodeAt(0) + by);

/** The part of an index's keys that a range covers, for an ascending or a descending field. */
export function rangeKeys(
  bound: Extract<Bound, { kind: 'range' }>,
  direction: 1 | -1,
): [low: string, high: string] {
  const { type, low, high } = bound;
  if (direction === 1) {
    return [
      low ? low.key + (low.inclusive ? '' : ABOVE) : type,
      high ? high.key + (high.inclusive ? ABOVE : '') : after(type, 1),
    ];
  }
  const turned = reversed(type);
  return [
    high ? reversed(high.key) + (high.inclusive ? '' : ABOVE) : turned,
    low ? reversed(low.key) + (low.inclusive ? ABOVE : '') : after(turned, 1),
  ];
}
