import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { CampaignStore } from '#campaigns/campaign.store';
import { ProviderSink, TWILIO } from '#channels/provider-sink.fixture';
import { CustomerStore } from '#customers/customer.store';
import { newCustomer } from '#customers/customer.types';
import { LoadFacts } from '#dispatch/load-facts';
import { MessageStore } from '#messages/message.store';
import type { Choice } from '#purposes/choice';
import { Staff } from './campaign.fixture.js';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { tenantsWith } from './tenants.fixture.js';
import { until } from './visit.fixture.js';

/** As long as a provider takes when all is well. */
const ANSWERS_AFTER_MS = 200;
/** More than go out before somebody has paused it: at 32 calls at once, for two campaigns, some five seconds of them. */
const MEMBERS = 500;
/** Calls by which a campaign is seen to be going. */
const SOME = 40;
/** What the dispatcher has claimed when it is asked to pause: two passes, and the one that is being made ready meanwhile. */
const CLAIMED = 3 * 64;

let lagom: Lagom;
let staff: Staff;
let sink: ProviderSink;
let tenants: Awaited<ReturnType<typeof tenantsWith>>;
/** Each call: whose number, and when it began. */
const calls: { to: string; at: number }[] = [];

beforeAll(async () => {
  sink = await ProviderSink.open();
  // Faster than its provider is: the dispatcher always has more than it can send.
  tenants = await tenantsWith('from: WellnessNu', 'from: WellnessNu\n      perSecond: 1000');
  lagom = await startLagom({
    at: '2026-11-02T10:00:00Z',
    env: {
      ...{ LAGOM_TENANTS: tenants.folder, LAGOM_SEND: 'live', SENDGRID_API_KEY: 'SG.test' },
      ...{ TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'x', TWILIO_BASE_URL: sink.url },
    },
  });
  staff = await Staff.of(lagom);
  sink.always(({ body }) => {
    calls.push({ to: new URLSearchParams(body).get('To') ?? '', at: performance.now() });
    return { ...(TWILIO.accepted() as object), status: 201, afterMs: ANSWERS_AFTER_MS };
  });
});
afterAll(async () => {
  await lagom.close();
  await sink.close();
  await tenants.remove();
});

const wish = (now: Date): Choice => ({
  ...{ id: 'wish', purpose: 'newsletter', channel: 'sms', state: 'given', at: now, recordedAt: now },
  ...{ via: 'event', noticeVersion: '2026-01', language: 'sv', method: 'checkbox', place: '/' },
});

/** A campaign of SMS to so many people of a city, under way; their numbers begin alike. */
async function sending(city: string, prefix: string): Promise<string> {
  const now = lagom.now();
  await lagom.app.get(CustomerStore).write(
    Array.from({ length: MEMBERS }, (_, n) => ({
      before: null,
      after: {
        ...newCustomer(CLINIC, `${city}-${n}`, now),
        phone: `${prefix}${String(n).padStart(5, '0')}`,
        address: { lines: ['x'], postalCode: '1', city, country: 'SE' },
        choiceLog: [wish(now)],
      },
    })),
  );
  const id = await staff.approved({ place: { city: [city] } }, { channel: 'sms' });
  await staff.act(id, 'schedule', {});
  return id;
}

/** What the dispatcher does with the rows of a campaign, in the order in which it happens here: no clock is asked. */
class Watch {
  /** When the pass that a row is in began to read facts, when its claim began, and when the campaign was seen to pause. */
  readonly read = new Map<string, number>();
  readonly claims: { id: string; began: number; read: number }[] = [];
  pausing = Number.POSITIVE_INFINITY;
  private step = 0;

