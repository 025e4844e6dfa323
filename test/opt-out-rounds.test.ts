import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { signAsTwilio } from '#channels/webhook.fixture';
import { HashRing } from '#consent/hash-ring';
import type { LinkPayload } from '#consent/link-payload';
import { LinkTokens, type LinkUse } from '#consent/link-token';
import { ShortCodeStore } from '#consent/short-code.store';
import { Withdraw } from '#privacy/withdraw';
import { ADDRESS_KIND } from '#purposes/channel';
import { CLINIC } from './lagom.fixture.js';
import { openStage, PUBLIC_URL, TOKEN, type Sayer, type Stage } from './opt-out-rounds.fixture.js';
import { choice, event, until } from './visit.fixture.js';

/** Rounds through each way in; 200 of them by `ROUNDS=200`. */
const ROUNDS = Number(process.env.ROUNDS ?? 6);
const MESSAGES = 3;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** Says no, marked with the name of who says it; the status of the answer. */
type Way = { channel: 'email' | 'sms'; say: (who: Sayer, name: string) => Promise<number> };

async function post(path: string, name: string, body: string | Buffer | URLSearchParams, headers = {}) {
  const url = stage.lagom.url + path;
  const answer = await fetch(url, {
    method: 'POST',
    body: body as never,
    headers: { 'x-no': name, ...headers },
  });
  await answer.arrayBuffer();
  return answer.status;
}

function linkTo(who: Sayer, channel: 'email' | 'sms'): LinkPayload {
  const kind = ADDRESS_KIND[channel];
  const hashed = stage.lagom.app
    .get(HashRing)
    .current(kind, kind === 'email' ? who.email : who.phone, CLINIC);
  return { tenant: CLINIC, customer: who.id, purpose: 'abandoned-booking', channel, ...hashed };
}
const tokenOf = (who: Sayer, use: LinkUse = 'unsubscribe') =>
  stage.lagom.app.get(LinkTokens).seal(use, linkTo(who, 'email'));

async function mailIn(who: Sayer, name: string, subject: string, text: string): Promise<number> {
  const fields = {
    from: who.email,
    to: 'svar@in.example.se',
    headers: `Message-ID: <${name}@x>`,
    subject,
    text,
  };
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  const made = new Response(form);
  const body = Buffer.from(await made.arrayBuffer());
  return post('/webhooks/sendgrid/wellnesskliniken-email/inbound', name, body, {
    ...stage.sendgrid.headers(body, stage.lagom.now()),
    'content-type': made.headers.get('content-type') ?? '',
  });
}

const WAYS: Record<string, Way> = {
  'one click': {
    channel: 'email',
    say: (who, name) =>
      post(`/u/${tokenOf(who)}`, name, new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })),
  },
  'the page': {
    channel: 'email',
    say: (who, name) => post(`/u/${tokenOf(who)}`, name, new URLSearchParams({ stop: 'marketing' })),
  },
  'the preference centre': {
    channel: 'email',
    say: (who, name) => post(`/p/${tokenOf(who, 'preferences')}`, name, new URLSearchParams({ do: 'stop' })),
  },
  'the short link of a text': {
    channel: 'sms',
    say: async (who, name) => {
      const codes = await stage.lagom.app
        .get(ShortCodeStore)
        .ensure(CLINIC, 'unsubscribe', [{ message: name, payload: linkTo(who, 'sms') }]);
      return post(`/o/${codes.get(name)}`, name, new URLSearchParams({ stop: 'purpose' }));
    },
  },
  'a word by text': {
    channel: 'sms',
    say: (who, name) => {
      const path = '/webhooks/twilio/wellnesskliniken-sms/inbound';
      const form = { MessageSid: `SM${name}`, From: who.phone, To: 'WellnessNu', Body: 'Stopp' };
      return post(path, name, new URLSearchParams(form), {
        'x-twilio-signature': signAsTwilio(TOKEN, PUBLIC_URL + path, form),
      });
    },
  },
  'the mailto of a header': {
    channel: 'email',
    say: (who, name) => mailIn(who, name, `unsubscribe ${tokenOf(who)}`, ''),
  },
  'a mail of one word': { channel: 'email', say: (who, name) => mailIn(who, name, 'Re: Nyheter', 'Avsluta') },
  'the API': {
    channel: 'email',
    say: async (who, name) => {
      const choices = [choice('marketing', 'email', 'withdrawn')];
      const path = `/v1/customers/${who.id}/choices`;
      return (await stage.lagom.api('PUT', path, { choices }, { headers: { 'x-no': name } })).status;
    },
  },
  'an event': {
    channel: 'email',
    say: async (who, name) => {
      const data = { customer: { id: who.id }, choices: [choice('marketing', 'all', 'withdrawn')] };
      const told = event(stage.lagom, 'customer.consent-changed', data);
      const headers = { 'content-type': 'application/cloudevents+json', 'x-no': name };
      return (await stage.lagom.api('POST', '/v1/events', JSON.stringify(told), { headers })).status;
    },
  },
  'a complaint': {
    channel: 'email',
    say: (who, name) => {
      const timestamp = Math.floor(stage.lagom.now().getTime() / 1_000);
      const complaint = {
        event: 'spamreport',
        email: who.email,
        sg_event_id: randomUUID(),
        timestamp,
        t: CLINIC,
      };
      const body = JSON.stringify([complaint]);
      const headers = stage.sendgrid.headers(body, stage.lagom.now());
      return post('/webhooks/sendgrid/wellnesskliniken-email/events', name, body, headers);
    },
  },
};

