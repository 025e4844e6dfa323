import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { isGateClosed } from '#consent/gate-closed';
import { EventSink, type OutRecord } from '#messaging/event-sink';
import type { Outbox } from '#messaging/outbox';
import { ChoiceJournal, readRecord, type JournalReader } from './choice-journal.js';
import { JournalStore } from './journal.store.js';
import { CLINIC, Ledger, NEIGHBOUR, NOW, said } from './ledger.fixture.js';
import { RestoreChoices } from './restore-choices.js';

/** A compacted topic that outlives every ledger: the latest of each key, in the order in which they came. */
class Topic extends EventSink implements JournalReader {
  readonly records: { key: string | null; value: Buffer }[] = [];
  /** Batches until it breaks off. */
  left = Number.POSITIVE_INFINITY;

  produce(topic: string, records: readonly OutRecord[]): Promise<void> {
    expect(topic).toBe('choices');
    for (const { key, value } of records) this.records.push({ key, value: Buffer.from(value) });
    return Promise.resolve();
  }

  newest(): Promise<Buffer[]> {
    return Promise.resolve(this.records.slice(-1).map(({ value }) => value));
  }

  async read(
    from: Readonly<Record<string, string>>,
    take: Parameters<JournalReader['read']>[1],
  ): Promise<void> {
    for (let at = Number(from['0'] ?? 0); at < this.records.length; at += 1) {
      if (this.left-- <= 0) throw new Error('killed');
      const { key, value } = this.records[at]!;
      const isCompacted = this.records.slice(at + 1).some((later) => later.key === key);
      await take(
        isCompacted ? [] : [value],
        { '0': String(at + 1) },
        { done: at + 1, total: this.records.length },
      );
    }
  }
}

let ledger: Ledger;
let topic: Topic;
let store: JournalStore;
let journal: ChoiceJournal;
let restore: RestoreChoices;
beforeAll(async () => {
  ledger = await Ledger.open();
  store = new JournalStore(ledger.connection);
  await store.createIndexes();
  ledger.faults.attach(ledger.connection);
});
afterAll(() => ledger.close());
beforeEach(async () => {
  await ledger.clear();
  topic = new Topic();
  const { suppressions, customers, withdraw, erase, ring } = ledger;
  journal = new ChoiceJournal(store, suppressions, ring, topic, topic);
  restore = new RestoreChoices(store, suppressions, customers, withdraw, erase, ring, topic);
});

/** One pass of the publisher over what the journal is made of. */
async function publish(): Promise<void> {
  for (const outbox of [ledger.customers, ledger.suppressions] as Outbox[]) {
    const page = await outbox.findOut(100);
    if (page.length > 0 && (await journal.append(page))) await outbox.pullOut(page);
  }
}
const how = (id: string, more: object = {}) => {
  const at = ledger.clock.now();
  return { id, at, recordedAt: at, via: 'page' as const, ...more };
};
const no = (id: string, customer = 'anna', what: Parameters<typeof said>[0] = {}) =>
  ledger.withdraw.hearChoices(CLINIC.id, customer, [said(what)], how(id));
const statesOf = async (customer = 'anna') =>
  (await ledger.person(customer)).choiceLog.map(({ state, purpose }) => `${state} ${purpose}`);
const recordsAbout = async (address: string) =>
  (
    await ledger.suppressions.findByAddresses(CLINIC.id, [{ kind: 'email', address }], { evenClosed: true })
  ).get(address)!;
/** The ledger as it was in the last backup: this one. */
async function backUp() {
  const collections = await ledger.connection.db!.listCollections().toArray();
  const kept = await Promise.all(
    collections.map(async ({ name }) => ({
      name,
      documents: await ledger.connection.db!.collection(name).find({}).toArray(),
    })),
  );
  return async () => {
    const now = ledger.clock.now();
    await ledger.clear();
    ledger.clock.set(now);
    for (const { name, documents } of kept)
      if (documents.length > 0) await ledger.connection.db!.collection(name).insertMany(documents);
  };
}

