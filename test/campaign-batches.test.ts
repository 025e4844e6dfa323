import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { CampaignStore } from '#campaigns/campaign.store';
import { ProviderSink, SENDGRID, type SinkAnswer, type SinkRequest } from '#channels/provider-sink.fixture';
import { SigningSendGrid } from '#channels/webhook.fixture';
import { CustomerStore } from '#customers/customer.store';
import { newCustomer } from '#customers/customer.types';
import { MessageStore } from '#messages/message.store';
import type { Choice } from '#purposes/choice';
import { substitute } from '#rendering/shared-body';
import { Staff } from './campaign.fixture.js';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { until } from './visit.fixture.js';

interface Mail {
  to: string;
  ref: string;
  unsubscribe: string;
  subject: string;
  text: string;
  html: string;
}
interface Call {
  begunAt: number;
  mails: Mail[];
  attachments: { filename: string }[];
}

const sendgrid = new SigningSendGrid();
let sink: ProviderSink;
let lagom: Lagom;
let staff: Staff;
const calls: Call[] = [];
/** One clock for calls and for what is answered to people. */
let ticks = 0;
let answer: (call: Call) => SinkAnswer = () => SENDGRID.accepted();

beforeAll(async () => {
  sink = await ProviderSink.open();
  lagom = await startLagom({
    at: '2026-11-02T10:00:00Z',
    env: {
      ...{ LAGOM_SEND: 'live', PUBLIC_URL: 'https://hook.example.se' },
      ...{ SENDGRID_API_KEY: 'SG.test', SENDGRID_BASE_URL: sink.url },
      ...{ SENDGRID_WEBHOOK_PUBLIC_KEY: sendgrid.publicKey },
      ...{ TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'x', TWILIO_BASE_URL: sink.url },
    },
  });
  staff = await Staff.of(lagom);
  sink.always((request) => {
    const call = callOf(request);
    calls.push(call);
    return answer(call);
  });
});
afterEach(() => {
  calls.length = 0;
  answer = () => SENDGRID.accepted();
});
afterAll(async () => {
  await lagom.close();
  await sink.close();
});

/** What each person gets of a call, by SendGrid's rule. */
function callOf({ body }: SinkRequest): Call {
  const { subject, content, personalizations, attachments } = JSON.parse(body) as {
    subject: string;
    content: { type: string; value: string }[];
    personalizations: {
      to: { email: string }[];
      headers: Record<string, string>;
      custom_args: { r: string };
      substitutions?: Record<string, string>;
    }[];
    attachments?: { filename: string }[];
  };
  const [text, html] = content.map(({ value }) => value);
  return {
    begunAt: (ticks += 1),
    attachments: attachments ?? [],
    mails: personalizations.map(({ to, headers, custom_args, substitutions = {} }) => ({
      to: to[0]!.email,
      ref: custom_args.r,
      unsubscribe: new URL(/<(https[^>]+)>/.exec(headers['List-Unsubscribe'] ?? '')?.[1] ?? '').pathname,
      subject: substitute(subject, substitutions),
      text: substitute(text!, substitutions),
      html: substitute(html!, substitutions),
    })),
  };
}

const newsletter = (now: Date): Choice => ({
  ...{ id: 'wish', purpose: 'newsletter', channel: 'email', state: 'given', at: now, recordedAt: now },
  ...{ via: 'event', noticeVersion: '2026-01', language: 'sv', method: 'checkbox', place: '/' },
});

/** So many people of a city who want newsletters, every third without a name. */
async function readers(city: string, count: number): Promise<string[]> {
  const now = lagom.now();
  const ids = Array.from({ length: count }, (_, at) => `${city.toLowerCase()}-${at}`);
  await lagom.app.get(CustomerStore).write(
    ids.map((id, at) => ({
      before: null,
      after: {
        ...newCustomer(CLINIC, id, now),
        name: at % 3 === 0 ? null : `Åsa ${id} <Ö>`,
        email: `${id}@example.se`,
        address: { lines: ['Storgatan 1'], postalCode: '831 31', city, country: 'SE' },
        choiceLog: [newsletter(now)],
      },
    })),
  );
  return ids;
}

