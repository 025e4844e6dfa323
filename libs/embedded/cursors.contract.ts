import { describe, expect } from '@jest/globals';
import mongoose from 'mongoose';
import { caseIn, codeOf, type Bench } from './bench.contract.js';

const { Long } = mongoose.mongo;
interface CursorReply {
  cursor: { id: mongoose.mongo.Long; firstBatch?: unknown[]; nextBatch?: unknown[] };
}

export function cursorCases(bench: Bench): void {
  describe('cursors', () => {
    const fill = async (many: number): Promise<void> => {
      await bench.rows.insertMany(Array.from({ length: many }, (_, n) => ({ _id: n, n })));
    };
    const open = async (batchSize: number): Promise<CursorReply['cursor']> => {
      const command = { find: bench.rows.collectionName, sort: { _id: 1 }, batchSize };
      return ((await bench.db.command(command, { promoteLongs: false })) as CursorReply).cursor;
    };
    const more = async (id: mongoose.mongo.Long, batchSize?: number): Promise<CursorReply['cursor']> => {
      const command = { getMore: id, collection: bench.rows.collectionName, ...(batchSize && { batchSize }) };
      return ((await bench.db.command(command, { promoteLongs: false })) as CursorReply).cursor;
    };

    caseIn(bench, 'gives 101 first, then the rest', async () => {
      await fill(250);
      const command = { find: bench.rows.collectionName };
      const first = ((await bench.db.command(command, { promoteLongs: false })) as CursorReply).cursor;
      expect(first.firstBatch).toHaveLength(101);
      const rest = await more(Long.fromValue(first.id));
      expect(rest.nextBatch).toHaveLength(149);
      expect(String(rest.id)).toBe('0');
    });

    for (const batchSize of [1, 7, 100, 1000])
      caseIn(bench, `gives all of 250 in batches of ${batchSize}`, async () => {
        await fill(250);
        const all = await bench.rows.find({}, { batchSize, sort: { _id: 1 } }).toArray();
        expect(all.map((row) => row._id)).toEqual(Array.from({ length: 250 }, (_, n) => n));
      });

    caseIn(bench, 'keeps to a limit across batches', async () => {
      await fill(50);
      expect(await bench.rows.find({}, { batchSize: 10, limit: 25 }).toArray()).toHaveLength(25);
      expect(await bench.rows.find({}, { limit: -5 }).toArray()).toHaveLength(5);
    });

    caseIn(bench, 'gives an empty first batch when asked to', async () => {
      await fill(3);
      const first = await open(0);
      expect(first.firstBatch).toEqual([]);
      expect((await more(Long.fromValue(first.id))).nextBatch).toHaveLength(3);
    });

    caseIn(bench, 'refuses a cursor that it does not know by 43', async () => {
      expect(await codeOf(more(Long.fromString('123456789')))).toBe(43);
    });

    caseIn(bench, 'forgets a cursor that was killed', async () => {
      await fill(10);
      const { id } = await open(2);
      const killed = await bench.db.command({
        killCursors: bench.rows.collectionName,
        cursors: [Long.fromValue(id)],
      });
      expect(killed['cursorsKilled']).toHaveLength(1);
      expect(await codeOf(more(Long.fromValue(id)))).toBe(43);
    });

    caseIn(bench, 'forgets a cursor that has given all', async () => {
      await fill(4);
      const { id } = await open(2);
      expect((await more(Long.fromValue(id))).nextBatch).toHaveLength(2);
      expect(await codeOf(more(Long.fromValue(id)))).toBe(43);
    });

    caseIn(bench, 'kills what a loop leaves behind', async () => {
      await fill(300);
      let seen = 0;
      let id: mongoose.mongo.Long | undefined;
      const cursor = bench.rows.find({}, { batchSize: 10 });
      for await (const row of cursor) {
        expect(row).toBeDefined();
        id = cursor.id;
        seen += 1;
        if (seen === 15) break;
      }
      expect(await codeOf(more(id!))).toBe(43);
    });

    caseIn(bench, 'cuts a batch at 16 MB', async () => {
      const text = 'x'.repeat(1024 * 1024);
      for (let n = 0; n < 18; n += 1) await bench.rows.insertOne({ _id: n, text });
      expect(await bench.rows.find({}, { projection: { text: 1 } }).toArray()).toHaveLength(18);
    });

    caseIn(bench, 'pages through an aggregation', async () => {
      await fill(300);
      const all = await bench.rows
        .aggregate([{ $sort: { _id: 1 } }, { $project: { n: 1 } }], { batchSize: 50 })
        .toArray();
      expect(all.map((row) => row['n'])).toEqual(Array.from({ length: 300 }, (_, n) => n));
    });

    caseIn(bench, 'lets rows change under an open cursor', async () => {
      await fill(30);
      let seen = 0;
      for await (const row of bench.rows.find({}, { batchSize: 5, sort: { _id: 1 } })) {
        await bench.rows.updateOne({ _id: row._id }, { $inc: { n: 1000 } as never });
        seen += 1;
      }
      expect(seen).toBe(30);
      expect(await bench.rows.countDocuments({ n: { $gte: 1000 } })).toBe(30);
    });
  });
}
