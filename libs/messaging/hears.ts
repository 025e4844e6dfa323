import { type ArgumentsHost, Catch, type RpcExceptionFilter, UseFilters } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { type Observable, throwError } from 'rxjs';

/** How a topic is portioned for its handler. */
export interface HearsOptions {
  batchSize?: number;
  concurrency?: number;
  slow?: { afterMs: number; most: number };
  rank?: number;
  lingerMs?: number;
  awaitHandled?: boolean;
}

/**
 * Lets the lanes see what a handler threw. Nest's own filter would log its text and pass on a bare "Internal server error",
 * and a lost server could not be told from poison.
 */
@Catch()
export class KeepThrown implements RpcExceptionFilter {
  catch(thrown: unknown, _host: ArgumentsHost): Observable<never> {
    return throwError(() => thrown);
  }
}

/** `@EventPattern` for a handler of batches: `(batch: readonly Heard[]) => Promise<readonly Verdict[]>`. */
export const Hears =
  (topic: string, options: HearsOptions = {}): MethodDecorator =>
  (target, name, method) => {
    (EventPattern(topic, options) as MethodDecorator)(target, name, method);
    (UseFilters(KeepThrown) as MethodDecorator)(target, name, method);
  };
