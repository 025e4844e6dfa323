import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { ShortCodeStore } from '#consent/short-code.store';
import { SuppressionStore } from '#consent/suppression.store';
import { CustomerStore } from '#customers/customer.store';
import { EventSink, type OutRecord } from '#messaging/event-sink';
import { PendingChoices, TakePending } from '#privacy/pending-choices';
import { Withdraw } from '#privacy/withdraw';
import { WithdrawByLink } from '#privacy/withdraw-by-link';
import { CLINIC, startPublic, type PublicSide } from './public.fixture.js';
import { ReceiveNo } from './receive-no.js';

/** A topic that is there while the ledger is not. */
class Topic extends EventSink {
  readonly records: { topic: string; key: string | null; value: Buffer }[] = [];
  fails = false;

  produce(topic: string, records: readonly OutRecord[]): Promise<void> {
    if (this.fails) return Promise.reject(new Error('no broker'));
    for (const { key, value } of records) this.records.push({ topic, key, value: Buffer.from(value) });
    return Promise.resolve();
  }
}

const ONE_CLICK = {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'en' },
  body: 'List-Unsubscribe=One-Click',
};

let side: PublicSide;
let topic: Topic;
let take: TakePending;
let isLost = false;
beforeAll(async () => {
  side = await startPublic();
  const lost = () => Object.assign(new Error('lost'), { name: 'MongoNetworkError' });
  // The ledger is away for all that a no needs.
  for (const [store, name] of [
    [side.get(CustomerStore), 'find'],
    [side.get(ShortCodeStore), 'find'],
    [side.get(SuppressionStore), 'optOut'],
  ] as unknown as [Record<string, (...args: unknown[]) => Promise<unknown>>, string][]) {
    const whole = store[name]!.bind(store);
    store[name] = (...args) => (isLost ? Promise.reject(lost()) : whole(...args));
  }
  take = new TakePending(side.get(WithdrawByLink), side.get(Withdraw), side.get(ShortCodeStore), side.clock);
});
afterAll(() => side.close());
beforeEach(() => {
  isLost = false;
  topic = new Topic();
  pendingIs(true);
});

function pendingIs(durable: boolean): void {
  Object.assign(side.get(ReceiveNo), { pending: new PendingChoices(topic, durable, side.clock) });
}
let people = 0;
async function somebody() {
  people += 1;
  const email = `received-${people}@example.se`;
  await side.plant({ customer: `received-${people}`, email });
  return { id: `received-${people}`, email };
}
const ask = (path: string, init = ONE_CLICK) => fetch(`${side.url}${path}`, init);
const backAgain = async () => {
  isLost = false;
  for (const { value } of topic.records) expect(await take.take(value)).toBe('applied');
};

it('is told as received, never as done, and holds once the ledger is back; heard twice is once', async () => {
  const { id, email } = await somebody();
  const path = side.pathTo(id, email);
  isLost = true;
  const answer = await ask(path);
  expect(answer.status).toBe(202);
  const page = await answer.text();
  expect(page).toContain('We have received your choice');
  expect(page).toContain('not done yet');
  expect(topic.records).toMatchObject([{ topic: 'choices.pending', key: `${CLINIC}/${id}` }]);
  expect(topic.records[0]?.value.toString()).not.toContain('@');
  const at = side.clock.now();
  await backAgain();
  await backAgain();
  expect(await side.gate(id, 'newsletter')).toBe('withdrawn');
  expect(await side.optOuts(email)).toHaveLength(1);
  const log = (await side.find(id))!.choiceLog.filter(({ state }) => state === 'withdrawn');
  expect(log).toMatchObject([{ method: 'one-click', place: '/u' }]);
  // It was said then, not when it was taken.
  expect(log[0]!.at.getTime()).toBeLessThanOrEqual(at.getTime());
});

it('takes as much as was pressed, from the code of an SMS too', async () => {
  const { id } = await somebody();
  const phone = `+4670174${String(1000 + people)}`;
  const link = side.linkTo(id, phone, { channel: 'sms' });
  const codes = side.get(ShortCodeStore);
  const code = (await codes.ensure(CLINIC, 'unsubscribe', [{ message: id, payload: link }])).get(id)!;
  isLost = true;
  const pressed = { ...ONE_CLICK, body: 'stop=marketing' };
  expect((await ask(`/o/${code}`, pressed)).status).toBe(202);
  expect((await ask('/o/aaaaaaaaaa', pressed)).status).toBe(202);
  await backAgain();
  expect(await side.gate(id, 'newsletter', 'email')).toBe('withdrawn');
});

it('promises nothing where there is no place to keep it, no ledger link, or no no', async () => {
  const { id, email } = await somebody();
  const path = side.pathTo(id, email);
  isLost = true;
  expect((await ask(path, { ...ONE_CLICK, body: 'undo=token' })).status).toBe(503);
  expect((await ask('/o/not-a-code')).status).toBe(503);
  topic.fails = true;
  expect((await ask(path)).status).toBe(503);
  topic.fails = false;
  pendingIs(false);
  const answer = await ask(path);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30']);
  expect(topic.records).toEqual([]);
  isLost = false;
  expect(await side.gate(id, 'newsletter')).toBe('permit');
});

it('takes what staff was told, without what may name a person, and never a given', async () => {
  const { id } = await somebody();
  const pending = new PendingChoices(topic, true, side.clock);
  const from = { kind: 'customer', tenant: CLINIC, customer: id } as const;
  const no = {
    ...({ purpose: 'newsletter', channel: 'all', state: 'objected' } as const),
    ...{ noticeVersion: '1', language: 'sv' },
    ...{ method: 'phone', place: 'from anna@example.se', evidence: 'Anna said so' },
  };
  expect(await pending.append(from, [{ ...no, state: 'given' as const }])).toBe(false);
  expect(await pending.append(from, [no])).toBe(true);
  expect(topic.records.map(({ value }) => value.toString()).join()).not.toMatch(/@|Anna/);
  await backAgain();
  expect(await side.gate(id, 'newsletter')).toBe('objected');
  expect(await take.take(Buffer.from('{'))).toBe('unreadable');
});

it('keeps a no of one whom the ledger does not know yet: what was told of them may still be on its way', async () => {
  const early = `early-/1`;
  const pending = new PendingChoices(topic, true, side.clock);
  const no = {
    ...({ purpose: 'survey', channel: 'all', state: 'objected' } as const),
    ...{ noticeVersion: '1', language: 'sv', method: 'phone', place: 'desk' },
  };
  expect(await pending.append({ kind: 'customer', tenant: CLINIC, customer: early }, [no])).toBe(true);
  await backAgain();
  const known = await side.get(CustomerStore).find(CLINIC, early);
  expect(known?.choiceLog).toEqual([expect.objectContaining({ purpose: 'survey', state: 'objected' })]);
});
