import { describe, expect, it } from '@jest/globals';
import { Watchdog } from './watchdog.js';

describe('watchdog', () => {
  const watch = () => {
    const state = { progress: 0, lag: 5, now: 0 };
    const watched = { progress: () => state.progress, lag: async () => state.lag };
    return { state, dog: new Watchdog(watched, 100, () => state.now) };
  };

  it('barks when nothing moved for its patience although there is work, and again after as long', async () => {
    const { state, dog } = watch();
    expect(await dog.look()).toBe('moves');
    state.now = 99;
    expect(await dog.look()).toBe('moves');
    state.now = 100;
    expect(await dog.look()).toBe('stuck');
    state.now = 150;
    expect([await dog.look(), dog.stuck]).toEqual(['moves', 1]);
    state.now = 200;
    expect([await dog.look(), dog.stuck]).toEqual(['stuck', 2]);
  });

  it.each([
    ['something moved', { progress: 1 }],
    ['there is no work', { lag: 0 }],
  ])('is quiet when %s', async (_why, change) => {
    const { state, dog } = watch();
    await dog.look();
    Object.assign(state, change, { now: 500 });
    expect([await dog.look(), dog.stuck]).toEqual(['moves', 0]);
  });
});
