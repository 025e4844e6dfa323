import type { Receipt } from '#channels/receipt';
import { booking, event } from '#ingest/hearing.fixture';
import { said } from '#privacy/ledger.fixture';
import { newsOf } from './noes.fixture.js';
import type { Stage } from './stage.fixture.js';
import { MAIL, T } from './world.fixture.js';

const W_MS = 5_000;
/** Longer than a call in doubt is left alone (FLOW_MS), and than any repair waits. */
const LONG_MS = 16 * 60_000;

/** Rows of Anna's, released. */
export async function released(
  { world }: Stage,
  rows = 1,
  kind: 'marketing' | 'service' = 'marketing',
): Promise<void> {
  const made = [];
  for (let n = 0; n < rows; n++) made.push(await world[kind](n));
  await world.release(made);
}

const capOfOne = ({ world }: Stage): void => {
  const { policy } = world.tenant;
  const marketing = { ...policy.caps.marketing, max: 1 };
  world.tenant = { ...world.tenant, policy: { ...policy, caps: { ...policy.caps, marketing } } };
};

/** A takes 0, loads facts first; optout writes choice; A permits, claims; optout skips 0, ANSWERS; A CALLS. */
export async function factsThenChoice(stage: Stage): Promise<void> {
  await released(stage);
  const a = await stage.dispatcher('A');
  await stage.to(a, 'customers.bulkWrite');
  const no = await stage.no('page');
  await stage.past(no, 'customers.bulkWrite');
  await stage.to(a, 'provider.call');
  await stage.endOrWait(no);
  await stage.end(a);
  await stage.end(no);
}

/** optout writes choice; A loads row 0 and facts from a deposed primary, permits, claims; optout ANSWERS; A CALLS. */
export async function choiceThenOldFacts(stage: Stage): Promise<void> {
  await released(stage);
  const no = await stage.no('page');
  await stage.past(no, 'customers.bulkWrite');
  const a = await stage.dispatcher('A');
  await stage.past(a, 'messages.find');
  await stage.to(a, 'customers.bulkWrite', 'stale');
  await stage.to(a, 'provider.call');
  await stage.endOrWait(no);
  await stage.end(a);
  await stage.end(no);
}

/** As either of them, with a row that is inserted meanwhile and released once the answer is given. */
export const withALaterRow =
  (schedule: (stage: Stage) => Promise<void>) =>
  async (stage: Stage): Promise<void> => {
    await schedule(stage);
    await stage.world.release([await stage.world.marketing(1)]);
    await stage.end(await stage.dispatcher('B'));
  };

/** A loads facts first; optout writes choice, touches 0 (a mail is left), ANSWERS; A permits on sms, claims, CALLS. */
export async function otherChannelLeft(stage: Stage): Promise<void> {
  await stage.world.agreed();
  await released(stage);
  const a = await stage.dispatcher('A');
  await stage.to(a, 'customers.bulkWrite');
  await stage.end(await stage.no('text only'));
  await stage.end(a);
}

/** optout writes choice, touches 0, ANSWERS; A loads facts from a deposed primary, permits on sms, claims, CALLS. */
export async function otherChannelLeftOldFacts(stage: Stage): Promise<void> {
  await stage.world.agreed();
  await released(stage);
  await stage.end(await stage.no('text only'));
  const a = await stage.dispatcher('A');
  await stage.past(a, 'messages.find');
  await stage.to(a, 'customers.bulkWrite', 'stale');
  await stage.end(a);
}

/** A loads facts, permits 0; B loads facts; A claims, CALLS; B permits 1, claims, CALLS: one is all that may. */
export async function twoUnderOneCap(stage: Stage): Promise<void> {
  capOfOne(stage);
  await released(stage, 2);
  const a = await stage.dispatcher('A', 0);
  const b = await stage.dispatcher('B', 1);
  await stage.to(a, 'customers.bulkWrite');
  await stage.past(b, 'customers.find', 'hold');
  await stage.end(a);
  await stage.end(b);
}

