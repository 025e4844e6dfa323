import { describe, expect, it } from '@jest/globals';
import type { Predicate } from './predicate.js';
import { resolveSegments } from './resolve-segments.js';

const ONE: Predicate = { visits: { atLeast: 1 } };
const named = (segment: string): Predicate => ({ segment });
const resolve = (predicate: Predicate, known: Record<string, Predicate> = {}, self: string | null = null) =>
  resolveSegments(
    predicate,
    (ids) => Promise.resolve(new Map(ids.flatMap((id) => (known[id] ? [[id, known[id]]] : [])))),
    self,
  );
const faults = async (...asked: Parameters<typeof resolve>) => {
  const resolved = await resolve(...asked);
  return resolved.kind === 'refused'
    ? resolved.faults.map(({ path, detail }) => `${path.join('/')}: ${detail}`)
    : [];
};

it('puts segments in the place of their names, however deep they lie', async () => {
  const known = {
    's-a': { and: [ONE, { not: named('s-b') }] },
    's-b': { or: [named('s-c'), ONE] },
    's-c': ONE,
  };
  expect(await resolve({ not: named('s-a') }, known)).toEqual({
    kind: 'resolved',
    predicate: { not: { and: [ONE, { not: { or: [ONE, ONE] } }] } },
    names: ['s-a', 's-b', 's-c'],
  });
});

describe('refuses', () => {
  it('a segment that is not there, with the path of its name', async () => {
    expect(await faults({ or: [ONE, named('s-x')] })).toEqual(['or/1/segment: no segment has the id s-x']);
    expect(await faults(named('s-a'), { 's-a': named('s-x') })).toEqual([
      'segment: no segment has the id s-x',
    ]);
  });

  it('circles: of one, of two, of three, and one that stands already', async () => {
    const circle = 'names itself, by this or by a segment that it names';
    expect(await faults(named('s-a'), { 's-a': ONE }, 's-a')).toEqual([`segment: ${circle}`]);
    expect(await faults(named('s-b'), { 's-b': named('s-a') }, 's-a')).toEqual([`segment: ${circle}`]);
    const three = { 's-b': named('s-c'), 's-c': { and: [ONE, named('s-a')] } };
    expect(await faults({ not: named('s-b') }, three, 's-a')).toEqual([`not/segment: ${circle}`]);
    expect(await faults(named('s-b'), { 's-b': named('s-c'), 's-c': named('s-b') })).toEqual([
      `segment: ${circle}`,
    ]);
  });

  it('segments that name each other too deep', async () => {
    const chain = (length: number): Record<string, Predicate> =>
      Object.fromEntries(
        Array.from({ length }, (_, n) => [`s-${n}`, n + 1 < length ? named(`s-${n + 1}`) : ONE]),
      );
    expect(await faults(named('s-0'), chain(5))).toEqual([]);
    expect(await faults(named('s-0'), chain(6))).toEqual([
      'segment: expected segments that name each other at most 5 deep',
    ]);
  });

  it('what would grow beyond all bounds, without growing there', async () => {
    const wide = (inner: string): Predicate => ({ or: Array.from({ length: 50 }, () => named(inner)) });
    const known = {
      's-a': wide('s-b'),
      's-b': wide('s-c'),
      's-c': wide('s-d'),
      's-d': wide('s-e'),
      's-e': ONE,
    };
    expect(await faults(named('s-a'), known)).toEqual([
      ': expected at most 2000 nodes with the segments that it names',
    ]);
  });
});
