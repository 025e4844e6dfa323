import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProviderSink, SENDGRID, TWILIO, type SinkRequest } from '#channels/provider-sink.fixture';
import { startLagom, type Lagom, type LedgerMessage } from './lagom.fixture.js';
import { choice, DAY, person, tell, until, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
let mailer: ProviderSink;
let texter: ProviderSink;
let silent: Person;
let asked: Promise<void>;

/** In place of PROTOCOL Q (30 s): a provider that has not answered by then leaves it unknown. */
const Q_MS = 5_000;

beforeAll(async () => {
  [mailer, texter] = await Promise.all([ProviderSink.open(), ProviderSink.open()]);
  lagom = await startLagom({
    env: {
      LAGOM_SEND: 'live',
      SENDGRID_API_KEY: 'SG.a-key-of-a-test',
      SENDGRID_BASE_URL: mailer.url,
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'a-token-of-a-test',
      TWILIO_BASE_URL: texter.url,
    },
    providerTimeoutMs: Q_MS,
  });
  // Begun first, because it takes its time: what becomes of it is the last test's.
  silent = person();
  mailer.always((request) => (request.body.includes(silent.email ?? '') ? 'hang' : SENDGRID.accepted()));
  asked = book(silent);
  await asked;
});
afterAll(async () => {
  await lagom.close();
  await Promise.all([mailer.close(), texter.close()]);
});

async function book(who: Person, more: object = {}): Promise<void> {
  const inTenDays = visit(new Date(lagom.now().getTime() + 10 * DAY));
  await tell(lagom, 'booking.confirmed', { customer: who, booking: inTenDays, ...more });
}
const bySms = { choices: [choice('booking', 'sms', 'given')] };
const confirmationOf = async (who: Person): Promise<LedgerMessage | undefined> =>
  (await lagom.messages({ customer: who.id })).find(({ journey }) => journey === 'confirmation');
const becomes = (who: Person, ...statuses: string[]): Promise<LedgerMessage> =>
  until(
    () => confirmationOf(who),
    (row) =>
      row !== undefined && statuses.includes(row.status) && row.attempts.at(-1)?.outcome !== null && row,
  );
const triesFor = (sink: ProviderSink, who: Person): SinkRequest[] =>
  sink.requests.filter(
    ({ body }) => body.includes(who.email ?? '') || body.includes(encodeURIComponent(who.phone ?? '')),
  );
/** Lets wall time jump, as at the next look after so long. */
const jump = (ms: number) => lagom.clock.setLead(lagom.clock.lead + ms);
const waits = (row: LedgerMessage) => new Date(row.dueAt ?? '').getTime() - lagom.now().getTime();

describe('live', () => {
  it('a mail leaves through SendGrid, with our ref and nothing else of ours', async () => {
    const who = person();
    await book(who);
    const row = await becomes(who, 'accepted');
    expect(row.attempts).toHaveLength(1);
    const [request, ...more] = triesFor(mailer, who);
    expect(more).toEqual([]);
    expect(request).toMatchObject({ method: 'POST', path: '/v3/mail/send' });
    expect(request?.headers.authorization).toBe('Bearer SG.a-key-of-a-test');
    const body = JSON.parse(request?.body ?? '');
    expect(body.personalizations[0].custom_args).toEqual({
      r: expect.stringMatching(/^[0-9a-f]{32}$/),
      t: 'wellnesskliniken',
    });
    expect(request?.body).not.toContain(row.id);
    expect(request?.body).not.toContain('confirmation');
  });

  it('a text leaves through Twilio', async () => {
    const who = person();
    await book(who, bySms);
    await becomes(who, 'accepted');
    const [request] = triesFor(texter, who);
    expect(new URLSearchParams(request?.body).get('To')).toBe(who.phone);
    expect(triesFor(mailer, who)).toEqual([]);
  });

  it('links lead to the tenant’s own host', async () => {
    const who = person();
    await tell(lagom, 'booking.completed', {
      customer: who,
      booking: visit(new Date(lagom.now().getTime() - 30 * 3_600_000)),
    });
    const [request] = await until(
      () => Promise.resolve(triesFor(mailer, who)),
      (seen) => seen.length > 0 && seen,
    );
    expect(request?.body).toMatch(/https:\/\/halsa\.wellnesskliniken\.se\/s\/[\w-]+/);
    expect(request?.body).not.toContain('localhost');
  });
});

describe('a provider in trouble', () => {
  it('that says 429 is asked again after its reset, once, and the message goes once', async () => {
    const who = person();
    mailer.next(SENDGRID.rateLimited(90));
    await book(who);
    const row = await until(
      () => confirmationOf(who),
      (seen) => seen?.attempts[0]?.outcome === 'sendgrid-429' && seen,
    );
    expect(row.status).toBe('planned');
    expect(waits(row)).toBeGreaterThan(60_000);
    expect(waits(row)).toBeLessThanOrEqual(90_000);
    expect(triesFor(mailer, who)).toHaveLength(1);
    jump(95_000);
    expect((await becomes(who, 'accepted')).attempts.map(({ outcome }) => outcome)).toEqual([
      'sendgrid-429',
      'accepted',
    ]);
    expect(triesFor(mailer, who)).toHaveLength(2);
  });

  it('that is down for a while gets everything once it is back, each once', async () => {
    const people = [person(), person(), person()];
    const { port } = texter;
    await texter.close();
    for (const who of people) await book(who, bySms);
    for (const who of people) {
      const row = await until(
        () => confirmationOf(who),
        (seen) => seen?.status === 'planned' && (seen.attempts.length ?? 0) > 0 && seen,
      );
      expect(row.attempts[0]?.outcome).toBe('econnrefused');
      expect(waits(row)).toBeGreaterThan(5_000);
    }
    jump(20_000);
    // Nothing may be on its way when the clock jumps, or it would be tried again only after the jump.
    for (const who of people) {
      await until(
        () => confirmationOf(who),
        (row) => row?.status === 'planned' && row.attempts.length > 1,
      );
    }
    texter = await ProviderSink.open(port);
    jump(70_000);
    for (const who of people) {
      await becomes(who, 'accepted');
      expect(triesFor(texter, who)).toHaveLength(1);
      expect(triesFor(mailer, who)).toEqual([]);
    }
  });

  it.each([
    ['answers 500', () => SENDGRID.broken(), 'sendgrid-500'],
    ['drops the line after it has heard all', () => 'drop' as const, 'econnreset'],
  ])('that %s leaves it unknown, and it is not said again', async (_, answer, why) => {
    const who = person();
    mailer.next(answer());
    await book(who);
    const row = await becomes(who, 'unknown');
    expect(row.history.at(-1)).toMatchObject({ status: 'unknown', why });
    jump(3_600_000);
    const control = person();
    await book(control);
    await becomes(control, 'accepted');
    expect(triesFor(mailer, who)).toHaveLength(1);
    expect(await confirmationOf(who)).toMatchObject({ status: 'unknown' });
  });

  it('that refuses the message for ever makes it failed', async () => {
    const who = person();
    mailer.next(SENDGRID.badContent());
    await book(who);
    expect(await becomes(who, 'failed')).toMatchObject({ attempts: [{ n: 1, outcome: 'rejected' }] });
  });

  it('that knows the address to be bad: the booking falls on to the other channel, and the address is not used again', async () => {
    const who = person();
    mailer.next(SENDGRID.badAddress());
    await book(who);
    const row = await becomes(who, 'accepted');
    expect(row.attempts.map(({ channel, outcome }) => [channel, outcome])).toEqual([
      ['email', 'bad-address'],
      ['sms', 'accepted'],
    ]);
    expect(triesFor(texter, who)).toHaveLength(1);
    await book(who);
    await until(
      () => Promise.resolve(triesFor(texter, who).length),
      (count) => count === 2,
    );
    expect(triesFor(mailer, who)).toHaveLength(1);
  });

  it('that says STOP for a number: that stream is suppressed on it, and the mail is used', async () => {
    const who = person();
    texter.next(TWILIO.refusal(21610));
    await book(who, bySms);
    expect((await becomes(who, 'accepted')).attempts.map(({ channel }) => channel)).toEqual(['sms', 'email']);
    const { body } = await lagom.api('GET', `/v1/customers/${who.id}`);
    expect(body.suppressions).toEqual([
      expect.objectContaining({ channel: 'sms', scope: 'service', cause: 'stop' }),
    ]);
  });

  it('that never answers leaves it unknown once its time is up', async () => {
    await asked;
    const row = await until(
      () => confirmationOf(silent),
      (seen) => seen?.status === 'unknown' && seen,
      Q_MS + 15_000,
    );
    expect(row.history.at(-1)).toMatchObject({ status: 'unknown', why: 'timeout' });
    const [began, ended] = row.history.slice(-2).map(({ at }) => Date.parse(at));
    expect(triesFor(mailer, silent)).toHaveLength(1);
    expect((ended ?? 0) - (began ?? 0)).toBeGreaterThanOrEqual(Q_MS - 1_000);
  });
});
