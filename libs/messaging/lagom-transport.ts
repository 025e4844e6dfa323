import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { from, isObservable, lastValueFrom } from 'rxjs';
import type { EventSource, Heard, Verdict } from './event-source.js';
import type { HearsOptions } from './hears.js';

/** What a handler gets that asks for nothing else. */
export const DEFAULT_PORTION = { batchSize: 1, concurrency: 16 } as const;

/** What a handler's `@Ctx()` is. */
export interface HearingContext {
  topic: string;
  /** Aborted when the source stops: what may take long begins no more. */
  signal: AbortSignal;
  /** What is left of this batch keeps nothing else waiting: another one may begin beside it (`Subscription.slow`). */
  giveWay: () => void;
}

/**
 * Binds `@Hears` (or `@EventPattern`) handlers to an event source: the payload is the batch, the answer its verdicts.
 * Nest starts it after all handlers are known. It closes it after `onModuleDestroy` and `beforeApplicationShutdown`: what
 * handlers need (database, sink) must be closed in `onApplicationShutdown`, or draining meets closed connections.
 */
export class LagomTransport extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;

  constructor(private readonly source: EventSource) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    try {
      for (const [topic, handler] of this.messageHandlers) this.bind(topic, handler);
    } catch (error) {
      return callback(error);
    }
    this.source.start().then(() => callback(), callback);
  }

  async close(): Promise<void> {
    await this.source.stop();
  }

  /** A source tells of its state through `healthy`, not through events. */
  on(): never {
    throw new Error('this transport has no events: ask the source whether it is healthy');
  }

  unwrap<T>(): T {
    return this.source as T;
  }

  private bind(topic: string, handler: MessageHandler): void {
    if (!handler.isEventHandler) throw new Error(`${topic}: messages have no reply, use @Hears`);
    if (handler.next) throw new Error(`${topic}: two handlers in one process, whose verdict counts?`);
    const { batchSize, concurrency, slow, rank, lingerMs, awaitHandled } = (handler.extras ??
      {}) as HearsOptions;
    this.source.subscribe({
      topic,
      batchSize: batchSize ?? DEFAULT_PORTION.batchSize,
      concurrency: concurrency ?? DEFAULT_PORTION.concurrency,
      ...(slow === undefined ? {} : { slow }),
      ...(rank === undefined ? {} : { rank }),
      ...(lingerMs === undefined ? {} : { lingerMs }),
      ...(awaitHandled === undefined ? {} : { awaitHandled }),
      handle: async (batch, signal, giveWay) => verdicts(topic, handler, batch, { topic, signal, giveWay }),
    });
  }
}

/** Base `handleEvent` does not wait for the end; the offset must. */
async function verdicts(
  topic: string,
  handler: MessageHandler,
  batch: readonly Heard[],
  context: HearingContext,
): Promise<readonly Verdict[]> {
  try {
    const answer: unknown = await handler(batch, context);
    const last = isObservable(answer)
      ? await lastValueFrom(from(answer), { defaultValue: undefined })
      : answer;
    return last as readonly Verdict[];
  } catch (thrown) {
    if (hiddenByNest(thrown))
      throw new Error(`${topic}: Nest hid what the handler threw, use @Hears`, { cause: thrown });
    throw thrown;
  }
}

const hiddenByNest = (thrown: unknown): boolean =>
  typeof thrown === 'object' &&
  thrown !== null &&
  !('stack' in thrown) &&
  'status' in thrown &&
  thrown.status === 'error';
