import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import mongoose from 'mongoose';
import { serialize } from './bson.js';
import { MAX_MESSAGE_BYTES } from './command-admin.js';
import { Cursors, madeSource } from './cursors.js';
import { openEmbeddedStore, type EmbeddedStore } from './embedded-store.js';
import { Journal } from './journal.js';
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
    ['a section of no kind', (): Buffer => header(26, 2013, Buffer.from([0, 0, 0, 0, 7, 5, 0, 0, 0, 0]))],
  ])('hangs up on %s, and serves the others', async (_name, bytes) => {
    const other = await WireClient.connect(store.uri);
    client.socket.write(bytes());
    await client.closed;
    expect(await other.ask('db', { ping: 1 })).toMatchObject({ ok: 1 });
    other.close();
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

function header(length: number, operation: number, rest = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(16);
  for (const [at, value] of [length, 1, 0, operation].entries()) head.writeInt32LE(value, at * 4);
  return Buffer.concat([head, rest]);
}
