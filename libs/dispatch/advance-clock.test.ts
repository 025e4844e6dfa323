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
  const advance = new AdvanceClock(
    messages as never,
    { runOnce: () => Promise.resolve(0) } as never,
    { keep: () => Promise.resolve() } as never,
    clock,
    null,
  );
  return { advance, seen: () => seen };
}

it('waits for what is under way while the machine has no time for it', async () => {
  const { advance, seen } = waiting(5, new StarvedClock());
  expect(await advance.advance(0)).toMatchObject({ kind: 'arrived' });
  expect(seen()).toBe(6);
});

it('goes on, all the same, without what never moves', async () => {
  const { advance } = waiting(Infinity, new StarvedClock());
  expect(await advance.advance(0)).toMatchObject({ kind: 'arrived' });
});
