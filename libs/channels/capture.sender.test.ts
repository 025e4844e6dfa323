import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type mongoose from 'mongoose';
import { openEmbeddedStore, type EmbeddedStore } from '#embedded/embedded-store';
import { StoppedClock } from '#platform/clock';
import { connectMongo } from '#platform/mongo';
import { CaptureSender } from './capture.sender.js';
import { anEnvelope, permitOf } from './envelope.fixture.js';
import { InboxStore } from './inbox.store.js';
import { senderContract, type Turn } from './sender.contract.js';

let store: EmbeddedStore;
let connection: mongoose.Connection;
let inbox: InboxStore;
beforeAll(async () => {
  store = await openEmbeddedStore({ dataDir: 'memory' });
  connection = await connectMongo(store.uri);
  inbox = new InboxStore(connection);
  await inbox.createIndexes();
});
afterAll(async () => {
  await connection.close();
  await store.close();
});
beforeEach(async () => {
  await inbox.clear();
});

/** An inbox whose next write fails, before or after it was made, or never ends. */
function failing(turns: Turn[]): InboxStore {
  const keep: InboxStore['keep'] = async (messages) => {
    const turn = turns.shift();
    if (turn === 'broken') throw Object.assign(new Error('anna@example.se'), { code: 'ECONNRESET' });
    if (turn === 'silent') return new Promise(() => {});
    await inbox.keep(messages);
    if (turn === 'dropped') throw new Error('anna@example.se');
  };
  return { keep } as unknown as InboxStore;
}

senderContract('capture', {
  channel: 'email',
  open(options) {
    const turns: Turn[] = [];
    const sender = new CaptureSender(failing(turns), options);
    return Promise.resolve({
      sender,
      received: async () => (await inbox.list()).length,
      turn: (what) => void turns.push(what),
      recover: () => Promise.resolve(),
      close: () => Promise.resolve(sender.close()),
    });
  },
  turns: {
    'rate-limited': 'an inbox has no limit',
    rejected: 'an inbox takes everything',
    'bad-address': 'an inbox takes everything',
    'opted-out': 'an inbox takes everything',
    broken: { kind: 'unknown', reason: 'econnreset' },
    silent: { kind: 'unknown', reason: 'timeout' },
    dropped: { kind: 'unknown', reason: 'inbox' },
    down: 'the ledger is in the same store: nothing is claimed while it is down',
  },
});

describe('inbox', () => {
  const clock = new StoppedClock(new Date('2026-03-01T12:00:00Z'));
  const sender = () => new CaptureSender(inbox, { account: 'acme', clock });
  const capture = async (channel: 'email' | 'sms', changes = {}) => {
    const envelope = anEnvelope(channel, changes);
    await sender().send(permitOf({ ...envelope, purpose: 'booking' }), envelope);
    return envelope;
  };

  it('shows a mail whole', async () => {
    const plain = anEnvelope('email');
    const envelope = await capture('email', {
      fromName: 'Kliniken',
      replyTo: 'svar@wellnesskliniken.se',
      headers: { 'List-Unsubscribe': '<https://m.example.se/u/x>' },
      content: {
        ...plain.content,
        html: '<p>Hej</p>',
        attachments: [
          { filename: 'tid.ics', contentType: 'text/calendar; method=REQUEST', content: 'Årsta' },
        ],
      },
    });
    expect(await inbox.list()).toEqual([
      {
        id: expect.stringMatching(/^[\w-]{14}$/),
        message: envelope.message,
        tenant: 'wellnesskliniken',
        at: clock.now(),
        channel: 'email',
        purpose: 'booking',
        from: 'hej@mail.wellnesskliniken.se',
        fromName: 'Kliniken',
        replyTo: 'svar@wellnesskliniken.se',
        to: 'anna@example.se',
        subject: 'Din tid är bokad',
        text: 'Hej Anna! Välkommen på måndag.',
        html: '<p>Hej</p>',
        headers: { 'List-Unsubscribe': '<https://m.example.se/u/x>' },
        attachments: [
          {
            filename: 'tid.ics',
            contentType: 'text/calendar; method=REQUEST',
            content: Buffer.from('Årsta').toString('base64'),
          },
        ],
      },
    ]);
  });

  it('leaves out of an SMS what it has not', async () => {
    await capture('sms');
    const [sms] = await inbox.list();
    expect(Object.keys(sms ?? {}).sort()).toEqual(
      ['at', 'channel', 'from', 'id', 'message', 'purpose', 'tenant', 'text', 'to'].sort(),
    );
  });

  it('finds by id, with the ref, and nothing by an id that is none', async () => {
    const envelope = await capture('email');
    const [listed] = await inbox.list();
    expect(await inbox.get(listed?.id ?? '')).toEqual({ ...listed, ref: envelope.ref });
    expect(await inbox.get(envelope.ref)).toBeNull();
    expect(await inbox.get('')).toBeNull();
  });

  it('keeps a repeat once', async () => {
    const { ref } = await capture('email');
    const kept = await inbox.get((await inbox.list())[0]?.id ?? '');
    if (!kept) throw new Error('nothing kept');
    const { id, ...again } = kept;
    await inbox.keep([again, { ...again, text: 'changed' }]);
    expect(await inbox.list()).toHaveLength(1);
    expect(await inbox.get(id)).toMatchObject({ ref, text: kept.text });
  });

  it('lists the newest first, those of one instant in the order in which they came', async () => {
    const refs = [await capture('email'), await capture('email')].map(({ message }) => message);
    clock.pass(1000);
    const later = await capture('email');
    expect((await inbox.list()).map(({ message }) => message)).toEqual([later.message, refs[1], refs[0]]);
    expect(await inbox.list({}, 1)).toHaveLength(1);
  });

  it('filters to the letter', async () => {
    await capture('email');
    await capture('email', { to: 'bo@example.se', purpose: 'newsletter', stream: 'marketing' });
    await capture('sms');
    const found = async (filter: object) => (await inbox.list(filter)).map(({ to }) => to);
    expect(await found({ to: 'bo@example.se' })).toEqual(['bo@example.se']);
    expect(await found({ purpose: 'newsletter' })).toEqual(['bo@example.se']);
    expect(await found({ channel: 'sms' })).toEqual(['+46701740605']);
    expect(await found({ to: 'anna@example.se', channel: 'sms' })).toEqual([]);
    expect(await found({ to: 'example.se' })).toEqual([]);
    expect(await found({ to: '+46701740605' })).toEqual(['+46701740605']);
  });

  it('is emptied', async () => {
    await capture('email');
    await capture('sms');
    expect(await inbox.clear()).toBe(2);
    expect(await inbox.list()).toEqual([]);
  });

  it('keeps a whole batch', async () => {
    const one = sender();
    const envelopes = Array.from({ length: 500 }, () => anEnvelope('email'));
    const outcomes = await Promise.all(envelopes.map((envelope) => one.send(permitOf(envelope), envelope)));
    expect(outcomes.every(({ kind }) => kind === 'accepted')).toBe(true);
    expect(await inbox.list()).toHaveLength(500);
  });
});
