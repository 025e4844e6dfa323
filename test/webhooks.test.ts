import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProviderSink, SENDGRID, TWILIO } from '#channels/provider-sink.fixture';
import { signAsTwilio, SigningSendGrid } from '#channels/webhook.fixture';
import { startLagom, TRAVEL, type Lagom, type LedgerMessage } from './lagom.fixture.js';
import { choice, DAY, person, tell, until, visit, type Person } from './visit.fixture.js';

const PUBLIC_URL = 'https://hook.example.se';
const TOKEN = 'a-token-of-a-test';
const MAIL = '/webhooks/sendgrid/wellnesskliniken-email/events';
const SMS = '/webhooks/twilio/wellnesskliniken-sms/status';
const sendgrid = new SigningSendGrid();
let lagom: Lagom;
let mailer: ProviderSink;
let texter: ProviderSink;

beforeAll(async () => {
  [mailer, texter] = await Promise.all([ProviderSink.open(), ProviderSink.open()]);
  lagom = await startLagom({
    env: {
      ...{ LAGOM_SEND: 'live', PUBLIC_URL },
      ...{ SENDGRID_API_KEY: 'SG.a-key-of-a-test', SENDGRID_BASE_URL: mailer.url },
      SENDGRID_WEBHOOK_PUBLIC_KEY: sendgrid.publicKey,
      ...{ TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: TOKEN, TWILIO_BASE_URL: texter.url },
    },
  });
});
afterAll(async () => {
  await lagom.close();
  await Promise.all([mailer.close(), texter.close()]);
});

const bySms = { choices: [choice('booking', 'sms', 'given')] };
async function book(who: Person, more: object = {}): Promise<void> {
  const inTenDays = visit(new Date(lagom.now().getTime() + 10 * DAY));
  await tell(lagom, 'booking.confirmed', { customer: who, booking: inTenDays, ...more });
}
const confirmationOf = async (who: Person): Promise<LedgerMessage | undefined> =>
  (await lagom.messages({ customer: who.id })).find(({ journey }) => journey === 'confirmation');
const becomes = (who: Person, ...statuses: string[]): Promise<LedgerMessage> =>
  until(
    () => confirmationOf(who),
    (row) => row !== undefined && statuses.includes(row.status) && row,
  );
const suppressionsOf = async (who: Person): Promise<unknown[]> =>
  (await lagom.api('GET', `/v1/customers/${who.id}`)).body.suppressions;

/** What the provider was given to know the mail by. */
async function refOfMail(who: Person): Promise<string> {
  const body = await until(
    () => Promise.resolve(mailer.requests.find((request) => request.body.includes(who.email ?? ''))?.body),
    (seen) => seen,
  );
  return JSON.parse(body).personalizations[0].custom_args.r as string;
}
/** What Twilio was told to call for a text. */
async function callbackOf(who: Person): Promise<URL> {
  const to = encodeURIComponent(who.phone ?? '');
  const body = await until(
    () => Promise.resolve(texter.requests.find((request) => request.body.includes(to))?.body),
    (seen) => seen,
  );
  return new URL(new URLSearchParams(body).get('StatusCallback') ?? '');
}

const event = (who: Person, r: string, what: object) => ({
  ...{ email: who.email, timestamp: Math.floor(lagom.now().getTime() / 1_000), r, t: 'wellnesskliniken' },
  ...{ sg_event_id: randomUUID(), ...what },
});
async function post(path: string, body: string, headers: Record<string, string>): Promise<number> {
  const answer = await fetch(lagom.url + path, { method: 'POST', body, headers });
  await answer.text();
  return answer.status;
}
function tellByMail(events: unknown, { at = lagom.now(), by = sendgrid, path = MAIL } = {}): Promise<number> {
  const body = `${JSON.stringify(events)}\r\n`;
  return post(path, body, by.headers(body, at));
}
function tellBySms(
  who: Person,
  url: URL,
  fields: Record<string, string>,
  { token = TOKEN, signed = url } = {},
): Promise<number> {
  const form = { MessageSid: 'SM1', To: who.phone ?? '', From: 'Wellness', ...fields };
  return post(url.pathname + url.search, new URLSearchParams(form).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
    'x-twilio-signature': signAsTwilio(token, signed.href, form),
  });
}