async function launch(city: string): Promise<string> {
  const variants = [
    await staff.content(
      'Hej {{person.name | du}}! 20 % hos {{tenant.name}}.',
      '{{person.firstName | Du}}, nyheter',
    ),
  ];
  const id = await staff.approved({ place: { city: [city] } }, { variants });
  await staff.act(id, 'schedule', {});
  return id;
}
const settled = (ids: readonly string[], id: string) =>
  until(
    async () =>
      lagom.app.get(MessageStore).findByIds(
        CLINIC,
        ids.map((one) => `${CLINIC}/${one}/${id}`),
      ),
    (rows) =>
      rows.length === ids.length &&
      !rows.some(({ status }) => ['planned', 'released', 'sending'].includes(status)) &&
      rows,
    150_000,
  );
const sentTo = (taken: readonly Call[], who: string): string[] =>
  taken
    .flatMap(({ mails }) => mails.map(({ to }) => to))
    .filter((to) => to.startsWith(who))
    .sort();

it('goes in few calls, whose mails each say what its row says', async () => {
  const ids = await readers('Ett', 200);
  const id = await launch('Ett');
  const rows = await settled(ids, id);
  expect(rows.every(({ status }) => status === 'accepted')).toBe(true);
  expect(sentTo(calls, 'ett')).toEqual(ids.map((one) => `${one}@example.se`).sort());
  // On a busy machine the scheduler lets them go in several goes, and what is late goes again.
  expect(calls.length).toBeLessThanOrEqual(40);
  expect(calls.map(({ attachments }) => attachments.map(({ filename }) => filename))).toEqual(
    calls.map(() => ['logo.png']),
  );
  const mails = new Map(calls.flatMap((call) => call.mails.map((mail) => [mail.ref, mail] as const)));
  expect(mails.size).toBe(200);
  for (const row of rows.slice(0, 4)) {
    const mail = mails.get(row.attempts.at(-1)!.ref)!;
    expect(mail.to).toBe(`${row.customer}@example.se`);
    const isNamed = Number(row.customer.split('-')[1]) % 3 !== 0;
    expect(mail.subject).toBe(isNamed ? 'Åsa, nyheter' : 'Du, nyheter');
    expect(mail.text).toContain(isNamed ? `Hej Åsa ${row.customer} <Ö>!` : 'Hej du!');
    expect(mail.html).toContain(isNamed ? `Hej Åsa ${row.customer} &lt;Ö&gt;!` : 'Hej du!');
  }
  // Each mail's own webhook finds its own row.
  const told = rows[7]!;
  const body = JSON.stringify([
    {
      ...{
        event: 'delivered',
        email: `${told.customer}@example.se`,
        sg_event_id: 'e-1',
        sg_message_id: 'm-1',
      },
      ...{ timestamp: Math.floor(lagom.now().getTime() / 1_000), r: told.attempts.at(-1)!.ref, t: CLINIC },
    },
  ]);
  const heard = await fetch(`${lagom.url}/webhooks/sendgrid/wellnesskliniken-email/events`, {
    method: 'POST',
    body,
    headers: sendgrid.headers(body, lagom.now()),
  });
  expect(heard.status).toBe(200);
  const after = await settled(ids, id);
  expect(after.filter(({ status }) => status === 'delivered').map(({ _id }) => _id)).toEqual([told._id]);
}, 200_000);

it('after the answer to a no begins no call with that mail in it, while refused calls are made again in parts', async () => {
  const ids = await readers('Tva', 64);
  const answered = new Map<string, number>();
  const noes: Promise<void>[] = [];
  const sayNo = async (mail: Mail): Promise<void> => {
    const said = await fetch(lagom.url + mail.unsubscribe, {
      method: 'POST',
      body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
    });
    expect(said.status).toBe(200);
    answered.set(mail.to, (ticks += 1));
  };
  const wrong = ['tva-5@example.se', 'tva-40@example.se'];
  answer = ({ mails }) => {
    // Each time some of those in the call say no while it is under way.
    for (const mail of mails.slice(0, 2)) if (noes.length < 12) noes.push(pause(5).then(() => sayNo(mail)));
    return mails.some(({ to }) => wrong.includes(to))
      ? { ...(SENDGRID.badContent() as object), status: 400, afterMs: 30 }
      : { ...(SENDGRID.accepted() as object), status: 202, afterMs: 30 };
  };
  const id = await launch('Tva');
  const rows = await settled(ids, id);
  await Promise.all(noes);
  expect(noes.length).toBeGreaterThan(3);
  for (const { begunAt, mails } of calls) {
    for (const { to } of mails) expect(begunAt).toBeLessThan(answered.get(to) ?? Infinity);
  }
  // Nobody twice, nobody lost: what was taken, refused for ever, or stopped by the no.
  const taken = sentTo(
    calls.filter(({ mails }) => !mails.some(({ to }) => wrong.includes(to))),
    'tva',
  );
  expect(new Set(taken).size).toBe(taken.length);
  const accepted = rows
    .filter(({ status }) => status === 'accepted')
    .map(({ customer }) => `${customer}@example.se`);
  expect(accepted.sort()).toEqual(taken);
  const others = rows.filter(({ status }) => status !== 'accepted');
  for (const { customer, status, reason } of others) {
    const address = `${customer}@example.se`;
    if (wrong.includes(address) && status === 'failed') continue;
    // By the gate, or by the no itself where it found the row waiting to be tried again (PROTOCOL B3).
    expect([status, reason, answered.has(address)]).toEqual([
      expect.stringMatching(/^(refused|cancelled)$/),
      ...['withdrawn', true],
    ]);
  }
}, 200_000);

