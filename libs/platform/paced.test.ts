import { expect, it } from '@jest/globals';
import { Paced } from './paced.js';

/** A clock that only moves where the test says so, and the rests that were asked for. */
function still(signal?: AbortSignal) {
  const rests: number[] = [];
  let now = 0;
  const paced = new Paced(
    signal,
    () => now,
    async (ms) => {
      rests.push(ms);
      now += ms;
    },
  );
  return { paced, rests, pass: (ms: number) => (now += ms) };
}

it('rests nine times as long as a page took, and no longer than half a second', async () => {
  const { paced, rests, pass } = still();
  pass(10);
  expect(await paced.mayGoOn()).toBe(true);
  pass(20);
  expect(await paced.mayGoOn()).toBe(true);
  pass(5_000);
  expect(await paced.mayGoOn()).toBe(true);
  expect(rests).toEqual([90, 180, 500]);
});

it('does not rest any more once the process is stopping', async () => {
  const stopping = new AbortController();
  const { paced, rests } = still(stopping.signal);
  stopping.abort();
  expect(await paced.mayGoOn()).toBe(false);
  expect(rests).toEqual([]);
});

it('ends the rest that is under way when the process stops', async () => {
  const stopping = new AbortController();
  let now = 0;
  const paced = new Paced(stopping.signal, () => now);
  now = 60_000;
  const going = paced.mayGoOn();
  stopping.abort();
  expect(await going).toBe(false);
});