/** The same, B having both row and facts before A claims. */
export async function twoPermittedUnderOneCap(stage: Stage): Promise<void> {
  capOfOne(stage);
  await released(stage, 2);
  const a = await stage.dispatcher('A', 0);
  await stage.to(a, 'customers.bulkWrite');
  const b = await stage.dispatcher('B', 1);
  await stage.to(b, 'customers.bulkWrite');
  await stage.end(a);
  await stage.end(b);
}

/** A claims; repair, whose clock runs ahead, sends it once more; A CALLS; B takes, claims, CALLS. */
export const resentMeanwhile =
  (factsFirst: boolean) =>
  async (stage: Stage): Promise<void> => {
    const { world } = stage;
    await released(stage, 1, 'service');
    const a = await stage.dispatcher('A');
    if (factsFirst) await stage.past(a, 'customers.find', 'hold');
    await stage.to(a, 'provider.call');
    const later = new Date(world.clock.now().getTime() + LONG_MS);
    const repair = world.repairer();
    for (let run = 0; run < 2; run++) {
      await stage.end(await stage.begin('repair', 'repair', () => repair.runOnce(later)));
    }
    await stage.end(await stage.begin('resolve', 'resolve', () => world.resolveUnknown(later)));
    await stage.end(await stage.begin('scheduler', 'scheduler', () => world.releaseDue.runOnce(later)));
    await stage.end(a);
    await stage.end(await stage.dispatcher('B'));
  };

/** A calls, 429; optout ANSWERS while the row is back; scheduler releases it; B loads facts from a deposed primary. */
export async function backFromALimit(stage: Stage): Promise<void> {
  const { world } = stage;
  await released(stage);
  const a = await stage.dispatcher('A');
  await stage.to(a, 'provider.answer');
  const no = await stage.no('page');
  await stage.endOrWait(no);
  await stage.past(a, 'provider.answer', 'try-later');
  await stage.end(a);
  await stage.end(no);
  stage.pass(W_MS);
  await world.releaseDue.runOnce(world.clock.now());
  const b = await stage.dispatcher('B');
  await stage.past(b, 'messages.find');
  await stage.to(b, 'customers.bulkWrite', 'stale');
  await stage.end(b);
}

/** A claims and waits for its turn; optout writes choice, waits, ANSWERS; A's turn comes. */
export async function claimedAndPaced(stage: Stage): Promise<void> {
  await released(stage);
  const a = await stage.dispatcher('A');
  await stage.to(a, 'provider.call');
  const no = await stage.no('page');
  if ((await stage.endOrWait(no)) === 'waits') stage.pass(W_MS);
  await stage.end(no);
  await stage.end(a);
}

/** A reserves; optout writes choice, touches 0, sees nothing in flight, ANSWERS; A claims, CALLS. */
export async function reservedThenNo(stage: Stage): Promise<void> {
  await stage.world.agreed();
  await released(stage);
  const a = await stage.dispatcher('A');
  await stage.past(a, 'customers.bulkWrite');
  await stage.end(await stage.no('text only'));
  await stage.end(a);
}

/** As before, with nothing left to send it by. */
export async function reservedThenNoToAll(stage: Stage): Promise<void> {
  await released(stage);
  const a = await stage.dispatcher('A');
  await stage.past(a, 'customers.bulkWrite');
  await stage.end(await stage.no('page'));
  await stage.end(a);
}

/** A loads facts; optout loads the customer; A reserves, claims; optout writes choice over A's place, waits for nothing, ANSWERS. */
export async function reservedUnderTheNo(stage: Stage): Promise<void> {
  await released(stage);
  const a = await stage.dispatcher('A');
  await stage.to(a, 'customers.bulkWrite');
  const no = await stage.no('page');
  await stage.to(no, 'customers.bulkWrite');
  await stage.to(a, 'provider.call');
  await stage.endOrWait(no);
  await stage.end(a);
  await stage.end(no);
}

/** A and B take the same row; A claims, CALLS; B claims. */
export async function twoClaims(stage: Stage): Promise<void> {
  await released(stage);
  const a = await stage.dispatcher('A');
  const b = await stage.dispatcher('B');
  await stage.past(a, 'customers.bulkWrite');
  await stage.past(b, 'customers.bulkWrite');
  await stage.end(a);
  await stage.end(b);
}

