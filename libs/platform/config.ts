import { resolve } from 'node:path';
import { z } from 'zod';
import { BootRefusal } from './boot-refusal.js';
import { readHouse, type HouseSettings } from './house-settings.js';
import { fillSecrets } from './kept-secrets.js';
import { readNetworks, type Network } from './network.js';
import { rootDir } from './root.js';
import { parseSendMode, type SendMode } from './send-mode.js';
import type { TracingConfig } from './tracing.js';

export const APP_NAMES = ['ingest', 'scheduler', 'dispatcher', 'public', 'console', 'all', 'cli'] as const;
export type AppName = (typeof APP_NAMES)[number];

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One key of the ring that hashes suppressed addresses; the first of a ring is the current one. */
export interface HashKey {
  id: string;
  key: Buffer;
}

/** CONTRACTS "Configuration", checked and typed. Made only by `readConfig`. */
export interface Config {
  app: AppName;
  port: number;
  /** Without a trailing slash. */
  publicUrl: string;
  logLevel: LogLevel;
  /** Folder of one YAML file per tenant, absolute. */
  tenantsDir: string;
  /** What the embedded servers keep, absolute; null keeps nothing. */
  dataDir: string | null;
  /** null: the embedded store. */
  mongoUri: string | null;
  /** null: the in-memory transport. */
  kafka: { brokers: string[]; groupPrefix: string } | null;
  send: SendMode;
  /** The first signs tokens, every one verifies them. */
  secrets: string[];
  hashKeys: HashKey[];
  /** Whose `X-Forwarded-For` is believed, beside private networks. */
  trustedProxies: Network[];
  adminKey: string | null;
  /** Made just now: boot prints it, once. */
  adminKeyIsNew: boolean;
  /** null: nothing is traced. */
  tracing: TracingConfig | null;
  /** What a tenant's file may name as `${VARIABLE}`: everything but our own settings. */
  providers: Readonly<Record<string, string>>;
}

/** What is wrong with the environment, every fault at once. */
export class ConfigError extends BootRefusal {
  override name = 'ConfigError';
  declare readonly faults: readonly { variable: string; problem: string; example: string }[];
}

/** What a right value looks like, shown beside each fault. */
const EXAMPLES = {
  PORT: '3000',
  PUBLIC_URL: 'https://messages.example.se',
  LOG_LEVEL: 'info',
  LAGOM_TENANTS: 'tenants/',
  LAGOM_DATA_DIR: '.lagom/',
  MONGODB_URI: 'mongodb://localhost:27017/lagom',
  KAFKA_BROKERS: 'localhost:9092,localhost:9093',
  KAFKA_GROUP_PREFIX: 'lagom',
  LAGOM_SEND: 'redirect:you@example.se',
  LAGOM_SECRET: 'the output of `openssl rand -hex 32`',
  LAGOM_HASH_KEY: 'k1:<the output of `openssl rand -hex 32`>',
  LAGOM_ADMIN_KEY: 'the output of `openssl rand -hex 24`',
  LAGOM_TRUSTED_PROXIES: '198.51.100.0/24,2001:db8::/32',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
  OTEL_SERVICE_NAME: 'lagom-dispatcher',
} as const;
type Variable = keyof typeof EXAMPLES;

const MIN_SECRET_LENGTH = 16;

/** Reads this process's environment: the one place in the house that does. */
export const readOwnConfig = (app: AppName): Config => readConfig(process.env, app);

/** Where the house is that the command line asks, and its key; `url` is what was said there. */
export const readOwnHouse = (url?: string): HouseSettings => readHouse(process.env, url);

/** What the embedded store needs in a process of its own: it knows no secret and no provider. */
export type StoreConfig = Pick<Config, 'port' | 'dataDir' | 'logLevel'>;

/** Reads the environment of the store's own process. PORT is MongoDB's 27017 unless told, 0 takes a free one. */
export function readOwnStoreConfig(): StoreConfig {
  const shape = settings('all', true).pick({ PORT: true, LOG_LEVEL: true, LAGOM_DATA_DIR: true });
  const parsed = shape.safeParse({ PORT: '27017', ...withoutEmpty(process.env) });
  if (!parsed.success) throw refusal(parsed.error);
  const { PORT: port, LOG_LEVEL: logLevel, LAGOM_DATA_DIR: folder } = parsed.data;
  return { port, logLevel, dataDir: folder === 'memory' ? null : fromRoot(folder, '.lagom') };
}

