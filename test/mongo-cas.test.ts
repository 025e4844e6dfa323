import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { StoppedClock } from '#platform/clock';
import { Lease, TAKEOVER_MS } from '#platform/lease';
import { casMany, type CasOp, connectMongo, isDuplicateKey, isLostServer, nonce } from '#platform/mongo';
import { type EmbeddedStore, openEmbeddedStore } from '#embedded/embedded-store';

interface Row {
  _id: string;
  rev: string;
  status: string;
  attempts?: { ref: string }[];
}

let store: EmbeddedStore | undefined;
let connection: mongoose.Connection;
let rows: mongoose.Collection<Row>;

beforeAll(async () => {
  const given = process.env.MONGODB_URI;
  store = given === undefined ? await openEmbeddedStore({ dataDir: 'memory' }) : undefined;
  connection = (await connectMongo(given ?? store?.uri ?? '')).useDb(`cas-${nonce().slice(0, 8)}`);
  rows = connection.collection<Row>('rows');
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.getClient().close();
  await store?.close();
});

let seen: Row[];
beforeEach(async () => {
  await rows.deleteMany({});
  await connection.collection('leases').deleteMany({});
  seen = Array.from({ length: 20 }, (_, index) => ({
    _id: `row/${index}`,
    rev: nonce(),
    status: 'released',
  }));
  await rows.insertMany(seen.map((row) => ({ ...row })));
});

const claims = (from: readonly Row[] = seen): CasOp[] =>
  from.map(({ _id, rev }) => ({
    filter: { _id, rev },
    update: { $set: { status: 'sending' } },
    nonce: nonce(),
  }));

/** The collection, with one call of `bulkWrite` that goes wrong before or after it was done. */
function losing(when: 'before' | 'after', calls = 1, error: Error = lostReply()) {
  let left = calls;
  return new Proxy(rows, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'bulkWrite') return value.bind(target) as unknown;
      return async (...all: unknown[]) => {
        const fails = (left -= 1) >= 0;
        if (fails && when === 'before') throw error;
        const result: unknown = await (value as (...rest: unknown[]) => Promise<unknown>).apply(target, all);
        if (fails) throw error;
        return result;
      };
    },
  });
}
const lostReply = () => Object.assign(new Error('connection closed'), { name: 'MongoNetworkError' });

describe('casMany', () => {
  it('wins all that stand as they were seen, and writes the nonce', async () => {
    const ops = claims();
    expect((await casMany(rows, ops)).size).toBe(20);
    const now = await rows.find({}).toArray();
    expect(now.every((row) => row.status === 'sending')).toBe(true);
    expect(new Set(now.map((row) => row.rev))).toEqual(new Set(ops.map((op) => op.nonce)));
  });

  it('knows which ones it lost', async () => {
    await casMany(rows, claims(seen.slice(0, 5)));
    const won = await casMany(rows, [
      ...claims(),
      { filter: { _id: 'gone', rev: 'x' }, update: {}, nonce: nonce() },
    ]);
    expect([...won].sort()).toEqual(
      seen
        .slice(5)
        .map((row) => row._id)
        .sort(),
    );
  });

  it('lets each row be won once, by racing bulks', async () => {
    const winners = await Promise.all(Array.from({ length: 12 }, () => casMany(rows, claims())));
    const all = winners.flatMap((won) => [...won]);
    expect(all.sort()).toEqual(seen.map((row) => row._id).sort());
  });

  it('reads back what it won where the reply was lost', async () => {
    await casMany(rows, claims(seen.slice(0, 3)));
    expect((await casMany(losing('after'), claims())).size).toBe(17);
  });

  it('writes again where the write was lost, and still wins each once', async () => {
    expect((await casMany(losing('before'), claims())).size).toBe(20);
  });

  it('throws a lost server where it stays unknown', async () => {
    const lost = casMany(losing('before', 9), claims()).catch((error: unknown) => error);
    expect(await lost).toMatchObject({ message: expect.stringContaining('20 writes stayed unknown') });
    expect(isLostServer(await lost)).toBe(true);
  });

  it('throws a refused write as it is', async () => {
    await expect(casMany(losing('before', 1, new TypeError('bug')), claims())).rejects.toThrow('bug');
  });

  it('reads the nonce back from inside a list', async () => {
    const ops = (from: Row[]): CasOp[] =>
      from.map(({ _id, rev }) => {
        const ref = nonce();
        return {
          filter: { _id, rev },
          update: { $set: { rev: nonce() }, $push: { attempts: { ref } } },
          nonce: ref,
        };
      });
    await casMany(rows, ops(seen.slice(0, 1)), 'attempts.ref');
    expect((await casMany(losing('after'), ops(seen), 'attempts.ref')).size).toBe(19);
  });

  it('refuses two writes of one document in one bulk', async () => {
    await expect(casMany(rows, [...claims(), ...claims()])).rejects.toThrow('same _id');
  });

  it('does nothing with nothing', async () => {
    expect((await casMany(rows, [])).size).toBe(0);
  });
});

