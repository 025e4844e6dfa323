import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { readKafkaEvent, type Read } from '#events/read-event';
import { HearEvents } from '#ingest/hear-event';
import { outcomeOf } from '#ingest/hear-result';
import { markedRedriven } from '#ingest/redrive';
import { hearingSpan } from '#ingest/trace-hearing';
import type { Heard, Verdict } from '#messaging/event-source';
import { Hears } from '#messaging/hears';
import { Clock } from '#platform/clock';
import { Metrics } from '#platform/metrics';
import { Tracing } from '#platform/tracing';
import { Tenants } from '#tenants/tenant';

/** Takes booking events from Kafka, in the order of each customer. */
@Controller()
export class BookingEventsConsumer {
  constructor(
    private readonly hearEvents: HearEvents,
    private readonly tenants: Tenants,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly tracing: Tracing,
  ) {}

  @Hears('booking.events', { batchSize: 200, concurrency: 4, awaitHandled: true })
  async hear(@Payload() batch: readonly Heard[]): Promise<Verdict[]> {
    const known = new Set(this.tenants.all().map((tenant) => tenant.id));
    const now = this.clock.now();
    const begun = this.clock.mono();
    const reads = batch.map((heard) => readKafkaEvent(heard, known, now));
    const hearings = reads.flatMap((read, index) => {
      if (read.kind !== 'event') return [];
      const heard = batch[index]!;
      const event = markedRedriven(heard, read.event);
      return [hearingSpan(this.tracing, event, { topic: heard.topic }, heard.headers['traceparent'])];
    });
    const results = await this.hearEvents.hear(hearings.map(({ event }) => event)).catch((error: unknown) => {
      for (const { span } of hearings) span.end('thrown');
      throw error;
    });
    const seconds = (this.clock.mono() - begun) / 1_000;
    for (const [index, { event, span }] of hearings.entries()) {
      span.end();
      this.metrics.event(event.type, outcomeOf(results[index]), seconds);
    }
    return reads.map((read) => this.verdict(read));
  }

  private verdict(read: Read): Verdict {
    this.metrics.cardsMasked(read.masked);
    if (read.kind === 'event') {
      this.metrics.fieldsKeptOut(read.event.type, read.unknownFields.length);
      return { kind: 'done' };
    }
    this.metrics.event('unknown', read.reason);
    const [first] = read.faults;
    return {
      kind: 'give-up',
      reason: first === undefined ? read.reason : `${read.reason}: ${first.path}: ${first.detail}`,
      ...(first === undefined ? {} : { path: first.path }),
    };
  }
}
