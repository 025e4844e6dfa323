import { describe, expect, it } from '@jest/globals';
import { KINDS } from './predicate.js';
import { readPredicate, refusedBy, type PredicateRules } from './read-predicate.js';

const RULES: PredicateRules = {
  attributes: {
    member: { type: 'boolean' },
    points: { type: 'number' },
    since: { type: 'date' },
    tier: { type: 'string' },
  },
  segmentServices: ['Klippning'],
};
const faults = (input: unknown, rules = RULES): Record<string, string> => {
  const read = readPredicate(input, rules);
  return read.kind === 'read'
    ? {}
    : Object.fromEntries(read.faults.map(({ path, detail }) => [`/${path.join('/')}`, detail]));
};
const deep = (levels: number): unknown => {
  let node: unknown = { visits: { atLeast: 1 } };
  for (let level = 1; level < levels; level++) node = { not: node };
  return node;
};

const RIGHT: unknown[] = [
  { and: [{ visits: { atLeast: 1 } }, { or: [{ locale: { anyOf: ['SV'] } }, { not: { segment: 's-1' } }] }] },
  { lastVisit: { withinDays: 90 } },
  { lastVisit: { never: true } },
  { nextVisit: { none: true } },
  { lastPurchase: { from: '2026-01-01T00:00:00Z', before: '2026-06-01T00:00:00+02:00' } },
  { service: { anyOf: ['Klippning'], when: 'upcoming', withinDays: 7 } },
  { bought: { anyOf: ['oil'] } },
  { place: { postalCode: ['831 31', '84'], country: ['se'] } },
  { choice: { purpose: 'newsletter', channel: 'email', state: 'none' } },
  { attribute: { name: 'points', atLeast: 10 } },
  { attribute: { name: 'since', before: '2025-01-01' } },
  { attribute: { name: 'member', anyOf: [true] } },
  { notMessaged: { days: 14 } },
  deep(8),
];
const WRONG: [string, unknown, string, RegExp][] = [
  ['nothing', undefined, '/', /expected an object with one of and, or, not/],
  ['a list', [], '/', /expected an object/],
  ['no member', {}, '/', /expected one of and/],
  ['two members', { visits: { atLeast: 1 }, locale: {} }, '/locale', /one member; visits is another/],
  ['an operator of the database', { $where: 'true' }, '/$where', /is not a kind of node/],
  ['a member of every object', { constructor: {} }, '/constructor', /is not a kind of node/],
  [
    'its prototype',
    JSON.parse('{"__proto__": {"visits": {"atLeast": 1}}}'),
    '/__proto__',
    /is not a kind of node/,
  ],
  ['an operator inside', { visits: { atLeast: 1, $gt: 1 } }, '/visits/$gt', /not a member that is known/],
  ['an empty list', { and: [] }, '/and', /at least one node/],
  [
    'too long a list',
    { or: Array.from({ length: 51 }, () => ({ visits: { atLeast: 1 } })) },
    '/or',
    /at most 50 nodes/,
  ],
  ['too deep', deep(9), `/${Array(8).fill('not').join('/')}`, /at most 8 deep/],
  ['nothing asked', { visits: {} }, '/visits', /at least one of atLeast, atMost/],
  ['a text for a number', { and: [{ visits: { atLeast: '1' } }] }, '/and/0/visits/atLeast', /whole number/],
  [
    'a day that is on no calendar',
    { attribute: { name: 'since', anyOf: ['2026-02-30'] } },
    '/attribute/anyOf/0',
    /a date, like/,
  ],
  ['more than the most', { visits: { atLeast: 5, atMost: 1 } }, '/visits/atMost', /at least atLeast/],
  [
    'within what is left out',
    { not: { lastVisit: { withinDays: 30, notWithinDays: 60 } } },
    '/not/lastVisit/withinDays',
    /more than notWithinDays/,
  ],
  [
    'an end before its beginning',
    { nextVisit: { from: '2026-12-02T00:00:00Z', before: '2026-12-01T00:00:00Z' } },
    '/nextVisit/before',
    /more than from/,
  ],
  ['never and more', { lastVisit: { never: true, withinDays: 1 } }, '/lastVisit', /says it alone/],
  ['a date for a time', { lastVisit: { from: '2026-01-01' } }, '/lastVisit/from', /RFC 3339/],
  ['too many values', { bought: { anyOf: Array(501).fill('x') } }, '/bought/anyOf', /at most 500/],
  [
    'a purpose that nobody chooses',
    { choice: { purpose: 'booking', channel: 'email', state: 'given' } },
    '/choice/purpose',
    /expected one of/,
  ],
  [
    'an attribute that is not declared',
    { attribute: { name: 'toString', isSet: true } },
    '/attribute/name',
    /not declared.*member, points, since, tier/,
  ],
  [
    'what its type does not have',
    { attribute: { name: 'tier', atLeast: 1 } },
    '/attribute/atLeast',
    /tier is a string; expected anyOf, isSet/,
  ],
  [
    'a value of another type',
    { attribute: { name: 'member', anyOf: [true, 'yes'] } },
    '/attribute/anyOf/1',
    /expected true or false/,
  ],
  [
    'a service that the tenant does not allow',
    { service: { anyOf: ['Klippning', 'Botox'] } },
    '/service/anyOf/1',
    /health data.*policy\.segmentServices/,
  ],
];