/** Reads and checks the configuration; throws one `ConfigError` that names every fault. */
export function readConfig(env: NodeJS.ProcessEnv, app: AppName): Config {
  const given = withoutEmpty(env);
  // What `all` keeps itself it may also make itself; beside real servers nothing is made up.
  const embedded = app === 'all' && given.MONGODB_URI === undefined;
  const parsed = settings(app, embedded).safeParse(given);
  if (!parsed.success) throw refusal(parsed.error);
  const read = parsed.data;
  const dataDir = read.LAGOM_DATA_DIR === 'memory' ? null : fromRoot(read.LAGOM_DATA_DIR, '.lagom');
  const { secrets, hashKeys, adminKey, adminKeyIsNew } = embedded
    ? keptSecrets(dataDir, read)
    : { ...named(read), adminKeyIsNew: false };
  return {
    app,
    port: read.PORT,
    publicUrl: read.PUBLIC_URL ?? `http://localhost:${read.PORT}`,
    logLevel: read.LOG_LEVEL,
    tenantsDir: fromRoot(read.LAGOM_TENANTS, 'tenants'),
    dataDir,
    mongoUri: read.MONGODB_URI ?? null,
    kafka: read.KAFKA_BROKERS ? { brokers: read.KAFKA_BROKERS, groupPrefix: read.KAFKA_GROUP_PREFIX } : null,
    send: read.LAGOM_SEND,
    secrets,
    hashKeys,
    trustedProxies: read.LAGOM_TRUSTED_PROXIES,
    adminKey,
    adminKeyIsNew,
    tracing:
      read.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? null
        : {
            endpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT,
            serviceName: read.OTEL_SERVICE_NAME ?? `lagom-${app}`,
          },
    providers: Object.fromEntries(Object.entries(given).filter(([name]) => !isOurs(name))),
  };
}

type Settings = z.infer<ReturnType<typeof settings>>;

const named = (read: Settings) => ({
  secrets: read.LAGOM_SECRET ?? [],
  hashKeys: read.LAGOM_HASH_KEY ?? [],
  adminKey: read.LAGOM_ADMIN_KEY ?? null,
});

function keptSecrets(dataDir: string | null, read: Settings) {
  try {
    return fillSecrets(dataDir, named(read));
  } catch (cause) {
    const { message: problem } = cause as Error;
    throw new ConfigError('Lagom does not start', [
      { variable: 'LAGOM_DATA_DIR', problem, example: EXAMPLES.LAGOM_DATA_DIR },
    ]);
  }
}

/** A given folder is the caller's (from where they stand), the default one is the checkout's. */
const fromRoot = (given: string | undefined, otherwise: string): string =>
  given === undefined ? resolve(rootDir(), otherwise) : resolve(given);

const withoutEmpty = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => {
      const text = value?.trim() ?? '';
      return text === '' ? [] : [[name, text] as const];
    }),
  );

const isOurs = (name: string): boolean => /^(LAGOM|KAFKA|OTEL)_/.test(name) || name === 'MONGODB_URI';

/** A text that `read` turns into a value, or into what is wrong with it; `absent` is said where there is none. */
const text = <T extends object | string | number>(
  read: (value: string) => T | { problem: string },
  absent = 'is absent',
) =>
  z.string({ error: absent }).transform((value, context) => {
    const result = read(value);
    if (typeof result !== 'object' || !('problem' in result))
      return result as Exclude<T, { problem: string }>;
    context.addIssue({ code: 'custom', message: String(result.problem) });
    return z.NEVER;
  });

