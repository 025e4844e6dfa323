import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeSync, existsSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import mongoose from 'mongoose';
import { MAX_COMMAND_DEPTH, MAX_DOCUMENT_DEPTH, serialize, type Doc } from './bson.js';
import { MAX_MESSAGE_BYTES } from './command-admin.js';
import { Cursors, madeSource } from './cursors.js';
import { openEmbeddedStore, type EmbeddedStore } from './embedded-store.js';
import { Journal, writeAll } from './journal.js';
import { opMsg, WireClient } from './wire-client.fixture.js';

describe('the wire', () => {
  let store: EmbeddedStore;
  let client: WireClient;
  beforeEach(async () => {
    store = await openEmbeddedStore({ dataDir: 'memory' });
    client = await WireClient.connect(store.uri);
  });
  afterEach(async () => {
    client.close();
    await store.close();
  });

  it('takes documents in a row, a checksum, and a message in pieces', async () => {
    const sequences = { documents: [{ _id: 1 }, { _id: 2 }] };
    expect(await client.ask('db', { insert: 'rows' }, { sequences })).toMatchObject({ ok: 1, n: 2 });
    const summed = { flags: 1, tail: Buffer.from([1, 2, 3, 4]) };
    expect(await client.ask('db', { count: 'rows' }, summed)).toMatchObject({ ok: 1, n: 2 });
    const bytes = opMsg(99, { ping: 1, $db: 'db' });
    const heard = new Promise<Buffer>((resolve) => client.socket.once('data', resolve));
    for (const byte of bytes) client.socket.write(Buffer.of(byte));
    expect((await heard).readInt32LE(8)).toBe(99);
  });

  it('answers several messages of one piece, each', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map((n) => client.ask('db', { insert: 'rows', documents: [{ _id: n }] })),
    );
    expect(answers).toEqual([1, 2, 3].map(() => expect.objectContaining({ ok: 1, n: 1 })));
  });

  it('says nothing to a message that wants no answer, and does it', async () => {
    client.socket.write(opMsg(7, { insert: 'rows', documents: [{ _id: 1 }], $db: 'db' }, { flags: 2 }));
    expect(await client.ask('db', { count: 'rows' })).toMatchObject({ n: 1 });
  });

  it('greets by the old OP_QUERY', async () => {
    const body = Buffer.concat([
      Buffer.from('admin.$cmd\0'),
      Buffer.alloc(8),
      serialize({ isMaster: 1, helloOk: true }),
    ]);
    const head = Buffer.alloc(20);
    for (const [at, value] of [20 + body.length, 5, 0, 2004].entries()) head.writeInt32LE(value, at * 4);
    const heard = new Promise<Buffer>((resolve) => client.socket.once('data', resolve));
    client.socket.write(Buffer.concat([head, body]));
    const reply = await heard;
    expect([reply.readInt32LE(8), reply.readInt32LE(12), reply.readInt32LE(32)]).toEqual([5, 1, 1]);
  });

  it('refuses a pattern that is none of JavaScript, and goes on', async () => {
    const documents = [{ _id: 1, r: new mongoose.mongo.BSONRegExp('(?i)a') }];
    expect(await client.ask('db', { insert: 'rows', documents })).toMatchObject({ ok: 0, code: 2 });
    const sequences = { documents };
    expect(await client.ask('db', { insert: 'rows' }, { sequences })).toMatchObject({ ok: 0, code: 2 });
    client.socket.write(opMsg(99, { insert: 'rows', documents, $db: 'db' }, { flags: 2 }));
    expect(await client.ask('db', { count: 'rows' })).toMatchObject({ ok: 1, n: 0 });
  });

  it('refuses a document with a field twice, and leaves no key of it', async () => {
    await client.ask('db', { createIndexes: 'rows', indexes: [{ name: 'a', key: { a: 1 } }] });
    for (const doc of [
      joined({ _id: 1 }, { a: 1 }, { a: 2 }),
      joined({ _id: 1 }, { _id: 2 }),
      joined({ a: 1 }, { a: 2 }),
    ]) {
      const refused = await client.ask('db', { insert: 'rows' }, { sequences: { documents: [doc] } });
      expect(refused).toMatchObject({ ok: 1, n: 0, writeErrors: [{ index: 0, code: 2 }] });
    }
    // Names that are not the same, however many there are.
    const many = Array.from({ length: 3_000 }, (_, n): Doc => ({ [`field-${n}`]: n }));
    const documents = [joined({ _id: 1 }, { a: 1 }, ...many)];
    expect(await client.ask('db', { insert: 'rows' }, { sequences: { documents } })).toMatchObject({ n: 1 });
    for (const a of [1, 2])
      expect(await client.ask('db', { count: 'rows', query: { a } })).toMatchObject({ n: a === 1 ? 1 : 0 });
  });

  it('lists every write error of a batch, those after the first megabyte without their text', async () => {
    const documents = Array.from({ length: 100_000 }, (_, n) => ({
      _id: `a-rather-usual-id-of-a-document-${n}`,
    }));
    const insert = { insert: 'rows', ordered: false };
    expect(await client.ask('db', insert, { sequences: { documents } })).toMatchObject({ n: 100_000 });
    const { writeErrors, ...reply } = await client.ask('db', insert, { sequences: { documents } });
    expect(reply).toEqual({ n: 0, ok: 1 });
    const errors = writeErrors as { index: number; code: number; errmsg: string }[];
    expect(errors).toHaveLength(documents.length);
    expect(errors.every(({ index, code }, at) => index === at && code === 11000)).toBe(true);
    expect(errors[1_000]!.errmsg).toContain('a-rather-usual-id-of-a-document-1000');
    expect(errors.at(-1)!.errmsg).toBe('');
  });

  it('refuses before it writes what no answer could tell', async () => {
    // It fits: only to tell of it twice, as what is new and as its id, is too much.
    const query = { _id: 'x'.repeat(9_000_000) };
    const body = { findAndModify: 'rows', query, update: { $set: { n: 1 } }, upsert: true, new: true };
    const refused = await client.ask('db', body);
    expect(refused).toMatchObject({ ok: 0, code: 10334, codeName: 'BSONObjectTooLarge' });
    expect(await client.ask('db', { count: 'rows' })).toMatchObject({ n: 0 });
    // Told once, it is written.
    const once = { ...body, fields: { n: 1, _id: 0 } };
    expect(await client.ask('db', once)).toMatchObject({ ok: 1, value: { n: 1 } });
    expect(await client.ask('db', { count: 'rows' })).toMatchObject({ n: 1 });
    const unknown = await client.ask('db', { ['x'.repeat(1_000_000)]: 1 });
    expect(unknown).toMatchObject({ ok: 0, code: 59 });
    expect(String(unknown['errmsg']).length).toBeLessThan(10_000);
  });

  it.each([
    ['too large a message', (): Buffer => header(MAX_MESSAGE_BYTES + 1, 2013)],
    ['a length below a header', (): Buffer => header(8, 2013)],
    ['an operation that is none', (): Buffer => header(26, 2006, Buffer.alloc(10))],
    ['flags that must be understood', (): Buffer => opMsg(1, { ping: 1, $db: 'db' }, { flags: 4 })],
    [
      'a document that ends beyond its message',
      (): Buffer => header(26, 2013, Buffer.from([0, 0, 0, 0, 0, 99, 0, 0, 0, 0])),
    ],
    ['bytes that are no BSON', (): Buffer => header(26, 2013, Buffer.from([0, 0, 0, 0, 0, 5, 0, 0, 0, 9]))],
    [
      'a pattern that runs off its message',
      (): Buffer => header(29, 2013, Buffer.from([0, 0, 0, 0, 0, 8, 0, 0, 0, 11, 0x72, 0, 0])),
    ],
    ['a section of no kind', (): Buffer => header(26, 2013, Buffer.from([0, 0, 0, 0, 7, 5, 0, 0, 0, 0]))],
  ])('hangs up on %s, and serves the others', async (_name, bytes) => {
    const other = await WireClient.connect(store.uri);
    client.socket.write(bytes());
    await client.closed;
    expect(await other.ask('db', { ping: 1 })).toMatchObject({ ok: 1 });
    other.close();
  });

  it('answers a command that is nested too deep, and serves on', async () => {
    const levels = MAX_COMMAND_DEPTH;
    expect(await client.ask('db', { ping: nested(levels - 1) })).toMatchObject({ ok: 1 });
    const tooDeep = { ok: 0, code: 15, codeName: 'Overflow' };
    expect(await client.ask('db', { ping: nested(levels) })).toMatchObject(tooDeep);
    const sequences = { updates: [{ q: {}, u: { $set: { a: nested(levels) } } }] };
    expect(await client.ask('db', { update: 'rows' }, { sequences })).toMatchObject(tooDeep);
    expect(await client.ask('db', { ping: 1 })).toMatchObject({ ok: 1 });
  });

  it('refuses the documents that are nested too deep, and stores the others', async () => {
    const of = (...levels: number[]): Doc[] => levels.map((count) => ({ _id: count, a: nested(count - 1) }));
    const most = MAX_DOCUMENT_DEPTH;
    const refused = (index: number): Doc => ({ index, code: 15, codeName: 'Overflow' });
    expect(
      await client.ask('db', { insert: 'rows', documents: of(most + 1, most), ordered: false }),
    ).toMatchObject({ ok: 1, n: 1, writeErrors: [refused(0)] });
    const sequences = { documents: [...of(1, most + 1, 3_000), { a: nested(3_000), _id: 1 }, ...of(2)] };
    expect(await client.ask('db', { insert: 'rows', ordered: false }, { sequences })).toMatchObject({
      ok: 1,
      n: 2,
      writeErrors: [refused(1), refused(2), refused(3)],
    });
  });

  it('lets only this user near its socket, and takes it away', async () => {
    const path = decodeURIComponent(store.uri.split('/')[2]!);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    await store.close();
    await store.close(); // twice is once
    expect(existsSync(dirname(path))).toBe(false);
    await client.closed;
  });

  it('listens on loopback where it is told to', async () => {
    const open = await openEmbeddedStore({ dataDir: 'memory', listen: { port: 0 } });
    expect(open.uri).toMatch(/^mongodb:\/\/127\.0\.0\.1:\d+\/lagom\?directConnection=true$/);
    const connection = await mongoose.createConnection(open.uri).asPromise();
    expect(connection.name).toBe('lagom');
    await connection.close();
    await open.close();
  });

  it('says which port is taken, and keeps nothing', async () => {
    const open = await openEmbeddedStore({ dataDir: 'memory', listen: { port: 0 } });
    const port = Number(/:(\d+)\//.exec(open.uri)![1]);
    await expect(openEmbeddedStore({ dataDir: 'memory', listen: { port } })).rejects.toThrow('EADDRINUSE');
    await open.close();
  });
});

