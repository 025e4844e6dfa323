import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import { ProviderSink, SENDGRID } from '#channels/provider-sink.fixture';
import { type EmbeddedStore, openEmbeddedStore } from '#embedded/embedded-store';
import { MessageStore } from '#messages/message.store';
import { kafkaClient } from '#messaging/kafka-client';
import { KafkaSink } from '#messaging/kafka-sink';
import type { BootedApp } from '#platform/boot';
import { SystemClock } from '#platform/clock';
import { type AppName, readConfig } from '#platform/config';
import { Health } from '#platform/health';
import { quietLog } from '#platform/telemetry';
import { bootLagom } from '../../apps/boot-lagom.js';
import { DispatcherModule } from '../../apps/dispatcher/dispatcher.module.js';
import { IngestModule } from '../../apps/ingest/ingest.module.js';
import { SchedulerModule } from '../../apps/scheduler/scheduler.module.js';
import { silent } from '../home.fixture.js';
import { CLINIC } from '../lagom.fixture.js';
import { classPath } from '../servers/jars.js';
import { KafkaServer } from '../servers/kafka.js';
import { choice, DAY, event, HOUR, until, visit } from '../visit.fixture.js';
import { NOT_ASKED } from './asked.fixture.js';

const APART_MS = 5 * 60_000;

if (NOT_ASKED !== null) {
  it.skip(`clocks five minutes apart: ${NOT_ASKED}`, () => undefined);
} else {
  let folder: string;
  let kafka: KafkaServer;
  let store: EmbeddedStore;
  let mailer: ProviderSink;
  let sink: KafkaSink;
  const booted: Record<string, BootedApp> = {};

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lagom-clocks-'));
    await mkdir(join(folder, 'kafka'));
    kafka = await KafkaServer.start(await classPath(), join(folder, 'kafka'));
    store = await openEmbeddedStore({ dataDir: 'memory', listen: { port: 0 } });
    mailer = await ProviderSink.open();
    mailer.always(() => SENDGRID.accepted());
    sink = new KafkaSink(kafkaClient([kafka.brokers], 'test', silent));
    await boot('ingest', 0, IngestModule);
    await boot('scheduler', 0, SchedulerModule);
    await boot('scheduler', APART_MS, SchedulerModule);
    await boot('dispatcher', 0, DispatcherModule);
    await boot('dispatcher', APART_MS, DispatcherModule);
  }, 180_000);
  afterAll(async () => {
    await Promise.all(Object.values(booted).map((one) => one.close()));
    await Promise.all([mailer.close(), sink.close(), store.close(), kafka.stop()]);
    await rm(folder, { recursive: true, force: true });
  }, 120_000);

  /** A process of the house whose wall clock is so far ahead. */
  async function boot(app: AppName, aheadMs: number, module: Type<unknown>): Promise<void> {
    const config = readConfig(
      {
        ...{ PORT: '0', MONGODB_URI: store.uri, KAFKA_BROKERS: kafka.brokers, KAFKA_GROUP_PREFIX: 'lagom' },
        LAGOM_SECRET: 'the-secret-of-links-in-tests',
        LAGOM_HASH_KEY: 'test:the-key-of-hashes-in-tests',
        LAGOM_SEND: 'live',
        ...{ SENDGRID_API_KEY: 'SG.a-key-of-a-test', SENDGRID_BASE_URL: mailer.url },
        TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
        ...{ TWILIO_AUTH_TOKEN: 'a-token-of-a-test', TWILIO_BASE_URL: 'http://127.0.0.1:1' },
      },
      app,
    );
    const clock = new SystemClock();
    clock.setLead(aheadMs);
    const one = await bootLagom({ app, config, clock, log: quietLog }, () => [module]);
    booted[`${app}+${aheadMs}`] = one;
    await until(
      () => one.app.get(Health).notReady(),
      (missing) => missing.length === 0,
      60_000,
    );
  }

  it('five minutes apart: each message goes once, none is lost, and none more than that too early', async () => {
    const now = new Date();
    const machine = { now: () => new Date() };
    const people = Array.from({ length: 120 }, (_, n) => {
      const id = `c-${randomUUID().slice(0, 12)}`;
      return { n, customer: { id, name: 'Åsa Öst', email: `${id}@example.se` } };
    });
    const told = people.map(({ n, customer }) => {
      const inTenDays = visit(new Date(now.getTime() + 10 * DAY));
      if (n % 2 === 0) return event(machine, 'booking.confirmed', { customer, booking: inTenDays });
      // Due within half a minute by the right clock, an hour after the cart was left.
      const time = new Date(now.getTime() - HOUR + 5_000 + 200 * n).toISOString();
      return event(
        machine,
        'booking.started',
        {
          ...{ customer, booking: { id: `b-${n}`, service: 'Massage' }, cartId: `k-${n}` },
          choices: [choice('abandoned-booking', 'email', 'given')],
        },
        { time },
      );
    });
    const half = people.length / 2;
    const say = (some: typeof told) =>
      sink.produce(
        'booking.events',
        some.map((one) => ({
          key: (one.data as { customer: { id: string } }).customer.id,
          headers: { 'content-type': 'application/cloudevents+json' },
          value: JSON.stringify(one),
        })),
      );
    const messages = booted['ingest+0']!.app.get(MessageStore);
    const rowsOf = async () =>
      (
        await Promise.all(people.map(({ customer }) => messages.findOfCustomer(CLINIC, customer.id, 10)))
      ).flatMap((rows) => rows.filter(({ journey, step }) => journey === 'confirmation' || step === '1'));
    const arrived = (count: number) =>
      until(
        async () => (await rowsOf()).filter(({ status }) => status === 'accepted').length,
        (accepted) => accepted === count,
        120_000,
      );
    await say(told.slice(0, half));
    await arrived(half);
    // Whoever led goes, and the other one leads, by another clock.
    await booted['scheduler+0']?.close();
    delete booted['scheduler+0'];
    await say(told.slice(half));
    await say(told);
    await arrived(people.length);
    const sent = new Map<string, number>();
    for (const { body } of mailer.requests) {
      const to = JSON.parse(body).personalizations[0].to[0].email as string;
      sent.set(to, (sent.get(to) ?? 0) + 1);
    }
    expect(people.filter(({ customer }) => sent.get(customer.email) !== 1)).toEqual([]);
    const gone = (await rowsOf()).filter(({ status }) => status === 'accepted');
    const early = gone.map(({ attempts, dueAt }) =>
      dueAt === null ? 0 : dueAt.getTime() - (attempts.at(-1)?.at.getTime() ?? 0),
    );
    // By the clock of who sent it: it never takes one for due that is not.
    expect(Math.max(...early)).toBeLessThanOrEqual(APART_MS);
  }, 300_000);
}
