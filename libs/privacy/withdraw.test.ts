import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setImmediate as tick } from 'node:timers/promises';
import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import { transition } from '#messages/transition';
import { CLINIC, Ledger, NEIGHBOUR, NOW, said } from './ledger.fixture.js';

const T = CLINIC.id;
let ledger: Ledger;
beforeAll(async () => {
  ledger = await Ledger.open();
});
afterAll(() => ledger.close());
beforeEach(() => ledger.clear());

const offers: Partial<MessageRow> = {
  journey: 'offers',
  purpose: 'offers',
  stream: 'marketing',
  dueClass: 'marketing',
  subject: { kind: 'cart', id: 'c1' },
};
const how = (id = 'choice-1') => ({ id, at: NOW, recordedAt: NOW, via: 'page' as const });

/** As a dispatcher leaves it that has reserved and claimed, and whose call has not ended. */
async function sending(customer: Customer, row: MessageRow): Promise<MessageRow> {
  const released = transition(row as MessageRow & { status: 'planned' }, 'released', undefined, NOW);
  await ledger.messages.apply([released]);
  const claimed = transition(
    released.after as MessageRow & { status: 'released' },
    'sending',
    undefined,
    NOW,
    {},
    {
      push: {
        attempts: {
          n: 1,
          ref: `ref-${row._id}`,
          channel: row.channel,
          at: NOW,
          outcome: null,
          providerId: null,
        },
      },
    },
  );
  await ledger.messages.apply([claimed]);
  const seen = await ledger.person(customer.customer);
  await ledger.customers.reserve([{ seen, sends: [...seen.sends, { id: row._id, at: NOW, group: null }] }]);
  return claimed.after;
}

