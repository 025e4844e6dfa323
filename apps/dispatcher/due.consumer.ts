import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { PERMIT_MS } from '#consent/may-send';
import { DispatchBatch } from '#dispatch/dispatch-batch';
import type { Due, DueHeard } from '#dispatch/due.types';
import { dispatchSpan } from '#dispatch/trace-due';
import type { Heard, Verdict } from '#messaging/event-source';
import { Hears } from '#messaging/hears';
import type { HearingContext } from '#messaging/lagom-transport';
import { Tracing, type Span } from '#platform/tracing';
import { Tenants } from '#tenants/tenant';

/**
 * While one batch's calls wait on the network another is read, asked and claimed. More would only queue for the account's
 * slots and grow old: at a second a call, what the last one knows is four seconds old (PROTOCOL A6). So a third one begins
 * only when one's calls are all under way and slots are free: then nothing queues, and the provider is not what one waits for.
 * A batch that is older than a permit queues for nothing any more, it waits for a provider that may hang for Q: the other
 * accounts' messages pass it.
 */
const PORTION = { batchSize: 64, concurrency: 2, slow: { afterMs: PERMIT_MS, most: 8 } };

/**
 * Mails of a campaign share calls: the more of them are together, the fewer calls, so the first waits a moment for others.
 * Of what cannot share, a pass takes a portion as above (`dispatch-batch.ts`).
 */
const CAMPAIGNS = { ...PORTION, batchSize: 512, lingerMs: 50 };

/** Takes what is due, each class from a topic of its own: while recalls are ready no other batch begins, then service. */
@Controller()
export class DueConsumer {
  constructor(
    private readonly dispatchBatch: DispatchBatch,
    private readonly tenants: Tenants,
    private readonly tracing: Tracing,
  ) {}

  @Hears('messages.due.recall', { ...PORTION, rank: 0 })
  recall(@Payload() batch: readonly Heard[], @Ctx() context: HearingContext): Promise<Verdict[]> {
    return this.dispatch(batch, context);
  }

  @Hears('messages.due.service', { ...PORTION, rank: 1 })
  service(@Payload() batch: readonly Heard[], @Ctx() context: HearingContext): Promise<Verdict[]> {
    return this.dispatch(batch, context);
  }

  @Hears('messages.due.marketing', { ...CAMPAIGNS, rank: 2 })
  marketing(@Payload() batch: readonly Heard[], @Ctx() context: HearingContext): Promise<Verdict[]> {
    return this.dispatch(batch, context);
  }

  private async dispatch(batch: readonly Heard[], { signal, giveWay }: HearingContext): Promise<Verdict[]> {
    const spans: Span[] = [];
    try {
      return await this.dispatchDue(
        batch.map(({ topic, headers, value, deliveries }) => {
          const due = JSON.parse(value.toString('utf8')) as Due;
          if (!this.tracing.on) return { ...due, deliveries };
          const span = dispatchSpan(this.tracing, topic, due.tenant, headers['traceparent']);
          spans.push(span);
          return { ...due, deliveries, traceparent: span.traceparent };
        }),
        signal,
        giveWay,
      );
    } finally {
      for (const span of spans) span.end();
    }
  }

  private async dispatchDue(
    due: readonly DueHeard[],
    stopping: AbortSignal,
    giveWay: () => void,
  ): Promise<Verdict[]> {
    const verdicts = new Map<(typeof due)[number], Verdict>();
    const tenants = [...new Set(due.map(({ tenant }) => tenant))];
    for (const id of tenants) {
      const tenant = this.tenants.get(id);
      const own = due.filter((one) => one.tenant === id);
      const said =
        tenant === undefined
          ? own.map((): Verdict => ({ kind: 'give-up', reason: 'no such tenant in this process' }))
          : await this.dispatchBatch.run(tenant, own, stopping, id === tenants.at(-1) ? giveWay : undefined);
      own.forEach((one, index) => verdicts.set(one, said[index] ?? { kind: 'done' }));
    }
    return due.map((one) => verdicts.get(one) ?? { kind: 'done' });
  }
}
