import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Deadline } from './deadline.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

it('tells everybody once it passes, and at once who asks later', () => {
  const deadline = new Deadline(100);
  const { signal } = deadline;
  const told: string[] = [];
  deadline.whenPassed(() => told.push('one'));
  deadline.whenPassed(() => told.push('two'));
  jest.advanceTimersByTime(99);
  expect([told, deadline.aborted, signal.aborted]).toEqual([[], false, false]);
  jest.advanceTimersByTime(1);
  deadline.whenPassed(() => told.push('late'));
  expect([told, deadline.aborted, signal.aborted]).toEqual([['one', 'two', 'late'], true, true]);
});

it('has a signal that says so, also where it is asked for afterwards', () => {
  const deadline = new Deadline(1);
  jest.advanceTimersByTime(1);
  expect(deadline.signal.aborted).toBe(true);
});

it('tells nobody of a call that has ended', () => {
  const deadline = new Deadline(1);
  const told = jest.fn();
  deadline.whenPassed(told);
  deadline.clear();
  jest.advanceTimersByTime(10);
  expect(told).not.toHaveBeenCalled();
});
