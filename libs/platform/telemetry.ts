import { type DestinationStream, pino } from 'pino';
import { maskPersonal } from './masking.js';

/**
 * What may stand in a log line. Personal data is kept out by construction: a key that is not named here does not
 * compile, and does not come through at run time either; what comes through is short, and masked once more.
 */
const SAFE_KEYS = [
  ...['app', 'tenant', 'job', 'loop', 'lease', 'journey', 'step', 'template', 'version', 'locale'],
  ...['message', 'messages', 'event', 'events', 'campaign', 'ref', 'task', 'key', 'keyId'],
  ...['type', 'purpose', 'channel', 'stream', 'class', 'status', 'state', 'outcome', 'kind', 'mode', 'role'],
  ...['reason', 'check', 'cause', 'code', 'name', 'variable', 'path', 'file', 'line', 'faults', 'pointer'],
  ...['topic', 'partition', 'offset', 'group', 'lag', 'brokers', 'account', 'provider', 'segments'],
  ...['count', 'counts', 'attempt', 'attempts', 'ms', 'seconds', 'size', 'bytes', 'rows', 'max', 'index'],
  ...['method', 'route', 'statusCode', 'request', 'port', 'url', 'dir', 'pid', 'signal'],
  ...['at', 'now', 'from', 'until', 'dueAt'],
] as const;
export type SafeKey = (typeof SAFE_KEYS)[number];

type SafeValue = string | number | boolean | null | undefined | Date | readonly (string | number)[];
/** Fields of one log line; `counts` is a record of numbers, `err` anything that was thrown. */
export type LogFields = { [Key in Exclude<SafeKey, 'counts'>]?: SafeValue } & {
  counts?: Record<string, number> | undefined;
  err?: unknown;
};

type LogMethod = (fields: LogFields | string, text?: string) => void;
/** Where everything of ours is logged to: one JSON object a line. */
export interface Log {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
}

const LONGEST_TEXT = 300;
const LONGEST_LIST = 20;
const SAFE: ReadonlySet<string> = new Set(SAFE_KEYS);

/** The log of one process. `to` is where the lines go: the standard output unless told. */
export function createLog(options: { level: string; app: string }, to?: DestinationStream): Log {
  const { level, app } = options;
  const logger = pino(
    {
      level,
      base: { app },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Both would run: ours has done the work before pino's looks.
      serializers: { err: (described: unknown) => described },
      formatters: { level: (label) => ({ level: label }), log: safeFields },
      hooks: {
        // Only our two forms: (text) and (fields, text). What pino would interpolate is not let through.
        logMethod([first, second]: unknown[], method) {
          if (typeof first === 'string') method.call(this, short(first));
          else method.call(this, first ?? {}, typeof second === 'string' ? short(second) : undefined);
        },
      },
    },
    to ?? pino.destination({ fd: 1, sync: true }),
  );
  return logger;
}

/** A log that says nothing: for tests. */
export const quietLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** What is left of a line's fields; the rest is counted in `redacted`, without its names. */
export function safeFields(fields: Record<string, unknown>): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  let redacted = 0;
  for (const [key, value] of Object.entries(fields)) {
    if (key === 'err') safe.err = describeError(value);
    else if (key === 'counts') safe.counts = numbersOf(value);
    else if (SAFE.has(key)) safe[key] = safeValue(value);
    else redacted += 1;
  }
  if (redacted > 0) safe.redacted = redacted;
  return safe;
}

/** An error without what it carries: name, code, masked message, frames, and the same of its cause. */
export interface ErrorDescription {
  name: string;
  code?: string | number;
  message: string;
  frames?: string[];
  cause?: ErrorDescription;
}

const DEEPEST_CAUSE = 5;
const MOST_FRAMES = 12;

/** Describes anything that was thrown, fit for a log or a dead letter's reason. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (typeof error !== 'object' || error === null)
    return { name: typeof error, message: errorText('', String(error)) };
  const { name, code, message, stack, cause } = error as Partial<Record<keyof Error | 'code', unknown>>;
  const description: ErrorDescription = {
    name: typeof name === 'string' ? short(name) : 'Object',
    message: typeof message === 'string' ? errorText(String(name), message) : '[no message]',
  };
  if (typeof code === 'string' || typeof code === 'number')
    description.code = typeof code === 'string' ? short(code) : code;
  if (typeof stack === 'string') {
    description.frames = stack
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, MOST_FRAMES)
      .map((line) => line.trim());
  }
  if (cause !== undefined && depth < DEEPEST_CAUSE) description.cause = describeError(cause, depth + 1);
  return description;
}

/** Messages of drivers and parsers quote what they were given: those parts are cut out. */
function errorText(name: string, message: string): string {
  const unquoted = message
    .replace(/dup key: \{.*\}/gs, 'dup key: [redacted]')
    .replace(/for value ".*?" \(type/gs, 'for value [redacted] (type');
  const parser = name === 'SyntaxError' || name === 'ValidationError' || name === 'CastError';
  return short(parser ? unquoted.replace(/"[^]*"|'[^]*'|`[^]*?`/g, '[redacted]') : unquoted);
}

function safeValue(value: unknown): unknown {
  if (typeof value === 'string') return short(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value == null) return value;
  if (Object.prototype.toString.call(value) === '[object Date]') return (value as Date).toISOString();
  if (!Array.isArray(value)) return '[redacted]';
  const items = value
    .slice(0, LONGEST_LIST)
    .map((item: unknown) => (Array.isArray(item) ? '[redacted]' : safeValue(item)));
  return value.length > LONGEST_LIST ? [...items, `and ${value.length - LONGEST_LIST} more`] : items;
}

function numbersOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return '[redacted]';
  return Object.fromEntries(Object.entries(value).filter(([, count]) => typeof count === 'number'));
}

function short(text: string): string {
  const masked = maskPersonal(text);
  return masked.length > LONGEST_TEXT ? `${masked.slice(0, LONGEST_TEXT)}…` : masked;
}
