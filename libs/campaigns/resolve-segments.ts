import { MOST, type Predicate, type Resolved } from './predicate.js';
import type { PredicateFault } from './read-predicate.js';

/** The predicates of these segments of one tenant, by id; one that is not known is not in the map. */
export type LookUp = (ids: readonly string[]) => Promise<ReadonlyMap<string, Predicate>>;

export type ResolvedSegments =
  { kind: 'resolved'; predicate: Resolved; names: string[] } | { kind: 'refused'; faults: PredicateFault[] };

/**
 * Puts the segments that a predicate names in their place, and theirs in turn. `self` is the segment that is being
 * written: naming it, however far round, is a circle. A circle that two writers made at once is seen here, too, whenever
 * it is asked for.
 */
export async function resolveSegments(
  predicate: Predicate,
  lookUp: LookUp,
  self: string | null = null,
): Promise<ResolvedSegments> {
  const known = new Map<string, Predicate>();
  let wanted = namesIn(predicate).map(({ id }) => id);
  for (let depth = 0; wanted.length > 0 && depth < MOST.resolvedDepth; depth += 1) {
    const found = await lookUp([...new Set(wanted)]);
    for (const [id, one] of found) known.set(id, one);
    wanted = [...found.values()]
      .flatMap((one) => namesIn(one).map(({ id }) => id))
      .filter((id) => !known.has(id));
  }
  const faults: PredicateFault[] = [];
  const told = new Map<string, number>();
  for (const { id, path } of namesIn(predicate)) {
    const looked = look(id, known, self === null ? [] : [self], told);
    if ('fault' in looked) faults.push({ path, detail: looked.fault });
  }
  if (faults.length > 0) return { kind: 'refused', faults };
  let nodes = 0;
  const put = (node: Predicate): Resolved => {
    nodes += 1;
    if (nodes > MOST.resolvedNodes) return node as Resolved;
    if ('and' in node) return { and: node.and.map(put) };
    if ('or' in node) return { or: node.or.map(put) };
    if ('not' in node) return { not: put(node.not) };
    return 'segment' in node ? put(known.get(node.segment)!) : node;
  };
  const resolved = put(predicate);
  return nodes > MOST.resolvedNodes
    ? {
        kind: 'refused',
        faults: [
          {
            path: [],
            detail: `expected at most ${MOST.resolvedNodes} nodes with the segments that it names`,
          },
        ],
      }
    : { kind: 'resolved', predicate: resolved, names: [...known.keys()].sort() };
}

const TOO_DEEP = `expected segments that name each other at most ${MOST.resolvedDepth} deep`;

/**
 * What is wrong with naming this segment below those, or how deep it goes. What was found once is `told`: segments may
 * name each other many times over.
 */
function look(
  id: string,
  known: ReadonlyMap<string, Predicate>,
  above: readonly string[],
  told: Map<string, number>,
): { fault: string } | { height: number } {
  if (above.includes(id)) return { fault: 'names itself, by this or by a segment that it names' };
  const height = told.get(id);
  if (height !== undefined) {
    return above.length + height > MOST.resolvedDepth ? { fault: TOO_DEEP } : { height };
  }
  const predicate = known.get(id);
  // Beyond the last that was read it is too deep; within, it is not there.
  if (predicate === undefined) {
    return { fault: above.length >= MOST.resolvedDepth ? TOO_DEEP : `no segment has the id ${id}` };
  }
  let tallest = 0;
  for (const inner of new Set(namesIn(predicate).map((one) => one.id))) {
    const looked = look(inner, known, [...above, id], told);
    if ('fault' in looked) return looked;
    tallest = Math.max(tallest, looked.height);
  }
  told.set(id, tallest + 1);
  return { height: tallest + 1 };
}

/** The segments that a predicate names itself, each with its path. */
export function namesIn(
  predicate: Predicate,
  path: readonly (string | number)[] = [],
): { id: string; path: readonly (string | number)[] }[] {
  if ('and' in predicate) {
    return predicate.and.flatMap((one, index) => namesIn(one, [...path, 'and', index]));
  }
  if ('or' in predicate) return predicate.or.flatMap((one, index) => namesIn(one, [...path, 'or', index]));
  if ('not' in predicate) return namesIn(predicate.not, [...path, 'not']);
  return 'segment' in predicate ? [{ id: predicate.segment, path: [...path, 'segment'] }] : [];
}
