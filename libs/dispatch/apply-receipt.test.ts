import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Receipt } from '#channels/receipt';
import type { Outcome } from '#channels/outcome';
import { CLINIC } from '#privacy/ledger.fixture';
import { Line } from './line.fixture.js';

const T = CLINIC.id;
let line: Line;
beforeAll(async () => {
  line = await Line.open();
});
afterAll(() => line.close());
beforeEach(() => line.clear());

async function sent(outcome?: Outcome): Promise<{ id: string; ref: string }> {
  if (outcome) line.provider.answer = () => outcome;
  const id = await line.confirmation();
  await line.runDue();
  return { id, ref: line.provider.calls.at(-1)!.ref };
}
const receipt = (kind: Receipt['kind'], ref: string): Receipt => ({
  kind,
  ref,
  address: 'anna@example.se',
  channel: 'email',
  stream: 'service',
});
const ADDRESS = [{ kind: 'email' as const, address: 'anna@example.se' }];
const suppressions = async () =>
  (await line.suppressions.findByAddresses(T, ADDRESS)).get('anna@example.se') ?? [];

describe('where a receipt leads', () => {
  it.each<[Receipt['kind'], string, number]>([
    ['accepted', 'accepted', 0],
    ['delivered', 'delivered', 0],
    ['bounced', 'bounced', 1],
    ['complained', 'complained', 1],
    ['failed', 'failed', 0],
    ['stopped', 'accepted', 1],
  ])('%s: the row is %s', async (kind, status, records) => {
    const { id, ref } = await sent();
    expect(await line.applyReceipt.apply(T, receipt(kind, ref))).toMatchObject({ _id: id, status });
    expect((await line.rowOf(id)).status).toBe(status);
    expect(await suppressions()).toHaveLength(records);
  });

  it('also out of `unknown`: the provider knows', async () => {
    const { id, ref } = await sent({ kind: 'unknown', reason: 'timeout' });
    await line.applyReceipt.apply(T, receipt('delivered', ref));
    expect((await line.rowOf(id)).status).toBe('delivered');
  });

  it('without a row it still suppresses, whatever form the address has', async () => {
    const foreign = { ...receipt('bounced', 'f'.repeat(32)), address: ' Anna@Example.SE' };
    expect(await line.applyReceipt.apply(T, foreign)).toBeNull();
    expect(await suppressions()).toMatchObject([{ cause: 'bounce', scope: 'all' }]);
  });

  it('does not find the row of another tenant', async () => {
    const { id, ref } = await sent();
    expect(await line.applyReceipt.apply('wellbe', receipt('bounced', ref))).toBeNull();
    expect((await line.rowOf(id)).status).toBe('accepted');
  });
});

describe('an unsubscribe that the provider tells of a campaign’s mail', () => {
  const leaving = (ref: string, kind: Receipt['kind'] = 'stopped'): Receipt => ({
    ...receipt(kind, ref),
    ...{ mark: 'unsubscribed', stream: 'marketing' },
  });
  const left = async (): Promise<number> =>
    (await line.campaignRows.groups(T, 'c-1')).reduce((sum, { unsubscribed }) => sum + unsubscribed, 0);
  const campaigns = async (): Promise<{ id: string; ref: string }> => {
    const mail = await sent();
    const rows = line.connection.collection('messages');
    await rows.updateOne({ _id: mail.id as never }, { $set: { campaign: 'c-1' } });
    return mail;
  };

  it('is in its report, once', async () => {
    const { id, ref } = await campaigns();
    expect(await left()).toBe(0);
    for (let told = 0; told < 2; told += 1) await line.applyReceipt.apply(T, leaving(ref));
    const { status, history } = await line.rowOf(id);
    expect([await left(), status, history.at(-1)?.why]).toEqual([
      1,
      'accepted',
      'unsubscribed at its provider',
    ]);
    expect(history.filter(({ why }) => why?.startsWith('unsubscribed'))).toHaveLength(1);
  });

  it('is not where it was dropped for a no of before', async () => {
    const { ref } = await campaigns();
    await line.applyReceipt.apply(T, leaving(ref, 'failed'));
    expect([await left(), (await suppressions()).length]).toEqual([0, 1]);
  });
});

