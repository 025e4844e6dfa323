import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Customer } from '#customers/customer.types';
import { CLINIC, Ledger } from '#privacy/ledger.fixture';
import type { ImportKind } from './import.types.js';
import { Imports } from './imports.fixture.js';

let ledger: Ledger;
beforeAll(async () => {
  ledger = await Ledger.open();
});
afterAll(() => ledger.close());

const choices = (rows: string) =>
  `customer,email,purpose,channel,state,at,noticeVersion,language,method,place,evidence\n${rows}\n`;
const proof = '2026-01-02T10:00:00Z,2026-01,sv,checkbox,/konto,the form as it was shown';

describe('a worker', () => {
  const COUNT = 8;
  const files: Record<ImportKind, string> = {
    customers: `id,email\n${Array.from({ length: COUNT }, (_, at) => `${at},p${at}@example.se\n`).join('')}`,
    choices: choices(
      Array.from({ length: COUNT }, (_, at) => `${at},,marketing,email,withdrawn,,,,,,`).join('\n'),
    ),
    suppressions: `email\n${Array.from({ length: COUNT }, (_, at) => `p${at}@example.se\n`).join('')}`,
  };
  let few: Imports;
  beforeAll(async () => {
    few = await Imports.open(await ledger.another(), { batch: 3 });
  });
  afterAll(() => few.ledger.leave());

  const customersOf = async () =>
    (await ledger.connection
      .collection('customers')
      .find({})
      .sort({ _id: 1 })
      .toArray()) as unknown as Customer[];

  /** What a person would notice, however often it was written. */
  const factsOf = async () => ({
    customers: (await customersOf()).map(({ customer, email, choiceLog }) => [
      customer,
      email,
      choiceLog.map(({ state, at }) => [state, at]),
    ]),
    suppressions: await ledger.connection
      .collection('suppressions')
      .find({}, { projection: { _id: 1 } })
      .sort({ _id: 1 })
      .toArray(),
    rows: (await ledger.messages.list(CLINIC.id, {}, { after: null, limit: 100 })).map(
      ({ status, reason }) => [status, reason],
    ),
  });

  /** People with something planned, and an import of them that waits. */
  async function sent(kind: ImportKind) {
    await ledger.clear();
    for (const at of kind === 'customers' ? [1, 5] : [0, 4, 7]) {
      const facts = kind === 'customers' ? { email: 'old@example.se' } : { email: `p${at}@example.se` };
      await ledger.customer({ customer: String(at), ...facts });
      await ledger.row({ customer: String(at), purpose: 'newsletter', stream: 'marketing' });
    }
    return few.send(files[kind], { kind });
  }

  it.each(['customers', 'choices', 'suppressions'] as const)(
    'that dies at any write leaves %s that another takes up, without a double',
    async (kind) => {
      await sent(kind);
      await few.worker().runOnce();
      const whole = await factsOf();
      expect(whole.rows).toContainEqual(
        kind === 'customers' ? ['planned', null] : ['cancelled', expect.anything()],
      );
      for (const fault of ['crash-half', 'crash-after'] as const) {
        for (let n = 1; ; n += 1) {
          const { import: id } = await sent(kind);
          const before = await ledger.messages.list(CLINIC.id, {}, { after: null, limit: 100 });
          few.ledger.faults.arm(n, fault);
          await few
            .worker()
            .runOnce()
            .catch(() => 0);
          const isStruck = few.ledger.faults.struck;
          await few.ledger.faults.revive();
          await few.worker().runOnce();
          const done = await few.store.find(CLINIC.id, id);
          expect([fault, n, done?.status, done?.done, done?.next]).toEqual([fault, n, 'done', COUNT, 3]);
          expect([fault, n, await factsOf()]).toEqual([fault, n, whole]);
          // Whatever was planned on the old facts cannot be claimed any more (PROTOCOL B3).
          const after = await ledger.messages.list(CLINIC.id, {}, { after: null, limit: 100 });
          const untouched = after.filter(({ rev }) => before.some((row) => row.rev === rev));
          expect([fault, n, untouched]).toEqual([fault, n, []]);
          expect(await ledger.connection.collection('import_chunks').countDocuments({})).toBe(0);
          if (!isStruck) break;
        }
      }
    },
  );

  it('follows another after a time without a sign of life, not before', async () => {
    const { import: id } = await sent('customers');
    const one = await few.store.find(CLINIC.id, id);
    await few.store.advance(one!, { status: 'running', worker: 'somebody else' });
    const other = few.worker({ isAlone: false });
    expect(await other.runOnce()).toBe(0);
    ledger.clock.pass(29_000);
    expect(await other.runOnce()).toBe(0);
    ledger.clock.pass(2_000);
    expect(await other.runOnce()).toBe(COUNT);
  });

  it('that another has passed loses its checkpoint and lets go', async () => {
    const { import: id } = await sent('customers');
    const slow = few.worker({ isAlone: false });
    // Between two of its batches another, which takes it for dead, does all that is left.
    const taken = slow.runOnce(() => false);
    await few.worker({ isAlone: true }).runOnce();
    await taken;
    const done = await few.store.find(CLINIC.id, id);
    expect([done?.status, done?.done, (await customersOf()).length]).toEqual(['done', COUNT, COUNT]);
  });

  it('that is stopped gives back what it has not done', async () => {
    const { import: id } = await sent('customers');
    let looks = 0;
    await few.worker({ isAlone: false }).runOnce(() => ++looks > 2);
    expect(await few.store.find(CLINIC.id, id)).toMatchObject({ status: 'waiting', next: 2, done: 6 });
    expect(await few.worker({ isAlone: false }).runOnce()).toBe(COUNT - 6);
  });

  it('takes a tenant’s imports one after another, in the order of arrival', async () => {
    await ledger.clear();
    await few.send(files.customers);
    ledger.clock.pass(1_000);
    const yes = choices(
      Array.from({ length: COUNT }, (_, at) => `${at},,newsletter,email,given,${proof}`).join('\n'),
    );
    const second = await few.send(yes, { kind: 'choices' });
    await few.worker().runOnce();
    expect(await few.store.find(CLINIC.id, second.import)).toMatchObject({ counts: { created: COUNT } });
  });
});
