import { describe, expect } from '@jest/globals';
import { caseIn, codeOf, type Bench } from './bench.contract.js';

type Stage = Record<string, unknown>;

const ROWS = [
  { _id: 1, t: 'x', n: 1, tags: ['p', 'q'], at: new Date(1000) },
  { _id: 2, t: 'x', n: 4, tags: [], at: new Date(3000) },
  { _id: 3, t: 'y', n: 2, tags: ['q'], at: new Date(2000) },
  { _id: 4, t: 'y', s: 'no number' },
  { _id: 5, n: 8, sub: { k: 'z' } },
];

const PIPELINES: [string, Stage[], unknown[]][] = [
  ['$match', [{ $match: { t: 'x' } }, { $project: { _id: 1 } }], [{ _id: 1 }, { _id: 2 }]],
  [
    '$sort, $skip, $limit',
    [{ $sort: { _id: -1 } }, { $skip: 1 }, { $limit: 2 }, { $project: { n: 1 } }],
    [{ _id: 4 }, { _id: 3, n: 2 }],
  ],
  [
    '$limit before $skip',
    [{ $sort: { _id: 1 } }, { $limit: 3 }, { $skip: 2 }, { $project: { _id: 1 } }],
    [{ _id: 3 }],
  ],
  [
    '$match after $sort and $limit',
    [{ $sort: { _id: 1 } }, { $limit: 2 }, { $match: { n: 4 } }, { $project: { _id: 1 } }],
    [{ _id: 2 }],
  ],
  ['$count', [{ $match: { n: { $gt: 1 } } }, { $count: 'many' }], [{ many: 3 }]],
  ['$count of nothing', [{ $match: { n: 99 } }, { $count: 'many' }], []],
  [
    '$group by a field, missing as null',
    [{ $group: { _id: '$t', c: { $sum: 1 } } }, { $sort: { _id: 1 } }],
    [
      { _id: null, c: 1 },
      { _id: 'x', c: 2 },
      { _id: 'y', c: 2 },
    ],
  ],
  [
    '$sum and $avg pass over what is no number',
    [{ $match: { t: 'y' } }, { $group: { _id: '$t', sum: { $sum: '$n' }, avg: { $avg: '$n' } } }],
    [{ _id: 'y', sum: 2, avg: 2 }],
  ],
  ['$avg of nothing is null', [{ $group: { _id: null, a: { $avg: '$nope' } } }], [{ _id: null, a: null }]],
  [
    '$min and $max pass over what is missing',
    [{ $group: { _id: null, min: { $min: '$n' }, max: { $max: '$n' }, last: { $max: '$at' } } }],
    [{ _id: null, min: 1, max: 8, last: new Date(3000) }],
  ],
  [
    '$first and $last',
    [
      { $sort: { _id: 1 } },
      { $group: { _id: '$t', f: { $first: '$n' }, l: { $last: '$n' } } },
      { $sort: { _id: 1 } },
    ],
    [
      { _id: null, f: 8, l: 8 },
      { _id: 'x', f: 1, l: 4 },
      { _id: 'y', f: 2, l: null },
    ],
  ],
  [
    '$push',
    [{ $sort: { _id: 1 } }, { $group: { _id: null, all: { $push: '$n' } } }],
    [{ _id: null, all: [1, 4, 2, 8] }],
  ],
  [
    '$push of documents',
    [
      { $match: { t: 'x' } },
      { $sort: { _id: 1 } },
      { $group: { _id: '$t', all: { $push: { id: '$_id', n: '$n' } } } },
    ],
    [
      {
        _id: 'x',
        all: [
          { id: 1, n: 1 },
          { id: 2, n: 4 },
        ],
      },
    ],
  ],
  [
    '$group by several fields',
    [
      { $match: { t: { $exists: true } } },
      { $group: { _id: { t: '$t', n: '$n' }, c: { $sum: 1 } } },
      { $sort: { '_id.t': 1, '_id.n': 1 } },
    ],
    [
      { _id: { t: 'x', n: 1 }, c: 1 },
      { _id: { t: 'x', n: 4 }, c: 1 },
      { _id: { t: 'y' }, c: 1 },
      { _id: { t: 'y', n: 2 }, c: 1 },
    ],
  ],
  [
    '$group by a dotted path',
    [{ $match: { _id: 5 } }, { $group: { _id: '$sub.k', c: { $sum: 1 } } }],
    [{ _id: 'z', c: 1 }],
  ],
  [
    '$sum of a condition',
    [{ $group: { _id: null, big: { $sum: { $cond: [{ $gt: ['$n', 1] }, 1, 0] } } } }],
    [{ _id: null, big: 3 }],
  ],
  [
    '$unwind, then $group',
    [{ $unwind: '$tags' }, { $group: { _id: '$tags', c: { $sum: 1 } } }, { $sort: { _id: 1 } }],
    [
      { _id: 'p', c: 1 },
      { _id: 'q', c: 2 },
    ],
  ],
  [
    '$unwind that keeps the empty',
    [{ $unwind: { path: '$tags', preserveNullAndEmptyArrays: true } }, { $count: 'n' }],
    [{ n: 6 }],
  ],
  ['$project with a path', [{ $match: { _id: 5 } }, { $project: { _id: 0, k: '$sub.k' } }], [{ k: 'z' }]],
  [
    '$project with an expression',
    [{ $match: { _id: 1 } }, { $project: { tags: { $size: '$tags' } } }],
    [{ _id: 1, tags: 2 }],
  ],
  [
    '$project of what is missing',
    [{ $match: { _id: 5 } }, { $project: { x: '$nope', n: 1 } }],
    [{ _id: 5, n: 8 }],
  ],
  ['$project out', [{ $match: { _id: 5 } }, { $project: { sub: 0 } }], [{ _id: 5, n: 8 }]],
  ['nothing to do', [{ $match: { _id: 4 } }], [{ _id: 4, t: 'y', s: 'no number' }]],
];