describe('isDuplicateKey', () => {
  it('knows one insert and a bulk of them, and nothing else', async () => {
    const [row] = seen;
    const one: unknown = await rows.insertOne({ ...row! }).catch((error: unknown) => error);
    const bulk: unknown = await rows
      .insertMany([{ ...row! }, { _id: 'new', rev: 'r', status: 'planned' }], { ordered: false })
      .catch((error: unknown) => error);
    expect([isDuplicateKey(one), isDuplicateKey(bulk), isLostServer(one), isLostServer(bulk)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([isDuplicateKey(new Error('x')), isDuplicateKey(null), isDuplicateKey(lostReply())]).toEqual([
      false,
      false,
      false,
    ]);
    expect(isDuplicateKey({ code: 11000, writeErrors: [{ code: 11000 }, { code: 14 }] })).toBe(false);
  });
});

describe('isLostServer', () => {
  it.each<[string, unknown, boolean]>([
    ['a lost socket', lostReply(), true],
    ['its wrapper', new Error('pass failed', { cause: lostReply() }), true],
    [
      'no majority in time',
      Object.assign(new Error('x'), {
        name: 'MongoBulkWriteError',
        result: { getWriteConcernError: () => ({ code: 64 }) },
      }),
      true,
    ],
    ['a step-down', Object.assign(new Error('x'), { name: 'MongoServerError', code: 189 }), true],
    [
      'a label',
      Object.assign(new Error('x'), { hasErrorLabel: (label: string) => label === 'RetryableWriteError' }),
      true,
    ],
    [
      'a bulk whose socket was lost',
      new mongoose.mongo.MongoBulkWriteError(
        new mongoose.mongo.MongoNetworkError('read ECONNRESET'),
        {} as never,
      ),
      true,
    ],
    [
      'a bulk that was refused',
      new mongoose.mongo.MongoBulkWriteError({ message: 'E11000', code: 11000, writeErrors: [] }, {
        getWriteConcernError: () => undefined,
      } as never),
      false,
    ],
    ['a duplicate key', Object.assign(new Error('x'), { name: 'MongoServerError', code: 11000 }), false],
    ['a file that is not there', Object.assign(new Error('x'), { code: 'ENOENT' }), false],
    ['a bug', new TypeError('x'), false],
    ['nothing', undefined, false],
    ['a text', 'lost', false],
  ])('%s', (_case, error, lost) => expect(isLostServer(error)).toBe(lost));

  it('knows a server that is not there', async () => {
    const gone = await openEmbeddedStore({ dataDir: 'memory' });
    const open = await connectMongo(gone.uri);
    await gone.close();
    const error: unknown = await open
      .collection('rows')
      .findOne({})
      .catch((fault: unknown) => fault);
    await open.close(true);
    expect(isLostServer(error)).toBe(true);
  });
});

describe('Lease', () => {
  const start = new Date('2025-06-02T08:00:00Z');
  const process2 = (options = {}) => {
    const clock = new StoppedClock(start);
    return { clock, lease: new Lease(connection, 'scheduler', clock, options) };
  };

  it('is held by all jobs of a process that ask at once, the first time and at each beat', async () => {
    const { clock, lease } = process2();
    const together = (): Promise<boolean[]> => Promise.all(Array.from({ length: 5 }, () => lease.hold()));
    expect(await together()).toEqual(Array(5).fill(true));
    clock.pass(6_000);
    expect(await together()).toEqual(Array(5).fill(true));
    expect(lease.held).toBe(true);
  });

  it('has one holder', async () => {
    const all = Array.from({ length: 8 }, () => process2());
    const held = await Promise.all(all.map(({ lease }) => lease.hold()));
    expect(held.filter(Boolean)).toHaveLength(1);
    expect(all.filter(({ lease }) => lease.held)).toHaveLength(1);
  });

  it('is kept by its holder, who beats', async () => {
    const [one, two] = [process2(), process2()];
    for (let pass = 0; pass < 10; pass += 1) {
      expect([await one.lease.hold(), await two.lease.hold()]).toEqual([true, false]);
      one.clock.pass(TAKEOVER_MS / 2);
      two.clock.pass(TAKEOVER_MS / 2);
    }
  });

  it('is taken over once the same beat was seen for 30 s, not before', async () => {
    const [one, two] = [process2(), process2()];
    await one.lease.hold();
    expect(await two.lease.hold()).toBe(false);
    two.clock.pass(TAKEOVER_MS - 1);
    expect(await two.lease.hold()).toBe(false);
    two.clock.pass(1);
    expect(await two.lease.hold()).toBe(true);
    one.clock.pass(TAKEOVER_MS);
    expect(one.lease.held).toBe(false);
    expect(await one.lease.hold()).toBe(false);
  });

  it('is not trusted by a holder that did not beat', async () => {
    const one = process2();
    await one.lease.hold();
    one.clock.pass(19_999);
    expect(one.lease.held).toBe(true);
    one.clock.pass(1);
    expect(one.lease.held).toBe(false);
  });

  it('goes over at once where it was given back', async () => {
    const [one, two] = [process2(), process2()];
    await one.lease.hold();
    await one.lease.release();
    expect([one.lease.held, await two.lease.hold()]).toEqual([false, true]);
    await one.lease.release();
    two.clock.pass(6_000);
    expect(await two.lease.hold()).toBe(true);
  });

  it('is taken at once by who opened the store, once', async () => {
    const [one, two] = [process2(), process2({ takeAtOnce: true })];
    await one.lease.hold();
    expect(await two.lease.hold()).toBe(true);
    one.clock.pass(TAKEOVER_MS);
    expect(await one.lease.hold()).toBe(false);
  });
});
