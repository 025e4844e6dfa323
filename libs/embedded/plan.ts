import { own, type Doc } from './bson.js';
import type { Collection } from './collection.js';
import type { CollectionIndex, Entry } from './collection-index.js';
import type { KeyPattern } from './field-path.js';
import { boundsOf, combined, rangeKeys, type Bounds } from './plan-bounds.js';
import { ABOVE, reversed, valueKey } from './value-key.js';

/** Where to look for a filter's documents. */
export type Plan =
  | { kind: 'scan' }
  | { kind: 'ids'; keys: readonly string[] }
  | { kind: 'index'; reads: readonly Read[]; sorted: boolean; repeats: boolean };

/** One stretch of an index. */
export interface Read {
  index: CollectionIndex;
  low: string;
  high: string;
  backwards: boolean;
}

interface Candidate {
  reads: Read[];
  sorted: boolean;
  score: number;
}

/** More stretches than this are not worth it: the next field of the index is left to the matcher. */
const MOST_READS = 4096;
/** Candidates are counted up to here; beyond, their shape decides. */
const COUNTED = 200;

/** The filter's points along the index's first fields, then at most one range: what the B+tree can find. */
function stretches(
  index: CollectionIndex,
  bounds: Bounds,
): { ranges: [string, string][]; fixed: number; ranged: boolean } {
  let prefixes = [''];
  let fixed = 0;
  for (const [path, direction] of index.spec.key) {
    const known = bounds.get(path);
    // With arrays in it the index pairs each element with each: only its first field is sure.
    if (!known || (index.multikey && fixed > 0)) break;
    const bound = combined(known, index.multikey);
    if (bound.kind === 'range') {
      const [low, high] = rangeKeys(bound, direction);
      return { ranges: prefixes.map((prefix) => [prefix + low, prefix + high]), fixed, ranged: true };
    }
    if (prefixes.length * bound.keys.length > MOST_READS) break;
    const parts = direction === 1 ? bound.keys : bound.keys.map(reversed);
    prefixes = prefixes.flatMap((prefix) => parts.map((part) => prefix + part));
    fixed += 1;
  }
  return { ranges: prefixes.map((prefix) => [prefix, prefix + ABOVE]), fixed, ranged: false };
}

/** Whether a stretch comes in the wanted order: 1 forwards, -1 backwards, 0 not. `fixed` fields hold one value each. */
function orderOf(index: CollectionIndex, fixed: number, sort: KeyPattern): 1 | -1 | 0 {
  const constant = new Set(index.spec.key.slice(0, fixed).map(([path]) => path));
  const rest = index.spec.key.slice(fixed);
  let way: 1 | -1 | 0 = 0;
  let at = 0;
  for (const [path, direction] of sort) {
    if (constant.has(path)) continue;
    const field = rest[at];
    if (!field || field[0] !== path) return 0;
    const here = field[1] === direction ? 1 : -1;
    if (way !== 0 && way !== here) return 0;
    way = here;
    at += 1;
  }
  return way === 0 ? 1 : way;
}

function candidateOf(index: CollectionIndex, bounds: Bounds, sort: KeyPattern): Candidate | undefined {
  const { ranges, fixed, ranged } = stretches(index, bounds);
  const way = ranges.length === 1 && !index.multikey && sort.length > 0 ? orderOf(index, fixed, sort) : 0;
  if (fixed === 0 && !ranged && way === 0) return undefined;
  const reads = ranges.map(([low, high]) => ({ index, low, high, backwards: way === -1 }));
  const exact = index.spec.unique && fixed === index.spec.key.length ? 100 : 0;
  return { reads, sorted: way !== 0, score: exact + fixed * 20 + (ranged ? 10 : 0) + (way !== 0 ? 15 : 0) };
}

function costOf(candidate: Candidate): number {
  let cost = 0;
  for (const { index, low, high } of candidate.reads) {
    cost += index.countUpTo(low, high, COUNTED - cost);
    if (cost >= COUNTED) break;
  }
  return cost;
}

function bestOf(candidates: readonly Candidate[]): Candidate | undefined {
  if (candidates.length < 2) return candidates[0];
  const priced = candidates.map((candidate) => ({ candidate, cost: costOf(candidate) }));
  priced.sort((one, other) => one.cost - other.cost || other.candidate.score - one.candidate.score);
  return priced[0]!.candidate;
}

/** `$or`: every branch by an index of its own, or none. */
function planOr(collection: Collection, branches: readonly Doc[]): Read[] | undefined {
  const reads: Read[] = [];
  for (const branch of branches) {
    const bounds = boundsOf(branch);
    const best = bestOf(
      [...collection.indexes.values()].flatMap((index) => candidateOf(index, bounds, []) ?? []),
    );
    if (!best) return undefined;
    reads.push(...best.reads);
  }
  return reads;
}

/** Chooses where to look. The filter must have compiled. */
export function planFor(collection: Collection, filter: Doc, sort: KeyPattern): Plan {
  // As every compare-and-set asks: whatever else it says, one document is enough to look at.
  const only = own(filter, '_id');
  if (typeof only === 'string') return { kind: 'ids', keys: [valueKey(only)] };
  const bounds = boundsOf(filter);
  const id = bounds.get('_id');
  if (id) {
    const bound = combined(id, false); // no _id is an array
    if (bound.kind === 'points') return { kind: 'ids', keys: bound.keys };
  }
  const candidates: Candidate[] = [];
  for (const index of collection.indexes.values()) {
    const candidate = candidateOf(index, bounds, sort);
    if (candidate) candidates.push(candidate);
  }
  const best = bestOf(candidates);
  const or = filter['$or'];
  // An index that only gives the order reads everything: the branches of an $or may know better.
  if (Array.isArray(or) && (!best || best.score <= 15)) {
    const reads = planOr(collection, or as Doc[]);
    if (reads) return { kind: 'index', reads, sorted: false, repeats: true };
  }
  if (!best) return { kind: 'scan' };
  const repeats = best.reads.some(({ index }) => index.multikey);
  return { kind: 'index', reads: best.reads, sorted: best.sorted, repeats };
}

/** The plan's documents, each once, before they are matched. */
export function* candidates(collection: Collection, plan: Plan): Generator<Entry> {
  if (plan.kind === 'scan') {
    yield* collection.entries();
  } else if (plan.kind === 'ids') {
    for (const key of plan.keys) {
      const entry = collection.get(key);
      if (entry) yield entry;
    }
  } else {
    const seen = new Set<Entry>();
    for (const { index, low, high, backwards } of plan.reads) {
      for (const entry of index.between(low, high, backwards)) {
        if (!plan.repeats) {
          yield entry;
        } else if (!seen.has(entry)) {
          seen.add(entry);
          yield entry;
        }
      }
    }
  }
}
