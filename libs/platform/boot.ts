import 'reflect-metadata';
import type { DynamicModule, LoggerService, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import type { AddressInfo } from 'node:net';
import { BootRefusal, refusalLines } from './boot-refusal.js';
import { Health } from './health.js';
import { isLostServer } from './mongo.js';
import { plainAccept } from './plain-accept.js';
import { BodyFaultInterceptor, readBody } from './read-body.js';
import { securityHeaders } from './security-headers.js';
import { describeError, type Log } from './telemetry.js';

export interface BootOptions {
  module: Type<unknown> | DynamicModule;
  port: number;
  log: Log;
  /** Before the port opens: to set what the app needs (filters, microservices). */
  prepare?: (app: NestExpressApplication) => Promise<void> | void;
  /** Once the port is open, with it; null where it never will be, before the app is closed. */
  opened?: (app: NestExpressApplication, port: number | null) => void;
}

/** A process that answers. */
export interface BootedApp {
  app: NestExpressApplication;
  /** Where it listens: the port that was found, where 0 was asked for. */
  url: string;
  /** Stops taking, drains, closes. Twice is once. */
  close(): Promise<void>;
}

/** How long a process may take to drain before it is ended: longer than a call that began in time may last (W + Q). */
export const DRAIN_MS = 45_000;

/**
 * Creates the app of one process (its module provides `Health`) and listens. The order at the end: `/readyz` says no, `onModuleDestroy` and
 * `beforeApplicationShutdown` of every provider stop taking and drain, the port closes, `onApplicationShutdown`
 * closes connections.
 */
export async function bootApp({ module, port, log, prepare, opened }: BootOptions): Promise<BootedApp> {
  let booting = true;
  const app = await NestFactory.create<NestExpressApplication>(module, {
    // `readBody` keeps the raw bytes itself, and lets the guards speak first.
    bodyParser: false,
    rawBody: false,
    abortOnError: false,
    // What goes wrong from here to listening is thrown too, and printed once: see `printRefusal`.
    logger: nestLogger(log, () => booting),
  });
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.use(securityHeaders);
  app.use(plainAccept);
  const health = app.get(Health, { strict: false });
  app.use((_request: Request, response: Response, next: NextFunction) => {
    // A connection that is kept alive would hold the drain up.
    if (health.isDraining) response.setHeader('Connection', 'close');
    next();
  });
  app.use(readBody);
  app.useGlobalInterceptors(new BodyFaultInterceptor());
  try {
    await prepare?.(app);
    await app.listen(port);
  } catch (error) {
    opened?.(app, null);
    await app.close();
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new BootRefusal('Lagom does not start', [
      { variable: 'PORT', problem: `port ${port} is taken by another process`, example: `PORT=${port + 1}` },
    ]);
  }
  booting = false;
  const { port: found } = app.getHttpServer().address() as AddressInfo;
  opened?.(app, found);
  let closing: Promise<void> | undefined;
  const close = () => {
    health.drain();
    return (closing ??= app.close());
  };
  return { app, url: `http://localhost:${found}`, close };
}

/**
 * The whole life of a process: boots, and on SIGTERM or SIGINT drains within `DRAIN_MS`. What refuses the boot is
 * printed plainly, one fault a line.
 */
export async function runProcess(log: Log, boot: () => Promise<Pick<BootedApp, 'close'>>): Promise<void> {
  let booted: Pick<BootedApp, 'close'>;
  try {
    booted = await boot();
  } catch (error) {
    printRefusal(error);
    process.exit(1);
  }
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'draining');
    const late = setTimeout(() => {
      log.error({ ms: DRAIN_MS }, 'still not drained, ending');
      process.exit(1);
    }, DRAIN_MS);
    booted.close().then(
      () => {
        clearTimeout(late);
        log.info('stopped');
        process.exit(0);
      },
      (err: unknown) => {
        log.error({ err }, 'could not close cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Says on the standard error why the process does not start, without a stack where it is a refusal. */
export function printRefusal(
  error: unknown,
  print = (line: string) => process.stderr.write(`${line}\n`),
): void {
  for (const line of linesFor(error)) print(line);
}

function linesFor(error: unknown): string[] {
  const refusal = refusalLines(error);
  if (refusal) return refusal;
  const { name, message, frames = [] } = describeError(error);
  if (isLostServer(error))
    return [`Lagom does not start: no MongoDB answers at MONGODB_URI (${name}: ${message})`];
  return [`Lagom does not start: ${name}: ${message}`, ...frames.map((frame) => `    ${frame}`)];
}

/** Nest's own words: its chatter at `debug`, its troubles as they are, unless somebody else tells them. */
export function nestLogger(log: Log, toldElsewhere = (): boolean => false): LoggerService {
  const text = (message: unknown, [context]: unknown[]): string =>
    `${typeof context === 'string' ? `${context}: ` : ''}${typeof message === 'string' ? message : 'Nest says'}`;
  const quiet = (message: unknown, ...more: unknown[]) => log.debug(text(message, more));
  const fault = (message: unknown, ...more: unknown[]) => {
    if (toldElsewhere()) return;
    const context = more.filter((part): part is string => typeof part === 'string').slice(-1);
    if (typeof message === 'object' && message !== null)
      log.error({ err: message }, text('unexpected error', context));
    else log.error(text(message, context));
  };
  return {
    log: quiet,
    debug: quiet,
    verbose: quiet,
    warn: (message: unknown, ...more: unknown[]) => log.warn(text(message, more)),
    error: fault,
    fatal: fault,
  };
}
