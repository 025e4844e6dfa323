import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Receipt, Told } from '#channels/receipt';
import type { Outcome } from '#channels/outcome';
import { WebhookStore } from '#channels/webhook.store';
import { optOutsOnly, suppressedOnly } from '#consent/suppression';
import { transition } from '#messages/transition';
import { FAULTS } from '#platform/faults.fixture';
import { Metrics } from '#platform/metrics';
import { CLINIC } from '#privacy/ledger.fixture';
import type { ApplyReceipt } from './apply-receipt.js';
import { HearWebhook } from './hear-webhook.js';
import { Line } from './line.fixture.js';

const T = CLINIC.id;
const ACCOUNT = 'clinic-mail';
let line: Line;
let metrics: Metrics;
let webhooks: WebhookStore;
let webhook: HearWebhook;
beforeAll(async () => {
  line = await Line.open();
});
afterAll(() => line.close());
beforeEach(async () => {
  await line.clear();
  metrics = new Metrics();
  webhooks = new WebhookStore(line.connection);
  webhook = new HearWebhook(webhooks, line.applyReceipt, metrics, line.clock);
});

const told = (kind: Receipt['kind'], ref: string, id: string | null, more: Partial<Receipt> = {}): Told => ({
  id,
  tenant: T,
  receipt: { kind, ref, address: 'anna@example.se', channel: 'email', stream: 'marketing', ...more },
});
const hear = (...all: Told[]) => webhook.hear(T, ACCOUNT, all);
const counted = async (outcome: string): Promise<number> => {
  const { values } = (await metrics.registry.getSingleMetric('lagom_webhooks_total')?.get()) ?? {
    values: [],
  };
  return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
};
async function sent(id = 'anna', outcome?: Outcome): Promise<{ id: string; ref: string }> {
  if (outcome) line.provider.answer = () => outcome;
  const row = await line.confirmation(id);
  await line.runDue();
  return { id: row, ref: line.provider.calls.at(-1)!.ref };
}
const recordsOf = async (address = 'anna@example.se') =>
  (await line.suppressions.findByAddresses(T, [{ kind: 'email', address }])).get(address) ?? [];

describe('what is heard', () => {
  it('moves its row, is counted, and is known the next time', async () => {
    const { id, ref } = await sent();
    await hear(told('delivered', ref, 'e1'), told('delivered', ref, 'e1'));
    expect((await line.rowOf(id)).status).toBe('delivered');
    const { rev } = await line.rowOf(id);
    await hear(told('delivered', ref, 'e1'));
    expect((await line.rowOf(id)).rev).toBe(rev);
    expect([await counted('delivered'), await counted('duplicate')]).toEqual([1, 2]);
  });

  it('is one account’s: the same id of another is another', async () => {
    const { id, ref } = await sent();
    await webhook.hear(T, 'other-mail', [told('delivered', ref, 'e1')]);
    await hear(told('bounced', ref, 'e1'));
    expect((await line.rowOf(id)).status).toBe('bounced');
  });

  it('without an id moves nothing twice all the same', async () => {
    const { id, ref } = await sent();
    for (let times = 0; times < 3; times += 1) await hear(told('bounced', ref, null));
    const { status, history } = await line.rowOf(id);
    expect(status).toBe('bounced');
    expect(history.filter((entry) => entry.status === 'bounced')).toHaveLength(1);
    expect(await recordsOf()).toHaveLength(1);
  });

  it('of another tenant of the same account at the provider is left to that tenant', async () => {
    const { id, ref } = await sent();
    await hear({ ...told('bounced', ref, 'e1'), tenant: 'wellbe' });
    expect((await line.rowOf(id)).status).toBe('accepted');
    expect(await recordsOf()).toEqual([]);
    expect(await counted('foreign')).toBe(1);
  });

  it('an open changes nothing, yet shows that webhooks flow', async () => {
    expect(await webhooks.lastAt(T, ACCOUNT)).toBeNull();
    await hear({ id: 'e1', tenant: T, receipt: null });
    expect(await webhooks.lastAt(T, ACCOUNT)).toEqual(line.clock.now());
    expect(await webhooks.lastAt('wellbe', ACCOUNT)).toBeNull();
    expect(await counted('ignored')).toBe(1);
  });

  it('a thousand at once, in any order, each end at their strongest', async () => {
    const rows = await Promise.all(Array.from({ length: 40 }, (_, at) => line.confirmation(`p${at}`)));
    await line.runDue();
    const kinds = ['delivered', 'accepted', 'bounced', 'accepted', 'delivered'] as const;
    const all = line.provider.calls.flatMap(({ ref, to }, at) =>
      Array.from({ length: 25 }, (_, n) =>
        told(kinds[(at + n) % 5] as Receipt['kind'], ref, `${at}/${n}`, { address: to }),
      ),
    );
    expect(all).toHaveLength(1_000);
    await hear(...all);
    for (const id of rows) expect((await line.rowOf(id)).status).toBe('bounced');
  });

  it('is forgotten after its time', async () => {
    const { ref } = await sent();
    await hear(told('delivered', ref, 'e1'));
    expect(await webhooks.deleteBefore(line.clock.now())).toBe(0);
    expect(await webhooks.deleteBefore(new Date(line.clock.now().getTime() + 1))).toBe(1);
  });
});

