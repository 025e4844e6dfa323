import { setTimeout as pause } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { bootLagom } from '../apps/boot-lagom.js';
import { ALL_MODULES } from '../apps/all/all.modules.js';
import type { InboxMessage } from '#channels/inbox.store';
import type { WireEvent } from '#events/example';
import type { EventSource } from '#messaging/event-source';
import { kafkaClient } from '#messaging/kafka-client';
import { KafkaSource } from '#messaging/kafka-source';
import { MemorySource } from '#messaging/memory-source';
import { MemoryTopics } from '#messaging/memory-topics';
import { PrefixedSource } from '#messaging/topic-prefix';
import { SystemClock } from '#platform/clock';
import { readConfig } from '#platform/config';
import { Health } from '#platform/health';
import type { Log } from '#platform/telemetry';
import { homeOf, silent } from './home.fixture.js';
import { watchedLog } from './leaks.fixture.js';

const ADMIN_KEY = 'the-first-key-of-a-test';

/** What a test wants to be different. */
export interface LagomOptions {
  /** Variables of the environment over the test's own (embedded store in memory, a free port, nothing sent). */
  env?: Record<string, string>;
  /** Where the clock stands when it starts, unless the data folder knows better; absent: the machine's time. */
  at?: string | Date;
  /** `debug` to see what happens. */
  logLevel?: string;
  /** Where the log goes instead; it is the test's then to look through it. */
  log?: Log;
  /** How long a provider may take; absent: Q, 30 s. */
  providerTimeoutMs?: number;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test looks into an answer as it likes
type AnyBody = any;

/** An answer over HTTP, its body parsed where it is JSON. */
export interface Answer<Body = AnyBody> {
  status: number;
  headers: Headers;
  body: Body;
}

/** A message of the ledger, as `GET /v1/messages/:id` gives it (times are text). */
export interface LedgerMessage {
  id: string;
  tenant: string;
  customer: string;
  purpose: string;
  channel: string;
  status: string;
  reason?: string;
  until?: string;
  journey?: string;
  step?: string;
  booking?: string;
  cart?: string;
  event?: string;
  dueAt: string | null;
  attempts: { n: number; channel: string; outcome: string | null }[];
  history: { at: string; status: string; why?: string }[];
  trace: { check: string; saw: string; passed: boolean; channel?: string }[];
}

/** A captured message, as `GET /inbox` gives it. */
export type Captured = Omit<InboxMessage, 'at'> & { at: string };

/** The whole line in this process, asked over HTTP as a stranger would. */
export interface Lagom {
  url: string;
  app: NestExpressApplication;
  clock: SystemClock;
  /** The clock's time: the one that events are to be written in. */
  now(): Date;
  /** Posts an event for the tenant that its source names, and throws where it is not taken. */
  post(event: WireEvent): Promise<{ accepted: number; rejected: unknown[]; warnings: unknown[] }>;
  /** Any request with the first key; `tenant` where it is not the clinic. A body that is no string goes as JSON. */
  api<Body = AnyBody>(
    method: string,
    path: string,
    body?: unknown,
    options?: { tenant?: string; headers?: Record<string, string> },
  ): Promise<Answer<Body>>;
  /** What was captured, newest first. */
  inbox(filter?: { to?: string; purpose?: string; channel?: string }): Promise<Captured[]>;
  /** Moves the clock (`PT24H`); all that was due on the way has ended when it resolves. `PT0S` awaits what is due now. */
  advance(duration: string): Promise<Date>;
  /** Moves the clock to an instant that lies ahead. */
  advanceTo(at: Date | string): Promise<Date>;
  /** The rows of a booking, a customer, a status …, with history and trace; those due first come first. */
  messages(filter?: Record<string, string>, options?: { tenant?: string }): Promise<LedgerMessage[]>;
  /** Somebody else who hears the line's topics, to be started and stopped by the test. */
  listener(group: string): EventSource;
  /** Ends it; throws where its log named a person or a treatment that the test made up. */
  close(): Promise<void>;
}

export const CLINIC = 'wellnesskliniken';
export const TRAVEL = 'wellbe';

/**
 * Boots `all` in this process, on a store of its own; on the real servers where the environment names them. The caller
 * closes it.
 */
export async function startLagom({
  env = {},
  at,
  logLevel = 'error',
  log: own,
  providerTimeoutMs,
}: LagomOptions = {}): Promise<Lagom> {
  const watched = watchedLog(logLevel);
  const log = own ?? watched.log;
  const home = homeOf(env['LAGOM_DATA_DIR'] ?? 'memory');
  const plain = { LAGOM_DATA_DIR: 'memory', PORT: '0', LAGOM_ADMIN_KEY: ADMIN_KEY, LAGOM_SEND: 'capture' };
  const config = readConfig({ ...plain, ...home.env, ...env }, 'all');
  const clock = new SystemClock();
  if (at !== undefined) clock.setLead(new Date(at).getTime() - clock.now().getTime());
  const { topicPrefix } = home;
  const { app, url, close } = await bootLagom(
    { app: 'all', config, clock, log, topicPrefix, providerTimeoutMs },
    ALL_MODULES,
  );
  await ready(app.get(Health));

  const api: Lagom['api'] = async (method, path, body, { tenant = CLINIC, headers = {} } = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${config.adminKey ?? ''}`,
        'lagom-tenant': tenant,
        ...(body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  const taken = async (...asked: Parameters<Lagom['api']>): Promise<AnyBody> => {
    const { status, body } = await api(...asked);
    if (status < 300) return body;
    throw new Error(`${asked[0]} ${asked[1]} answered ${status}: ${JSON.stringify(body)}`);
  };
  const advance = async (duration: string): Promise<Date> =>
    new Date((await taken('POST', '/inbox/clock', { advance: duration })).now as string);

  return {
    url,
    app,
    clock,
    now: () => clock.now(),
    api,
    advance,
    advanceTo: (to) => advance(`PT${Math.max(0, new Date(to).getTime() - clock.now().getTime()) / 1_000}S`),
    post: (event) =>
      taken('POST', '/v1/events', event, {
        tenant: event.source.slice('/tenants/'.length),
        headers: { 'content-type': 'application/cloudevents+json' },
      }),
    inbox: (filter = {}) => taken('GET', `/inbox?${new URLSearchParams(filter).toString()}`),
    messages: async (filter = {}, options = {}) => {
      const query = new URLSearchParams({ limit: '500', ...filter });
      const { items } = await taken('GET', `/v1/messages?${query.toString()}`, undefined, options);
      const whole: LedgerMessage[] = await Promise.all(
        (items as { id: string }[]).map(({ id }) =>
          taken('GET', `/v1/messages/${encodeURIComponent(id)}`, undefined, options),
        ),
      );
      return whole.sort((a, b) => (a.dueAt ?? '').localeCompare(b.dueAt ?? ''));
    },
    listener: (group) => {
      const handling = {
        group: `${config.kafka?.groupPrefix ?? 'lagom'}-${group}`,
        isOutage: () => false,
        deadLetter: () => Promise.resolve(),
        log: silent,
      };
      return config.kafka === null
        ? new MemorySource(app.get(MemoryTopics), handling)
        : new PrefixedSource(
            new KafkaSource(kafkaClient(config.kafka.brokers, 'test', silent), handling),
            topicPrefix,
          );
    },
    close: async () => {
      await close();
      await home.leave();
      const leaked = own === undefined ? watched.leaks() : [];
      if (leaked.length > 0)
        throw new Error(
          `${leaked.length} lines of the log name somebody or a treatment, the first is ${leaked[0]}`,
        );
    },
  };
}

/** A real Kafka lets the consumer into its group some time after the boot. */
async function ready(health: Health): Promise<void> {
  const end = performance.now() + 60_000;
  for (;;) {
    const missing = await health.notReady();
    if (missing.length === 0) return;
    if (performance.now() > end) throw new Error(`not ready: ${missing.join()}`);
    await pause(25);
  }
}
