import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Envelope, Outcome } from '#channels/outcome';
import { Line } from './line.fixture.js';

let line: Line;
beforeAll(async () => {
  line = await Line.open();
});
afterAll(() => line.close());
beforeEach(async () => {
  await line.clear();
  line.provider.channels = ['email'];
  line.provider.accounts = ['first', 'second'];
});

const ok = (ref: string): Outcome => ({ kind: 'accepted', providerId: `p-${ref}` });
const gone: Outcome = { kind: 'retry-at', afterMs: 15_000, reason: 'econnrefused', trouble: 'unreachable' };
/** The first account answers so, the second takes everything. */
const firstSays = (outcome: Outcome) => {
  line.provider.answer = ({ account, ref }: Envelope) => (account === 'first' ? outcome : ok(ref));
};
const by = () => line.provider.calls.map(({ account }) => account);

it.each<[string, Outcome]>([
  ['cannot be reached', gone],
  ['refuses its credentials', { kind: 'rejected', reason: 'sendgrid-401', trouble: 'refused' }],
  ['puts one off for long', { kind: 'retry-at', afterMs: 90_000, reason: 'sendgrid-429' }],
])('goes by the next account where the first %s, at once, by a new permit and ref', async (_, outcome) => {
  firstSays(outcome);
  const id = await line.confirmation();
  await line.runDue();
  expect((await line.rowOf(id)).status).toBe('planned');
  await line.runDue();
  expect(await line.rowOf(id)).toMatchObject({
    status: 'accepted',
    attempts: [
      { account: 'first', passedOn: true },
      { account: 'second', outcome: 'accepted' },
    ],
  });
  expect(by()).toEqual(['first', 'second']);
  const [one, two] = line.provider.calls;
  expect(one!.ref).not.toBe(two!.ref);
});

it.each<[string, Outcome]>([
  ['a 5xx', { kind: 'unknown', reason: 'sendgrid-500' }],
  ['a timeout', { kind: 'unknown', reason: 'timeout' }],
])('never goes by another account after %s, nor when it is said again', async (_, outcome) => {
  firstSays(outcome);
  const id = await line.confirmation();
  await line.runDue();
  expect((await line.rowOf(id)).status).toBe('unknown');
  // As one resend, or a person, has it; and though the first cannot be reached by now.
  firstSays(gone);
  const { connection, clock } = line;
  const again = { $set: { status: 'planned', dueAt: clock.now(), rev: 'again' } };
  await connection.collection('messages').updateOne({ _id: id as never }, again);
  for (let n = 0; n < 3; n += 1) {
    await line.runDue();
    clock.pass(120_000);
  }
  expect(by()).toEqual(['first', 'first', 'first', 'first']);
  expect((await line.rowOf(id)).status).toBe('planned');
});

it.each<[string, Outcome, string]>([
  ['a fault of the message', { kind: 'rejected', reason: 'sendgrid-400' }, 'failed'],
  ['a short rate limit', { kind: 'retry-at', afterMs: 10_000, reason: 'sendgrid-429' }, 'planned'],
])('does not ask another account for %s', async (_, outcome, status) => {
  firstSays(outcome);
  const id = await line.confirmation();
  await line.runDue();
  await line.runDue();
  expect((await line.rowOf(id)).status).toBe(status);
  expect(by()).toEqual(['first']);
});

it('when all have turned it away it waits, and begins with the first', async () => {
  line.provider.answer = () => gone;
  const id = await line.confirmation();
  await line.runDue();
  await line.runDue();
  await line.runDue();
  expect(by()).toEqual(['first', 'second']);
  line.clock.pass(15_000);
  firstSays({ kind: 'accepted', providerId: 'p' });
  await line.runDue();
  expect(by()).toEqual(['first', 'second', 'first']);
  expect((await line.rowOf(id)).status).toBe('accepted');
});

const breakFirst = async () => {
  firstSays(gone);
  for (let n = 0; n < 10; n += 1) await line.confirmation(`p${n}`);
  await line.runDue();
  line.provider.calls.length = 0;
};

it('an open breaker sends what comes by the next account, without a try of the first', async () => {
  await breakFirst();
  const id = await line.confirmation();
  await line.runDue();
  expect(await line.rowOf(id)).toMatchObject({ status: 'accepted', attempts: [{ n: 1, account: 'second' }] });
});

it('and where there is no other, it waits for the breaker: no place, no claim, no try, and nothing fails', async () => {
  line.provider.accounts = ['first'];
  await breakFirst();
  const id = await line.confirmation();
  for (let n = 0; n < 5; n += 1) {
    const at = line.clock.now().getTime();
    await line.runDue();
    const row = await line.rowOf(id);
    expect(row).toMatchObject({ status: 'planned', attempts: [] });
    const wait = row.dueAt!.getTime() - at;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThan(10_000);
    // Not as far as its time: it is asked about again too early, and waits on.
    await line.connection
      .collection('messages')
      .updateOne({ _id: id as never }, { $set: { dueAt: line.clock.now() } });
  }
  expect((await line.customers.find('wellnesskliniken', 'anna'))?.sends).toEqual([]);
  expect(by()).toEqual([]);
  line.provider.answer = ({ ref }) => ok(ref);
  line.clock.pass(30_000);
  // One probes, the others wait once more, then all go.
  await line.runDue();
  line.clock.pass(30_000);
  await line.runDue();
  expect(await line.rowOf(id)).toMatchObject({ status: 'accepted' });
  expect(line.provider.accepted.size).toBe(11);
  expect([...line.provider.accepted.values()].every((times) => times === 1)).toBe(true);
});