it.each(RIGHT.map((input) => [JSON.stringify(input).slice(0, 70), input]))('reads %s', (_, input) => {
  expect(faults(input)).toEqual({});
});

it('has an example of every kind here', () => {
  const read = JSON.stringify(RIGHT);
  expect(KINDS.filter((kind) => !read.includes(`"${kind}"`) && kind !== 'purchases')).toEqual([]);
});

describe('refuses, with its path,', () => {
  it.each(WRONG)('%s', (_, input, path, detail) => {
    expect(faults(input)).toEqual({ [path]: expect.stringMatching(detail) });
  });

  it('too many nodes once, wherever they stand', () => {
    const wide = {
      or: Array.from({ length: 50 }, () => ({
        and: Array.from({ length: 5 }, () => ({ visits: { atLeast: 1 } })),
      })),
    };
    expect(Object.values(faults(wide))).toEqual(['expected at most 200 nodes']);
  });

  it('what is as deep as JSON can be, without falling', () => {
    let hostile = '{"visits":{"atLeast":1}}';
    hostile = `${'{"not":'.repeat(4_000)}${hostile}${'}'.repeat(4_000)}`;
    expect(Object.values(faults(JSON.parse(hostile)))).toEqual(['expected nodes at most 8 deep']);
  });

  it('a thousand faults by the first of them', () => {
    const many = { or: Array.from({ length: 50 }, () => ({ nobody: 1 })) };
    expect(Object.keys(faults(many))).toHaveLength(20);
  });

  it('every service, where the tenant allows none; none, where it allows all', () => {
    const asked = { service: { anyOf: ['Klippning'] } };
    expect(Object.keys(faults(asked, { ...RULES, segmentServices: 'none' }))).toEqual(['/service/anyOf/0']);
    expect(faults({ service: { anyOf: ['Botox'] } }, { ...RULES, segmentServices: 'all' })).toEqual({});
  });
});

it('looks again at what was written when the tenant allowed it', () => {
  const read = readPredicate({ and: [{ not: { service: { anyOf: ['Klippning'] } } }] }, RULES);
  if (read.kind !== 'read') throw new Error('refused');
  expect(refusedBy(read.predicate, RULES)).toEqual([]);
  expect(refusedBy(read.predicate, { ...RULES, segmentServices: 'none' }).map(({ path }) => path)).toEqual([
    ['and', 0, 'not', 'service', 'anyOf', 0],
  ]);
});
