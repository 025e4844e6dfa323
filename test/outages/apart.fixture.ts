import { randomUUID } from 'node:crypto';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { ProviderSink, SENDGRID } from '#channels/provider-sink.fixture';
import { bookingKey } from '#customers/booking.types';
import { newCustomer } from '#customers/customer.types';
import { type Due, dueTopic } from '#dispatch/due.types';
import { messageRow } from '#messages/message.fixture';
import { kafkaClient } from '#messaging/kafka-client';
import { KafkaSink } from '#messaging/kafka-sink';
import { nonce } from '#platform/mongo';
import { silent } from '../home.fixture.js';
import { CLINIC } from '../lagom.fixture.js';
import { HouseProcess } from '../processes.fixture.js';
import { classPath } from '../servers/jars.js';
import { KafkaServer } from '../servers/kafka.js';
import { DAY, event, until, visit } from '../visit.fixture.js';
import { CutLine } from './cut-line.fixture.js';

export const KEY = 'the-first-key-of-a-test';
const clock = { now: () => new Date() };

export interface Guest {
  id: string;
  name: string;
  email: string;
}

/** The house in separate processes, on a broker, a store's process and a provider of its own. */
export class Apart {
  readonly processes: HouseProcess[] = [];
  /** How often each address was written to, and when first (monotonic milliseconds). */
  readonly mails = new Map<string, { times: number; at: number }>();
  /** How long the provider takes to answer. */
  slowMs = 0;
  private readonly sink: KafkaSink;

  private constructor(
    readonly kafka: KafkaServer,
    readonly store: HouseProcess,
    /** Between the house and the store. */
    readonly line: CutLine,
    readonly mailer: ProviderSink,
    private readonly folder: string,
  ) {
    this.sink = new KafkaSink(kafkaClient([kafka.brokers], 'test', silent));
    mailer.always(({ body }) => {
      const to = (JSON.parse(body) as { personalizations: { to: { email: string }[] }[] }).personalizations;
      for (const email of to.flatMap((one) => one.to.map((each) => each.email))) {
        const known = this.mails.get(email);
        if (known) known.times += 1;
        else this.mails.set(email, { times: 1, at: performance.now() });
      }
      mailer.requests.length = 0;
      return { ...(SENDGRID.accepted() as { status: number }), afterMs: this.slowMs };
    });
  }

  static async open(): Promise<Apart> {
    const folder = await mkdtemp(join(tmpdir(), 'lagom-outage-'));
    const kafkaFolder = join(folder, 'kafka');
    await mkdir(kafkaFolder);
    const kafka = await KafkaServer.start(await classPath(), kafkaFolder);
    const store = HouseProcess.start('store', { LAGOM_DATA_DIR: join(folder, 'store') });
    const line = await CutLine.open(Number(new URL(await store.url()).port));
    return new Apart(kafka, store, line, await ProviderSink.open(), folder);
  }

  get env(): Record<string, string> {
    return {
      MONGODB_URI: `mongodb://127.0.0.1:${this.line.port}/lagom?directConnection=true`,
      KAFKA_BROKERS: this.kafka.brokers,
      KAFKA_GROUP_PREFIX: 'lagom',
      LAGOM_SECRET: 'the-secret-of-links-in-tests',
      LAGOM_HASH_KEY: 'test:the-key-of-hashes-in-tests',
      LAGOM_ADMIN_KEY: KEY,
      LAGOM_SEND: 'live',
      SENDGRID_API_KEY: 'SG.a-key-of-a-test',
      SENDGRID_BASE_URL: this.mailer.url,
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'a-token-of-a-test',
      TWILIO_BASE_URL: 'http://127.0.0.1:1',
    };
  }

  /** Starts these apps; resolves once all take work. */
  async start(...apps: string[]): Promise<HouseProcess[]> {
    const started = apps.map((app) => HouseProcess.start(app, this.env));
    this.processes.push(...started);
    await Promise.all(started.map((one) => one.ready()));
    return started;
  }

  /** So many people book something; resolves once Kafka has it, however often that had to be tried. */
  async book(count: number): Promise<Guest[]> {
    const guests = Array.from({ length: count }, (): Guest => {
      const id = `c-${randomUUID().slice(0, 12)}`;
      return { id, name: 'Åsa Öst', email: `${id}@example.se` };
    });
    const records = guests.map((customer) => ({
      key: customer.id,
      headers: { 'content-type': 'application/cloudevents+json' },
      value: JSON.stringify(
        event(clock, 'booking.confirmed', { customer, booking: visit(new Date(Date.now() + 10 * DAY)) }),
      ),
    }));
    await until(
      () =>
        this.sink.produce('booking.events', records).then(
          () => true,
          () => false,
        ),
      (isThere) => isThere,
      180_000,
    );
    return guests;
  }

