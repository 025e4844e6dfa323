import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { EventSource } from '#messaging/event-source';
import { LagomTransport } from '#messaging/lagom-transport';
import { bootApp, runProcess, type BootedApp } from '#platform/boot';
import type { AppName } from '#platform/config';
import { readOwnConfig } from '#platform/config';
import { createLog } from '#platform/telemetry';
import { PlatformModule, type PlatformOptions } from './platform.module.js';

/** The modules of one process over the one platform. */
@Module({})
class ProcessModule {
  static of(options: PlatformOptions, modules: readonly Type<unknown>[]): DynamicModule {
    return { module: ProcessModule, imports: [PlatformModule.register(options), ...modules] };
  }
}

/** Boots one process: the platform, its modules, the consumers, the port. Tests call it with a configuration of theirs. */
export async function bootLagom(
  options: PlatformOptions,
  modules: readonly Type<unknown>[],
): Promise<BootedApp> {
  const config = options.config ?? readOwnConfig(options.app);
  const log = options.log ?? createLog({ level: config.logLevel, app: config.app });
  return bootApp({
    module: ProcessModule.of({ ...options, config, log }, modules),
    port: config.port,
    log,
    prepare: async (app) => {
      app.connectMicroservice({ strategy: new LagomTransport(app.get(EventSource)) });
      await app.startAllMicroservices();
    },
  });
}

/** The whole life of a process of the house. */
export async function runLagom(app: AppName, modules: readonly Type<unknown>[]): Promise<void> {
  await runProcess(createLog({ level: 'info', app }), async () => {
    const booted = await bootLagom({ app }, modules);
    return booted;
  });
}
