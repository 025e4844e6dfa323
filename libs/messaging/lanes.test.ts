import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { done, Door, Ear, eventually, isOutage, nameOf, Outage, quick, silent } from './ear.fixture.js';
import type { HandleBatch, Heard, Verdict } from './event-source.js';
import { Lanes } from './lanes.js';
import { Prefix } from './prefix.js';
import { Turns } from './turns.js';

type Fate = 'done' | 'retry' | 'give-up' | 'throw' | 'outage';

const message = (offset: number, key: string | null, partition = 0) => ({
  topic: 't',
  partition,
  offset: String(offset),
  key,
  headers: {},
  value: Buffer.from(String(offset)),
});

const fates = fc.array(fc.constantFrom<Fate>('done', 'done', 'retry', 'give-up', 'throw', 'outage'), {
  maxLength: 4,
});
const script = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', null),
    /** What each delivery comes to; `done` after the last. */
    fates,
    turns: fc.integer({ min: 0, max: 3 }),
    buryFails: fc.integer({ min: 0, max: 1 }),
  }),
  { minLength: 1, maxLength: 30 },
);
const partitionOf = (key: string | null) => (key === null ? 0 : key.charCodeAt(0) % 2);

describe('lanes', () => {
  it('keep order per key, end each message once and commit only what has ended, whatever handlers do', async () => {
    await fc.assert(
      fc.asyncProperty(
        script,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        async (messages, batchSize, concurrency) => {
          const ended: number[] = [];
          const dead: number[] = [];
          const done: number[] = [];
          const faults: string[] = [];
          const running = new Set<string>();
          const tries = new Map<number, number>();
          const burials = new Map<number, number>();
          let batches = 0;
          const handle: HandleBatch = async (batch) => {
            batches += 1;
            const keys = new Set(batch.map(({ key }) => key).filter((key): key is string => key !== null));
            if (batches > concurrency) faults.push(`${batches} batches at once`);
            if (batch.length > batchSize) faults.push(`${batch.length} messages in a batch`);
            for (const key of keys) if (running.has(key)) faults.push(`${key} is in two batches`);
            for (const key of keys) running.add(key);
            try {
              const verdicts: Verdict[] = [];
              for (const one of batch) verdicts.push(await settle(one));
              // The lanes count a message after a failed one of its key as not heard.
              const failed = new Set<string>();
              for (const [i, { key, offset }] of batch.entries()) {
                if (verdicts[i]?.kind === 'done' && !(key && failed.has(key))) done.push(Number(offset));
                if (verdicts[i]?.kind === 'retry-at' && key && tried(Number(offset)) < 3) failed.add(key);
              }
              return verdicts;
            } finally {
              for (const key of keys) running.delete(key);
              batches -= 1;
            }
          };
          const tried = (id: number) => tries.get(id) ?? 0;
          const settle = async ({ offset }: Heard): Promise<Verdict> => {
            const id = Number(offset);
            const plan = messages[id];
            const fate = plan?.fates[tried(id)] ?? 'done';
            tries.set(id, tried(id) + 1);
            for (let i = 0; i < (plan?.turns ?? 0); i += 1)
              await new Promise((resolve) => setImmediate(resolve));
            if (fate === 'throw') throw new Error('bug');
            if (fate === 'outage') throw new Outage('down');
            if (fate === 'retry') return { kind: 'retry-at', reason: 'later', afterMs: 0 };
            return fate === 'give-up' ? { kind: 'give-up', reason: 'wrong' } : { kind: 'done' };
          };
          const lanes = new Lanes(
            { topic: 't', handle, batchSize, concurrency },
            {
              group: 'g',
              isOutage,
              log: silent,
              retries: { tries: 3, withinMs: 5, firstMs: 0 },
              outage: { firstMs: 1, maxMs: 2 },
              deadLetter: async ({ offset }) => {
                const id = Number(offset);
                burials.set(id, (burials.get(id) ?? 0) + 1);
                if ((burials.get(id) ?? 0) <= (messages[id]?.buryFails ?? 0)) throw new Error('no room');
                dead.push(id);
              },
            },
          );
          const prefixes = [new Prefix(), new Prefix()];
          for (const [id, { key }] of messages.entries()) {
            const partition = partitionOf(key);
            const prefix = prefixes[partition] as Prefix;
            prefix.begin(String(id));
            lanes.offer(message(id, key, partition), () => {
              ended.push(id);
              prefix.end(String(id));
              const committed = Number(prefix.due() ?? 0);
              for (let before = 0; before < committed; before += 1) {
                if (partitionOf(messages[before]?.key ?? null) === partition && !ended.includes(before)) {
                  faults.push(`committed ${committed} before ${before} had ended`);
                }
              }
            });
          }
          await eventually(() => lanes.size === 0);
          await lanes.halt();
          expect(faults).toEqual([]);
          expect(ended.toSorted((a, b) => a - b)).toEqual(messages.map((_, id) => id));
          for (const key of ['a', 'b', 'c', 'd']) {
            const order = ended.filter((id) => messages[id]?.key === key);
            expect(order).toEqual(order.toSorted((a, b) => a - b));
          }
          // Nothing is dead-lettered that was not given up or failed three times, and nothing twice.
          expect(new Set(dead).size).toBe(dead.length);
          for (const id of dead) {
            const seen = messages[id]?.fates.slice(0, tried(id)) ?? [];
            const failures = seen.filter((fate) => fate === 'retry' || fate === 'throw').length;
            expect(seen.includes('give-up') || failures >= 3).toBe(true);
          }
          expect(new Set([...done, ...dead]).size).toBe(messages.length);
        },
      ),
      { numRuns: 150 },
    );
  });

  const lanesOf = (ear: Ear, more: { highWater?: number } = {}, turns?: Turns) =>
    new Lanes(
      { topic: 't', handle: ear.handle, batchSize: 1, concurrency: 4 },
      { group: 'g', isOutage, log: silent, deadLetter: ear.deadLetter, drainMs: 20, ...quick, ...more },
      undefined,
      turns,
    );

  it('forget what was queued of a lost partition and let what is in flight end, unreported', async () => {
    const door = new Door();
    const ear = new Ear(async () => {
      await door.opened;
      return done();
    });
    const lanes = lanesOf(ear);
    const ends: string[] = [];
    for (const [i, key] of ['a', 'a', 'b'].entries()) {
      lanes.offer(message(i, key, key === 'b' ? 1 : 0), () => ends.push(`${key}:${i}`));
    }
    await ear.until(() => ear.batches.length === 2);
    lanes.drop(0);
    expect(lanes.waiting(0)).toBe(1);
    door.open();
    await eventually(() => lanes.size === 0);
    expect({ ends, heard: ear.heard.toSorted() }).toEqual({ ends: ['b:2'], heard: ['a:0', 'b:2'] });
  });

  it('take up what is in flight when its partition comes back, without doubling it', async () => {
    const door = new Door();
    const ear = new Ear(async () => {
      await door.opened;
      return done();
    });
    const lanes = lanesOf(ear);
    const ends: string[] = [];
    lanes.offer(message(7, 'a'), () => ends.push('first time'));
    await ear.until(() => ear.batches.length === 1);
    lanes.drop(0);
    lanes.offer(message(7, 'a'), () => ends.push('second time'));
    lanes.offer(message(8, 'a'), () => ends.push('next'));
    door.open();
    await eventually(() => lanes.size === 0);
    expect({ ends, heard: ear.heard }).toEqual({ ends: ['second time', 'next'], heard: ['a:7', 'a:8'] });
  });

  it('tell a handler by its signal that it stops', async () => {
    let aborted = false;
    const lanes = new Lanes(
      {
        topic: 't',
        batchSize: 1,
        concurrency: 1,
        handle: async (batch, signal) => {
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          aborted = true;
          return batch.map(done);
        },
      },
      { group: 'g', isOutage, log: silent, deadLetter: async () => undefined },
    );
    lanes.offer(message(1, 'a'), () => undefined);
    await eventually(() => lanes.inFlight === 1);
    await lanes.halt();
    expect(aborted).toBe(true);
  });

  it('begin one other batch beside those that give way, not one for each', async () => {
    const door = new Door();
    const ways: (() => void)[] = [];
    const lanes = new Lanes(
      {
        ...{ topic: 't', batchSize: 1, concurrency: 1, slow: { afterMs: 60_000, most: 3 } },
        handle: async (batch, _signal, giveWay) => {
          ways.push(giveWay);
          await door.opened;
          return batch.map(done);
        },
      },
      { group: 'g', isOutage, log: silent, deadLetter: async () => undefined },
    );
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 9; i += 1) lanes.offer(message(i, `k${i}`), () => undefined);
    for (const expected of [1, 2, 2, 2]) {
      await turn();
      expect(lanes.inFlight).toBe(expected);
      // Said twice it makes no more room than said once.
      ways.at(-1)?.();
      ways.at(-1)?.();
    }
    door.open();
    await eventually(() => lanes.size === 0);
    // What has ended makes no room any more.
    for (const giveWay of ways) giveWay();
    lanes.offer(message(20, 'a'), () => undefined);
    await eventually(() => lanes.size === 0);
    expect(ways).toHaveLength(10);
  });

  it('tell when a partition has room again', async () => {
    const door = new Door();
    const ear = new Ear(async () => {
      await door.opened;
      return done();
    });
    const lanes = lanesOf(ear);
    for (let i = 0; i < 6; i += 1) lanes.offer(message(i, 'a'), () => undefined);
    let room = false;
    const told = lanes.room(0, 3).then(() => (room = true));
    await ear.until(() => ear.batches.length === 1);
    expect(room).toBe(false);
    door.open();
    await told;
    expect(lanes.waiting(0)).toBe(2);
  });

  it('handle a suspect with nothing beside it', async () => {
    let inFlight = 0;
    const beside = new Map<string, number>();
    const ear = new Ear(async (one) => {
      inFlight += 1;
      beside.set(nameOf(one), inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      beside.set(nameOf(one), Math.max(inFlight, beside.get(nameOf(one)) ?? 0));
      inFlight -= 1;
      return done();
    });
    const lanes = lanesOf(ear);
    for (let i = 0; i < 9; i += 1) lanes.offer(message(i, `k${i}`), () => undefined, i === 4);
    await ear.until(() => ear.ends.length === 9);
    expect(beside.get('k4:4')).toBe(1);
    expect(Math.max(...beside.values())).toBeGreaterThan(1);
  });

  it('handle a suspect with nothing of another topic beside it either, and go on then', async () => {
    let inFlight = 0;
    const beside: number[] = [];
    const ear = new Ear(async (one) => {
      inFlight += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (one.key === 'suspect') beside.push(inFlight);
      inFlight -= 1;
      return done();
    });
    const turns = new Turns();
    const [one, other] = [lanesOf(ear, {}, turns), lanesOf(ear, {}, turns)];
    for (let i = 0; i < 9; i += 1) other.offer(message(i, `k${i}`), () => undefined);
    await ear.until(() => inFlight > 0);
    one.offer(message(100, 'suspect'), () => undefined, true);
    one.offer(message(101, 'suspect'), () => undefined, true);
    for (let i = 10; i < 19; i += 1) other.offer(message(i, `k${i}`), () => undefined);
    await ear.until(() => ear.ends.length === 20);
    expect(beside).toEqual([1, 1]);
  });

  it('do not wait for a suspect that was taken away before its turn', async () => {
    const door = new Door();
    const ear = new Ear((one) => (one.key === 'slow' ? door.opened.then(done) : done()));
    const turns = new Turns();
    const [one, other] = [lanesOf(ear, {}, turns), lanesOf(ear, {}, turns)];
    other.offer(message(0, 'slow'), () => undefined);
    await ear.until(() => ear.batches.length === 1);
    one.offer(message(1, 'suspect', 7), () => undefined, true);
    await new Promise((resolve) => setImmediate(resolve));
    other.offer(message(2, 'kept waiting'), () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ear.batches).toHaveLength(1);
    one.drop(7);
    await ear.until(() => ear.ends.includes('kept waiting:2'));
    door.open();
  });

  describe('of several ranks', () => {
    const open = (ear: Ear, slow?: { afterMs: number; most: number }) => {
      const turns = new Turns();
      return [0, 1, 2].map(
        (rank) =>
          new Lanes(
            {
              ...{ topic: `t${rank}`, handle: ear.handle, batchSize: 1, concurrency: 2, rank },
              ...(slow === undefined ? {} : { slow }),
            },
            { group: 'g', isOutage, log: silent, deadLetter: ear.deadLetter, drainMs: 20, ...quick },
            undefined,
            turns,
          ),
      ) as [Lanes, Lanes, Lanes];
    };
    const fill = (lanes: Lanes, name: string, from: number) => {
      for (let i = 0; i < 6; i += 1)
        lanes.offer({ ...message(from + i, `${name}${i}`), topic: name }, () => undefined);
    };
    const turn = () => new Promise((resolve) => setImmediate(resolve));

    it('let the first go first, and the last in the end', async () => {
      const ear = new Ear(() => turn().then(done));
      const [first, second, third] = open(ear);
      fill(third, 'third', 200);
      fill(second, 'second', 100);
      await ear.until(() => ear.ends.length >= 2);
      fill(first, 'first', 0);
      await ear.until(() => ear.ends.length === 18);
      const order = ear.batches.flat().map(({ topic }) => topic);
      expect(order.slice(order.indexOf('first'), order.indexOf('first') + 6)).toEqual(Array(6).fill('first'));
      // Two of each may have begun before anything of a lower rank was there.
      expect(order.lastIndexOf('second')).toBeLessThan(order.indexOf('third', 4));
    });

    it('begin beside the last of a lower rank, and wait for none that only hangs', async () => {
      const door = new Door();
      const ear = new Ear((one) => (one.topic === 'first' ? door.opened.then(done) : done()));
      const [first, , third] = open(ear, { afterMs: 20, most: 4 });
      first.offer({ ...message(0, 'a'), topic: 'first' }, () => undefined);
      fill(third, 'third', 200);
      await ear.until(() => ear.ends.length === 6);
      fill(first, 'first', 1);
      await ear.until(() => ear.batches.flat().filter(({ topic }) => topic === 'first').length === 4);
      // Two more of the first are ready and may not begin: all that may have begun hang.
      fill(third, 'again', 300);
      await ear.until(() => ear.ends.length === 12);
      door.open();
      await ear.until(() => ear.ends.length === 19);
    });

    it('wait for none that a lost server holds', async () => {
      let lost = true;
      const ear = new Ear((one) => {
        if (one.topic === 'first' && lost) throw new Outage('down');
        return done();
      });
      const [first, , third] = open(ear);
      fill(first, 'first', 0);
      fill(third, 'third', 200);
      await ear.until(() => ear.ends.length === 6);
      lost = false;
      await ear.until(() => ear.ends.length === 12);
    });
  });
});
