import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ProviderSink, TWILIO } from '#channels/provider-sink.fixture';
import { CustomerStore } from '#customers/customer.store';
import { newCustomer } from '#customers/customer.types';
import type { Choice } from '#purposes/choice';
import { Staff } from './campaign.fixture.js';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { tenantsWith } from './tenants.fixture.js';
import { until } from './visit.fixture.js';

/** As long as a provider takes when all is well. */
const ANSWERS_AFTER_MS = 200;
/** More than go out before somebody has paused it: at 32 calls at once some ten seconds of them. */
const MEMBERS = 900;
/** Calls by which a campaign is seen to be going. */
const SOME = 40;
/** What the dispatcher has claimed when it is asked to pause: one pass, and the one that is being made ready meanwhile. */
const CLAIMED = 2 * 64;

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
/**
 * How long an act may take, in milliseconds. On an idle machine it is within a second; here other suites, and the other
 * campaign's calls that stand before it, take their time too. What is held strictly is held by counts.
 */
async function patienceHere(id: string): Promise<number> {
  const began = performance.now();
  for (let n = 0; n < 5; n += 1) await staff.taken('marketer', 'GET', `/v1/campaigns/${id}`);
  return Math.max(8_000, 200 * ((performance.now() - began) / 5));
}
const callsTo = (prefix: string) => calls.filter(({ to }) => to.startsWith(prefix));

it('pauses while its dispatcher is loaded: no call begins after the answer, few after it was asked; and goes on', async () => {
  const [own, other] = ['+467300', '+467600'];
  const id = await sending('Paus', own);
  await sending('Bredvid', other);
  const patience = await patienceHere(id);
  await until(
    () => Promise.resolve(Math.min(callsTo(own).length, callsTo(other).length)),
    (least) => least >= SOME,
  );
  const asked = performance.now();
  expect(await staff.act(id, 'pause')).toMatchObject({ status: 'paused' });
  const answered = performance.now();
  const before = callsTo(own).length;
  expect(answered - asked).toBeLessThan(patience);
  expect(callsTo(own).filter(({ at }) => at > answered)).toEqual([]);
  // By count, not by time: however slow the machine is, only what was claimed already still went out.
  expect(callsTo(own).filter(({ at }) => at > asked).length).toBeLessThanOrEqual(CLAIMED);
  expect(before).toBeLessThan(MEMBERS);
  // The other one goes on as if nothing was; this one makes no call meanwhile.
  const beside = callsTo(other).length;
  await until(
    () => Promise.resolve(callsTo(other).length),
    (count) => count >= Math.min(beside + SOME, MEMBERS),
  );
  expect(callsTo(own)).toHaveLength(before);

  const resumed = performance.now();
  await staff.act(id, 'resume');
  const first = await until(
    () => Promise.resolve(callsTo(own)[before]),
    (call) => call,
  );
  expect(first.at - resumed).toBeLessThan(patience);
  await until(
    () => Promise.resolve(callsTo(own).length),
    (count) => count >= Math.min(before + SOME, MEMBERS),
  );
  const numbers = calls.map(({ to }) => to);
  expect(new Set(numbers).size).toBe(numbers.length);
});
