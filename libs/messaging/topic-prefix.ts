import { EventSink, type OutRecord } from './event-sink.js';
import { EventSource, type Heard, type Subscription } from './event-source.js';

/**
 * Several houses on one Kafka (the tests' apps): each topic's real name begins with a prefix, which nobody within a
 * house gets to see.
 */
export class PrefixedSink extends EventSink {
  constructor(
    private readonly sink: EventSink & { close?: () => Promise<void> },
    private readonly prefix: string,
  ) {
    super();
  }

  produce(topic: string, records: readonly OutRecord[]): Promise<void> {
    return this.sink.produce(this.prefix + topic, records);
  }

  async close(): Promise<void> {
    await this.sink.close?.();
  }
}

/** The hearing side. What the source's own `deadLetter` gets has the real name: see `withoutPrefix`. */
export class PrefixedSource extends EventSource {
  constructor(
    private readonly source: EventSource,
    private readonly prefix: string,
  ) {
    super();
  }

  subscribe(subscription: Subscription): void {
    const { topic, handle } = subscription;
    this.source.subscribe({
      ...subscription,
      topic: this.prefix + topic,
      handle: (batch, signal, giveWay) =>
        handle(
          batch.map((heard) => withoutPrefix(heard, this.prefix)),
          signal,
          giveWay,
        ),
    });
  }

  start(): Promise<void> {
    return this.source.start();
  }

  stop(): Promise<void> {
    return this.source.stop();
  }

  waiting(): number {
    return this.source.waiting();
  }

  async lag(): Promise<Record<string, number>> {
    const lags = Object.entries(await this.source.lag());
    return Object.fromEntries(lags.map(([topic, lag]) => [withoutPrefix({ topic }, this.prefix).topic, lag]));
  }

  healthy(): { ok: boolean; why?: string } {
    return this.source.healthy();
  }
}

/** The message by the name that the house knows its topic by. */
export const withoutPrefix = <One extends Pick<Heard, 'topic'>>(heard: One, prefix: string): One => ({
  ...heard,
  topic: heard.topic.startsWith(prefix) ? heard.topic.slice(prefix.length) : heard.topic,
});
