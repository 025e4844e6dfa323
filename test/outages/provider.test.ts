import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProviderSink, SENDGRID, TWILIO, type SinkRequest } from '#channels/provider-sink.fixture';
import { SigningSendGrid } from '#channels/webhook.fixture';
import { ResolveUnknown } from '#dispatch/resolve-unknown';
import { NOT_ASKED } from './asked.fixture.js';
import { startLagom, type Lagom, type LedgerMessage } from '../lagom.fixture.js';
import { choice, DAY, event, person, until, visit, type Person } from '../visit.fixture.js';

/** In place of PROTOCOL Q (30 s); longer than a permit lasts. */
const Q_MS = 10_000;
const MINUTE = 60_000;
const sendgrid = new SigningSendGrid();
let lagom: Lagom;
let mailer: ProviderSink;
let texter: ProviderSink;
/** What both clocks of the house are ahead, the one that never jumps too: a breaker rests by it. */
let monoLead = 0;

beforeAll(async () => {
  [mailer, texter] = await Promise.all([ProviderSink.open(), ProviderSink.open()]);
  lagom = await startLagom({
    env: {
      LAGOM_SEND: 'live',
      ...{ SENDGRID_API_KEY: 'SG.a-key-of-a-test', SENDGRID_BASE_URL: mailer.url },
      SENDGRID_WEBHOOK_PUBLIC_KEY: sendgrid.publicKey,
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      ...{ TWILIO_AUTH_TOKEN: 'a-token-of-a-test', TWILIO_BASE_URL: texter.url },
    },
    providerTimeoutMs: Q_MS,
  });
  const mono = lagom.clock.mono.bind(lagom.clock);
  lagom.clock.mono = () => mono() + monoLead;
});
afterAll(async () => {
  await lagom.close();
  await Promise.all([mailer.close(), texter.close()]);
});

/** Time passes on both clocks; all that was due by then has been tried when it resolves. */
async function pass(ms: number): Promise<void> {
  monoLead += ms;
  lagom.clock.setLead(lagom.clock.lead + ms);
  await until(
    async () => (await rows()).filter(isUnderWay),
    (open) => open.length === 0,
  );
}
const isUnderWay = ({ status, dueAt }: { status: string; dueAt: string | null }): boolean =>
  status === 'released' ||
  status === 'sending' ||
  (status === 'planned' && dueAt !== null && Date.parse(dueAt) <= lagom.now().getTime());

type Row = Pick<LedgerMessage, 'id' | 'customer' | 'channel' | 'status' | 'dueAt'> & { journey?: string };
async function rows(): Promise<Row[]> {
  const { body } = await lagom.api('GET', '/v1/messages?limit=500');
  return (body.items as Row[]).filter(({ journey }) => journey === 'confirmation');
}
async function of(people: readonly Person[]): Promise<Row[]> {
  const ids = new Set(people.map(({ id }) => id));
  return (await rows()).filter(({ customer }) => ids.has(customer));
}
const bySms = { choices: [choice('booking', 'sms', 'given')] };
/** Many at once; none waits for another. */
async function book(count: number, more: object = {}): Promise<Person[]> {
  // Numbers set aside for fiction are few: only who gets texts has one.
  const people = Array.from({ length: count }, () =>
    'choices' in more
      ? person()
      : { id: `c-${randomUUID().slice(0, 8)}`, name: 'Åsa Öst', email: `${randomUUID()}@example.se` },
  );
  const inTenDays = () => visit(new Date(lagom.now().getTime() + 10 * DAY));
  const events = people.map((customer) =>
    event(lagom, 'booking.confirmed', { customer, booking: inTenDays(), ...more }),
  );
  const { status } = await lagom.api('POST', '/v1/events', events, {
    headers: { 'content-type': 'application/cloudevents-batch+json' },
  });
  expect(status).toBe(202);
  return people;
}
const isTo = ({ body }: SinkRequest, { email, phone }: Person): boolean =>
  body.includes(email ?? '–') || (phone != null && body.includes(encodeURIComponent(phone)));
const triesFor = (sink: ProviderSink, who: Person): number =>
  sink.requests.filter((request) => isTo(request, who)).length;
const become = (people: readonly Person[], status: string, patienceMs?: number) =>
  until(
    () => of(people),
    (found) => found.length === people.length && found.every((row) => row.status === status) && found,
    patienceMs,
  );
const deadLetters = async (): Promise<number> =>
  (await lagom.api('GET', '/v1/dead-letters')).body.items.length;