const REFUSED: [string, Stage[], number][] = [
  ['an unknown stage', [{ $foo: 1 }], 40324],
  ['a stage of two fields', [{ $match: {}, $limit: 1 }], 40323],
  ['$group without _id', [{ $group: { c: { $sum: 1 } } }], 15955],
  ['an unknown accumulator', [{ $group: { _id: null, c: { $foo: 1 } } }], 15952],
  ['an unknown expression', [{ $project: { x: { $foo: 1 } } }], 31325],
  ['$limit of none', [{ $limit: 0 }], 15958],
  ['a negative $skip', [{ $skip: -1 }], 5107200],
  ['$unwind without a path', [{ $unwind: 'tags' }], 28818],
];

export function aggregateCases(bench: Bench): void {
  describe('aggregation', () => {
    for (const [name, pipeline, expected] of PIPELINES)
      caseIn(bench, name, async () => {
        await bench.rows.insertMany(ROWS.map((row) => ({ ...row })));
        expect(await bench.rows.aggregate(pipeline).toArray()).toEqual(expected);
      });

    caseIn(bench, 'gathers a set', async () => {
      await bench.rows.insertMany(ROWS.map((row) => ({ ...row })));
      const [group] = await bench.rows
        .aggregate([{ $group: { _id: null, all: { $addToSet: '$t' } } }])
        .toArray();
      expect((group!['all'] as string[]).sort()).toEqual(['x', 'y']);
    });

    caseIn(bench, 'answers nothing for a collection that is not there', async () => {
      expect(
        await bench.db
          .collection('nowhere')
          .aggregate([{ $match: { a: 1 } }])
          .toArray(),
      ).toEqual([]);
    });

    for (const [name, pipeline, code] of REFUSED)
      caseIn(bench, `refuses ${name}`, async () => {
        await bench.rows.insertOne({ _id: 1, tags: ['x'] });
        const answered = await codeOf(bench.rows.aggregate(pipeline).toArray());
        expect(answered).toBe(code);
      });
  });
}
