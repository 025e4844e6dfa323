import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Backlog, isHandled } from './backlog.js';
import { done, Door, Ear, eventually, nameOf, Outage } from './ear.fixture.js';
import type { EventSink } from './event-sink.js';
import type { EventSource, Heard, Subscription, Verdict } from './event-source.js';
import type { Handling } from './handling.js';

/** One fresh topic and one group, over one transport. */
export interface Line {
  topic: string;
  sink: EventSink;
  /** How far the group has come. */
  backlog: Backlog;
  /** A new source of the group each time; its predecessor must have stopped. */
  source(handling: Pick<Handling, 'deadLetter'> & Partial<Handling>): EventSource;
  close(): Promise<void>;
}

const failing: Verdict = { kind: 'retry-at', reason: 'not now' };

/** What every event source does. */
export function eventSourceContract(name: string, open: () => Promise<Line>): void {
  describe(`event source: ${name}`, () => {
    let line: Line;
    beforeEach(async () => {
      line = await open();
    });
    afterEach(() => line.close());

    const say = (...names: string[]) =>
      line.sink.produce(
        line.topic,
        names.map((one) => {
          const [key = '', value = ''] = one.split(':');
          return { key: key === 'null' ? null : key, value, headers: { from: 'test' } };
        }),
      );
    const hear = async (ear: Ear, more: Partial<Subscription> = {}, handling: Partial<Handling> = {}) => {
      const source = line.source({ deadLetter: ear.deadLetter, ...handling });
      source.subscribe({ topic: line.topic, handle: ear.handle, batchSize: 1, concurrency: 8, ...more });
      await source.start();
      return source;
    };
    const numbered = (key: string, count: number) => Array.from({ length: count }, (_, i) => `${key}:${i}`);

    it('hears what was produced before it started, whole', async () => {
      await say('anna:1');
      const ear = new Ear();
      await hear(ear);
      await ear.until(() => ear.ends.length === 1);
      expect(ear.batches[0]?.[0]).toMatchObject({
        topic: line.topic,
        partition: expect.any(Number),
        offset: expect.stringMatching(/^\d+$/),
        key: 'anna',
        headers: { from: 'test' },
        value: Buffer.from('1'),
        deliveries: 1,
      });
    });

    it('tells how much is left to hear', async () => {
      const left = async (source: EventSource, most: number) => {
        let lag: number | undefined;
        await eventually(async () => (lag = (await source.lag())[line.topic]) === most);
        return lag;
      };
      let open: () => void = () => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      const ear = new Ear(() => opened.then(done));
      const source = await hear(ear);
      await say('anna:1', 'anna:2', 'bo:1');
      expect(await left(source, 3)).toBe(3);
      open();
      await ear.until(() => ear.ends.length === 3);
      expect(await left(source, 0)).toBe(0);
    });

    it('tells others when all is handled that lay there once, whatever came later', async () => {
      const door = new Door();
      const ear = new Ear((one) => (one.value.toString() === '2' ? door.opened.then(done) : done()));
      await say('anna:1');
      const first = await line.backlog.standing(line.topic);
      expect(isHandled(first, await line.backlog.standing(line.topic))).toBe(false);
      await hear(ear);
      await eventually(async () => isHandled(first, await line.backlog.standing(line.topic)));
      await say('anna:2');
      const then = await line.backlog.standing(line.topic);
      await ear.until(() => ear.heard.includes('anna:2'));
      expect(isHandled(first, await line.backlog.standing(line.topic))).toBe(true);
      expect(isHandled(then, await line.backlog.standing(line.topic))).toBe(false);
      door.open();
      await eventually(async () => isHandled(then, await line.backlog.standing(line.topic)));
    });

    it('keeps the order of each key', async () => {
      const ear = new Ear();
      await hear(ear, { batchSize: 7, concurrency: 5 });
      const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
      for (let i = 0; i < 40; i += 1) await say(...keys.map((key) => `${key}:${i}`));
      await ear.until(() => ear.ends.length === 240);
      for (const key of keys)
        expect(ear.ends.filter((one) => one.startsWith(key))).toEqual(numbered(key, 40));
    });

    it('never has more batches in flight than it may, nor one key in two of them', async () => {
      let inFlight = 0;
      let most = 0;
      const keys = new Set<string>();
      let doubled = false;
      const ear = new Ear(async (one) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        doubled ||= keys.has(String(one.key));
        keys.add(String(one.key));
        await new Promise((resolve) => setTimeout(resolve, 2));
        keys.delete(String(one.key));
        inFlight -= 1;
        return done();
      });
      await say(...Array.from({ length: 60 }, (_, i) => `k${i % 10}:${i}`));
      await hear(ear, { concurrency: 3 });
      await ear.until(() => ear.ends.length === 60);
      expect({ most, doubled }).toEqual({ most: 3, doubled: false });
    });

    it('lets others begin beside batches that last, and no more than it may', async () => {
      const door = new Door();
      const ear = new Ear((one) => (one.key?.startsWith('slow') ? door.opened.then(done) : done()));
      const slow = { afterMs: 20, most: 4 };
      await say('slow1:1', 'slow2:1', 'slow3:1', 'slow4:1', 'slow5:1');
      await hear(ear, { concurrency: 2, slow });
      await ear.until(() => ear.batches.length === 4);
      await new Promise((resolve) => setTimeout(resolve, 3 * slow.afterMs));
      expect(ear.batches).toHaveLength(4);
      door.open();
      await ear.until(() => ear.ends.length === 5);
      await say('anna:1');
      await ear.until(() => ear.ends.length === 6);
    });

    it('fills batches from different keys, a key more than once only in order', async () => {
      const ear = new Ear();
      await say(...Array.from({ length: 30 }, (_, i) => `k${i % 3}:${i}`));
      await hear(ear, { batchSize: 10, concurrency: 1, lingerMs: 20 });
      await ear.until(() => ear.ends.length === 30);
      const sizes = ear.batches.map((batch) => batch.length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
      expect(Math.max(...sizes)).toBeGreaterThan(3);
      for (const key of ['k0', 'k1', 'k2']) {
        const values = ear.ends.filter((one) => one.startsWith(key)).map((one) => Number(one.split(':')[1]));
        expect(values).toEqual([...values].sort((a, b) => a - b));
      }
    });

    it('repeats a failed message before the next of its key', async () => {
      const ear = new Ear((one) => (nameOf(one) === 'anna:1' && one.deliveries < 3 ? failing : done()));
      await say('anna:1', 'anna:2');
      await hear(ear, { batchSize: 5 });
      await ear.until(() => ear.ends.includes('anna:2') && ear.ends.includes('anna:1'));
      await eventually(() => ear.heard.at(-1) === 'anna:2');
      expect(ear.heard.lastIndexOf('anna:1')).toBeLessThan(ear.heard.lastIndexOf('anna:2'));
      expect(ear.heard.filter((one) => one === 'anna:1')).toHaveLength(3);
      expect(ear.dead).toEqual([]);
    });

    it('dead-letters after three tries, with where it came from, and holds back no other key', async () => {
      const ear = new Ear((one) => (one.key === 'poison' ? { ...failing, afterMs: 30 } : done()));
      await say('poison:1', 'poison:2', 'anna:1', 'bo:1', 'cleo:1');
      await hear(ear, { batchSize: 2 });
      await ear.until(() => ear.dead.length === 1);
      expect(ear.ends.toSorted()).toEqual(['anna:1', 'bo:1', 'cleo:1']);
      const first = ear.batches.flat().find((one) => nameOf(one) === 'poison:1') as Heard;
      expect(ear.dead[0]).toEqual({
        heard: { ...first, deliveries: 3 },
        why: { reason: 'not now', handler: expect.stringContaining(line.topic) },
      });
      expect(first).toMatchObject({ key: 'poison', headers: { from: 'test' }, topic: line.topic });
      await ear.until(() => ear.dead.length === 2);
      expect(nameOf((ear.dead[1] as { heard: Heard }).heard)).toBe('poison:2');
    });

    it('dead-letters at once what the handler gives up, with the path', async () => {
      const ear = new Ear((one) =>
        one.key === 'bad' ? { kind: 'give-up', reason: 'wrong', path: 'data.id' } : done(),
      );
      await say('bad:1', 'good:1');
      await hear(ear, { batchSize: 5 });
      await ear.until(() => ear.dead.length === 1 && ear.ends.length === 1);
      expect(ear.dead[0]).toMatchObject({
        heard: { deliveries: 1 },
        why: { reason: 'wrong', path: 'data.id' },
      });
    });

    it('isolates the message that makes its batch throw', async () => {
      const ear = new Ear((one) => {
        if (one.key === 'poison') throw new TypeError('x is undefined');
        return done();
      });
      await say('a:1', 'b:1', 'poison:1', 'c:1', 'a:2');
      await hear(ear, { batchSize: 10, concurrency: 2, lingerMs: 20 });
      await ear.until(() => ear.dead.length === 1 && ear.ends.length >= 4);
      expect(ear.ends.toSorted()).toEqual(['a:1', 'a:2', 'b:1', 'c:1']);
      expect(ear.dead.map(({ heard, why }) => [nameOf(heard), why.reason])).toEqual([
        ['poison:1', 'TypeError: x is undefined'],
      ]);
    });

    it('takes a wrong number of verdicts for a throw', async () => {
      const ear = new Ear();
      const source = line.source({ deadLetter: ear.deadLetter });
      source.subscribe({ topic: line.topic, handle: async () => [], batchSize: 1, concurrency: 1 });
      await source.start();
      await say('a:1');
      await ear.until(() => ear.dead.length === 1);
      expect(ear.dead[0]?.why.reason).toBe('the handler answered 0 verdicts for 1 messages');
    });

    it('waits for a lost server as long as it takes and dead-letters nothing', async () => {
      let lost = 12;
      const ear = new Ear(() => {
        lost -= 1;
        if (lost > 0) throw new Outage('down');
        return done();
      });
      await say('a:1', 'a:2', 'b:1', 'c:1');
      await hear(ear, { batchSize: 2 });
      await ear.until(() => ear.ends.length === 4);
      expect(ear.dead).toEqual([]);
      expect(ear.ends.filter((one) => one.startsWith('a'))).toEqual(['a:1', 'a:2']);
      expect(Math.max(...ear.batches.flat().map((one) => one.deliveries))).toBeGreaterThan(3);
    });

    it('holds a message until its dead letter is written, without handling it again', async () => {
      const ear = new Ear((one) => (one.key === 'bad' ? { kind: 'give-up', reason: 'wrong' } : done()));
      let refusals = 4;
      const deadLetter: Handling['deadLetter'] = async (heard, why) => {
        refusals -= 1;
        if (refusals > 0) throw new Error('no room');
        await ear.deadLetter(heard, why);
      };
      await say('bad:1', 'bad:2');
      await hear(ear, {}, { deadLetter });
      await ear.until(() => ear.dead.length === 2);
      expect(ear.heard).toEqual(['bad:1', 'bad:2']);
    });

    it('keeps no order where there is no key', async () => {
      const door = new Door();
      const ear = new Ear(async (one) => {
        if (one.value.toString() === '1') await door.opened;
        return done();
      });
      await say('null:1', 'null:2');
      await hear(ear);
      await ear.until(() => ear.ends.length === 1);
      expect(ear.ends).toEqual(['null:2']);
      door.open();
      await ear.until(() => ear.ends.length === 2);
    });

    it('lets what is in flight end when it stops, and does not hear it again', async () => {
      const door = new Door();
      const ear = new Ear(async () => {
        await door.opened;
        return done();
      });
      await say('a:1', 'b:1', 'c:1');
      const source = await hear(ear);
      await ear.until(() => ear.batches.length === 3);
      const stopped = source.stop();
      expect(ear.ends).toEqual([]);
      door.open();
      await stopped;
      expect(ear.ends.toSorted()).toEqual(['a:1', 'b:1', 'c:1']);
      const again = new Ear();
      await hear(again);
      await say('d:1');
      await again.until(() => again.ends.includes('d:1'));
      expect(again.heard).toEqual(['d:1']);
    });

    it('hears again what had not ended when it stopped', async () => {
      const ear = new Ear((one) => {
        if (one.key === 'stuck') throw new Outage('down');
        return done();
      });
      // One key, so that all lie in one partition and the first is what was committed.
      await say('stuck:2', 'stuck:3');
      const source = await hear(ear);
      await ear.until(() => ear.batches.length >= 2);
      await source.stop();
      const again = new Ear();
      await hear(again);
      await again.until(() => again.ends.length === 2);
      expect(again.heard).toEqual(['stuck:2', 'stuck:3']);
    });

    it('hears again, and holds against nobody, what a handler left when it stopped', async () => {
      const ear = new Ear();
      // A message whose next failure would be its last.
      const tries = 3;
      const source = line.source({ deadLetter: ear.deadLetter });
      source.subscribe({
        topic: line.topic,
        batchSize: 1,
        concurrency: 1,
        handle: async (batch, signal, giveWay) => {
          await ear.handle(batch, signal, giveWay);
          if (batch[0]?.deliveries !== tries) return batch.map(() => failing);
          if (!signal.aborted)
            await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          return batch.map(() => ({ kind: 'left' }));
        },
      });
      await source.start();
      await say('anna:1', 'anna:2');
      await ear.until(() => ear.batches.length === tries);
      await source.stop();
      expect(ear.heard).toEqual(Array(tries).fill('anna:1'));
      const again = new Ear();
      await hear(again);
      await again.until(() => again.ends.length === 2);
      expect({ heard: again.heard, dead: ear.dead }).toEqual({ heard: ['anna:1', 'anna:2'], dead: [] });
    });

    it('holds a bounded number of messages and loses none', async () => {
      let most = 0;
      const body = 'x'.repeat(2_000);
      const ear = new Ear(() => done());
      const source = line.source({ deadLetter: ear.deadLetter, highWater: 20 });
      source.subscribe({
        topic: line.topic,
        batchSize: 10,
        concurrency: 2,
        handle: async (batch, signal, giveWay) => {
          most = Math.max(most, source.waiting());
          await new Promise((resolve) => setTimeout(resolve, 1));
          return ear.handle(batch, signal, giveWay);
        },
      });
      await source.start();
      const records = Array.from({ length: 1_000 }, (_, i) => ({ key: `k${i % 7}`, value: `${i} ${body}` }));
      await line.sink.produce(line.topic, records);
      await ear.until(() => ear.ends.length === 1_000);
      expect(new Set(ear.ends).size).toBe(1_000);
      expect(most).toBeLessThan(600);
    });
  });
}
