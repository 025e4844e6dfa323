import { expect, it } from '@jest/globals';
import { Slots } from './slots.js';

it('lets in as many as there are, then the one who waits longest', async () => {
  const slots = new Slots(1);
  const seen: string[] = [];
  await slots.take();
  const second = slots.take().then(() => seen.push('second'));
  const third = slots.take().then(() => seen.push('third'));
  await Promise.resolve();
  expect(seen).toEqual([]);
  slots.give();
  await second;
  expect(seen).toEqual(['second']);
  slots.give();
  await third;
  slots.give();
  await slots.take();
  expect(seen).toEqual(['second', 'third']);
});

it('tells once that one is free: at once, or when nobody waits for it any more', async () => {
  const slots = new Slots(1);
  await slots.whenFree();
  await slots.take();
  let isFree = false;
  const free = slots.whenFree().then(() => (isFree = true));
  const second = slots.take();
  slots.give();
  await second;
  expect(isFree).toBe(false);
  slots.give();
  await free;
});
