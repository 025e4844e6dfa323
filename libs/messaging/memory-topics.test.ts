import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryBacklog } from './backlog.js';
import { done, Door, Ear, eventually, isOutage, quick, silent } from './ear.fixture.js';
import { eventSourceContract } from './event-source.contract.js';
import type { Handling } from './handling.js';
import { MemorySink } from './memory-sink.js';
import { MemorySource } from './memory-source.js';
import { MemoryTopics } from './memory-topics.js';

const handling = (ear: Pick<Ear, 'deadLetter'>, more: Partial<Handling> = {}): Handling => ({
  group: 'test',
  isOutage,
  log: silent,
  queuedMs: 200,
  deadLetter: ear.deadLetter,
  ...quick,
  ...more,
});

eventSourceContract('in memory', async () => {
  const topics = new MemoryTopics();
  const sources: MemorySource[] = [];
  return {
    topic: 'things',
    sink: new MemorySink(topics),
    backlog: new MemoryBacklog(topics, 'test'),
    source: (more) => {
      const source = new MemorySource(topics, handling(more, more));
      sources.push(source);
      return source;
    },
    close: async () => {
      await Promise.all(sources.map((source) => source.stop()));
    },
  };
});

describe('memory topics', () => {
  let topics: MemoryTopics;
  let sink: MemorySink;
  beforeEach(() => {
    topics = new MemoryTopics();
    sink = new MemorySink(topics);
  });
  const open: MemorySource[] = [];
  const source = (ear: Ear, more: Partial<Handling> = {}) => {
    const made = new MemorySource(topics, handling(ear, more));
    open.push(made);
    return made;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.stop()));
  });

  it('resolves produce once queued, and with awaitHandled once handled', async () => {
    const door = new Door();
    const ear = new Ear(async () => {
      await door.opened;
      return done();
    });
    const hearing = source(ear, { group: 'produce' });
    hearing.subscribe({ topic: 'queued', handle: ear.handle, batchSize: 1, concurrency: 1 });
    hearing.subscribe({
      topic: 'awaited',
      handle: ear.handle,
      batchSize: 1,
      concurrency: 1,
      awaitHandled: true,
    });
    await hearing.start();
    await sink.produce('queued', [{ key: 'a', value: '1' }]);
    let handled = false;
    const produced = sink.produce('awaited', [{ key: 'a', value: '2' }]).then(() => (handled = true));
    await ear.until(() => ear.batches.length === 2);
    expect({ ends: ear.ends, handled }).toEqual({ ends: [], handled: false });
    door.open();
    await produced;
    expect(ear.ends).toContain('a:2');
  });

  it('says that an awaited message was not handled when its source has stopped', async () => {
    const ear = new Ear();
    const hearing = source(ear, { group: 'stops' });
    hearing.subscribe({
      topic: 'stopping',
      handle: ear.handle,
      batchSize: 1,
      concurrency: 1,
      awaitHandled: true,
    });
    await hearing.start();
    await hearing.stop();
    await expect(sink.produce('stopping', [{ key: 'a', value: '1' }])).rejects.toThrow(
      'has stopped hearing stopping',
    );
  });

  it('is idle when nothing is queued or in flight, also what handlers produced meanwhile', async () => {
    const ear = new Ear(async (one) => {
      if (one.topic === 'first') await sink.produce('second', [{ key: one.key, value: 'from first' }]);
      return done();
    });
    const hearing = source(ear, { group: 'idle' });
    for (const topic of ['first', 'second']) {
      hearing.subscribe({ topic, handle: ear.handle, batchSize: 1, concurrency: 1 });
    }
    await hearing.start();
    await sink.produce('first', [{ key: 'a', value: '1' }]);
    await topics.idle();
    expect(ear.ends.toSorted()).toEqual(['a:1', 'a:from first']);
    expect(topics.lag('second', 'idle')).toBe(0);
    await topics.idle();
  });

  it('copies what is produced', async () => {
    const ear = new Ear();
    const value = Buffer.from('before');
    const headers = { at: 'before' };
    await sink.produce('copies', [{ key: 'a', value, headers }]);
    value.write('after!');
    headers.at = 'after';
    const hearing = source(ear, { group: 'copies' });
    hearing.subscribe({ topic: 'copies', handle: ear.handle, batchSize: 1, concurrency: 1 });
    await hearing.start();
    await topics.idle();
    expect(ear.batches[0]?.[0]).toMatchObject({ value: Buffer.from('before'), headers: { at: 'before' } });
  });

  it('makes producers wait while the topic is full', async () => {
    const door = new Door();
    const ear = new Ear(async () => {
      await door.opened;
      return done();
    });
    const hearing = source(ear, { group: 'full', highWater: 5 });
    hearing.subscribe({ topic: 'full', handle: ear.handle, batchSize: 1, concurrency: 1 });
    await hearing.start();
    let produced = false;
    const all = sink
      .produce(
        'full',
        Array.from({ length: 9 }, (_, i) => ({ key: 'a', value: String(i) })),
      )
      .then(() => (produced = true));
    await eventually(() => hearing.waiting() === 5 && ear.batches.length === 1);
    expect({ produced, waiting: hearing.waiting() }).toEqual({ produced: false, waiting: 5 });
    door.open();
    await all;
    await topics.idle();
    expect(ear.ends).toEqual(Array.from({ length: 9 }, (_, i) => `a:${i}`));
  });

  it('gives every group its own copy and numbers messages upwards', async () => {
    const [one, two] = [new Ear(), new Ear()];
    for (const [group, ear] of [
      ['g1', one],
      ['g2', two],
    ] as const) {
      const hearing = source(ear, { group });
      hearing.subscribe({ topic: 'shared', handle: ear.handle, batchSize: 1, concurrency: 1 });
      await hearing.start();
    }
    await sink.produce('shared', [
      { key: 'a', value: '1' },
      { key: 'a', value: '2' },
    ]);
    await topics.idle();
    expect([one.ends, two.ends]).toEqual([
      ['a:1', 'a:2'],
      ['a:1', 'a:2'],
    ]);
    const [first, second] = one.batches.flat().map(({ offset }) => BigInt(offset));
    expect(second).toBe((first as bigint) + 1n);
    expect(new MemoryTopics()['firstOffset']).not.toBe(topics['firstOffset']);
  });
});