  constructor(campaign: string) {
    const { load } = LoadFacts.prototype;
    const { apply } = MessageStore.prototype;
    const { write } = CampaignStore.prototype;
    const own = this as Watch;
    jest.spyOn(LoadFacts.prototype, 'load').mockImplementation(function (this: LoadFacts, tenant, rows, now) {
      for (const row of rows) if (row.campaign === campaign) own.read.set(row._id, own.next());
      return load.call(this, tenant, rows, now);
    });
    jest.spyOn(MessageStore.prototype, 'apply').mockImplementation(async function (
      this: MessageStore,
      moves,
    ) {
      const claims = moves.filter(({ after }) => after.campaign === campaign && after.status === 'sending');
      const began = own.next();
      // By what was read until then: a row whose pass grew too old to call is given back, and read again by another one.
      const claimed = claims.map(({ after: { _id: id } }) => ({ id, began, read: own.read.get(id) ?? 0 }));
      const won = await apply.call(this, moves);
      own.claims.push(...claimed.filter(({ id }) => won.has(id)));
      return won;
    });
    jest.spyOn(CampaignStore.prototype, 'write').mockImplementation(async function (
      this: CampaignStore,
      before,
      after,
    ) {
      const written = await write.call(this, before, after);
      if (written?.campaign === campaign && written.status === 'pausing') own.pausing = own.next();
      return written;
    });
  }

  /** A point in the order of what happens. */
  next(): number {
    this.step += 1;
    return this.step;
  }
}
const callsTo = (prefix: string) => calls.filter(({ to }) => to.startsWith(prefix));

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;

it('pauses while its dispatcher is loaded: what no pass had read by then stays, no call begins after the answer; and goes on', async () => {
  const [own, other] = ['+467300', '+467600'];
  const id = await sending('Paus', own);
  await sending('Bredvid', other);
  await until(
    () => Promise.resolve(Math.min(callsTo(own).length, callsTo(other).length)),
    (least) => least >= SOME,
  );
  const watch = new Watch(id);
  const asked = performance.now();
  expect(await staff.act(id, 'pause')).toMatchObject({ status: 'paused' });
  const answered = performance.now();
  const end = watch.next();
  const before = callsTo(own).length;
  expect(before).toBeLessThan(MEMBERS);
  // By count, not by time: however slow the machine is, only what was claimed already still went out.
  expect(callsTo(own).filter(({ at }) => at > asked).length).toBeLessThanOrEqual(CLAIMED);
  const standing = async (): Promise<{ status: string; dueAt: string | null }[]> =>
    (await staff.taken('marketer', 'GET', `/v1/messages?campaign=${id}&limit=500&status=planned`)).items;
  const sendingNow = await staff.taken('marketer', 'GET', `/v1/messages?campaign=${id}&status=sending`);
  expect(sendingNow.items).toEqual([]);
  // The other one goes on as if nothing was; this one makes no call meanwhile.
  const beside = callsTo(other).length;
  await until(
    () => Promise.resolve(callsTo(other).length),
    (count) => count >= Math.min(beside + SOME, MEMBERS),
  );
  expect(callsTo(own)).toHaveLength(before);
  // No claim after the answer; none since the pause was written by a pass that read its facts after that.
  expect(watch.pausing).toBeLessThan(end);
  expect(watch.claims.filter(({ began }) => began > end)).toEqual([]);
  const late = watch.claims.filter(({ began }) => began > watch.pausing);
  expect(late.filter(({ read }) => read > watch.pausing)).toEqual([]);
  expect((await standing()).filter(({ dueAt }) => dueAt !== null)).toEqual([]);

  watch.read.clear();
  const resumed = performance.now();
  await staff.act(id, 'resume');
  const wentOn = performance.now();
  // Pulled before the answer: what goes on waits for no look of who pulls. Asked for in the order in which a row goes on.
  const pulled = (await standing()).filter(({ dueAt }) => dueAt !== null).length;
  const released: unknown[] = (
    await staff.taken('marketer', 'GET', `/v1/messages?campaign=${id}&status=released`)
  ).items;
  expect(pulled + released.length + watch.read.size).toBeGreaterThan(0);
  const first = await until(
    () => Promise.resolve(callsTo(own)[before]),
    (call) => call,
  );
  await until(
    () => Promise.resolve(callsTo(own).length),
    (count) => count >= Math.min(before + SOME, MEMBERS),
  );
  const numbers = calls.map(({ to }) => to);
  expect(new Set(numbers).size).toBe(numbers.length);
  process.stdout.write(
    `  pause answered after ${seconds(answered - asked)}, ${late.length} claimed meanwhile; resume after ` +
      `${seconds(wentOn - resumed)}, its first call after ${seconds(first.at - resumed)}\n`,
  );
});