it('is given back as a whole on a rate limit, and unknown as a whole where nobody answers', async () => {
  const ids = await readers('Tre', 30);
  let first = true;
  answer = () => {
    if (!first) return 'drop';
    first = false;
    return { status: 429, headers: { 'retry-after': '1' }, body: {} };
  };
  const id = await launch('Tre');
  const rows = await until(
    async () =>
      lagom.app.get(MessageStore).findByIds(
        CLINIC,
        ids.map((one) => `${CLINIC}/${one}/${id}`),
      ),
    (found) => found.length === 30 && found.every(({ status }) => status === 'unknown') && found,
    150_000,
  );
  for (const { attempts } of rows) expect(attempts.map(({ outcome }) => outcome).at(-1)).toBe('unknown');
  expect(rows.some(({ attempts }) => attempts[0]?.outcome === 'sendgrid-429')).toBe(true);
  // On a dropped line no mail was in two calls.
  const dropped = sentTo(calls.slice(1), 'tre');
  expect(new Set(dropped).size).toBe(dropped.length);
}, 200_000);

it('once it is sent, sends what is retried of it; once it is archived, says that nothing is', async () => {
  const [one, other] = await readers('Fem', 2);
  answer = () => SENDGRID.badContent();
  const id = await launch('Fem');
  // After the dropped calls of the test before, the account may rest for a while.
  await until(
    () => staff.taken('marketer', 'GET', `/v1/campaigns/${id}`),
    ({ status }: { status: string }) => status === 'sent',
    90_000,
  );
  expect(Object.values(await staff.rows(id))).toEqual(['failed', 'failed']);
  answer = () => SENDGRID.accepted();
  const retry = (who: string | undefined) =>
    staff.ask('marketer', 'POST', `/v1/messages/${encodeURIComponent(`${CLINIC}/${who}/${id}`)}/retry`);
  expect((await retry(one)).status).toBe(200);
  await until(
    () => staff.rows(id),
    (rows) => rows[one!] === 'accepted',
    90_000,
  );
  await staff.act(id, 'archive');
  expect(await retry(other)).toMatchObject({
    status: 409,
    body: { detail: 'its campaign is archived: nothing of it is sent any more' },
  });
  expect((await staff.rows(id))[other!]).toBe('failed');
}, 200_000);

it('after the answer to a pause begins no call', async () => {
  const ids = await readers('Fyra', 100);
  // Nothing is answered before the pause is written: a campaign that has ended cannot be paused.
  let goOn = (): void => undefined;
  const after = new Promise<void>((resolve) => (goOn = resolve));
  answer = () => ({ ...(SENDGRID.accepted() as object), status: 202, after });
  const id = await launch('Fyra');
  await until(
    async () => calls.length,
    (count) => count > 0,
    90_000,
  );
  const paused = staff.act(id, 'pause');
  await until(
    async () => (await lagom.app.get(CampaignStore).find(CLINIC, id))?.status,
    (status) => status !== 'sending',
  );
  goOn();
  await paused;
  const pausedAt = (ticks += 1);
  const before = calls.length;
  await staff.act(id, 'resume');
  const rows = await settled(ids, id);
  expect(calls.slice(0, before).every(({ begunAt }) => begunAt < pausedAt)).toBe(true);
  expect(rows.every(({ status }) => status === 'accepted')).toBe(true);
  const taken = sentTo(calls, 'fyra');
  expect(taken).toEqual(ids.map((one) => `${one}@example.se`).sort());
}, 200_000);