/** A loads whom it writes to; someone says no to the address, which ends nothing that the scan sees; A looks it up. */
export async function noToTheAddress(stage: Stage): Promise<void> {
  await released(stage);
  const a = await stage.dispatcher('A');
  await stage.to(a, 'customers.find');
  const no = await stage.no('about');
  await stage.to(no, 'messages.find');
  scanMisses(stage);
  await stage.end(no);
  await stage.end(a);
}

/** Someone says no to the address and has come as far as everyone who has it; A looks them up, and then the address. */
export async function noToTheAddressHalfTaken(stage: Stage): Promise<void> {
  await released(stage);
  const a = await stage.dispatcher('A');
  await stage.to(a, 'customers.find');
  const no = await stage.no('about');
  await stage.past(no, 'customers.bulkWrite');
  await stage.to(a, 'customers.bulkWrite');
  scanMisses(stage);
  await stage.end(no);
  await stage.end(a);
}

/** The scan for open rows runs while the row moves, and misses it: a row may be created, held or retried just then. */
function scanMisses({ world: { steps } }: Stage): void {
  const { read } = steps.missing;
  const misses: typeof read = (role, collection, filter) =>
    role === 'withdraw' && collection === 'messages' ? [] : read?.(role, collection, filter);
  steps.missing = { ...steps.missing, read: misses };
}

/** Someone says no to the address and is answered; A takes what was planned since. */
export async function noToTheAddressThenARow(stage: Stage): Promise<void> {
  const { world } = stage;
  await world.someone();
  await stage.end(await stage.no('about'));
  await released(stage);
  await stage.end(await stage.dispatcher('A'));
}

/** A loads facts of Bo, who shares Anna's address; Anna's no is answered; A claims, CALLS. */
export async function noOfAnother(stage: Stage): Promise<void> {
  const { world } = stage;
  await world.someone();
  await world.release([await world.marketing(0, 'bo')]);
  const a = await stage.dispatcher('A');
  await stage.to(a, 'customers.bulkWrite');
  await stage.end(await stage.no('page'));
  await stage.end(a);
}

/** One after the other, and one is all that may. */
export async function oneAfterTheOther(stage: Stage): Promise<void> {
  capOfOne(stage);
  await released(stage, 2);
  await stage.end(await stage.dispatcher('A', 0));
  await stage.end(await stage.dispatcher('B', 0));
}

/** A calls, 429, and is slow to say so; the row is sent again, B claims; A says so now; B CALLS; C takes it. */
export async function lateRecord(stage: Stage): Promise<void> {
  const { world } = stage;
  await released(stage, 1, 'service');
  const a = await stage.dispatcher('A');
  await stage.past(a, 'provider.answer', 'try-later');
  const repair = world.repairer();
  await repair.runOnce(world.clock.now());
  stage.pass(LONG_MS);
  await repair.runOnce(world.clock.now());
  await world.resolveUnknown();
  await world.releaseDue.runOnce(world.clock.now());
  const b = await stage.dispatcher('B');
  await stage.to(b, 'provider.call');
  await stage.end(a);
  await stage.end(b);
}

/** A calls and hears nothing, though it was sent. */
export async function sentButNotHeard(stage: Stage): Promise<void> {
  const { world } = stage;
  await released(stage);
  const a = await stage.dispatcher('A');
  await stage.past(a, 'provider.answer', 'timeout-sent');
  await stage.end(a);
  stage.pass(2 * W_MS);
  await world.releaseDue.runOnce(world.clock.now());
  await stage.end(await stage.dispatcher('B'));
}

/** The scheduler dies between its write and the topic. */
export async function releasedAndNotProduced(stage: Stage): Promise<void> {
  const { world } = stage;
  await world.marketing(0);
  const scheduler = await stage.begin('scheduler', 'scheduler', () =>
    world.releaseDue.runOnce(world.clock.now()),
  );
  await stage.past(scheduler, 'messages.bulkWrite');
  await scheduler.crash();
}