describe('a provider that', () => {
  it('is down for ten minutes: all is sent once it is back, each once', async () => {
    const { port } = mailer;
    await mailer.close();
    const early = await book(25);
    await pass(0);
    for (let minutes = 0; minutes < 10; minutes += 2) await pass(2 * MINUTE);
    // Who books meanwhile waits like the others, and who gets texts does not wait.
    const [late, texts] = [await book(5), await book(3, bySms)];
    await become(texts, 'accepted');
    expect((await of([...early, ...late])).map(({ status }) => status)).toEqual(
      Array.from({ length: 30 }, () => 'planned'),
    );
    mailer = await ProviderSink.open(port);
    const left: number[] = [];
    do {
      await pass(20_000);
      left.push((await of([...early, ...late])).filter(({ status }) => status !== 'accepted').length);
    } while (left.at(-1) !== 0 && left.length < 60);
    for (const who of [...early, ...late]) expect(triesFor(mailer, who)).toBe(1);
    const half = left.findIndex((count) => count <= 15);
    process.stdout.write(
      `  back after ten minutes: half of 30 sent within ${(half + 1) * 20} s, all within ${left.length * 20} s\n`,
    );
    // A breaker rests for a minute at most; who was tried last before waits five minutes or fifteen.
    expect((half + 1) * 20).toBeLessThanOrEqual(120);
    expect(left.length * 20).toBeLessThanOrEqual(960);
    expect(await deadLetters()).toBe(0);
  }, 120_000);

  it('is slow: all is sent once', async () => {
    mailer.always(() => ({ ...(SENDGRID.accepted() as object), status: 202, afterMs: 1_500 }));
    const mails = await book(60);
    await mailer.received(mailer.requests.length + 1);
    const texts = await book(5, bySms);
    await become(texts, 'accepted');
    const sent = await become(mails, 'accepted', 60_000);
    expect(sent).toHaveLength(60);
    for (const who of mails) expect(triesFor(mailer, who)).toBe(1);
    mailer.always(null);
  }, 90_000);

  it.each<[string, () => ProviderSink, object, (seconds: number) => ReturnType<typeof SENDGRID.rateLimited>]>(
    [
      ['SendGrid says 429 with the time of its reset', () => mailer, {}, SENDGRID.rateLimited],
      ['Twilio says 20429', () => texter, bySms, TWILIO.rateLimited],
    ],
  )('is too busy, %s: nobody is tried before that, and each is sent once', async (_, sink, more, limited) => {
    const until = lagom.now().getTime() + 2 * MINUTE;
    let early = 0;
    sink().always(() => {
      const left = until - lagom.now().getTime();
      if (left > 0 && lagom.now().getTime() > until - MINUTE) early += 1;
      return left > 0 ? limited(Math.ceil(left / 1_000)) : { ...accepted(sink()) };
    });
    const people = await book(12, more);
    await become(people, 'planned');
    await pass(0);
    await pass(90_000);
    expect(early).toBe(0);
    await pass(40_000);
    await become(people, 'accepted');
    for (const who of people) expect(triesFor(sink(), who)).toBe(2);
    sink().always(null);
  });

  const itHangs = NOT_ASKED === null ? it : it.skip;
  itHangs(
    `hangs${NOT_ASKED === null ? '' : ` (${NOT_ASKED})`}: what it may have taken is unknown after its time, all else goes on, and nothing is said twice`,
    async () => {
      mailer.always('hang');
      const [silent, texts] = [await book(8), await book(3, bySms)];
      await become(texts, 'accepted');
      expect((await of(silent)).map(({ status }) => status)).toContain('sending');
      await become(silent, 'unknown', Q_MS + 15_000);
      mailer.always(null);
      // One who asks later probes whether it is back.
      await pass(2 * MINUTE);
      const [control] = await book(1);
      await pass(2 * MINUTE);
      await become([control!], 'accepted');
      for (const who of silent) expect(triesFor(mailer, who)).toBe(1);
      await become(silent, 'unknown');
    },
    60_000,
  );

  it('drops the line after it has taken all: said once more where the purpose allows it and webhooks flow, no third time', async () => {
    mailer.always('drop');
    const [who] = await book(1);
    await become([who!], 'unknown');
    const resolve = () => lagom.app.get(ResolveUnknown).runOnce(lagom.now());
    mailer.always((request) => (isTo(request, who!) ? 'drop' : SENDGRID.accepted()));
    await pass(20 * MINUTE);
    // Its webhooks are silent: it is left to a person.
    await resolve();
    expect(triesFor(mailer, who!)).toBe(1);
    await webhook();
    await resolve();
    await until(
      async () => triesFor(mailer, who!),
      (tries) => tries === 2,
    );
    await become([who!], 'unknown');
    await pass(20 * MINUTE);
    await webhook();
    await resolve();
    await pass(2 * MINUTE);
    expect(triesFor(mailer, who!)).toBe(2);
    await become([who!], 'unknown');
    mailer.always(null);
  }, 60_000);
});

const accepted = (sink: ProviderSink) =>
  (sink === mailer ? SENDGRID.accepted() : TWILIO.accepted(`SM${randomUUID().replaceAll('-', '')}`)) as {
    status: number;
  };

/** The mail account's webhooks flow: one comes about a mail of nobody's. */
async function webhook(): Promise<void> {
  const told = [
    {
      ...{ email: 'nobody@example.se', timestamp: Math.floor(lagom.now().getTime() / 1_000) },
      ...{ event: 'delivered', sg_event_id: randomUUID(), sg_message_id: 'x' },
    },
  ];
  const body = JSON.stringify(told);
  const answer = await fetch(`${lagom.url}/webhooks/sendgrid/wellnesskliniken-email/events`, {
    method: 'POST',
    body,
    headers: sendgrid.headers(body, lagom.now()),
  });
  expect(answer.status).toBe(200);
}
