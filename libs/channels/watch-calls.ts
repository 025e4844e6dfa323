import type { Clock } from '#platform/clock';
import type { Metrics } from '#platform/metrics';
import type { Span, Tracing } from '#platform/tracing';
import type { Envelope, Outcome } from './outcome.js';
import type { WebhookStore } from './webhook.store.js';

/**
 * Told when a call to a provider begins; what it answers is told how the call ended. `others`: the mails beside the first
 * that go in the same call.
 */
export type WatchCall = (
  account: string,
  envelope: Envelope,
  others?: readonly Envelope[],
) => (outcome: Outcome) => void;

export interface WatchOptions {
  metrics: Metrics;
  tracing: Tracing;
  clock: Clock;
  webhooks: Pick<WebhookStore, 'noteAccepted'>;
  /** Whether the account's provider is really asked, and tells what became of a message by webhook. */
  tells: (account: string) => boolean;
}

/**
 * Watches the calls of all senders: how long they take, how they end, and since when a provider owes us a webhook. A
 * span names the account, the channel and the attempt's random `ref`, and links to the event that planned the message,
 * which may lie days back.
 */
export function watchCalls({ metrics, tracing, clock, webhooks, tells }: WatchOptions): WatchCall {
  return (account, { tenant, channel, purpose, ref, trace }, others = []) => {
    const begun = clock.mono();
    const span: Span | null = tracing.on
      ? tracing.start(`send ${channel}`, {
          kind: 'client',
          parent: trace?.parent,
          links: [trace?.planned, ...others.map((other) => other.trace?.planned)],
          attributes: {
            'lagom.step': 'call',
            'lagom.tenant': tenant,
            'lagom.account': account,
            'lagom.channel': channel,
            'lagom.purpose': purpose,
            'lagom.ref': ref,
            ...(others.length === 0 ? {} : { 'lagom.mails': 1 + others.length }),
          },
        })
      : null;
    return (outcome) => {
      metrics.providerCall(account, outcome.kind, (clock.mono() - begun) / 1_000);
      span?.end(outcome.kind === 'accepted' ? undefined : outcome.kind);
      if (outcome.kind === 'accepted' && tells(account)) {
        // For the operator's eyes only: a write that is lost is made up for by the next message.
        void webhooks.noteAccepted(tenant, account, clock.now()).catch(() => undefined);
      }
    };
  };
}
