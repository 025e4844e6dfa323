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
