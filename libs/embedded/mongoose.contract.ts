import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import mongoose from 'mongoose';
import { caseIn, type Bench } from './bench.contract.js';

interface Person {
  _id: string;
  tenant: string;
  email?: string;
  born?: Date;
  choices: { purpose: string; state: string }[];
  seen: Map<string, number>;
}

const schema = new mongoose.Schema<Person>(
  {
    _id: { type: String, required: true },
    tenant: { type: String, required: true },
    email: String,
    born: Date,
    choices: [new mongoose.Schema({ purpose: String, state: String }, { _id: false })],
    seen: { type: Map, of: Number },
  },
  { timestamps: true },
);
schema.index({ tenant: 1, email: 1 }, { unique: true });

/** The same store under mongoose: what the stores of the other libs are written in. */
export function mongooseCases(bench: Bench): void {
  describe('mongoose', () => {
    let connection: mongoose.Connection;
    let people: mongoose.Model<Person>;

    beforeAll(async () => {
      connection = await mongoose.createConnection(bench.uri, { dbName: bench.db.databaseName }).asPromise();
      people = connection.model<Person>('Person', schema);
      await people.init();
    });
    afterAll(() => connection.close());

    const anna = {
      _id: 't/anna',
      tenant: 't',
      email: 'anna@x',
      born: new Date(0),
      choices: [{ purpose: 'news', state: 'given' }],
    };

    caseIn(bench, 'makes its indexes, saves, finds, changes by document', async () => {
      const saved = await people.create(anna);
      expect((await people.collection.indexes()).map(({ name }) => name)).toContain('tenant_1_email_1');
      saved.choices.push({ purpose: 'offers', state: 'withdrawn' });
      saved.seen = new Map([['a', 1]]);
      await saved.save();
      const found = await people.findById('t/anna');
      expect(found!.choices.map(({ purpose }) => purpose)).toEqual(['news', 'offers']);
      expect(found!.seen.get('a')).toBe(1);
      expect(found!.get('createdAt')).toBeInstanceOf(Date);
    });

    caseIn(bench, 'updates with timestamps, returns after, upserts', async () => {
      const after = await people
        .findOneAndUpdate(
          { _id: 't/bo', tenant: 't' },
          {
            $set: { email: 'bo@x' },
            $push: { choices: { $each: [{ purpose: 'news', state: 'given' }], $slice: -5 } },
          },
          { upsert: true, returnDocument: 'after' },
        )
        .lean();
      expect(after).toMatchObject({
        _id: 't/bo',
        tenant: 't',
        email: 'bo@x',
        choices: [{ purpose: 'news', state: 'given' }],
      });
      const { modifiedCount } = await people.updateOne(
        { _id: 't/bo' },
        { $pull: { choices: { purpose: 'news' } } },
      );
      expect(modifiedCount).toBe(1);
    });

    caseIn(bench, 'refuses a second person with the address, by 11000', async () => {
      await people.create({ ...anna, _id: 't/one', email: 'same@x' });
      await expect(people.create({ ...anna, _id: 't/two', email: 'same@x' })).rejects.toMatchObject({
        code: 11000,
      });
    });

    caseIn(bench, 'writes in bulk and reads in bulk', async () => {
      await people.bulkWrite(
        Array.from({ length: 100 }, (_, n) => ({
          updateOne: {
            filter: { _id: `u/${n}` },
            update: { $setOnInsert: { tenant: 'u', email: `${n}@x` } },
            upsert: true,
          },
        })),
        { ordered: false },
      );
      const ids = Array.from({ length: 100 }, (_, n) => `u/${n}`);
      const found = await people.find({ _id: { $in: ids }, tenant: 'u' }, '_id email').lean();
      expect(found).toHaveLength(100);
      expect(await people.countDocuments({ tenant: 'u' })).toBe(100);
      expect(await people.exists({ tenant: 'u', email: '7@x' })).toEqual({ _id: 'u/7' });
      expect(await people.distinct('tenant', { _id: { $in: ids } })).toEqual(['u']);
    });

    caseIn(bench, 'inserts many, told which failed', async () => {
      const rows = [
        { _id: 'v/1', tenant: 'v', email: 'x' },
        { _id: 'v/1', tenant: 'v', email: 'y' },
        { _id: 'v/2', tenant: 'v', email: 'z' },
      ];
      await expect(people.insertMany(rows, { ordered: false })).rejects.toMatchObject({ code: 11000 });
      expect(await people.countDocuments({ tenant: 'v' })).toBe(2);
    });

    caseIn(bench, 'walks a cursor', async () => {
      let seen = 0;
      for await (const person of people
        .find({ tenant: 'u' })
        .sort({ _id: 1 })
        .batchSize(10)
        .lean()
        .cursor()) {
        expect(person.tenant).toBe('u');
        seen += 1;
      }
      expect(seen).toBe(100);
    });
  });
}