  /** People with a booking whose confirmation is released, as ingest leaves them, and the topic told of it. */
  async release(from: number, count: number): Promise<void> {
    const now = new Date();
    const numbers = Array.from({ length: count }, (_, index) => from + index);
    const connection = await mongoose.createConnection(this.env.MONGODB_URI ?? '').asPromise();
    const rowOf = (n: number) => {
      const booking = `b-${n}`;
      return messageRow({
        ...{ _id: `${CLINIC}/p-${n}/confirmation/now/${booking}/v1`, customer: `p-${n}`, rev: nonce() },
        ...{ status: 'released', release: 1, booking, subject: { kind: 'booking', id: booking } },
        ...{ generation: gen, dueAt: now, createdAt: now, expiresAt: new Date(now.getTime() + 3 * DAY) },
      });
    };
    const gen = { version: 1, time: now, event: 'e1' };
    const add = async (name: string, documents: readonly object[]) => {
      for (let at = 0; at < documents.length; at += 1_000)
        await connection.collection(name).insertMany(documents.slice(at, at + 1_000));
    };
    try {
      await add(
        'customers',
        numbers.map((n) => ({
          ...newCustomer(CLINIC, `p-${n}`, now),
          ...{ gen, rev: nonce(), name: 'Åsa Öst', email: `p-${n}@example.se` },
        })),
      );
      await add(
        'bookings',
        numbers.map((n) => ({
          ...{ _id: bookingKey(CLINIC, `b-${n}`), tenant: CLINIC, booking: `b-${n}`, customer: `p-${n}` },
          ...{ rev: nonce(), gen, status: 'confirmed', service: 'Massage' },
          ...{ startsAt: new Date(now.getTime() + 10 * DAY), endsAt: null, timeZone: null, location: null },
          ...{ practitioner: null, price: null, url: null, cart: null, previousStartsAt: null },
          ...{ cancelReason: null, sequence: 0, createdAt: now, updatedAt: now },
        })),
      );
      const rows = numbers.map(rowOf);
      await add('messages', rows);
      for (let at = 0; at < count; at += 5_000) {
        const due = rows.slice(at, at + 5_000).map(({ _id, customer }) => ({
          key: `${CLINIC}/${customer}`,
          value: JSON.stringify({ tenant: CLINIC, id: _id, release: 1 } satisfies Due),
        }));
        await this.sink.produce(dueTopic('service'), due);
      }
    } finally {
      await connection.close();
    }
  }

  /** Resolves once each of them has a mail; how many seconds that took. */
  async arrived(guests: readonly Guest[], patienceMs = 120_000): Promise<number> {
    const began = performance.now();
    const missing = () => guests.filter(({ email }) => !this.mails.has(email));
    await until(
      async () => missing().length,
      (count) => count === 0,
      patienceMs,
    ).catch(async (error: unknown) => {
      throw new Error(`not written to: ${await this.standing(missing())}`, { cause: error });
    });
    return Math.round((performance.now() - began) / 100) / 10;
  }

  /** Who was written to more than once. */
  twice(guests: readonly Guest[]): string[] {
    return guests.filter(({ email }) => this.mails.get(email)?.times !== 1).map(({ id }) => id);
  }

  /** How the ledger stands with the first of these people, for whoever reads a failure. */
  async standing(guests: readonly Guest[]): Promise<string> {
    const uri = this.env.MONGODB_URI ?? '';
    const connection = await mongoose.createConnection(uri, { serverSelectionTimeoutMS: 5_000 }).asPromise();
    try {
      const some = guests.slice(0, 10).map(({ id }) => id);
      const rows = await connection
        .collection('messages')
        .find({ tenant: CLINIC, customer: { $in: some } })
        .project({ trace: 0, content: 0 })
        .toArray();
      return JSON.stringify({ count: guests.length, now: new Date(), some, rows }, null, 1);
    } finally {
      await connection.close();
    }
  }

  async ask<Body>(path: string): Promise<Body> {
    const door = this.processes.find((one) => one.app === 'console' && !one.ended);
    const response = await fetch(`${await door?.url()}${path}`, {
      headers: { authorization: `Bearer ${KEY}`, 'lagom-tenant': CLINIC },
    });
    return (await response.json()) as Body;
  }

  /** Those that ended though nobody asked them to, and errors that they logged. */
  complaints(asked: readonly HouseProcess[] = []): string[] {
    return this.processes
      .filter((one) => !asked.includes(one) && one.ended)
      .map((one) => `${one.app} ended: ${one.log.slice(-500)}`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.processes, this.store].map((one) => one.kill()));
    await this.line.close();
    await this.mailer.close();
    await this.sink.close();
    await this.kafka.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
