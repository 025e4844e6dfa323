import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { Envelope, Outcome } from '#channels/outcome';
import { Sender } from '#channels/sender';
import type { Senders } from '#channels/senders';
import { CustomerStore } from '#customers/customer.store';
import { DispatchBatch } from '#dispatch/dispatch-batch';
import { LateOutcomes } from '#dispatch/late-outcomes';
import { Links } from '#dispatch/links';
import { LoadFacts } from '#dispatch/load-facts';
import { Standings } from '#dispatch/standings';
import { MeansOfHouse } from '#dispatch/means';
import { messageRow } from '#messages/message.fixture';
import { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import { Metrics } from '#platform/metrics';
import { Withdraw } from '#privacy/withdraw';
import { WithdrawByLink } from '#privacy/withdraw-by-link';
import { Templates } from '#rendering/templates';
import { Tenants } from '#tenants/tenant';
import { CLINIC, type PublicSide, startPublic } from './public.fixture.js';

const ROUNDS = 24;
/** Where chance left no call in the midst of a no, there are more. */
const MOST_ROUNDS = 5 * ROUNDS;
const ROWS = 4;

/** Calls no provider: notes when each call began and takes a while, as one does. */
class SlowSender extends Sender {
  readonly begun: { to: string; at: number }[] = [];

  protected override async deliver({ to }: Envelope): Promise<Outcome> {
    this.begun.push({ to, at: performance.now() });
    await pause(Math.random() * 15);
    return { kind: 'accepted', providerId: null };
  }
}

let side: PublicSide;
let sender: SlowSender;
let dispatch: DispatchBatch;
/** When the last unsubscribe held: a little before its answer was on the wire. */
let heldAt = 0;

beforeAll(async () => {
  side = await startPublic({ haste: 5 });
  sender = new SlowSender({ account: 'slow', clock: side.clock });
  // Paced: a while lies between the claim and the call.
  const paced: Pick<Senders, 'sendAll' | 'passOn'> = {
    passOn: () => 'never',
    sendAll: async (items, onOutcome) => {
      const each = items.map(async (item) => {
        await pause(Math.random() * 25);
        await onOutcome(item, await sender.send(item.permit, item.envelope));
      });
      await Promise.all(each);
    },
  };
  dispatch = new DispatchBatch(
    side.get(MessageStore),
    side.get(CustomerStore),
    side.get(LoadFacts),
    side.get(Templates),
    side.get(Links),
    side.get(Standings),
    paced as Senders,
    side.get(Withdraw),
    side.get(MeansOfHouse),
    side.clock,
    side.get(Metrics),
    side.get(LateOutcomes),
  );
  const withdraw = side.get(WithdrawByLink);
  const hear = withdraw.hear.bind(withdraw);
  withdraw.hear = async (...said) => {
    await hear(...said);
    heldAt = performance.now();
  };
});
afterAll(() => side.close());

/** Unfinished bookings of a person, due and released. */
const carts = (customer: string, from: number, count: number): MessageRow[] =>
  Array.from({ length: count }, (_, index) =>
    messageRow({
      _id: `${customer}-${from + index}`,
      customer,
      status: 'released',
      release: 1,
      purpose: 'abandoned-booking',
      stream: 'marketing',
      dueClass: 'marketing',
      journey: 'abandoned-booking',
      template: 'abandoned-booking',
      subject: { kind: 'cart', id: `${customer}-k${from + index}` },
      booking: null,
      cart: `${customer}-k${from + index}`,
      gen: '0',
      generation: null,
      dueAt: side.clock.now(),
      expiresAt: null,
    }),
  );

/** Lets the dispatcher have the rows in batches of two, again while they lose races, until each has come to rest. */
async function work(rows: readonly MessageRow[]): Promise<void> {
  const tenant = side.get(Tenants).get(CLINIC)!;
  const batches = rows.flatMap((_, index) => (index % 2 === 0 ? [rows.slice(index, index + 2)] : []));
  await Promise.all(
    batches.map(async (batch) => {
      await pause(Math.random() * 20);
      for (let deliveries = 0; deliveries < 5; deliveries += 1) {
        const due = batch.map(({ _id, release }) => ({ tenant: CLINIC, id: _id, release, deliveries }));
        const verdicts = await dispatch.run(tenant, due);
        if (verdicts.every(({ kind }) => kind === 'done')) return;
      }
    }),
  );
}

it('begins no call to the address once an unsubscribe was answered, in the midst of sending', async () => {
  const messages = side.get(MessageStore);
  let [sent, stopped, inFlight] = [0, 0, 0];
  const proves = (): boolean => sent > 0 && inFlight > 0 && stopped > ROUNDS;
  for (let round = 0; round < ROUNDS || (!proves() && round < MOST_ROUNDS); round += 1) {
    // Two people with one address: the link is the first one's. In every sixth round only the hash of it is left of her.
    const address = `round${round}@example.se`;
    const [anna, bo] = [`anna-${round}`, `bo-${round}`];
    if (round % 6 !== 5) await side.plant({ customer: anna, email: address });
    await side.plant({ customer: bo, email: address });
    const rows = [anna, bo].flatMap((customer) => carts(customer, 0, ROWS));
    await messages.insertPlanned(rows);
    const working = work(rows);
    await pause(Math.random() * 60);
    const path = side.pathTo(anna, address, { purpose: 'abandoned-booking' });
    const began = performance.now();
    const answer = await fetch(side.url + path, {
      method: 'POST',
      body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
    });
    expect(answer.status).toBe(200);
    // What comes later finds the gate closed.
    const later = carts(bo, ROWS, 2);
    await messages.insertPlanned(later);
    await Promise.all([working, work(later)]);

    const calls = sender.begun.filter(({ to }) => to === address).map(({ at }) => at);
    expect({ round, late: calls.filter((at) => at > heldAt) }).toEqual({ round, late: [] });
    inFlight += calls.filter((at) => at > began).length;
    sent += calls.length;
    const after = await messages.findByIds(
      CLINIC,
      [...rows, ...later].map((row) => row._id),
    );
    expect(after.filter((row) => row.status === 'sending')).toEqual([]);
    stopped += after.filter((row) => row.reason === 'withdrawn').length;
  }
  // Else the rounds prove nothing: some were sent before, some in the midst, some stopped.
  expect({ sent: sent > 0, inFlight: inFlight > 0, stopped: stopped > ROUNDS }).toEqual({
    ...{ sent: true, inFlight: true, stopped: true },
  });
});
