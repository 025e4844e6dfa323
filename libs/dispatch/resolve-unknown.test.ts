import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '#channels/outcome';
import type { Looked, Sought } from '#channels/sender';
import type { Senders } from '#channels/senders';
import { WebhookStore } from '#channels/webhook.store';
import { CLINIC } from '#privacy/ledger.fixture';
import type { Purpose } from '#purposes/purpose';
import { Line } from './line.fixture.js';
import { FLOW_MS, PATIENCE_MS, ResolveUnknown } from './resolve-unknown.js';

const T = CLINIC.id;
const doubt: Outcome = { kind: 'unknown', reason: 'timeout' };
let line: Line;
let webhooks: WebhookStore;
let resolve: ResolveUnknown;
/** What the provider's list says, and what it was asked. */
let list: { answer: Looked; asked: Sought[] };

beforeAll(async () => {
  line = await Line.open();
});
afterAll(() => line.close());
beforeEach(async () => {
  await line.clear();
  list = { answer: { kind: 'cannot' }, asked: [] };
  webhooks = new WebhookStore(line.connection);
  resolve = another();
});

function another(): ResolveUnknown {
  const senders = {
    lookUp: (_tenant: string, _stream: string, _channel: string, sought: Sought) => {
      list.asked.push(sought);
      return Promise.resolve(list.answer);
    },
  } as unknown as Senders;
  const { messages, customers, tenants, applyReceipt, clock } = line;
  return new ResolveUnknown(messages, customers, webhooks, senders, tenants, applyReceipt, clock);
}
const pass = () => resolve.runOnce(line.clock.now());

/** Tried, and nobody knows; by mail or SMS. */
async function unknown(channel: 'email' | 'sms' = 'email'): Promise<string> {
  line.provider.channels = [channel];
  line.provider.answer = () => doubt;
  const id = await line.confirmation();
  await line.runDue();
  expect(await line.rowOf(id)).toMatchObject({ status: 'unknown', attempts: [{ channel }] });
  return id;
}
/** A webhook of the account comes, so long after. */
async function flows(account: 'mail' | 'sms', afterMs = FLOW_MS): Promise<void> {
  line.clock.pass(afterMs);
  await webhooks.noteLast(T, account, line.clock.now());
}

describe('saying it once more', () => {
  it('where its purpose may and its account’s webhooks flow', async () => {
    const id = await unknown();
    await flows('mail');
    expect(await pass()).toEqual({ found: 0, resent: 1 });
    line.provider.answer = (envelope) => ({ kind: 'accepted', providerId: envelope.ref });
    await line.runDue();
    expect(await line.rowOf(id)).toMatchObject({
      status: 'accepted',
      attempts: [{ outcome: 'unknown' }, { outcome: 'accepted' }],
    });
    expect(line.provider.calls.map(({ message, channel }) => [message, channel])).toEqual([
      [id, 'email'],
      [id, 'email'],
    ]);
  });

  it('only once: the second doubt is a person’s', async () => {
    const id = await unknown();
    await flows('mail');
    await pass();
    await line.runDue();
    expect((await line.rowOf(id)).attempts).toHaveLength(2);
    await flows('mail');
    expect(await pass()).toEqual({ found: 0, resent: 0 });
    expect((await line.rowOf(id)).status).toBe('unknown');
    expect(line.provider.calls).toHaveLength(2);
  });

  it.each<[string, () => Promise<void>]>([
    ['never came', async () => line.clock.pass(FLOW_MS)],
    ['stopped too soon after the try', () => flows('mail', FLOW_MS - 1)],
    ['are another account’s', () => flows('sms')],
  ])('not while webhooks %s', async (_, happens) => {
    const id = await unknown();
    await happens();
    line.clock.pass(FLOW_MS);
    expect(await pass()).toEqual({ found: 0, resent: 0 });
    expect((await line.rowOf(id)).status).toBe('unknown');
  });

  it.each<Purpose>(['newsletter', 'survey', 'handoff'])(
    'not a %s: it waits for a person',
    async (purpose) => {
      const id = await unknown();
      await line.connection.collection('messages').updateOne({ _id: id as never }, { $set: { purpose } });
      await flows('mail');
      expect(await pass()).toEqual({ found: 0, resent: 0 });
    },
  );

  it('not where a webhook says so meanwhile that it went', async () => {
    const id = await unknown();
    await flows('mail');
    const { ref } = line.provider.calls[0]!;
    const about = { address: 'anna@example.se', channel: 'email', stream: 'service' } as const;
    await line.applyReceipt.apply(T, { kind: 'delivered', ref, ...about });
    expect(await pass()).toEqual({ found: 0, resent: 0 });
    expect((await line.rowOf(id)).status).toBe('delivered');
  });

  it('two schedulers at once say it once', async () => {
    const id = await unknown();
    await flows('mail');
    const passes = await Promise.all([pass(), another().runOnce(line.clock.now())]);
    expect(passes.map(({ resent }) => resent).reduce((a, b) => a + b)).toBe(1);
    expect((await line.rowOf(id)).history.filter(({ status }) => status === 'planned')).toHaveLength(2);
  });

  it('and what a crash left `sending` is as much in doubt', async () => {
    const id = await unknown();
    await line.connection
      .collection('messages')
      .updateOne({ _id: id as never }, { $set: { 'attempts.0.outcome': null } });
    await flows('mail');
    expect(await pass()).toEqual({ found: 0, resent: 1 });
  });
});

