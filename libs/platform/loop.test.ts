import { afterEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from './clock.js';
import { type Counts, Loop, type LoopOptions, runningLoops } from './loop.js';
import type { Log, LogFields } from './telemetry.js';

/** A log that remembers. */
function memory(): Log & { lines: [level: string, fields: LogFields | string][] } {
  const lines: [string, LogFields | string][] = [];
  const at = (level: string) => (fields: LogFields | string) => void lines.push([level, fields]);
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const loops: Loop[] = [];
function looping(runOnce: LoopOptions['runOnce'], everyMs = 1) {
  const log = memory();
  const loop = new Loop({ name: 'tidy', everyMs, runOnce, clock: new SystemClock(), log });
  loops.push(loop);
  return { loop, log };
}

/** Resolves at the nth call. */
function nth(n: number, each: (call: number) => Counts | void = () => undefined) {
  let calls = 0;
  let reached!: () => void;
  const done = new Promise<void>((resolve) => (reached = resolve));
  const run = async () => {
    calls += 1;
    if (calls === n) reached();
    return each(calls);
  };
  return { run, done, calls: () => calls };
}

afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.stop()));
  expect(runningLoops()).toEqual([]);
});

describe('Loop', () => {
  it('runs again and again until it is stopped', async () => {
    const passes = nth(3);
    const { loop } = looping(passes.run);
    loop.start();
    expect(runningLoops()).toEqual(['tidy']);
    await passes.done;
    await loop.stop();
    const after = passes.calls();
    await new Promise((resolve) => setImmediate(resolve));
    expect(passes.calls()).toBe(after);
  });

  it('never runs two passes at once, also when it is woken', async () => {
    let inside = 0;
    let most = 0;
    const passes = nth(4);
    const { loop } = looping(async () => {
      most = Math.max(most, (inside += 1));
      await passes.run();
      loop.wake();
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    });
    loop.start();
    loop.wake();
    await passes.done;
    await loop.stop();
    expect(most).toBe(1);
  });

  it('waits for the pass that is under way when it is stopped, and tells it', async () => {
    let end!: () => void;
    let told: AbortSignal | undefined;
    const begun = nth(1);
    const { loop } = looping(async (_now, signal) => {
      told = signal;
      await begun.run();
      await new Promise<void>((resolve) => (end = resolve));
    });
    loop.start();
    await begun.done;
    await Promise.resolve();
    let stopped = false;
    const stopping = loop.stop().then(() => (stopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([stopped, told?.aborted]).toEqual([false, true]);
    end();
    await stopping;
    expect(stopped).toBe(true);
  });

  it('wakes before its time', async () => {
    const first = nth(1);
    const second = nth(2);
    const { loop } = looping(async () => {
      await first.run();
      await second.run();
    }, 3_600_000);
    loop.start();
    await first.done;
    loop.wake();
    await second.done;
  });

  it('logs a failure with its cause and goes on', async () => {
    const passes = nth(2, (call) => {
      if (call === 1) throw new Error('no ledger', { cause: new Error('lost') });
    });
    const { loop, log } = looping(passes.run);
    loop.start();
    await passes.done;
    await loop.stop();
    expect(log.lines).toMatchObject([
      ['error', { loop: 'tidy', err: { message: 'no ledger', cause: { message: 'lost' } } }],
    ]);
  });

  it('logs what a pass did, and nothing of an idle one', async () => {
    const passes = nth(3, (call) => ({ released: call === 2 ? 7 : 0 }));
    const { loop, log } = looping(passes.run);
    loop.start();
    await passes.done;
    await loop.stop();
    expect(log.lines).toEqual([['debug', { loop: 'tidy', counts: { released: 7 } }]]);
  });

  it('refuses to be started twice', () => {
    const { loop } = looping(async () => undefined);
    loop.start();
    expect(() => loop.start()).toThrow('runs already');
  });
});