const settings = (app: AppName, embedded: boolean) => {
  const apart = app === 'all' ? undefined : `is needed by ${app}; only \`all\` runs without it`;
  const made = embedded ? undefined : 'is needed; only `all` on its embedded store makes its own';
  const needed = <T extends object | string>(
    read: (value: string) => T | { problem: string },
    absent?: string,
  ) => (absent === undefined ? text(read).optional() : text(read, absent));
  return z.object({
    PORT: text(readPort).default(3000),
    PUBLIC_URL: text(readPublicUrl).optional(),
    LOG_LEVEL: z.enum(LOG_LEVELS, { error: `is none of ${LOG_LEVELS.join(', ')}` }).default('info'),
    LAGOM_TENANTS: z.string().optional(),
    LAGOM_DATA_DIR: z.string().optional(),
    MONGODB_URI: needed(readMongoUri, apart),
    KAFKA_BROKERS: needed(readBrokers, apart),
    KAFKA_GROUP_PREFIX: text(readGroupPrefix).default('lagom'),
    LAGOM_SEND: text(parseSendMode).default({ mode: 'capture' }),
    LAGOM_SECRET: needed(readSecrets, made),
    LAGOM_HASH_KEY: needed(readHashKeys, made),
    LAGOM_ADMIN_KEY: text((key) => (key.length < MIN_SECRET_LENGTH ? tooShort('is') : key)).optional(),
    LAGOM_TRUSTED_PROXIES: text(readNetworks).default([]),
    // OpenTelemetry's own names, as its specification has them.
    OTEL_EXPORTER_OTLP_ENDPOINT: text(readPublicUrl).optional(),
    OTEL_SERVICE_NAME: z.string().optional(),
  });
};

const tooShort = (what: string) => ({ problem: `${what} shorter than ${MIN_SECRET_LENGTH} characters` });

function readPort(value: string): number | { problem: string } {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  return port <= 65_535 ? port : { problem: `is no port from 0 to 65535: "${value}"` };
}

function readPublicUrl(value: string): string | { problem: string } {
  if (!URL.canParse(value)) return { problem: 'is no URL' };
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { problem: 'is no http or https URL' };
  if (url.username !== '' || url.password !== '') return { problem: 'must not carry a user or password' };
  if (url.search !== '' || url.hash !== '') return { problem: 'must not carry a query or fragment' };
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

// Not parsed as a URL: a list of hosts is none. Never echoed: it carries a password.
const readMongoUri = (value: string): string | { problem: string } =>
  /^mongodb(\+srv)?:\/\/[^/?]+/.test(value)
    ? value
    : { problem: 'does not begin with mongodb:// or mongodb+srv:// and a host' };

function readBrokers(value: string): string[] | { problem: string } {
  const brokers = value.split(',').map((broker) => broker.trim());
  const wrong = brokers.findIndex((broker) => {
    const port = Number(
      /^[^\s/:@]+:(\d{1,5})$|^\[[\da-fA-F:]+\]:(\d{1,5})$/.exec(broker)?.slice(1).find(Boolean),
    );
    return !(port >= 1 && port <= 65_535);
  });
  return wrong < 0 ? brokers : { problem: `broker ${wrong + 1} is not host:port` };
}

const readGroupPrefix = (value: string): string | { problem: string } =>
  /^[\w.-]{1,100}$/.test(value)
    ? value
    : { problem: 'may hold letters, digits, dots, dashes and underscores only' };

function readSecrets(value: string): string[] | { problem: string } {
  const secrets = value.split(',').map((secret) => secret.trim());
  const short = secrets.findIndex((secret) => secret.length < MIN_SECRET_LENGTH);
  return short < 0 ? secrets : tooShort(`secret ${short + 1} is`);
}

function readHashKeys(value: string): HashKey[] | { problem: string } {
  const keys: HashKey[] = [];
  for (const [index, entry] of value.split(',').entries()) {
    const [, id, key] = /^\s*([\w.-]{1,32}):(.*?)\s*$/.exec(entry) ?? [];
    if (id === undefined || key === undefined) return { problem: `key ${index + 1} is not id:key` };
    if (key.length < MIN_SECRET_LENGTH) return tooShort(`the key of id ${id} is`);
    if (keys.some((other) => other.id === id)) return { problem: `names the id ${id} twice` };
    keys.push({ id, key: Buffer.from(key, 'utf8') });
  }
  return keys;
}

function refusal(error: z.ZodError): ConfigError {
  const faults = error.issues.map((issue) => {
    const variable = String(issue.path[0]) as Variable;
    return { variable, problem: issue.message, example: `${variable}=${EXAMPLES[variable]}` };
  });
  const order = Object.keys(EXAMPLES);
  faults.sort((a, b) => order.indexOf(a.variable) - order.indexOf(b.variable));
  return new ConfigError('Lagom does not start', faults);
}
