import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { readKafkaEvent, type Read } from '#events/read-event';
import { HearEvents } from '#ingest/hear-event';
import { outcomeOf } from '#ingest/hear-result';
import { markedRedriven } from '#ingest/redrive';
import type { Heard, Verdict } from '#messaging/event-source';
import { Hears } from '#messaging/hears';
import { Clock } from '#platform/clock';
import { Metrics } from '#platform/metrics';
import { Tenants } from '#tenants/tenant';

/** Takes booking events from Kafka, in the order of each customer. */
@Controller()
export class BookingEventsConsumer {
  constructor(
    private readonly hearEvents: HearEvents,
    private readonly tenants: Tenants,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  @Hears('booking.events', { batchSize: 200, concurrency: 4, awaitHandled: true })
  async hear(@Payload() batch: readonly Heard[]): Promise<Verdict[]> {
    const known = new Set(this.tenants.all().map((tenant) => tenant.id));
    const now = this.clock.now();
    const reads = batch.map((heard) => readKafkaEvent(heard, known, now));
    const events = reads.flatMap((read, index) =>
      read.kind === 'event' ? [markedRedriven(batch[index]!, read.event)] : [],
    );
    const results = await this.hearEvents.hear(events);
    for (const [index, event] of events.entries()) {
      this.metrics.event(event.type, outcomeOf(results[index]));
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
