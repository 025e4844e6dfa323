import {
  type DynamicModule,
  Global,
  Module,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { join } from 'node:path';
import { Senders } from '#channels/senders';
import { isGateClosed } from '#consent/gate-closed';
import { HashRing, isMissingHashKey } from '#consent/hash-ring';
import { FailDue } from '#dispatch/fail-due';
import { EVENTS_OUT } from '#dispatch/publish-out';
import { definitionsDir, Journeys, loadJourneys, refuseUnknownTimings } from '#journeys/load-journeys';
import { ensureTopics } from '#messaging/ensure-topics';
import { Backlog, MemoryBacklog } from '#messaging/backlog';
import { EventSink } from '#messaging/event-sink';
import { EventSource, type Heard } from '#messaging/event-source';
import type { DeadReason, Log as MessagingLog } from '#messaging/handling';
import { KafkaBacklog } from '#messaging/kafka-backlog';
import { isKafkaOutage, kafkaClient } from '#messaging/kafka-client';
import { KafkaSink } from '#messaging/kafka-sink';
import { KafkaSource } from '#messaging/kafka-source';
import { MemorySink } from '#messaging/memory-sink';
import { MemorySource } from '#messaging/memory-source';
import { MemoryTopics } from '#messaging/memory-topics';
import { SightingStore } from '#messaging/sighting.store';
import { PrefixedSink, PrefixedSource, withoutPrefix } from '#messaging/topic-prefix';
import { TopicReader } from '#messaging/topic-reader';
import { Clock, SystemClock } from '#platform/clock';
import { readOwnConfig, type AppName, type Config } from '#platform/config';
import { Health } from '#platform/health';
import { HealthController } from '#platform/health.controller';
import { Metrics } from '#platform/metrics';
import { maskPersonal } from '#platform/masking';
import { isLostServer } from '#platform/mongo';
import { rootDir } from '#platform/root';
import { createLog, type Log } from '#platform/telemetry';
import { openTracing } from '#platform/open-tracing';
import { Tracing } from '#platform/tracing';
import { CHOICES } from '#privacy/choice-journal';
import { CHOICES_PENDING } from '#privacy/pending-choices';
import { loadTemplates, Templates } from '#rendering/templates';
import { loadTenants } from '#tenants/load-tenants';
import { Tenants } from '#tenants/tenant';
import { DeadLetters } from '#ingest/dead-letters';
import { CAMPAIGN_STORES, CAMPAIGNS } from './campaign.providers.js';
import { Database } from './database.js';
import { LINE, STORES } from './line.providers.js';
import { PEOPLE } from './people.providers.js';
import { CONFIG, JOURNAL_READER, LOG, PROVIDER_TIMEOUT, wire } from './wire.js';

/** Topics of the house and how long they keep what they carry (PROTOCOL F3). */
export const TOPICS = [
  { topic: 'booking.events', partitions: 12, retentionMs: 7 * 86_400_000 },
  { topic: 'booking.events.dead', partitions: 1, retentionMs: 30 * 86_400_000 },
  { topic: EVENTS_OUT, partitions: 12, retentionMs: 7 * 86_400_000 },
  // One partition: few records, in one order, and a start that looks at its end.
  { topic: CHOICES, partitions: 1, cleanupPolicy: 'compact' },
  { topic: CHOICES_PENDING, partitions: 12, retentionMs: 30 * 86_400_000 },
  { topic: 'messages.due.recall', partitions: 12, retentionMs: 7 * 86_400_000 },
  { topic: 'messages.due.service', partitions: 12, retentionMs: 7 * 86_400_000 },
  { topic: 'messages.due.marketing', partitions: 12, retentionMs: 7 * 86_400_000 },
] as const;

/** What a caller may put in place of the environment: tests do. */
export interface PlatformOptions {
  app: AppName;
  config?: Config;
  clock?: Clock;
  log?: Log;
  /** Begins the names of all topics: several of the tests' apps on one Kafka. */
  topicPrefix?: string;
  /** How long a provider may take, in milliseconds; absent: Q. */
  providerTimeoutMs?: number | undefined;
}

const TOPIC_PREFIX = Symbol('the prefix of all topics');

const kafkaOf = (config: Config, log: Log) =>
  kafkaClient(config.kafka?.brokers ?? [], `lagom-${config.app}`, messagingLog(log));

const groupOf = (config: Config, app: AppName): string => `${config.kafka?.groupPrefix ?? 'lagom'}-${app}`;

/** The messaging's own fields are names of ours: topics, groups, offsets. */
const messagingLog = (log: Log): MessagingLog => ({
  info: (about, text) => log.info(about, text),
  warn: (about, text) => log.warn(about, text),
  error: (about, text) => log.error(about, text),
});

const STATE: Provider[] = [
  {
    provide: Database,
    // After the files: what they refuse, they refuse before anything is opened.
    inject: [CONFIG, Health, Tenants, Journeys],
    useFactory: async (config: Config, health: Health): Promise<Database> => {
      const database = await Database.open(config);
      health.register('mongo', async () => {
        await database.connection.db?.command({ ping: 1 });
      });
      return database;
    },
  },
  { provide: MemoryTopics, useFactory: () => new MemoryTopics() },
  {
    provide: EventSink,
    // After the files and the database: a boot that they refuse leaves no connection behind that still wants in.
    inject: [CONFIG, LOG, MemoryTopics, TOPIC_PREFIX, Database],
    useFactory: async (
      config: Config,
      log: Log,
      topics: MemoryTopics,
      prefix: string,
    ): Promise<EventSink> => {
      if (config.kafka === null) return new MemorySink(topics);
      const kafka = kafkaOf(config, log);
      const admin = kafka.admin();
      await admin.connect();
      try {
        await ensureTopics(
          admin,
          TOPICS.map((wanted) => ({ ...wanted, topic: prefix + wanted.topic })),
          messagingLog(log),
        );
      } finally {
        await admin.disconnect();
      }
      return new PrefixedSink(new KafkaSink(kafka), prefix);
    },
  },
  {
    provide: EventSource,
    inject: [CONFIG, LOG, MemoryTopics, DeadLetters, FailDue, Health, TOPIC_PREFIX, Metrics, SightingStore],
    useFactory: (
      config: Config,
      log: Log,
      topics: MemoryTopics,
      deadLetters: DeadLetters,
      failDue: FailDue,
      health: Health,
      prefix: string,
      metrics: Metrics,
      sightings: SightingStore,
    ): EventSource => {
      const handling = {
        group: groupOf(config, config.app),
        isOutage: (error: unknown) =>
          isLostServer(error) || isKafkaOutage(error) || isMissingHashKey(error) || isGateClosed(error),
        deadLetter: (message: Heard, why: DeadReason) => {
          const heard = withoutPrefix(message, prefix);
          return heard.topic.startsWith('messages.due.')
            ? failDue.fail(heard.value, maskPersonal(why.reason))
            : deadLetters.take(heard, why);
        },
        log: messagingLog(log),
      };
      const source =
        config.kafka === null
          ? new MemorySource(topics, handling)
          : new PrefixedSource(
              new KafkaSource(kafkaOf(config, log), {
                ...handling,
                sightings: sightings.of(handling.group),
                onFatal: (why) => {
                  // A process without a consumer does nothing: ended, its supervisor starts it anew.
                  log.error({ reason: why }, 'the consumer is gone for good, ending');
                  process.kill(process.pid, 'SIGTERM');
                },
              }),
              prefix,
            );
      health.register('messaging', () => source.healthy().ok);
      metrics.atScrape(async () => {
        for (const [topic, lag] of Object.entries(await source.lag())) metrics.consumerLag(topic, lag);
      });
      return source;
    },
  },
  {
    // Of those who hear what is due: the dispatchers, or `all`.
    provide: Backlog,
    inject: [CONFIG, LOG, MemoryTopics, TOPIC_PREFIX],
    useFactory: (config: Config, log: Log, topics: MemoryTopics, prefix: string): Backlog => {
      const group = groupOf(config, config.app === 'all' ? 'all' : 'dispatcher');
      return config.kafka === null
        ? new MemoryBacklog(topics, group)
        : new KafkaBacklog(kafkaOf(config, log), group, prefix);
    },
  },
  {
    provide: JOURNAL_READER,
    // After the sink, which makes the topic.
    inject: [CONFIG, LOG, TOPIC_PREFIX, EventSink],
    useFactory: (config: Config, log: Log, prefix: string) =>
      config.kafka === null
        ? null
        : new TopicReader(kafkaOf(config, log), prefix + CHOICES, config.kafka.groupPrefix),
  },
  {
    provide: Tenants,
    inject: [CONFIG],
    useFactory: (config: Config) =>
      loadTenants(config.tenantsDir, config.providers, { live: config.send.mode === 'live' }),
  },
  { provide: Templates, useFactory: () => loadTemplates(join(rootDir(), 'templates')) },
  {
    provide: Journeys,
    inject: [Templates, Tenants],
    useFactory: (templates: Templates, tenants: Tenants) => {
      const journeys = loadJourneys(definitionsDir(), (name) => templates.names().includes(name));
      refuseUnknownTimings(journeys, tenants.all());
      return journeys;
    },
  },
  { provide: HashRing, inject: [CONFIG], useFactory: (config: Config) => new HashRing(config.hashKeys) },
  wire(Health, []),
  wire(Metrics, []),
  { provide: Tracing, inject: [CONFIG], useFactory: (config: Config) => openTracing(config.tracing) },
];

/**
 * Everything that has state, once a process (`all` has one of each too): configuration, clock, connection, topics, and the
 * line's own classes wired on them.
 */
@Global()
@Module({})
export class PlatformModule implements OnApplicationShutdown {
  constructor(private readonly ref: ModuleRef) {}

  static register(options: PlatformOptions): DynamicModule {
    const config = options.config ?? readOwnConfig(options.app);
    const providers: Provider[] = [
      { provide: CONFIG, useValue: config },
      {
        provide: LOG,
        useFactory: () => options.log ?? createLog({ level: config.logLevel, app: config.app }),
      },
      { provide: Clock, useFactory: () => options.clock ?? new SystemClock() },
      { provide: TOPIC_PREFIX, useValue: options.topicPrefix ?? '' },
      { provide: PROVIDER_TIMEOUT, useValue: options.providerTimeoutMs },
      ...STATE,
      ...STORES,
      ...CAMPAIGN_STORES,
      ...LINE,
      ...CAMPAIGNS,
      ...PEOPLE,
    ];
    return {
      module: PlatformModule,
      controllers: [HealthController],
      providers,
      exports: providers.map((provider) => ('provide' in provider ? provider.provide : provider)),
    };
  }

  /** Last of all: the consumers have drained by now (see LagomTransport). */
  async onApplicationShutdown(): Promise<void> {
    this.ref.get(Senders).close();
    const sink: EventSink & { close?: () => Promise<void> } = this.ref.get(EventSink);
    await sink.close?.();
    const backlog: Backlog & { close?: () => Promise<void> } = this.ref.get(Backlog);
    await backlog.close?.();
    await this.ref.get(Database).close();
    await this.ref.get(Tracing).close();
  }
}
