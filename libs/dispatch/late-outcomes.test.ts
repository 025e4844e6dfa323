import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fault, OUTAGES } from '#platform/faults.fixture';
import { CLINIC } from '#privacy/ledger.fixture';
import { endsOf, planForFour, UNDISTURBED } from './four-people.fixture.js';
import { Line } from './line.fixture.js';
import { SENDING_STUCK_MS } from './repair-stuck.js';

const T = CLINIC.id;
let line: Line;
/** Whose ledger gets lost. */
let cut: Line;
beforeAll(async () => {
  line = await Line.open();
  cut = await line.another();
});
afterAll(async () => {
  await cut.leave();
  await line.close();
});
beforeEach(() => line.clear());

const run = () => cut.runDue().catch(() => undefined);
const tell = () => cut.late.runOnce(cut.clock.now());

describe('with the ledger lost at each write and call, and back later', () => {
  it.each([
    ...OUTAGES.map((fault) => [fault, 'soon'] as const),
    ['gone-after', 'once repair has called it unknown'],
  ] as [Fault, string][])(
    'all is sent once by the same process, and nothing stays unknown: %s, back %s',
    async (fault, when) => {
      let isStruck = true;
      let n = 0;
      while (isStruck) {
        n += 1;
        const ids = await planForFour(line);
        cut.faults.arm(n, fault);
        await run();
        isStruck = cut.faults.struck;
        // While it is away nothing can be told, and that is no failure.
        await tell();
        await run();
        if (when !== 'soon') {
          await line.repairStuck.runOnce(line.clock.now());
          line.clock.pass(SENDING_STUCK_MS);
          await line.repairStuck.runOnce(line.clock.now());
        }
        await cut.faults.revive();
        for (let round = 0; round < 4; round += 1) {
          await tell();
          await cut.runDue();
          // What was to be tried again comes due.
          cut.clock.pass(15_000);
        }
        expect({ n, ...(await endsOf(line, ids)) }).toEqual({ n, ...UNDISTURBED });
        expect({ n, taken: [...line.provider.accepted.values()] }).toEqual({ n, taken: [1, 1, 1] });
        expect(await tell()).toEqual({ written: 0, waiting: 0 });
      }
      // Release, reservation, claim, four calls and at least one record.
      expect(n).toBeGreaterThanOrEqual(8);
    },
  );
});

it('a receipt that was faster is left as it is, and learns only the id', async () => {
  const id = await line.confirmation();
  // Released, the topic told, reserved, claimed, called: the record is the next write.
  cut.faults.arm(5, 'gone-before');
  await run();
  const row = await line.rowOf(id);
  expect(row).toMatchObject({ status: 'sending' });
  const { ref } = row.attempts.at(-1)!;
  await line.applyReceipt.apply(T, {
    ...{ kind: 'delivered', ref, address: 'anna@example.se', channel: 'email', stream: 'service' },
  });
  await cut.faults.revive();
  await tell();
  const told = await line.rowOf(id);
  expect(told.status).toBe('delivered');
  expect(told.attempts.at(-1)?.providerId).toBe(`p-${ref}`);
});