describe('SendGrid tells', () => {
  it('a bounce after the delivery: the row ends, the address is suppressed, and no twice makes it more', async () => {
    const who = person();
    await book(who);
    await becomes(who, 'accepted');
    const r = await refOfMail(who);
    const bounce = event(who, r, { event: 'bounce', type: 'bounce', reason: `550 ${who.email ?? ''}` });
    expect(await tellByMail([event(who, r, { event: 'delivered' })])).toBe(200);
    expect((await confirmationOf(who))?.status).toBe('delivered');
    expect(await tellByMail([bounce])).toBe(200);
    expect(await tellByMail([event(who, r, { event: 'processed' }), bounce, bounce])).toBe(200);
    expect(await confirmationOf(who)).toMatchObject({ status: 'bounced' });
    expect(await suppressionsOf(who)).toEqual([expect.objectContaining({ scope: 'all', cause: 'bounce' })]);
  });

  it('before our own record: the row is never moved back', async () => {
    const who = person();
    mailer.next({ ...(SENDGRID.accepted() as object), status: 202, afterMs: 800 });
    await book(who);
    const r = await refOfMail(who);
    expect((await confirmationOf(who))?.status).toBe('sending');
    expect(await tellByMail([event(who, r, { event: 'delivered' })])).toBe(200);
    const row = await until(
      () => confirmationOf(who),
      (seen) => seen?.status === 'delivered' && JSON.stringify(seen.attempts).includes('sg-1') && seen,
    );
    expect(row.attempts).toMatchObject([{ outcome: 'accepted' }]);
  });

  it('what became of a message in doubt', async () => {
    const who = person();
    mailer.next(SENDGRID.broken());
    await book(who);
    await becomes(who, 'unknown');
    expect(await tellByMail([event(who, await refOfMail(who), { event: 'processed' })])).toBe(200);
    expect((await confirmationOf(who))?.status).toBe('accepted');
  });

  it('of an address without a row: it is suppressed all the same', async () => {
    const who = person();
    expect(await tellByMail([event(who, 'f'.repeat(32), { event: 'bounce', type: 'bounce' })])).toBe(200);
    await tell(lagom, 'customer.updated', { customer: who });
    expect(await suppressionsOf(who)).toHaveLength(1);
  });

  it('of another tenant’s message nothing that holds here, and moves nothing there', async () => {
    const who = person();
    const inTenDays = visit(new Date(lagom.now().getTime() + 10 * DAY));
    await tell(
      lagom,
      'booking.confirmed',
      { customer: who, booking: inTenDays },
      { source: `/tenants/${TRAVEL}` },
    );
    const r = await refOfMail(who);
    await tell(lagom, 'customer.updated', { customer: who });
    const theirs = event(who, r, { event: 'bounce', type: 'bounce', t: TRAVEL });
    expect(await tellByMail([theirs])).toBe(200);
    expect(await suppressionsOf(who)).toEqual([]);
    const ofTheirs = () => lagom.messages({ customer: who.id }, { tenant: TRAVEL });
    await until(ofTheirs, ([row]) => row?.status === 'accepted');
    // Passed off as the clinic's: the ref still finds nobody's row but the clinic's.
    expect(await tellByMail([{ ...theirs, sg_event_id: 'x', t: 'wellnesskliniken' }])).toBe(200);
    expect((await ofTheirs())[0]?.status).toBe('accepted');
  });

  it('and is believed only by its signature', async () => {
    const who = person();
    await book(who);
    await becomes(who, 'accepted');
    const said = [event(who, await refOfMail(who), { event: 'bounce', type: 'bounce' })];
    const body = JSON.stringify(said);
    const headers = sendgrid.headers(body, lagom.now());
    const ago = (minutes: number) => new Date(lagom.now().getTime() - minutes * 60_000);
    expect(await post(MAIL, body, {})).toBe(403);
    expect(await post(MAIL, body, { 'content-type': 'application/json' })).toBe(403);
    expect(await post(MAIL, body.replace('bounce', 'bouncf'), headers)).toBe(403);
    expect(await post(MAIL, 'no json', headers)).toBe(403);
    expect(await post(MAIL, '', headers)).toBe(403);
    expect(await tellByMail(said, { by: new SigningSendGrid() })).toBe(403);
    expect(await tellByMail(said, { at: ago(15) })).toBe(403);
    expect(await tellByMail(said, { path: '/webhooks/sendgrid/nobody/events' })).toBe(404);
    expect(await tellByMail(said, { path: MAIL.replace('-email', '-sms') })).toBe(404);
    expect((await confirmationOf(who))?.status).toBe('accepted');
    expect(await suppressionsOf(who)).toEqual([]);
    expect(await tellByMail({ not: 'a list' })).toBe(400);
    expect(await tellByMail(said, { at: ago(3) })).toBe(200);
    expect((await confirmationOf(who))?.status).toBe('bounced');
  });

  it('and is counted by what it was, without an address', async () => {
    const metrics = await (await fetch(`${lagom.url}/metrics`)).text();
    const line = (outcome: string) =>
      new RegExp(`lagom_webhooks_total\\{account="wellnesskliniken-email",outcome="${outcome}"\\} [1-9]`);
    for (const outcome of ['delivered', 'bounced', 'duplicate', 'foreign', 'forged', 'stale', 'unsigned']) {
      expect(metrics).toMatch(line(outcome));
    }
    expect(metrics).not.toContain('@example.se');
  });
});

