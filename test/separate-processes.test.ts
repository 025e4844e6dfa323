import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ProviderSink, SENDGRID } from '#channels/provider-sink.fixture';
import type { WireEvent } from '#events/example';
import { kafkaClient } from '#messaging/kafka-client';
import { KafkaSink } from '#messaging/kafka-sink';
import { TOPICS } from '../apps/platform.module.js';
import { REAL, silent } from './home.fixture.js';
import { openOwn, openNamed, type Ledger } from './apart-ledger.fixture.js';
import { CLINIC } from './lagom.fixture.js';
import { leaks, secretsOf } from './leaks.fixture.js';
import { HouseProcess } from './processes.fixture.js';
import { choice, DAY, event, HOUR, until, visit, type Person } from './visit.fixture.js';

const KEY = 'the-first-key-of-a-test';
const clock = { now: () => new Date() };
const APPS = ['ingest', 'scheduler', 'scheduler', 'dispatcher', 'dispatcher', 'public', 'console'] as const;

if (REAL.brokers === undefined) {
  it.skip('separate processes: skipped, KAFKA_BROKERS names no broker (npm run test:servers)', () =>
    undefined);
} else {
  const brokers = REAL.brokers;
  const kafka = kafkaClient(brokers, 'test', silent);
  const sink = new KafkaSink(kafka);
  const LEDGERS: [string, () => Promise<Ledger>][] = [
    ['the store’s own process', openOwn],
    ...(REAL.mongoUri === undefined
      ? []
      : [['the MongoDB that is named', openNamed] as [string, typeof openNamed]]),
  ];

  describe.each(LEDGERS)('five processes, two of them twice, on a real Kafka and %s', (_, open) => {
    let group: string;
    let processes: HouseProcess[];
    let urls: Record<string, string>;
    let store: Ledger;
    let mailer: ProviderSink;
    let topicsBefore: string[];
    let env: Record<string, string>;

    beforeAll(async () => {
      const admin = kafka.admin();
      await admin.connect();
      topicsBefore = await admin.listTopics();
      await admin.disconnect();
      processes = [];
      told = [];
      group = `lagom-apart-${randomUUID().slice(0, 8)}`;
      mailer = await ProviderSink.open();
      mailer.always(() => SENDGRID.accepted());
      store = await open();
      env = {
        MONGODB_URI: store.uri,
        KAFKA_BROKERS: brokers.join(),
        KAFKA_GROUP_PREFIX: group,
        LAGOM_SECRET: 'the-secret-of-links-in-tests',
        LAGOM_HASH_KEY: 'test:the-key-of-hashes-in-tests',
        LAGOM_ADMIN_KEY: KEY,
        LAGOM_SEND: 'live',
        SENDGRID_API_KEY: 'SG.a-key-of-a-test',
        SENDGRID_BASE_URL: mailer.url,
        TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
        TWILIO_AUTH_TOKEN: 'a-token-of-a-test',
        TWILIO_BASE_URL: 'http://127.0.0.1:1',
      };
      processes.push(...APPS.map((app) => HouseProcess.start(app, env)));
      const ready = await Promise.all(processes.map(async (one) => [one.app, await one.ready()] as const));
      urls = Object.fromEntries(ready);
    }, 320_000);

    afterAll(async () => {
      await Promise.all(processes.map((one) => one.kill()));
      await store.leave();
      await mailer.close();
      const admin = kafka.admin();
      await admin.connect();
      const own = (await admin.listGroups()).groups.filter(({ groupId }) => groupId.startsWith(group));
      await admin.deleteGroups(own.map(({ groupId }) => groupId)).catch(() => undefined);
      const made = TOPICS.map(({ topic }) => topic as string).filter(
        (topic) => !topicsBefore.includes(topic),
      );
      if (made.length > 0) await admin.deleteTopics({ topics: made });
      await admin.disconnect();
    });

    const ask = async (method: string, path: string, body?: unknown, at = urls['console']) => {
      const response = await fetch(`${at}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${KEY}`,
          'lagom-tenant': CLINIC,
          ...(body === undefined
            ? {}
            : { 'content-type': `application/${path === '/v1/events' ? 'cloudevents+' : ''}json` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: JSON.parse(await response.text()) };
    };
    const overKafka = async (...told: WireEvent[]): Promise<void> =>
      sink.produce(
        'booking.events',
        told.map((one) => ({
          key: (one.data as { customer: Person }).customer.id,
          headers: { 'content-type': 'application/cloudevents+json' },
          value: JSON.stringify(one),
        })),
      );
    const overHttp = async (...told: WireEvent[]): Promise<void> => {
      for (const one of told) expect((await ask('POST', '/v1/events', one)).status).toBe(202);
    };
    const confirmed = (customer: Person) =>
      event(clock, 'booking.confirmed', { customer, booking: visit(new Date(Date.now() + 10 * DAY)) });
    const mailsTo = ({ email }: Person) =>
      mailer.requests.map(({ body }) => body).filter((body) => body.includes(email ?? ''));
    const arrived = (people: readonly Person[]) =>
      until(
        async () => people.filter((who) => mailsTo(who).length === 0).length,
        (missing) => missing === 0,
      );
    let told: Person[];
    /** By mail only, and as many as one likes. */
    const someone = (): Person => {
      const id = `c-${randomUUID().slice(0, 8)}`;
      const who = { id, name: 'Åsa Öst', email: `${id}@example.se` };
      told.push(who);
      return who;
    };
    const people = (count: number) => Array.from({ length: count }, someone);

    it('say one message for each event, however and how often it was told', async () => {
      const [kafkaPeople, httpPeople] = [people(40), people(20)];
      const [first, second] = [kafkaPeople.map(confirmed), httpPeople.map(confirmed)];
      await Promise.all([overKafka(...first), overHttp(...second)]);
      await Promise.all([overKafka(...second, ...first), overHttp(...first.slice(0, 10))]);
      await arrived([...kafkaPeople, ...httpPeople]);
      // Told after all the repeats, on every partition: once these have come, so have they.
      const last = people(40);
      await overKafka(...last.map(confirmed));
      await arrived(last);
      for (const who of [...kafkaPeople, ...httpPeople])
        expect([who.id, mailsTo(who).length]).toEqual([who.id, 1]);
    });

    it('hear a no at the public door that ends what waits elsewhere', async () => {
      const who = someone();
      // Due in three seconds: the scheduler that leads lets it go.
      const time = new Date(Date.now() - HOUR + 3_000).toISOString();
      const cart = { customer: who, booking: { id: 'b', service: 'Massage' }, cartId: 'k' };
      const choices = [choice('abandoned-booking', 'email', 'given')];
      await overKafka(event(clock, 'booking.started', { ...cart, choices }, { time }));
      await arrived([who]);
      const link = /https:\/\/[^/"\s]+(\/u\/[\w.-]+)/.exec(mailsTo(who)[0] ?? '')?.[1] ?? '';
      const page = await fetch(`${urls['public']}${link}`);
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('•••')]);
      const clicked = await fetch(`${urls['public']}${link}`, {
        method: 'POST',
        body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
      });
      expect(clicked.status).toBe(200);
      const { body } = await ask('GET', `/v1/messages?customer=${who.id}`);
      const states = (body.items as { status: string }[]).map(({ status }) => status).sort();
      expect(states).toEqual(['accepted', 'cancelled']);
    });

    it('drain at SIGTERM: another takes over, and nothing is lost or said twice', async () => {
      const before = people(60);
      await overKafka(...before.map(confirmed));
      const leaving = processes.filter(({ app }) => app === 'dispatcher').slice(0, 1);
      leaving.push(...processes.filter(({ app }) => app === 'scheduler').slice(0, 1));
      expect(await Promise.all(leaving.map((one) => one.stop()))).toEqual([0, 0]);
      const after = people(20);
      await overKafka(...after.map(confirmed));
      await arrived([...before, ...after]);
      for (const who of [...before, ...after]) expect([who.id, mailsTo(who).length]).toEqual([who.id, 1]);

      const rest = processes.filter((one) => !one.ended);
      expect(await Promise.all(rest.map((one) => one.stop()))).toEqual(rest.map(() => 0));
      expect(await store.stop()).toBe(0);
      const secrets = [...secretsOf(told), 'Massage', 'Ansiktsbehandling'];
      for (const { app, log } of processes) {
        const lines = log.split('\n');
        expect([app, lines.filter((line) => line.includes('"level":"error"'))]).toEqual([app, []]);
        // No process of them says of whom it heard or to whom it sent.
        expect([app, leaks(lines, secrets)]).toEqual([app, []]);
      }
    });
  });

  afterAll(() => sink.close());
}
