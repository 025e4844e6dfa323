import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Envelope, Outcome } from '#channels/outcome';
import { FAULTS, type Fault } from '#platform/faults.fixture';
import { CLINIC } from '#privacy/ledger.fixture';
import { accepted, Line } from './line.fixture.js';
import { RELEASED_STUCK_MS, SENDING_STUCK_MS } from './repair-stuck.js';

const T = CLINIC.id;
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

/** What the provider says to each, the first time and later. */
const SAYS: Record<string, Outcome['kind'][]> = {
  anna: ['accepted'],
  bo: ['retry-at', 'accepted'],
  cay: ['bad-address', 'accepted'],
  dag: ['rejected'],
};

async function plan(): Promise<string[]> {
  await line.clear();
  const tries = new Map<string, number>();
  line.provider.answer = (envelope: Envelope) => {
    const name = envelope.message.split('/')[1] ?? '';
    const n = tries.get(name) ?? 0;
    tries.set(name, n + 1);
    const kind = SAYS[name]?.[n] ?? 'accepted';
    if (kind === 'accepted') return accepted(envelope);
    return kind === 'retry-at' ? { kind, afterMs: 0, reason: kind } : { kind, reason: kind };
  };
  const ids = [];
  for (const name of Object.keys(SAYS)) ids.push(await line.confirmation(name));
  return ids;
}

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

async function ends(ids: readonly string[]): Promise<Record<string, string>> {
  const rows = await line.messages.findByIds(T, ids);
  return Object.fromEntries(rows.map((row) => [row.customer, row.status]));
}

const CLEAN = { anna: 'accepted', bo: 'accepted', cay: 'accepted', dag: 'failed' };

it('without a crash each is taken once, or failed', async () => {
  const ids = await plan();
  await seeThrough();
  expect(await ends(ids)).toEqual(CLEAN);
  expect([...line.provider.accepted.values()]).toEqual([1, 1, 1]);
});

describe.each(FAULTS)('with a %s at each write and call', (fault: Fault) => {
  it('nothing is taken twice, nothing is lost, and what may have been sent is unknown', async () => {
    let isStruck = true;
    let n = 0;
    while (isStruck) {
      n += 1;
      const ids = await plan();
      doomed.faults.arm(n, fault);
      await doomed.runDue().catch(() => undefined);
      isStruck = doomed.faults.struck;
      await doomed.faults.revive();
      await seeThrough();
      for (const [name, status] of Object.entries(await ends(ids))) {
        const id = ids.find((one) => one.includes(`/${name}/`))!;
        const times = line.provider.accepted.get(id) ?? 0;
        expect({ n, name, times: times <= 1 }).toEqual({ n, name, times: true });
        if (status === CLEAN[name as keyof typeof CLEAN]) {
          expect({ n, name, times }).toEqual({ n, name, times: status === 'accepted' ? 1 : 0 });
        } else {
          expect({ n, name, status }).toEqual({ n, name, status: 'unknown' });
        }
      }
      // Whoever was not on the way to the provider just then is as without the crash.
      if (!isStruck) expect(await ends(ids)).toEqual(CLEAN);
    }
    // Release, reservation, claim, four calls and at least one record.
    expect(n).toBeGreaterThanOrEqual(8);
  });
});
