import { type DynamicModule, type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { HashRing } from '#consent/hash-ring';
import { SuppressionStore } from '#consent/suppression.store';
import { EventSource } from '#messaging/event-source';
import { LagomTransport } from '#messaging/lagom-transport';
import { bootApp, runProcess, type BootedApp } from '#platform/boot';
import { BootRefusal } from '#platform/boot-refusal';
import { Clock } from '#platform/clock';
import { readOwnConfig, type AppName, type Config } from '#platform/config';
import { Health } from '#platform/health';
import { Metrics } from '#platform/metrics';
import { PublicUrl } from '#platform/public-url';
import { timeRequests } from '#platform/time-requests';
import { createLog, type Log } from '#platform/telemetry';
import { ChoiceJournal } from '#privacy/choice-journal';
import { FileTemplateStore } from '#rendering/file-template.store';
import { Templates } from '#rendering/templates';
import { PlatformModule, type PlatformOptions } from './platform.module.js';

/** Which modules a process has may depend on its configuration. */
export type ModulesOf = (config: Config) => readonly Type<unknown>[];

/** The modules of one process over the one platform. */
@Module({})
class ProcessModule {
  static of(options: PlatformOptions, modules: readonly Type<unknown>[]): DynamicModule {
    return { module: ProcessModule, imports: [PlatformModule.register(options), ...modules] };
  }
}

/** Boots one process: the platform, its modules, the consumers, the port. Tests call it with a configuration of theirs. */
export async function bootLagom(options: PlatformOptions, modules: ModulesOf): Promise<BootedApp> {
  const config = options.config ?? readOwnConfig(options.app);
  const log = options.log ?? createLog({ level: config.logLevel, app: config.app });
  return bootApp({
    module: ProcessModule.of({ ...options, config, log }, modules(config)),
    port: config.port,
    log,
    prepare: async (app) => {
      const metrics = app.get(Metrics);
      timeRequests(app, metrics, app.get(Clock));
      metrics.atScrape(async () => {
        const why = await app.get(SuppressionStore).closedFor();
        for (const reason of ['missing-hash-key', 'restored']) metrics.gateClosed(reason, reason === why);
      });
      await refuseMissingKeys(app.get(SuppressionStore), app.get(HashRing));
      if (SENDS.has(config.app)) {
        await lookAtJournal(app, log);
        // Before the first message: a version that was sent with is kept for as long as somebody may ask what was said.
        await app.get(FileTemplateStore).keep(app.get(Templates).written(app.get(Clock).now()));
      }
      app.connectMicroservice({ strategy: new LagomTransport(app.get(EventSource)) });
      await app.startAllMicroservices();
    },
    opened: (app, port) => app.get(PublicUrl).settle(port),
  });
}

/** The whole life of a process of the house; `ready` runs once it answers. */
export async function runLagom(
  app: AppName,
  modules: ModulesOf,
  ready: (booted: BootedApp, config: Config) => Promise<void> | void = () => undefined,
): Promise<void> {
  await runProcess(createLog({ level: 'info', app }), async () => {
    const config = readOwnConfig(app);
    const log = createLog({ level: config.logLevel, app });
    const booted = await bootLagom({ app, config, log }, modules);
    booted.app.get(Metrics).observeProcess();
    log.info({ port: config.port, mode: config.send.mode }, `listening at ${booted.url}`);
    await ready(booted, config);
    return booted;
  });
}

/** Who sends, and who writes the journal of choices. */
const SENDS: ReadonlySet<AppName> = new Set(['all', 'dispatcher', 'scheduler']);

/**
 * A ledger that is older than the journal of choices lacks somebody's no (PROTOCOL F3): the process starts with the gate
 * closed, is not ready, and holds what is due until `lagom restore-choices` has opened it.
 */
async function lookAtJournal(app: INestApplicationContext, log: Log): Promise<void> {
  const suppressions = app.get(SuppressionStore);
  app
    .get(Health)
    .register('gate (run lagom restore-choices)', async () => !(await suppressions.areGatesClosed()));
  if ((await app.get(ChoiceJournal).check()) === 'closed') {
    log.error(
      'the ledger is older than the journal of choices: nothing is sent until `lagom restore-choices`',
    );
  }
}

/** A suppression whose key is lacking would not be found: the gate stays closed by not starting (PROTOCOL F4). */
async function refuseMissingKeys(suppressions: SuppressionStore, ring: HashRing): Promise<void> {
  const missing = ring.missing(await suppressions.usedKeyIds());
  if (missing.length === 0) return;
  throw new BootRefusal(
    'Lagom does not start',
    missing.map((id) => ({
      variable: 'LAGOM_HASH_KEY',
      problem: `the database names the key ${id}, which is not in the ring`,
      example: `LAGOM_HASH_KEY=<current>,${id}:<its key>`,
    })),
  );
}