describe('cursors left alone', () => {
  it('are forgotten after a while, and not before', () => {
    let now = 0;
    const cursors = new Cursors(1000, () => now);
    const documents = madeSource(Array.from({ length: 10 }, (_, n) => ({ n })));
    const idle = cursors.begin('db.rows', documents, 2);
    const used = cursors.begin('db.rows', documents, 2);
    now = 900;
    cursors.next(used.id, 'db.rows', 2);
    now = 1500;
    expect(() => cursors.next(idle.id, 'db.rows', 2)).toThrow(`cursor id ${idle.id} not found`);
    expect(cursors.next(used.id, 'db.rows', 2).documents).toHaveLength(2);
    expect(cursors.size).toBe(1);
  });

  it('are refused to another collection', () => {
    const cursors = new Cursors(1000, () => 0);
    const { id } = cursors.begin('db.rows', madeSource([{}, {}, {}]), 1);
    expect(() => cursors.next(id, 'db.others', 1)).toThrow('different namespace');
  });
});

describe('what waits for the journal', () => {
  it('is written whole, however little is taken at once', () => {
    const records = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('another'), Buffer.from('last')];
    let written = '';
    writeAll(records, (bytes, from, count) => {
      const taken = Math.min(count, 3);
      written += bytes.toString('latin1', from, from + taken);
      return taken;
    });
    expect(written).toBe('oneanotherlast');
  });

  it('is written in pieces, none too large to be copied and none copied that is large', () => {
    const large = Buffer.allocUnsafeSlow(40 * 1024 * 1024);
    const sizes: number[] = [];
    writeAll([...Array<Buffer>(100).fill(large), Buffer.alloc(5)], (bytes, _from, count) => {
      if (bytes !== large) expect(bytes.length).toBe(large.length + 5);
      sizes.push(count);
      return count;
    });
    expect(sizes).toEqual([...Array<number>(99).fill(large.length), large.length + 5]);
  });

  it('may be more than one write takes', () => {
    const file = openSync('/dev/null', 'a');
    try {
      const records = [Buffer.allocUnsafeSlow(2 ** 31), Buffer.from('more')];
      let written = 0;
      writeAll(records, (bytes, from, count) => {
        const taken = writeSync(file, bytes, from, count);
        written += taken;
        return taken;
      });
      expect(written).toBe(2 ** 31 + 4);
    } finally {
      closeSync(file);
    }
  });
});

describe('a journal that cannot be written', () => {
  // The device that is always full is Linux's.
  (existsSync('/dev/full') ? it : it.skip)('refuses from then on, reads too', () => {
    const journal = new Journal('/dev/full', 0);
    journal.append({ o: 'create', ns: 'db.rows' });
    expect(() => journal.settle()).toThrow(expect.objectContaining({ code: 14031 }));
    expect(() => journal.settle()).toThrow('answers nothing until it is opened again');
    journal.close();
  });
});

/** One document of the fields of several. */
function joined(...docs: readonly Doc[]): Buffer {
  const fields = docs.map((doc) => serialize(doc).subarray(4, -1));
  const whole = Buffer.concat([Buffer.alloc(4), ...fields, Buffer.alloc(1)]);
  whole.writeInt32LE(whole.length, 0);
  return whole;
}

/** A document of so many levels. */
function nested(levels: number): Doc {
  let doc: Doc = { a: 1 };
  for (let level = 1; level < levels; level += 1) doc = { a: doc };
  return doc;
}

function header(length: number, operation: number, rest = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(16);
  for (const [at, value] of [length, 1, 0, operation].entries()) head.writeInt32LE(value, at * 4);
  return Buffer.concat([head, rest]);
}
