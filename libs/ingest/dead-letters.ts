import { maskBytes } from '#events/mask-bytes';
import { readKafkaEvent } from '#events/read-event';
import type { EventSink } from '#messaging/event-sink';
import type { Heard } from '#messaging/event-source';
import type { DeadReason } from '#messaging/handling';
import type { Clock } from '#platform/clock';
import { maskCardNumbers, maskPersonal } from '#platform/masking';
import type { Metrics } from '#platform/metrics';
import type { Tenants } from '#tenants/tenant';
import type { DeadLetterStore } from '#messaging/dead-letter.store';

/** How long a dead letter is kept (PROTOCOL D5). */
export const KEEP_MS = 30 * 86_400_000;

/**
 * Where a message ends that could not be handled: masked, in MongoDB and on `<topic>.dead`, with its reason and where it
 * came from. If either write throws, the offset is not resolved.
 */
export class DeadLetters {
  constructor(
    private readonly store: DeadLetterStore,
    private readonly sink: EventSink,
    private readonly tenants: Tenants,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  async take(heard: Heard, why: DeadReason): Promise<void> {
    const { topic, partition, offset, key } = heard;
    const { value, count } = maskBytes(heard.value);
    const headers = Object.fromEntries(
      Object.entries(heard.headers).map(([name, text]) => [name, maskCardNumbers(text).text]),
    );
    const reason = maskPersonal(why.reason);
    this.metrics.cardsMasked(count);
    const at = this.clock.now();
    await this.store.add({
      topic,
      partition,
      offset,
      ...this.identityOf(heard),
      key,
      headers: Object.entries(headers),
      value: value.toString('base64'),
      reason,
      path: why.path ?? null,
      handler: why.handler,
      at,
      expiresAt: new Date(at.getTime() + KEEP_MS),
    });
    await this.sink.produce(`${topic}.dead`, [
      {
        key,
        value,
        headers: {
          ...headers,
          'lagom-reason': reason,
          ...(why.path === undefined ? {} : { 'lagom-path': why.path }),
          'lagom-handler': why.handler,
          'lagom-topic': topic,
          'lagom-partition': String(partition),
          'lagom-offset': offset,
        },
      },
    ]);
    this.metrics.deadLetter(topic);
  }

  /** Whose it is and of which type, where that can be read; nobody's otherwise. */
  private identityOf(heard: Heard): { tenant: string | null; type: string | null } {
    const read = readKafkaEvent(heard, new Set(this.tenants.all().map(({ id }) => id)), this.clock.now());
    const { tenant, type } = read.kind === 'event' ? read.event : read;
    return { tenant: tenant !== null && this.tenants.get(tenant) !== undefined ? tenant : null, type };
  }
}