/** Whether it has ended after many turns of the event loop and some real time. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let ended = false;
  void promise.then(
    () => (ended = true),
    () => (ended = true),
  );
  const until = performance.now() + 80;
  while (!ended && performance.now() < until) await tick();
  return !ended;
}

describe('what a withdrawal does (PROTOCOL B)', () => {
  it('cancels what it covers, and gives the rest a new rev', async () => {
    await ledger.customer();
    const offer = await ledger.row(offers);
    const booking = await ledger.row();
    const foreign = await ledger.row({ ...offers, tenant: NEIGHBOUR.id });
    await ledger.withdraw.hearChoices(T, 'anna', [said()], how());
    expect(await ledger.rowOf(offer._id)).toMatchObject({ status: 'cancelled', reason: 'withdrawn' });
    const touched = await ledger.rowOf(booking._id);
    expect(touched).toMatchObject({ status: 'planned' });
    expect(touched.rev).not.toBe(booking.rev);
    expect((await ledger.rowOf(foreign._id, NEIGHBOUR.id)).rev).toBe(foreign.rev);
  });

  it('writes the suppression, the choice and a new rev of the customer', async () => {
    const before = await ledger.customer();
    await ledger.withdraw.hearChoices(T, 'anna', [said()], how());
    const after = await ledger.person();
    expect(after.rev).not.toBe(before.rev);
    expect(after.choiceLog).toMatchObject([{ id: 'choice-1#0', state: 'withdrawn' }]);
    const records = await ledger.suppressions.findByAddresses(T, [
      { kind: 'email', address: 'anna@example.se' },
    ]);
    expect(records.get('anna@example.se')).toMatchObject([
      { kind: 'opt-out', by: 'anna', purpose: 'marketing' },
    ]);
  });

  it('reaches whoever else has the address, by that address only', async () => {
    await ledger.customer();
    const bo = await ledger.customer({ customer: 'bo', email: 'anna@example.se', phone: '+46701740606' });
    const mail = await ledger.row({ ...offers, customer: 'bo' });
    const sms = await ledger.row({ ...offers, customer: 'bo', step: '2', channel: 'sms' });
    await ledger.withdraw.hearChoices(T, 'anna', [said()], how());
    expect((await ledger.person('bo')).rev).not.toBe(bo.rev);
    expect(await ledger.rowOf(mail._id)).toMatchObject({ status: 'cancelled' });
    // His own phone was never spoken of.
    expect(await ledger.rowOf(sms._id)).toMatchObject({ status: 'planned' });
  });

  it("ends nothing of another holder's by a no that is the person's own", async () => {
    await ledger.customer();
    await ledger.customer({ customer: 'bo', email: 'anna@example.se' });
    const survey: Partial<MessageRow> = { journey: 'survey', purpose: 'survey' };
    const own = await ledger.row(survey);
    const other = await ledger.row({ ...survey, customer: 'bo' });
    await ledger.withdraw.hearChoices(
      T,
      'anna',
      [said({ purpose: 'survey', state: 'objected' }), said()],
      how(),
    );
    expect(await ledger.rowOf(own._id)).toMatchObject({ status: 'cancelled', reason: 'objected' });
    expect(await ledger.rowOf(other._id)).toMatchObject({ status: 'planned' });
  });

  it('takes nothing where the customer is not as it was asked for', async () => {
    const before = await ledger.customer();
    const offer = await ledger.row(offers);
    const said1 = await ledger.withdraw.hearChoices(T, 'anna', [said()], how(), { onlyAt: () => false });
    expect(said1).toBe('changed');
    expect((await ledger.person()).rev).toBe(before.rev);
    expect((await ledger.rowOf(offer._id)).rev).toBe(offer.rev);
    expect(await ledger.withdraw.hearChoices(T, 'nobody', [said()], how())).toBeNull();
  });

  it('heard twice, stands once in the log', async () => {
    await ledger.customer();
    await ledger.withdraw.hearChoices(T, 'anna', [said()], how());
    await ledger.withdraw.hearChoices(T, 'anna', [said()], how());
    expect((await ledger.person()).choiceLog).toHaveLength(1);
  });
});

describe('the wait for what is in flight (B4)', () => {
  it('waits for a call that it concerns, and answers when it has ended', async () => {
    const anna = await ledger.customer();
    const row = await sending(anna, await ledger.row(offers));
    const answer = ledger.withdraw.hearChoices(T, 'anna', [said()], how());
    expect(await isPending(answer)).toBe(true);
    await ledger.messages.apply([
      transition(row as MessageRow & { status: 'sending' }, 'accepted', undefined, NOW),
    ]);
    await answer;
    expect(await ledger.rowOf(row._id)).toMatchObject({ status: 'accepted' });
  });

  it('waits no longer than W by the monotonic clock', async () => {
    const anna = await ledger.customer();
    const row = await sending(anna, await ledger.row(offers));
    // W counts from the acknowledgement, which the first look at what is in flight comes after.
    const look = jest.spyOn(ledger.messages, 'findByIds');
    const answer = ledger.withdraw.hearChoices(T, 'anna', [said()], how());
    while (look.mock.calls.length === 0) await tick();
    look.mockRestore();
    ledger.clock.pass(4_999);
    expect(await isPending(answer)).toBe(true);
    ledger.clock.pass(5_000);
    await answer;
    // Its sender's record asks for the rev that it knows.
    expect((await ledger.rowOf(row._id)).rev).toBe(row.rev);
  });

  it.each<[string, Partial<MessageRow>]>([
    ['of a purpose that the no does not cover', {}],
    ['on a channel that the no does not cover', { ...offers, channel: 'sms' }],
  ])('does not wait for a call %s', async (_, changes) => {
    const anna = await ledger.customer();
    await sending(anna, await ledger.row(changes));
    await ledger.withdraw.hearChoices(T, 'anna', [said({ channel: 'email' })], how());
    expect((await ledger.person()).choiceLog).toHaveLength(1);
  });

  it("waits for a call to another holder's same address", async () => {
    await ledger.customer();
    const bo = await ledger.customer({ customer: 'bo', email: 'anna@example.se' });
    const row = await sending(bo, await ledger.row({ ...offers, customer: 'bo' }));
    const answer = ledger.withdraw.hearChoices(T, 'anna', [said()], how());
    expect(await isPending(answer)).toBe(true);
    await ledger.messages.apply([
      transition(row as MessageRow & { status: 'sending' }, 'accepted', undefined, NOW),
    ]);
    await answer;
  });
});

describe('an address that must not be used', () => {
  const bounced = { kind: 'email' as const, address: 'anna@example.se', channel: 'email' as const };

  it('ends what can be stopped, and lets a contract look for another channel', async () => {
    await ledger.customer();
    const offer = await ledger.row(offers);
    const booking = await ledger.row();
    const recall = await ledger.row({ journey: 'recall', purpose: 'recall', dueClass: 'recall' });
    await ledger.withdraw.suppressAddress(T, { ...bounced, scope: 'all', cause: 'bounce' });
    expect(await ledger.rowOf(offer._id)).toMatchObject({ status: 'cancelled', reason: 'suppressed' });
    const touched = await ledger.rowOf(booking._id);
    expect([touched.status, touched.rev === booking.rev]).toEqual(['planned', false]);
    expect(await ledger.rowOf(recall._id)).toMatchObject({ status: 'planned' });
  });

  it('leaves the other stream alone after a complaint', async () => {
    await ledger.customer();
    const survey = await ledger.row({ journey: 'survey', purpose: 'survey' });
    await ledger.withdraw.suppressAddress(T, { ...bounced, scope: 'marketing', cause: 'complaint' });
    expect(await ledger.rowOf(survey._id)).toMatchObject({ status: 'planned' });
  });

  it('waits for nothing where nobody is answered', async () => {
    const anna = await ledger.customer();
    await sending(anna, await ledger.row());
    await ledger.withdraw.suppressAddress(T, {
      ...bounced,
      scope: 'all',
      cause: 'bad-address',
      answers: false,
    });
    const answer = ledger.withdraw.suppressAddress(T, { ...bounced, scope: 'all', cause: 'bounce' });
    expect(await isPending(answer)).toBe(true);
    ledger.clock.pass(5_000);
    await answer;
  });
});

describe('a restriction', () => {
  it('keeps what is planned, makes it ask again, and is lifted', async () => {
    await ledger.customer();
    const row = await ledger.row();
    const restricted = await ledger.restrict.restrict(T, 'anna');
    expect(restricted?.restrictedAt).toEqual(NOW);
    const touched = await ledger.rowOf(row._id);
    expect([touched.status, touched.rev === row.rev]).toEqual(['planned', false]);
    ledger.clock.pass(1_000);
    expect((await ledger.restrict.restrict(T, 'anna'))?.restrictedAt).toEqual(NOW);
    expect((await ledger.restrict.unrestrict(T, 'anna'))?.restrictedAt).toBeNull();
    expect(await ledger.restrict.restrict(T, 'nobody')).toBeNull();
  });

  it('waits for what is in flight', async () => {
    const anna = await ledger.customer();
    await sending(anna, await ledger.row());
    const answer = ledger.restrict.restrict(T, 'anna');
    expect(await isPending(answer)).toBe(true);
    ledger.clock.pass(5_000);
    await answer;
  });
});

it('gives every one of many noes its place in the log while others write the customer', async () => {
  await ledger.customer();
  const purposes = ['newsletter', 'offers', 'news', 'inspiration', 'benefits'] as const;
  const other = await ledger.another();
  await Promise.all(
    purposes.map((purpose, index) =>
      (index % 2 === 0 ? ledger : other).withdraw.hearChoices(T, 'anna', [said({ purpose })], how(purpose)),
    ),
  );
  await other.leave();
  expect((await ledger.person()).choiceLog.map((choice) => choice.purpose).sort()).toEqual(
    [...purposes].sort(),
  );
});