/** When a no is said: some while after, in the midst of it, and once the first has gone. */
const moments: ((who: Sayer, ids: readonly string[]) => Promise<unknown>)[] = [
  () => pause(Math.random() * 60),
  (_who, ids) => stage.claimed(ids.slice(0, 1)),
  ({ email, phone }) =>
    until(
      () => Promise.resolve([...stage.callsTo(email), ...stage.callsTo(phone)]),
      (calls) => calls.length > 0,
    ),
];

/** One round: messages to two people on their way, a no somewhere in between, more messages after it. */
async function round(
  way: Way,
  name: string,
  at: number,
): Promise<{ late: number; before: number; during: number; stopped: number }> {
  const who = await stage.plant(name, way.channel);
  const first = await Promise.all([stage.write(who.id, 0, MESSAGES), stage.write(who.partner, 0, 1)]);
  await moments[at % moments.length]!(who, first.flat());
  const said = stage.tick();
  const status = await way.say(who, name);
  expect({ name, ok: status === 200 || status === 202 }).toEqual({ name, ok: true });
  const later = await Promise.all([stage.write(who.id, MESSAGES, 1), stage.write(who.partner, 1, 1)]);
  const rows = await stage.settled([...first, ...later].flat());
  const calls = stage.callsTo(way.channel === 'sms' ? who.phone : who.email);
  const answered = stage.answeredAt(name);
  return {
    late: calls.filter((at) => at > answered).length,
    before: calls.filter((at) => at < said).length,
    during: calls.filter((at) => at > said && at < answered).length,
    stopped: rows.filter(({ status: ended }) => ended === 'refused' || ended === 'cancelled').length,
  };
}

it(
  `begins no call after a no was answered, in ${ROUNDS} rounds through each way in`,
  async () => {
    stage.pace = () => pause(Math.random() * 25);
    const sum = { before: 0, during: 0 };
    for (let count = 0; count < ROUNDS; count += 1) {
      // All ways at once: each is the load of the others.
      const rounds = await Promise.all(
        Object.entries(WAYS).map(async ([name, way], index) => {
          return { name, ...(await round(way, `r${count}w${index}`, count + index)) };
        }),
      );
      expect({ count, late: rounds.filter(({ late }) => late > 0) }).toEqual({ count, late: [] });
      // What came after the no, at least.
      expect(rounds.filter(({ stopped }) => stopped < 2)).toEqual([]);
      for (const { before, during } of rounds) {
        sum.before += before;
        sum.during += during;
      }
    }
    // Else the rounds prove nothing: some were sent before, some while the no was being taken.
    expect({ before: sum.before > 0, during: sum.during > 0 }).toEqual({ before: true, during: true });
  },
  60_000 + ROUNDS * 20_000,
);

it('would see a call that begins after the answer: without the wait there is one', async () => {
  const withdraw = stage.lagom.app.get<Withdraw, { awaitInFlight: () => Promise<void> }>(Withdraw);
  const wait = withdraw.awaitInFlight.bind(withdraw);
  withdraw.awaitInFlight = () => Promise.resolve();
  let answered: () => void = () => undefined;
  try {
    // Claimed, and not called yet before the answer.
    const answer = new Promise<void>((resolve) => (answered = resolve));
    stage.pace = () => answer;
    const who = await stage.plant('unguarded', 'email');
    const ids = await stage.write(who.id, 0, 1);
    await stage.claimed(ids);
    expect(await WAYS['one click']?.say(who, 'unguarded')).toBe(200);
    answered();
    await stage.settled(ids);
    expect(stage.callsTo(who.email).filter((at) => at > stage.answeredAt('unguarded'))).toHaveLength(1);
  } finally {
    withdraw.awaitInFlight = wait;
    answered();
    stage.pace = () => pause(400);
  }
  // The same with the wait.
  const who = await stage.plant('guarded', 'email');
  const ids = await stage.write(who.id, 0, 1);
  await stage.claimed(ids);
  expect(await WAYS['one click']?.say(who, 'guarded')).toBe(200);
  await stage.settled(ids);
  expect(stage.callsTo(who.email)).toHaveLength(1);
  expect(stage.callsTo(who.email).filter((at) => at > stage.answeredAt('guarded'))).toEqual([]);
});
