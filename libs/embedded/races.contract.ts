import { describe, expect } from '@jest/globals';
import { caseIn, codeOf, type Bench } from './bench.contract.js';

const FIFTY = Array.from({ length: 50 }, (_, n) => n);

export function raceCases(bench: Bench): void {
  describe('races', () => {
    caseIn(bench, 'lets one of fifty win a compare-and-set', async () => {
      await bench.rows.insertOne({ _id: 'row', rev: 'seen', status: 'released' });
      const answers = await Promise.all(
        FIFTY.map((n) =>
          bench.rows.updateOne(
            { _id: 'row', rev: 'seen', status: 'released' },
            { $set: { rev: `r${n}`, status: 'sending' } },
          ),
        ),
      );
      const winners = answers.flatMap(({ modifiedCount }, n) => (modifiedCount === 1 ? [n] : []));
      expect(winners).toHaveLength(1);
      expect(await bench.rows.findOne({})).toEqual({ _id: 'row', rev: `r${winners[0]}`, status: 'sending' });
    });

    caseIn(bench, 'lets one of fifty claim each row', async () => {
      await bench.rows.insertMany(FIFTY.slice(0, 20).map((n) => ({ _id: n, status: 'released' })));
      const claims = await Promise.all(
        FIFTY.map((n) =>
          bench.rows.findOneAndUpdate(
            { status: 'released' },
            { $set: { status: 'sending', by: n } },
            { sort: { _id: 1 }, returnDocument: 'after' },
          ),
        ),
      );
      const claimed = claims.flatMap((row) => (row ? [row._id] : []));
      expect(new Set(claimed).size).toBe(20);
      expect(claimed).toHaveLength(20);
    });

    caseIn(bench, 'loses no increment of fifty', async () => {
      await bench.rows.insertOne({ _id: 'counter', n: 0 });
      await Promise.all(
        FIFTY.map(() => bench.rows.updateOne({ _id: 'counter' }, { $inc: { n: 1 } as never })),
      );
      expect(await bench.rows.findOne({})).toEqual({ _id: 'counter', n: 50 });
    });

    caseIn(bench, 'inserts once where fifty upsert', async () => {
      const answers = await Promise.all(
        FIFTY.map((n) => bench.rows.updateOne({ _id: 'one' }, { $setOnInsert: { by: n } }, { upsert: true })),
      );
      expect(answers.filter(({ upsertedCount }) => upsertedCount === 1)).toHaveLength(1);
    });

    caseIn(bench, 'inserts once where fifty insert', async () => {
      const codes = await Promise.all(FIFTY.map(() => codeOf(bench.rows.insertOne({ _id: 'one' }))));
      expect(codes.filter((code) => code === 0)).toHaveLength(1);
      expect(codes.filter((code) => code === 11000)).toHaveLength(49);
    });

    caseIn(bench, 'tells by nonce who won in a bulk of compare-and-sets', async () => {
      await bench.rows.insertMany(FIFTY.map((n) => ({ _id: n, rev: `r${n}` })));
      const bulk = (who: string): Promise<{ modifiedCount: number }> =>
        bench.rows.bulkWrite(
          FIFTY.map((n) => ({
            updateOne: { filter: { _id: n, rev: `r${n}` }, update: { $set: { rev: `${who}${n}` } } },
          })),
          { ordered: false },
        );
      const [one, other] = await Promise.all([bulk('a'), bulk('b')]);
      expect(one.modifiedCount + other.modifiedCount).toBe(50);
      expect(await bench.rows.countDocuments({ rev: /^a/ })).toBe(one.modifiedCount);
    });

    caseIn(bench, 'mixes inserts, updates, upserts and deletes in one bulk', async () => {
      await bench.rows.insertMany([
        { _id: 1, n: 1 },
        { _id: 2, n: 2 },
      ]);
      const answer = await bench.rows.bulkWrite([
        { insertOne: { document: { _id: 3 } } },
        { updateOne: { filter: { _id: 1 }, update: { $inc: { n: 5 } as never } } },
        { updateOne: { filter: { _id: 4 }, update: { $set: { n: 4 } }, upsert: true } },
        { deleteOne: { filter: { _id: 2 } } },
        { replaceOne: { filter: { _id: 3 }, replacement: { n: 3 } } },
      ]);
      expect(answer).toMatchObject({
        insertedCount: 1,
        matchedCount: 2,
        modifiedCount: 2,
        upsertedCount: 1,
        deletedCount: 1,
      });
      const rows = await bench.rows.find().sort({ _id: 1 }).toArray();
      expect(rows).toEqual([
        { _id: 1, n: 6 },
        { _id: 3, n: 3 },
        { _id: 4, n: 4 },
      ]);
    });
  });
}
