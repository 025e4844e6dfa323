import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FAULTS, type Fault } from '#platform/faults.fixture';
import { endsOf, planForFour, UNDISTURBED } from './four-people.fixture.js';
import { Line } from './line.fixture.js';
import { RELEASED_STUCK_MS, SENDING_STUCK_MS } from './repair-stuck.js';

let line: Line;
let doomed: Line;
beforeAll(async () => {
  line = await Line.open();
  doomed = await line.another();
});
afterAll(async () => {
  await doomed.leave();
  await line.close();
});

/** Sends until nothing moves any more; the topic repeats what was not committed, repair mends the rest. */
async function seeThrough(): Promise<void> {
  // A start, as it is where topics live in memory.
  await doomed.releaseDue.reproduceAll();
  for (let round = 0; round < 3; round++) {
    await doomed.runDue();
    await doomed.repairStuck.runOnce(doomed.clock.now());
    doomed.clock.pass(Math.max(SENDING_STUCK_MS, RELEASED_STUCK_MS));
    await doomed.repairStuck.runOnce(doomed.clock.now());
  }
  await doomed.runDue();
}

it('without a crash each is taken once, or failed', async () => {
  const ids = await planForFour(line);
  await seeThrough();
  expect(await endsOf(line, ids)).toEqual(UNDISTURBED);
  expect([...line.provider.accepted.values()]).toEqual([1, 1, 1]);
});

describe.each(FAULTS)('with a %s at each write and call', (fault: Fault) => {
  it('nothing is taken twice, nothing is lost, and what may have been sent is unknown', async () => {
    let isStruck = true;
    let n = 0;
    while (isStruck) {
      n += 1;
      const ids = await planForFour(line);
      doomed.faults.arm(n, fault);
      await doomed.runDue().catch(() => undefined);
      isStruck = doomed.faults.struck;
      await doomed.faults.revive();
      await seeThrough();
      for (const [name, status] of Object.entries(await endsOf(line, ids))) {
        const id = ids.find((one) => one.includes(`/${name}/`))!;
        const times = line.provider.accepted.get(id) ?? 0;
        expect({ n, name, times: times <= 1 }).toEqual({ n, name, times: true });
        if (status === UNDISTURBED[name as keyof typeof UNDISTURBED]) {
          expect({ n, name, times }).toEqual({ n, name, times: status === 'accepted' ? 1 : 0 });
        } else {
          expect({ n, name, status }).toEqual({ n, name, status: 'unknown' });
        }
      }
      // Whoever was not on the way to the provider just then is as without the crash.
      if (!isStruck) expect(await endsOf(line, ids)).toEqual(UNDISTURBED);
    }
    // Release, reservation, claim, four calls and at least one record.
    expect(n).toBeGreaterThanOrEqual(8);
  });
});
