import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { codeOf, indexOn } from './bench.contract.js';
import { serialize, type Doc } from './bson.js';
import { openEmbeddedStore, type EmbeddedStore } from './embedded-store.js';
import { framePut } from './record.js';

interface Row {
  _id: string;
  n?: number;
}

describe('the folder of a store', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'lagom-folder-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const file = (name: string): string => join(dataDir, 'store', name);
  const files = (): string[] =>
    readdirSync(join(dataDir, 'store'))
      .filter((name) => !name.startsWith('lock'))
      .sort();

  /** Opens, works, closes. */
  async function during<T>(
    work: (rows: mongoose.mongo.Collection<Row>, store: EmbeddedStore) => Promise<T>,
  ): Promise<T> {
    const store = await openEmbeddedStore({ dataDir });
    const client = await mongoose.mongo.MongoClient.connect(store.uri);
    try {
      return await work(client.db('lagom').collection<Row>('rows'), store);
    } finally {
      await client.close();
      await store.close();
    }
  }
  const idsNow = (): Promise<string[]> =>
    during(async (rows) => (await rows.find().sort({ _id: 1 }).toArray()).map((row) => row._id));

  it('forgets nothing: documents, indexes, empty collections, what was dropped', async () => {
    await during(async (rows, store) => {
      const client = await mongoose.mongo.MongoClient.connect(store.uri);
      const db = client.db('lagom');
      await rows.insertMany([{ _id: 'a', n: 1 }, { _id: 'b', n: 2 }, { _id: 'c' }]);
      await rows.updateOne({ _id: 'b' }, { $set: { n: 20 } });
      await rows.deleteOne({ _id: 'c' });
      await indexOn(rows, { n: -1 }, { unique: true });
      await indexOn(rows, { gone: 1 });
      await rows.dropIndex('gone_1');
      await db.createCollection('empty');
      await db.collection('dropped').insertOne({});
      await db.collection('dropped').drop();
      await client.close();
    });
    await during(async (rows, store) => {
      expect(await rows.find().toArray()).toEqual([
        { _id: 'a', n: 1 },
        { _id: 'b', n: 20 },
      ]);
      expect(await rows.indexes()).toMatchObject([
        { name: '_id_' },
        { name: 'n_-1', key: { n: -1 }, unique: true },
      ]);
      await expect(rows.insertOne({ _id: 'd', n: 20 })).rejects.toMatchObject({ code: 11000 });
      const client = await mongoose.mongo.MongoClient.connect(store.uri);
      const names = (await client.db('lagom').listCollections().toArray()).map(({ name }) => name);
      await client.close();
      expect(names.sort()).toEqual(['empty', 'rows']);
    });
  });

  it('writes a snapshot and starts an empty journal when it closes', async () => {
    await during((rows) => rows.insertOne({ _id: 'a' }));
    expect(files()).toEqual(['journal-1', 'snapshot-1']);
    expect(statSync(file('journal-1')).size).toBe(0);
    await idsNow(); // a store that nobody wrote to is left as it is
    expect(files()).toEqual(['journal-1', 'snapshot-1']);
  });

  it('is for this user only', async () => {
    await during((rows) => rows.insertOne({ _id: 'a' }));
    expect(statSync(join(dataDir, 'store')).mode & 0o077).toBe(0);
    for (const name of files()) expect([name, statSync(file(name)).mode & 0o077]).toEqual([name, 0]);
  });

  /** A journal of three inserts that no snapshot has taken in: what a killed process leaves. */
  async function killedAfterThree(): Promise<void> {
    let journal = Buffer.alloc(0);
    await during(async (rows) => {
      for (const _id of ['a', 'b', 'c']) await rows.insertOne({ _id });
      journal = readFileSync(file('journal-0'));
    });
    for (const name of files()) rmSync(file(name));
    writeFileSync(file('journal-0'), journal);
  }

  it('replays the journal of a process that was killed', async () => {
    await killedAfterThree();
    expect(await idsNow()).toEqual(['a', 'b', 'c']);
  });

  it('cuts a torn tail at every byte of the last record, and goes on from there', async () => {
    await killedAfterThree();
    const whole = readFileSync(file('journal-0'));
    await during((rows) => rows.insertOne({ _id: 'd' })); // longer by one record, in a new generation
    const record = whole.length - lastRecordStart(whole);
    for (const cut of [1, 4, 7, 8, 9, 11, 12, 13, Math.floor(record / 2), record - 1]) {
      for (const name of files()) rmSync(file(name));
      writeFileSync(file('journal-0'), whole.subarray(0, whole.length - record + cut));
      expect(
        await during(async (rows) => {
          await rows.insertOne({ _id: 'z' });
          return (await rows.find().sort({ _id: 1 }).toArray()).map((row) => row._id);
        }),
      ).toEqual(['a', 'b', 'z']);
      expect(await idsNow()).toEqual(['a', 'b', 'z']);
    }
  });

  it('cuts a tail of zeros, as a power cut leaves it', async () => {
    await killedAfterThree();
    writeFileSync(file('journal-0'), Buffer.concat([readFileSync(file('journal-0')), Buffer.alloc(5000)]));
    expect(await idsNow()).toEqual(['a', 'b', 'c']);
  });

  it('refuses a journal that is damaged in the middle, and touches nothing', async () => {
    await killedAfterThree();
    const bytes = readFileSync(file('journal-0'));
    bytes[lastRecordStart(bytes) - 3]! ^= 0xff;
    writeFileSync(file('journal-0'), bytes);
    await expect(openEmbeddedStore({ dataDir })).rejects.toThrow(/journal-0 is damaged at byte \d+/);
    expect(readFileSync(file('journal-0'))).toEqual(bytes);
    expect(readdirSync(join(dataDir, 'store'))).toEqual(['journal-0']); // nor is it left locked
  });

  it('refuses a record of a wrong length, whatever it makes of what follows', async () => {
    await killedAfterThree();
    const whole = readFileSync(file('journal-0'));
    const second = 8 + whole.readUInt32LE(0);
    for (const start of [second, lastRecordStart(whole)]) {
      for (const at of [start, start + 8]) {
        for (let bit = 0; bit < 32; bit += 1) {
          const bytes = Buffer.from(whole);
          bytes[at + (bit >> 3)]! ^= 1 << (bit & 7);
          writeFileSync(file('journal-0'), bytes);
          await expect(openEmbeddedStore({ dataDir })).rejects.toThrow(
            `journal-0 is damaged at byte ${start} of ${whole.length}`,
          );
          expect(readFileSync(file('journal-0'))).toEqual(bytes);
        }
      }
    }
  });

  it('says where a record is that it cannot read, and touches nothing', async () => {
    await killedAfterThree();
    const sound = readFileSync(file('journal-0'));
    const odd = framePut('lagom.rows', Buffer.from([8, 0, 0, 0, 0x55, 0x61, 0, 0]), 0);
    const bytes = Buffer.concat([sound, odd, sound]);
    writeFileSync(file('journal-0'), bytes);
    await expect(openEmbeddedStore({ dataDir })).rejects.toThrow(
      `journal-0 cannot be read at byte ${sound.length} of ${bytes.length} (BSON has no type 85)`,
    );
    expect(readFileSync(file('journal-0'))).toEqual(bytes);
  });

  it('opens what it has stored, however deep that was allowed to be nested', async () => {
    await during(async (rows) => {
      await rows.insertOne({ _id: 'a' });
      const path = Array(250).fill('a').join('.');
      expect(await codeOf(rows.updateOne({ _id: 'a' }, { $set: { [path]: 1 } }))).toBe(15);
    });
    expect(await idsNow()).toEqual(['a']);
    // As a store wrote it that refused none.
    let deep: Doc = { x: 1 };
    for (let level = 0; level < 1_000; level += 1) deep = { a: deep };
    const old = Buffer.from(serialize({ _id: 'b', deep }));
    for (const name of files()) rmSync(file(name));
    writeFileSync(file('journal-0'), framePut('lagom.rows', old, 0));
    await during((rows) => rows.updateOne({ _id: 'b' }, { $set: { n: 1 } }));
    await during(async (rows) => {
      const [found] = await rows.find().toArray();
      expect(serialize(found!)).toEqual(serialize({ _id: 'b', deep, n: 1 }));
    });
  });

  it('refuses a snapshot without its end, and a journal that is missing', async () => {
    await during((rows) => rows.insertOne({ _id: 'a' }));
    const whole = readFileSync(file('snapshot-1'));
    writeFileSync(file('snapshot-1'), whole.subarray(0, lastRecordStart(whole)));
    await expect(openEmbeddedStore({ dataDir })).rejects.toThrow(/snapshot-1 has no end/);
    writeFileSync(file('snapshot-1'), whole);
    rmSync(file('journal-1'));
    await expect(openEmbeddedStore({ dataDir })).rejects.toThrow(/journal-1 is missing/);
  });

  it('finds everything wherever the making of a generation was cut off', async () => {
    // The files of two generations: 0 with a, b, c in its journal; 1 after it, with d in its journal.
    await killedAfterThree();
    const old = readFileSync(file('journal-0'));
    let next = Buffer.alloc(0);
    await idsNow();
    await during(async (rows) => {
      await rows.insertOne({ _id: 'd' });
      next = readFileSync(file('journal-1'));
    });
    for (const name of files()) rmSync(file(name));
    writeFileSync(file('journal-0'), old);
    await idsNow();
    const snapshot = readFileSync(file('snapshot-1'));
    const states: Record<string, [string, Buffer][]> = {
      'the next journal made, no snapshot': [
        ['journal-0', old],
        ['journal-1', next],
      ],
      'the snapshot half written': [
        ['journal-0', old],
        ['journal-1', next],
        ['snapshot-1.tmp', snapshot.subarray(0, 40)],
      ],
      'the snapshot renamed, nothing removed': [
        ['journal-0', old],
        ['journal-1', next],
        ['snapshot-1', snapshot],
      ],
      'all done': [
        ['journal-1', next],
        ['snapshot-1', snapshot],
      ],
    };
    for (const [state, kept] of Object.entries(states)) {
      for (const name of files()) rmSync(file(name));
      for (const [name, bytes] of kept) writeFileSync(file(name), bytes);
      expect([state, await idsNow()]).toEqual([state, ['a', 'b', 'c', 'd']]);
      expect(files().some((name) => name.endsWith('.tmp') || name.endsWith('-0'))).toBe(false);
    }
  });

  it('is for one store at a time: the second is told who has it', async () => {
    await during(async () => {
      await expect(openEmbeddedStore({ dataDir })).rejects.toThrow(`in use by process ${process.pid}`);
    });
    expect(await idsNow()).toEqual([]); // given back at close
  });

  it('is refused while another process has it, and taken over once that is dead', async () => {
    await during((rows) => rows.insertOne({ _id: 'a' }));
    writeFileSync(file(`lock-${process.ppid}-0`), '');
    await expect(openEmbeddedStore({ dataDir })).rejects.toThrow(`in use by process ${process.ppid}`);
    rmSync(file(`lock-${process.ppid}-0`));
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(file(`lock-${pid}-0`), '');
    expect(await idsNow()).toEqual(['a']);
    expect(existsSync(file(`lock-${pid}-0`))).toBe(false);
  });

  it('takes over from a dead process whose number a living one now has', async () => {
    await during((rows) => rows.insertOne({ _id: 'a' }));
    if (!existsSync('/proc/self/stat')) return; // only Linux tells when a process began
    writeFileSync(file(`lock-${process.ppid}-1`), '');
    expect(await idsNow()).toEqual(['a']);
  });

  it('survives a copy of its files to another folder', async () => {
    await during((rows) => rows.insertOne({ _id: 'a' }));
    const other = mkdtempSync(join(tmpdir(), 'lagom-folder-'));
    const copy = await openEmbeddedStore({ dataDir: other });
    await copy.close();
    for (const name of files()) copyFileSync(file(name), join(other, 'store', name));
    dataDir = ((): string => {
      rmSync(dataDir, { recursive: true, force: true });
      return other;
    })();
    expect(await idsNow()).toEqual(['a']);
  });
});

function lastRecordStart(bytes: Buffer): number {
  let last = 0;
  for (let at = 0; at < bytes.length; at += 8 + bytes.readUInt32LE(at)) last = at;
  return last;
}
