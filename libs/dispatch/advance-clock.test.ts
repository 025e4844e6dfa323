import { expect, it } from '@jest/globals';
import { SystemClock } from '#platform/clock';
import { AdvanceClock } from './advance-clock.js';

/** Of which the machine has no time for anything: between two looks more passes than anybody would wait. */
class StarvedClock extends SystemClock {
  private looks = 0;

  override mono(): number {
    return (this.looks += 1) * 7_000;
  }
}

/** One message under way, which so many looks see before it has ended. */
function waiting(looks: number, clock: SystemClock) {
  let seen = 0;
  const messages = {
    findDue: () => Promise.resolve([]),
    pageByStatus: (status: string) =>
      Promise.resolve(status === 'released' && (seen += 1) <= looks ? [{ _id: 'm', rev: 'r' }] : []),
    nextDueAt: () => Promise.resolve(null),
  };
  return { advance: advancing(messages, clock), seen: () => seen };
}

function advancing(messages: object, clock: SystemClock): AdvanceClock {
  const release = { runOnce: () => Promise.resolve(0) };
  const leads = { keep: () => Promise.resolve() };
  return new AdvanceClock(messages as never, release as never, leads as never, clock, null);
}

it('waits for what is under way while the machine has no time for it', async () => {
  const { advance, seen } = waiting(5, new StarvedClock());
  expect(await advance.advance(0)).toMatchObject({ kind: 'arrived' });
  expect(seen()).toBeGreaterThan(5);
});

it('goes on, all the same, without what never moves', async () => {
  const { advance } = waiting(Infinity, new StarvedClock());
  expect(await advance.advance(0)).toMatchObject({ kind: 'arrived' });
});

it('waits for what the scheduler took up between its look and its question what is due next', async () => {
  const clock = new SystemClock();
  let seen = 0;
  const leads: number[] = [];
  const messages = {
    findDue: () => Promise.resolve([]),
    // Nobody at first; then one that became due by itself, and that two looks see.
    pageByStatus: (status: string) => {
      if (status !== 'released') return Promise.resolve([]);
      seen += 1;
      const isThere = seen === 2 || seen === 3;
      if (isThere) leads.push(clock.lead);
      return Promise.resolve(isThere ? [{ _id: 'm', rev: 'r' }] : []);
    },
    nextDueAt: () => Promise.resolve(null),
  };
  const advance = advancing(messages, clock);
  expect(await advance.advance(86_400_000)).toMatchObject({ kind: 'arrived' });
  expect(leads).toEqual([0, 0]);
  expect(clock.lead).toBeGreaterThan(86_000_000);
});