describe('Twilio tells', () => {
  it('in any order; a number that does not exist is not used again', async () => {
    const who = person();
    await book(who, bySms);
    await becomes(who, 'accepted');
    const url = await callbackOf(who);
    expect(url.href).toMatch(
      /^https:\/\/hook\.example\.se\/webhooks\/twilio\/wellnesskliniken-sms\/status\?r=\w{32}$/,
    );
    expect(await tellBySms(who, url, { MessageStatus: 'delivered' })).toBe(200);
    expect(await tellBySms(who, url, { MessageStatus: 'sent' })).toBe(200);
    expect((await confirmationOf(who))?.status).toBe('delivered');
    expect(await tellBySms(who, url, { MessageStatus: 'undelivered', ErrorCode: '30006' })).toBe(200);
    expect((await confirmationOf(who))?.status).toBe('bounced');
    expect(await suppressionsOf(who)).toEqual([
      expect.objectContaining({ channel: 'sms', scope: 'all', cause: 'bad-address' }),
    ]);
  });

  it('and is believed only by its signature, over our own address', async () => {
    const who = person();
    texter.next(TWILIO.refusal(20500, 500));
    await book(who, bySms);
    await becomes(who, 'unknown');
    const url = await callbackOf(who);
    const said = { MessageStatus: 'failed', ErrorCode: '21610' };
    const bent = new URL(url.href);
    bent.searchParams.set('r', 'f'.repeat(32));
    const byHost = new URL(url.pathname + url.search, lagom.url);
    expect(await tellBySms(who, url, said, { token: 'another-token' })).toBe(403);
    expect(await tellBySms(who, bent, said, { signed: url })).toBe(403);
    expect(await tellBySms(who, url, said, { signed: byHost })).toBe(403);
    expect(await post(SMS, 'MessageStatus=failed', {})).toBe(403);
    expect(await post(SMS.replace('-sms', '-email'), '', {})).toBe(404);
    expect((await confirmationOf(who))?.status).toBe('unknown');
    expect(await tellBySms(who, url, said)).toBe(200);
    expect((await confirmationOf(who))?.status).toBe('failed');
    expect(await suppressionsOf(who)).toEqual([
      expect.objectContaining({ channel: 'sms', scope: 'service', cause: 'stop' }),
    ]);
  });
});

it('without a key, nobody can tell anything', async () => {
  const other = await startLagom();
  const body = '[]';
  for (const [path, headers] of [
    [MAIL, sendgrid.headers(body, other.now())],
    [SMS, { 'x-twilio-signature': signAsTwilio('', PUBLIC_URL + SMS, {}) }],
  ] as const) {
    const answer = await fetch(other.url + path, { method: 'POST', body, headers });
    expect(answer.status).toBe(403);
  }
  await other.close();
});
