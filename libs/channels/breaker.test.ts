import { beforeEach, describe, expect, it } from '@jest/globals';
import { StoppedClock } from '#platform/clock';
import { Breaker, type BreakerState } from './breaker.js';
import type { Outcome } from './outcome.js';

const ok: Outcome = { kind: 'accepted', providerId: 'p' };
const refused: Outcome = { kind: 'retry-at', afterMs: 1, reason: 'econnrefused', trouble: 'unreachable' };
const broken: Outcome = { kind: 'unknown', reason: 'sendgrid-500' };
const locked: Outcome = { kind: 'rejected', reason: 'sendgrid-401', trouble: 'refused' };
const busy: Outcome = { kind: 'retry-at', afterMs: 1, reason: 'sendgrid-429' };
const wrong: Outcome = { kind: 'rejected', reason: 'sendgrid-400' };

let clock: StoppedClock;
let breaker: Breaker;
let told: BreakerState[];
let calls: number;
beforeEach(() => {
  clock = new StoppedClock(new Date('2026-03-01T12:00:00Z'));
  told = [];
  calls = 0;
  breaker = new Breaker(clock, (state) => told.push(state));
});

const call = (outcome: Outcome | Promise<Outcome>, message = 'm1') =>
  breaker.run(message, () => {
    calls += 1;
    return Promise.resolve(outcome);
  });
const times = async (count: number, ...outcomes: Outcome[]) => {
  for (let n = 0; n < count; n += 1) await call(outcomes[n % outcomes.length] as Outcome);
};
/** How long it rests, whatever the message's own spread. */
const restMs = () => Math.min(...Array.from({ length: 40 }, (_, n) => breaker.waitMs(`m${n}`)));

describe('opens', () => {
  it.each<[string, Outcome]>([
    ['refused connections', refused],
    ['calls of which nobody knows', broken],
    ['refused credentials', locked],
  ])('after ten %s in a row', async (_, outcome) => {
    await times(9, outcome);
    expect([breaker.state, breaker.waitMs('m1')]).toEqual(['closed', 0]);
    await times(1, outcome);
    expect(breaker.state).toBe('open');
    expect(await call(ok)).toMatchObject({ kind: 'retry-at', reason: 'circuit-open', trouble: 'resting' });
    expect(calls).toBe(10);
  });

  it('when most of the last calls failed, though never ten in a row', async () => {
    await times(39, broken, broken, ok);
    expect(breaker.state).toBe('closed');
    await times(1, broken);
    expect(breaker.state).toBe('open');
  });

  it.each<[string, Outcome[]]>([
    ['a message’s own faults', [wrong]],
    ['rate limits', [busy]],
    ['half of the calls failing', [ok, broken]],
    [
      'nine failures at a time',
      [...Array.from({ length: 11 }, () => ok), ...Array.from({ length: 9 }, () => refused)],
    ],
  ])('not for %s', async (_, outcomes) => {
    await times(200, ...outcomes);
    expect([breaker.state, told]).toEqual(['closed', []]);
  });
});

describe('open', () => {
  beforeEach(() => times(10, refused));

  it('rests, then lets one message probe while the others wait, and closes on its success', async () => {
    expect(restMs()).toBeGreaterThanOrEqual(5_000);
    expect(restMs()).toBeLessThan(6_000);
    clock.pass(4_999);
    expect(await call(ok)).toMatchObject({ trouble: 'resting' });
    clock.pass(1);
    let answer: (outcome: Outcome) => void = () => undefined;
    const probe = call(new Promise<Outcome>((resolve) => (answer = resolve)));
    expect(breaker.state).toBe('half-open');
    expect(await call(ok, 'm2')).toMatchObject({ kind: 'retry-at', trouble: 'resting' });
    answer(ok);
    expect(await probe).toEqual(ok);
    expect(await call(ok)).toEqual(ok);
    expect(calls).toBe(12);
    expect(told).toEqual(['open', 'half-open', 'closed']);
  });

  it('rests twice as long after each probe that failed, a minute at most', async () => {
    const rests: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      const at = clock.mono();
      while (breaker.waitMs('m1') > 0) clock.pass(1_000);
      rests.push(clock.mono() - at);
      expect(await call(broken)).toEqual(broken);
    }
    expect(rests).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    expect(calls).toBe(16);
  });

  it('a wall clock that jumps changes nothing', async () => {
    clock.set(new Date('2027-01-01T00:00:00Z'));
    expect(await call(ok)).toMatchObject({ trouble: 'resting' });
  });

  it('what began before it opened closes nothing', async () => {
    const other = new Breaker(clock);
    let answer: (outcome: Outcome) => void = () => undefined;
    const slow = other.run('slow', () => new Promise<Outcome>((resolve) => (answer = resolve)));
    for (let n = 0; n < 10; n += 1) await other.run('m', () => Promise.resolve(broken));
    answer(ok);
    expect(await slow).toEqual(ok);
    expect(other.state).toBe('open');
  });

  it('spreads those who wait, each by its own', () => {
    const waits = Array.from({ length: 200 }, (_, n) => breaker.waitMs(`m${n}`));
    expect(new Set(waits).size).toBeGreaterThan(150);
    expect(Math.max(...waits)).toBeLessThan(10_000);
    expect(breaker.waitMs('m7')).toBe(waits[7]);
  });
});

it('a call begins in the very step in which it is let in', () => {
  void call(ok);
  expect(calls).toBe(1);
});