describe('the provider’s own list', () => {
  it('is asked by number, sender, time and text, after some patience', async () => {
    await unknown('sms');
    const { at } = { at: line.clock.now() };
    line.clock.pass(PATIENCE_MS - 1);
    await pass();
    expect(list.asked).toEqual([]);
    line.clock.pass(1);
    await pass();
    expect(list.asked).toMatchObject([{ to: '+46701740605', from: 'Kliniken', at }]);
    const { text } = line.provider.calls[0]!.content;
    expect([list.asked[0]!.isIt(text), list.asked[0]!.isIt(`${text} `)]).toEqual([true, false]);
  });

  it('has it: accepted, by the provider’s id, and no trace of the text is kept', async () => {
    const id = await unknown('sms');
    line.clock.pass(PATIENCE_MS);
    list.answer = { kind: 'found', providerId: 'SM9', meaning: { kind: 'accepted', why: 'queued' } };
    expect(await pass()).toEqual({ found: 1, resent: 0 });
    expect(await line.rowOf(id)).toMatchObject({
      status: 'accepted',
      attempts: [{ outcome: 'accepted', providerId: 'SM9', said: null }],
    });
  });

  it('knows what became of it', async () => {
    const id = await unknown('sms');
    line.clock.pass(PATIENCE_MS);
    const meaning = { kind: 'bounced', mark: 'bad-address', why: 'twilio undelivered 30006' } as const;
    list.answer = { kind: 'found', providerId: 'SM9', meaning };
    await pass();
    expect((await line.rowOf(id)).status).toBe('bounced');
    const phone = '+46701740605';
    const records = await line.suppressions.findByAddresses(T, [{ kind: 'phone', address: phone }]);
    expect(records.get(phone)).toMatchObject([{ cause: 'bad-address', scope: 'all', channel: 'sms' }]);
  });

  it('has never had it, and webhooks flow: once more', async () => {
    const id = await unknown('sms');
    list.answer = { kind: 'absent' };
    line.clock.pass(PATIENCE_MS);
    expect(await pass()).toEqual({ found: 0, resent: 0 });
    await flows('sms');
    expect(await pass()).toEqual({ found: 0, resent: 1 });
    expect((await line.rowOf(id)).status).toBe('planned');
  });

  it('shows something that it might be: a person decides, whatever flows', async () => {
    const id = await unknown('sms');
    list.answer = { kind: 'unsure' };
    await flows('sms');
    expect(await pass()).toEqual({ found: 0, resent: 0 });
    expect((await line.rowOf(id)).status).toBe('unknown');
  });

  it('is not asked at every pass', async () => {
    await unknown('sms');
    line.clock.pass(PATIENCE_MS);
    await pass();
    await pass();
    expect(list.asked).toHaveLength(1);
    line.clock.pass(600_000);
    await pass();
    expect(list.asked).toHaveLength(2);
  });

  it('is of no use for mail: there is none', async () => {
    await unknown('email');
    line.clock.pass(PATIENCE_MS);
    await pass();
    expect(list.asked).toEqual([]);
  });
});