describe('a crash or an outage on the way', () => {
  it.each(FAULTS)('%s, at any write: it is told again, and ends as if nothing had been', async (fault) => {
    for (let write = 1; ; write += 1) {
      await line.clear();
      const { id, ref } = await sent();
      const said = [told('delivered', ref, 'e1'), told('bounced', ref, 'e2')];
      line.faults.arm(write, fault);
      const answered = await hear(...said).then(
        () => true,
        () => false,
      );
      const { struck } = line.faults;
      await line.faults.revive();
      if (fault.startsWith('crash')) expect(answered).toBe(!struck);
      await hear(...said);
      expect((await line.rowOf(id)).status).toBe('bounced');
      expect(suppressedOnly(await recordsOf())).toMatchObject([{ cause: 'bounce', scope: 'all' }]);
      if (!struck) {
        expect(write).toBeGreaterThan(3);
        return;
      }
    }
  });

  it('what cannot be remembered is not answered for', async () => {
    class Forgetful extends WebhookStore {
      override remember(): Promise<void> {
        return Promise.reject(new Error('connection closed'));
      }
    }
    const { id, ref } = await sent();
    const forgetful = new HearWebhook(new Forgetful(line.connection), line.applyReceipt, metrics, line.clock);
    await expect(forgetful.hear(T, ACCOUNT, [told('delivered', ref, 'e1')])).rejects.toThrow('closed');
    await hear(told('delivered', ref, 'e1'));
    expect((await line.rowOf(id)).status).toBe('delivered');
  });

  it('of one message, keeps no other from being heard', async () => {
    const [anna, bea] = [await sent('anna'), await sent('bea')];
    const apply = line.applyReceipt.apply.bind(line.applyReceipt);
    const halting = {
      apply: (tenant: string, receipt: Receipt) =>
        receipt.ref === anna.ref ? Promise.reject(new Error('connection closed')) : apply(tenant, receipt),
    } as unknown as ApplyReceipt;
    const half = new HearWebhook(webhooks, halting, metrics, line.clock);
    const said = [told('delivered', anna.ref, 'e1'), told('delivered', bea.ref, 'e2')];
    await expect(half.hear(T, ACCOUNT, said)).rejects.toThrow('closed');
    expect((await line.rowOf(bea.id)).status).toBe('delivered');
    expect(await webhooks.findHeard(T, ACCOUNT, ['e1', 'e2'])).toEqual(new Set(['e2']));
    await hear(...said);
    expect((await line.rowOf(anna.id)).status).toBe('delivered');
  });
});

describe('the provider’s own way out', () => {
  const out = (ref: string, id = 'u1') =>
    told('stopped', ref, id, { mark: 'unsubscribed', told: { id, at: line.clock.now() } });

  it('is all marketing by that channel, of the person and of the address', async () => {
    const { id, ref } = await sent();
    await hear(out(ref));
    expect((await line.rowOf(id)).status).toBe('accepted');
    expect((await line.person()).choiceLog).toMatchObject([
      { purpose: 'marketing', channel: 'email', state: 'withdrawn', via: 'inbound' },
    ]);
    expect(optOutsOnly(await recordsOf())).toMatchObject([{ purpose: 'marketing', by: 'anna' }]);
  });

  it('holds for an address of which no message is known', async () => {
    await hear(out('f'.repeat(32)));
    expect(optOutsOnly(await recordsOf())).toMatchObject([{ purpose: 'marketing', by: '' }]);
  });

  it('told again after the person opted in anew, changes nothing', async () => {
    const { ref } = await sent();
    const [first, withoutId] = [out(ref), { ...out(ref, 'u2'), id: null }];
    await hear(first, withoutId);
    line.clock.pass(60_000);
    const at = line.clock.now();
    await line.withdraw.hearChoices(
      T,
      'anna',
      [
        {
          ...{ purpose: 'marketing', channel: 'email', state: 'given', noticeVersion: '1' },
          ...{ language: 'sv', method: 'page', place: '/p' },
        },
      ],
      { id: 'again', at, recordedAt: at, via: 'page', mayLift: true },
    );
    const before = await line.person();
    await hear(first, withoutId);
    expect((await line.person()).choiceLog).toEqual(before.choiceLog);
    expect(optOutsOnly(await recordsOf())).toHaveLength(1);
  });
});

describe('what SendGrid drops', () => {
  it('for a complaint of before: the message failed, and the stream has no leave any more', async () => {
    const { id, ref } = await sent();
    await hear(told('failed', ref, 'e1', { mark: 'complaint', why: 'dropped: complained before' }));
    expect(await line.rowOf(id)).toMatchObject({ status: 'failed' });
    expect(suppressedOnly(await recordsOf())).toMatchObject([{ cause: 'complaint', scope: 'service' }]);
  });
});

describe('a try in doubt that arrived after all', () => {
  const doubt: Outcome = { kind: 'unknown', reason: 'timeout' };
  async function planned() {
    const { id, ref } = await sent('anna', doubt);
    const { messages, clock } = line;
    const row = await line.rowOf(id);
    const later = new Date(clock.now().getTime() + 60_000);
    await messages.apply([
      transition(row as typeof row & { status: 'unknown' }, 'planned', 'once more', clock.now(), {
        dueAt: later,
      }),
    ]);
    return { id, ref };
  }

  it('is not said again', async () => {
    const { id, ref } = await planned();
    await hear(told('delivered', ref, 'e1'));
    expect(await line.rowOf(id)).toMatchObject({
      status: 'refused',
      reason: 'duplicate',
      attempts: [{ outcome: 'accepted' }],
    });
    line.clock.pass(120_000);
    await line.runDue();
    expect(line.provider.calls).toHaveLength(1);
  });

  it('control: without that word it is said again', async () => {
    const { id } = await planned();
    line.provider.answer = () => ({ kind: 'accepted', providerId: 'p' });
    line.clock.pass(120_000);
    await line.runDue();
    expect((await line.rowOf(id)).status).toBe('accepted');
    expect(line.provider.calls).toHaveLength(2);
  });
});