describe('order', () => {
  it('a late or weaker word never moves it back, in whatever order they come', async () => {
    const kinds = fc.array(fc.constantFrom<Receipt['kind']>('accepted', 'delivered', 'bounced', 'failed'), {
      minLength: 1,
      maxLength: 4,
    });
    const rank = ['accepted', 'delivered', 'failed', 'bounced'];
    await fc.assert(
      fc.asyncProperty(kinds, async (told) => {
        await line.clear();
        const { id, ref } = await sent();
        let strongest = 0;
        for (const kind of told) {
          await line.applyReceipt.apply(T, receipt(kind, ref));
          const now = rank.indexOf((await line.rowOf(id)).status);
          expect(now).toBeGreaterThanOrEqual(strongest);
          strongest = now;
        }
        if (told.includes('bounced') && !told.includes('failed')) expect(rank[strongest]).toBe('bounced');
      }),
      { numRuns: 20 },
    );
  });

  it('one that comes before our own record moves the row, and the record adds the provider id', async () => {
    line.provider.answer = async (envelope) => {
      await line.applyReceipt.apply(T, receipt('delivered', envelope.ref));
      return { kind: 'accepted', providerId: 'p-77' };
    };
    const id = await line.confirmation();
    await line.runDue();
    expect(await line.rowOf(id)).toMatchObject({ status: 'delivered', attempts: [{ providerId: 'p-77' }] });
  });

  it('of an attempt that was followed by another, a failure is not the row’s', async () => {
    const { id, ref } = await sent({ kind: 'retry-at', afterMs: 0, reason: 'refused' });
    line.provider.answer = (envelope) => ({ kind: 'accepted', providerId: envelope.ref });
    line.clock.pass(60_000);
    await line.runDue();
    await line.applyReceipt.apply(T, receipt('bounced', ref));
    expect((await line.rowOf(id)).status).toBe('accepted');
    expect(await suppressions()).toHaveLength(1);
    await line.applyReceipt.apply(T, receipt('delivered', ref));
    expect((await line.rowOf(id)).status).toBe('delivered');
  });
});

describe('an SMS that could not be delivered just then', () => {
  const LATE_MS = 30 * 60_000;
  const told = (kind: Receipt['kind'], ref: string, mayRetry?: boolean): Receipt => ({
    ...{
      kind,
      ref,
      address: '+46701740605',
      channel: 'sms',
      stream: 'service',
      why: 'twilio undelivered 30003',
    },
    ...(mayRetry === undefined ? {} : { mayRetry }),
  });
  const failing = async () => {
    line.provider.channels = ['sms'];
    const { id, ref } = await sent();
    await line.applyReceipt.apply(T, told('failed', ref, true));
    return { id, ref };
  };

  it('is tried once more, half an hour later, by a permit and a ref of its own', async () => {
    const { id, ref } = await failing();
    expect(await line.rowOf(id)).toMatchObject({
      status: 'planned',
      attempts: [{ ref, outcome: 'undelivered' }],
    });
    line.clock.pass(LATE_MS - 1);
    await line.runDue();
    expect(line.provider.calls).toHaveLength(1);
    line.clock.pass(1);
    await line.runDue();
    expect(line.provider.calls.map((call) => call.ref === ref)).toEqual([true, false]);
    expect((await line.rowOf(id)).status).toBe('accepted');
  });

  it('once: the second time it stays failed', async () => {
    const { id } = await failing();
    line.clock.pass(LATE_MS);
    await line.runDue();
    await line.applyReceipt.apply(T, told('failed', line.provider.calls[1]!.ref, true));
    expect((await line.rowOf(id)).status).toBe('failed');
  });

  it('told twice, it is tried once', async () => {
    const { id, ref } = await failing();
    await line.applyReceipt.apply(T, told('failed', ref, true));
    line.clock.pass(LATE_MS);
    await line.runDue();
    await line.applyReceipt.apply(T, told('failed', ref, true));
    expect(await line.rowOf(id)).toMatchObject({ status: 'accepted' });
    expect(line.provider.calls).toHaveLength(2);
  });

  it('is left to a person where its purpose may not be said twice, or its time would be over', async () => {
    line.provider.channels = ['sms'];
    for (const changes of [
      { purpose: 'survey' },
      { expiresAt: new Date(line.clock.now().getTime() + LATE_MS) },
    ]) {
      await line.clear();
      const { id, ref } = await sent();
      await line.connection.collection('messages').updateOne({ _id: id as never }, { $set: changes });
      await line.applyReceipt.apply(T, told('failed', ref, true));
      expect((await line.rowOf(id)).status).toBe('failed');
    }
  });

  it('is not tried again once it has arrived after all', async () => {
    const { id, ref } = await failing();
    await line.applyReceipt.apply(T, told('delivered', ref));
    expect(await line.rowOf(id)).toMatchObject({ status: 'refused', reason: 'duplicate' });
  });

  it('a crash between the two writes leaves it failed, and the webhook told again mends it', async () => {
    line.provider.channels = ['sms'];
    const { id, ref } = await sent();
    await line.applyReceipt.apply(T, told('failed', ref));
    expect((await line.rowOf(id)).status).toBe('failed');
    await line.applyReceipt.apply(T, told('failed', ref, true));
    expect((await line.rowOf(id)).status).toBe('planned');
  });
});