describe('the journal', () => {
  it('says what was said, hashed: no id, no address, and a number that rises', async () => {
    await ledger.customer();
    await no('one');
    await no('two', 'anna', { purpose: 'survey' });
    await ledger.withdraw.suppressAddress(CLINIC.id, {
      ...{ kind: 'email', address: 'anna@example.se', channel: 'email', scope: 'all', cause: 'bounce' },
    });
    await publish();
    const read = topic.records.map(({ value }) => readRecord(value)!);
    expect(read.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(read.map(({ subject }) => subject)).toEqual(['person', 'person', 'address', 'address']);
    expect(topic.records.map(({ value }) => value.toString()).join()).not.toMatch(/anna|@/);
    await publish();
    expect(topic.records).toHaveLength(4);
  });

  it('has the same key for the same words again, and another for another tenant', async () => {
    await ledger.customer();
    await ledger.customer({}, NEIGHBOUR.id);
    const what = { purpose: 'survey' as const };
    await no('one', 'anna', what);
    ledger.clock.pass(1_000);
    await no('two', 'anna', what);
    await ledger.withdraw.hearChoices(NEIGHBOUR.id, 'anna', [said(what)], how('one'));
    await publish();
    expect(new Set(topic.records.map(({ key }) => key)).size).toBe(2);
  });

  it('lets a given take the place of a no only where it may lift it', async () => {
    await ledger.customer();
    await no('one', 'anna', { purpose: 'survey' });
    const given = said({ purpose: 'survey', state: 'given' });
    ledger.clock.pass(1_000);
    await ledger.withdraw.hearChoices(CLINIC.id, 'anna', [given], how('two', { via: 'import' }));
    await publish();
    expect(topic.records).toHaveLength(1);
    ledger.clock.pass(1_000);
    await ledger.withdraw.hearChoices(CLINIC.id, 'anna', [given], how('three', { mayLift: true }));
    await publish();
    expect(topic.records.map(({ key }) => key)).toEqual([topic.records[0]!.key, topic.records[0]!.key]);
  });

  it('is never later than the ledger that writes it, whatever write a crash falls on', async () => {
    for (const fault of ['crash-before', 'crash-after'] as const) {
      for (let at = 1; at <= 3; at += 1) {
        await ledger.clear();
        await ledger.customer();
        await no(`${fault}${at}`);
        ledger.faults.arm(at, fault);
        await publish().catch(() => undefined);
        expect(ledger.faults.struck).toBe(true);
        await ledger.faults.revive();
        expect(await journal.check()).toBe('open');
        await publish();
        const ids = topic.records.map(({ value }) => readRecord(value)!.id);
        expect(new Set(ids).size).toBe(2);
        topic.records.length = 0;
      }
    }
  });
});

describe('a ledger that is older than the journal', () => {
  it('is not an empty one with an empty journal, nor one that needs no journal', async () => {
    expect(await journal.check()).toBe('open');
    const { suppressions, ring } = ledger;
    expect(await new ChoiceJournal(store, suppressions, ring, topic, null).check()).toBe('open');
  });

  it('starts with every gate closed, hears noes, publishes none, and opens once all is replayed', async () => {
    await ledger.customer();
    await ledger.customer({ customer: 'bo', createdAt: NOW });
    await ledger.customer({ customer: 'cia', email: 'cia@example.se' });
    await no('before');
    await publish();
    const restored = await backUp();
    await no('after', 'anna', { purpose: 'survey' });
    ledger.clock.pass(1_000);
    await no('shared', 'bo');
    await ledger.erase.erase(CLINIC.id, 'cia', 'person');
    await publish();

    await restored();
    expect(await journal.check()).toBe('closed');
    const ask = ledger.suppressions.findByAddresses(CLINIC.id, [{ kind: 'email', address: 'x@example.se' }]);
    expect(isGateClosed(await ask.catch((error: unknown) => error))).toBe(true);
    await no('meanwhile', 'anna', { purpose: 'offer-call' });
    const before = topic.records.length;
    await publish();
    expect(topic.records).toHaveLength(before);

    expect(await restore.run()).toMatchObject({ nobody: 0 });
    expect(await statesOf()).toEqual([
      ...['withdrawn marketing', 'withdrawn offer-call', 'withdrawn survey'],
    ]);
    expect(await statesOf('bo')).toEqual(['withdrawn marketing']);
    expect((await ledger.person('cia')).erasedAt).not.toBeNull();
    expect(await recordsAbout('bo@example.se')).toMatchObject([{ kind: 'opt-out', purpose: 'marketing' }]);
    expect(await recordsAbout('cia@example.se')).toMatchObject([{ kind: 'suppressed', cause: 'erasure' }]);
    expect(await journal.check()).toBe('open');
    await publish();
    expect(topic.records.length).toBeGreaterThan(before);
    expect(await journal.check()).toBe('open');
  });

  it('is restored where it was broken off, and by a second run not at all', async () => {
    for (const id of ['anna', 'bo', 'cia']) await ledger.customer({ customer: id });
    const restored = await backUp();
    for (const id of ['anna', 'bo', 'cia']) await no(id, id);
    await publish();
    await restored();
    for (let left = 0; ; left += 1) {
      topic.left = left;
      const isDone = await restore.run().then(
        () => true,
        () => false,
      );
      if (isDone) break;
      expect(await ledger.suppressions.areGatesClosed()).toBe(true);
    }
    topic.left = Number.POSITIVE_INFINITY;
    for (const id of ['anna', 'bo', 'cia']) {
      expect(await statesOf(id)).toEqual(['withdrawn marketing']);
      expect(await recordsAbout(`${id}@example.se`)).toHaveLength(1);
    }
    expect((await restore.run())?.restored).toBe(0);
    expect(await ledger.suppressions.areGatesClosed()).toBe(false);
  });

  it('is tightened only: who opted in since the backup has to do so again', async () => {
    await ledger.customer();
    await no('one', 'anna', { purpose: 'survey' });
    await publish();
    const restored = await backUp();
    ledger.clock.pass(1_000);
    const given = said({ purpose: 'survey', state: 'given' });
    await ledger.withdraw.hearChoices(CLINIC.id, 'anna', [given], how('two', { mayLift: true }));
    await publish();
    await restored();
    await restore.run();
    expect(await statesOf()).toEqual(['withdrawn survey']);
  });
});
