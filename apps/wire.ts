import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import type { Config } from '#platform/config';
import type { Log } from '#platform/telemetry';

/** Tokens of what has no class of its own. */
export const CONFIG = Symbol('Config');
export const LOG = Symbol('Log');
/** Q in milliseconds, where a test has less patience than the protocol; else undefined. */
export const PROVIDER_TIMEOUT = Symbol('how long a provider may take');

/** How the journal of choices is read; null where topics are in memory. */
export const JOURNAL_READER = Symbol('the reader of the journal of choices');

/** The tokens' types, for readers: `@Inject(CONFIG) config: Config`, `@Inject(LOG) log: Log`. */
export interface Tokens {
  [CONFIG]: Config;
  [LOG]: Log;
}

/** `new Class(...deps)`, once, with what stands behind each token: the wiring is a table, one line a class. */
export function wire<Args extends unknown[], T>(
  Class: new (...args: Args) => T,
  deps: { [Index in keyof Args]: InjectionToken },
): FactoryProvider<T> {
  return {
    provide: Class,
    inject: [...deps],
    useFactory: (...args: unknown[]) => new Class(...(args as Args)),
  };
}
