import { isCalendarDate } from '#events/formats';
import { KINDS, LEAVES, MOST, type LeafKind, type Predicate } from './predicate.js';

/** Where in a predicate something is wrong, and what would be right. */
export interface PredicateFault {
  path: readonly (string | number)[];
  detail: string;
}

/** What a tenant's file says of predicates. */
export interface PredicateRules {
  attributes: Readonly<Record<string, { type: 'string' | 'number' | 'boolean' | 'date' }>>;
  /** Names of services can be health data (GDPR 9): which of them people may be chosen by. */
  segmentServices: 'none' | 'all' | readonly string[];
}

export type ReadPredicate =
  { kind: 'read'; predicate: Predicate } | { kind: 'refused'; faults: PredicateFault[] };

/** More are not told: who sends thousands of faults wants no list of them. */
const MOST_FAULTS = 20;

/**
 * Reads what a marketer sent. Nothing in it is trusted: it is walked no deeper and no further than the bounds, and every
 * fault is told with its path.
 */
export function readPredicate(input: unknown, rules: PredicateRules): ReadPredicate {
  const faults: PredicateFault[] = [];
  let nodes = 0;

  const fault = (path: readonly (string | number)[], detail: string): null => {
    if (faults.length < MOST_FAULTS) faults.push({ path, detail });
    return null;
  };

  const list = (input: unknown, path: readonly (string | number)[], depth: number): Predicate[] | null => {
    if (!Array.isArray(input)) return fault(path, 'expected a list of nodes');
    if (input.length === 0) return fault(path, 'expected at least one node');
    if (input.length > MOST.members) return fault(path, `expected at most ${MOST.members} nodes`);
    const read = input.map((member, index) => node(member, [...path, index], depth));
    return read.every((one) => one !== null) ? read : null;
  };

  const node = (input: unknown, path: readonly (string | number)[], depth: number): Predicate | null => {
    if (depth > MOST.depth) return fault(path, `expected nodes at most ${MOST.depth} deep`);
    nodes += 1;
    if (nodes > MOST.nodes)
      return nodes === MOST.nodes + 1 ? fault(path, `expected at most ${MOST.nodes} nodes`) : null;
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      return fault(path, `expected an object with one of ${KINDS.join(', ')}`);
    }
    const [first, ...others] = Object.keys(input);
    if (first === undefined) return fault(path, `expected one of ${KINDS.join(', ')}`);
    for (const other of others) fault([...path, other], `a node has one member; ${first} is another`);
    if (others.length > 0) return null;
    if (!(KINDS as readonly string[]).includes(first)) {
      return fault([...path, first], `is not a kind of node; expected one of ${KINDS.join(', ')}`);
    }
    const operand = (input as Record<string, unknown>)[first];
    const at = [...path, first];
    if (first === 'and' || first === 'or') {
      const members = list(operand, at, depth + 1);
      return members === null ? null : first === 'and' ? { and: members } : { or: members };
    }
    if (first === 'not') {
      const inner = node(operand, at, depth + 1);
      return inner === null ? null : { not: inner };
    }
    return leaf(first as LeafKind, operand, at);
  };

  const leaf = (kind: LeafKind, operand: unknown, path: readonly (string | number)[]): Predicate | null => {
    const read = LEAVES[kind].safeParse(operand);
    if (!read.success) {
      for (const issue of read.error.issues) {
        const inside = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
        if (issue.code === 'unrecognized_keys') {
          for (const key of issue.keys)
            fault([...path, ...inside, key], 'is not a member that is known here');
        } else {
          const isWhole = issue.code === 'invalid_type' && issue.expected === 'object';
          fault([...path, ...inside], isWhole ? 'expected an object' : issue.message);
        }
      }
      return null;
    }
    const predicate = { [kind]: read.data } as unknown as Predicate;
    const wrong = faultOf(predicate, rules);
    for (const { path: inside, detail } of wrong) fault([...path, ...inside], detail);
    return wrong.length > 0 ? null : predicate;
  };

  const predicate = node(input, [], 1);
  return faults.length > 0 || predicate === null ? { kind: 'refused', faults } : { kind: 'read', predicate };
}

/** What the tenant's file has against a predicate that was written when the file may have said something else. */
export function refusedBy(predicate: Predicate, rules: PredicateRules): PredicateFault[] {
  const inside = (one: Predicate, ...at: (string | number)[]): PredicateFault[] =>
    refusedBy(one, rules).map(({ path, detail }) => ({ path: [...at, ...path], detail }));
  if ('and' in predicate) return predicate.and.flatMap((one, index) => inside(one, 'and', index));
  if ('or' in predicate) return predicate.or.flatMap((one, index) => inside(one, 'or', index));
  if ('not' in predicate) return inside(predicate.not, 'not');
  const [kind = ''] = Object.keys(predicate);
  return faultOf(predicate, rules).map(({ path, detail }) => ({ path: [kind, ...path], detail }));
}

/** What the tenant's file has against a node that is well-formed. */
function faultOf(predicate: Predicate, { attributes, segmentServices }: PredicateRules): PredicateFault[] {
  if ('service' in predicate) {
    if (segmentServices === 'all') return [];
    const allowed: readonly string[] = segmentServices === 'none' ? [] : segmentServices;
    return predicate.service.anyOf.flatMap((service, index) =>
      allowed.includes(service)
        ? []
        : [
            {
              path: ['anyOf', index],
              detail:
                "the name of a service can be health data: the tenant's file allows it by policy.segmentServices, or not",
            },
          ],
    );
  }
  if (!('attribute' in predicate)) return [];
  const { name, ...asked } = predicate.attribute;
  const declared = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (declared === undefined) {
    const known = Object.keys(attributes);
    return [
      {
        path: ['name'],
        detail: `is not declared in the tenant's file; ${known.length === 0 ? 'none is' : `declared are ${known.slice(0, 50).join(', ')}`}`,
      },
    ];
  }
  const fitting: readonly string[] = ASKED[declared.type];
  const unfit = Object.entries(asked).filter(
    ([member, value]) => value !== undefined && !fitting.includes(member),
  );
  const faults = unfit.map(([member]) => ({
    path: [member],
    detail: `${name} is a ${declared.type}; expected ${fitting.join(', ')}`,
  }));
  const type = declared.type === 'date' ? 'string' : declared.type;
  return [
    ...faults,
    ...(asked.anyOf ?? []).flatMap((value, index) =>
      typeof value === type && (declared.type !== 'date' || isCalendarDate(String(value)))
        ? []
        : [{ path: ['anyOf', index], detail: EXPECTED[declared.type] }],
    ),
  ];
}

const EXPECTED = {
  string: 'expected a text',
  boolean: 'expected true or false',
  number: 'expected a number',
  date: 'expected a date, like 2026-05-04',
} as const;

const ASKED = {
  string: ['anyOf', 'isSet'],
  boolean: ['anyOf', 'isSet'],
  number: ['anyOf', 'atLeast', 'atMost', 'isSet'],
  date: ['anyOf', 'from', 'before', 'isSet'],
} as const satisfies Record<string, readonly string[]>;