/** The dispatcher dies before its first write, its record taken. */
export async function takenAndNotCommitted(stage: Stage): Promise<void> {
  await released(stage);
  const a = await stage.dispatcher('A');
  await stage.to(a, 'customers.bulkWrite');
  await a.crash();
}

/** Someone's no is answered; the booking system tells of a yes, later; a row that was planned since is sent. */
export async function yesFromTheBookingSystem(stage: Stage): Promise<void> {
  const { world } = stage;
  await world.someone();
  await stage.end(await stage.no('page'));
  stage.pass(1_000);
  const yes = { customer: { id: 'anna' }, choices: [said({ state: 'given' })] };
  const told = event('customer.consent-changed.v1', yes, { id: 'yes', at: 1 });
  await stage.end(await stage.begin('yes', 'ingest', () => world.one(told)));
  await released(stage);
  await stage.end(await stage.dispatcher('A'));
}

/** A new address is told of, and answered; then comes an event of before that names the old one; a row is sent. */
export async function oldAddressHeardLate(stage: Stage): Promise<void> {
  const { world } = stage;
  await world.someone();
  await stage.end(await stage.no('new address'));
  const late = event(
    'customer.updated.v1',
    { customer: { id: 'anna', email: MAIL } },
    { id: 'late', at: -1 },
  );
  await stage.end(await stage.begin('late', 'ingest', () => world.one(late)));
  await released(stage, 1, 'service');
  await stage.end(await stage.dispatcher('A'));
}

/** What the booking of the news plans as it is confirmed. */
const CONFIRMATION = `${T}/anna/confirmation/now/n9/v1`;

/** Ingest dies between the guard and the plan; the event is heard again. */
export async function guardedAndNotPlanned(stage: Stage): Promise<void> {
  const { world } = stage;
  await world.someone();
  const [confirmed] = newsOf('confirmed', 9);
  world.promised.add(CONFIRMATION);
  const a = await stage.begin('A', 'ingest', () => world.tell(confirmed!));
  await stage.past(a, 'bookings.insertMany');
  await a.crash();
  await stage.end(await stage.begin('B', 'ingest', () => world.tell(confirmed!)));
}

/** A hears of a cancellation and has still to call off; B hears that it is booked after all, and plans; A calls off. */
export async function bookedAfterAll(stage: Stage): Promise<void> {
  const { world } = stage;
  await world.someone();
  const [confirmed, cancelled] = newsOf('cancelled', 9);
  await world.tell(confirmed!);
  const a = await stage.begin('A', 'ingest', () => world.tell(cancelled!));
  await stage.past(a, 'messages.insertMany');
  const again = { id: 'n9-3', data: { customer: { id: 'anna' } } };
  await world.tell(booking('booking.confirmed.v1', 3, { id: 'n9' }, again));
  await stage.end(a);
}

/** Ingest takes an event and dies before it has planned anything; another takes what is not committed. */
export async function heardAndNotCommitted(stage: Stage): Promise<void> {
  const { world } = stage;
  await world.someone();
  world.news.push({ event: newsOf('confirmed', 9)[0]!, isCommitted: false });
  world.promised.add(CONFIRMATION);
  const a = await stage.begin('A', 'ingest', () => world.consume());
  await stage.to(a, 'messages.insertMany');
  await a.crash();
  await stage.end(await stage.begin('B', 'ingest', () => world.consume()));
}

/** A sends; the provider tells that it was delivered, then, late, that it was taken. */
export async function weakerWordLate(stage: Stage): Promise<void> {
  const { world } = stage;
  await released(stage, 1, 'service');
  await stage.end(await stage.dispatcher('A'));
  const [row] = await world.messages.findOfCustomer(T, 'anna', 1);
  const about = {
    ref: row!.attempts.at(-1)!.ref,
    address: MAIL,
    channel: 'email',
    stream: 'service',
  } as const;
  for (const kind of ['delivered', 'accepted'] as const) {
    const receipt: Receipt = { kind, ...about };
    await stage.end(await stage.begin(kind, 'webhook', () => world.applyReceipt.apply(T, receipt)));
  }
}
