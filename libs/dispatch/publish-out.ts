import type { EventSink } from '#messaging/event-sink';
import type { Outbox, Outgoing } from '#messaging/outbox';

/** Where the world hears of us. */
export const EVENTS_OUT = 'messages.events';
const PAGE = 500;
/** One pass ends, so that a lease is looked at again, though events go on arriving. */
const PAGES = 20;

/**
 * Publishes what waits in the `out` of documents, then takes it out of them: at least once, in the order of each
 * document, with the same id each time (PROTOCOL D7).
 */
export class PublishOut {
  constructor(
    private readonly outboxes: readonly Outbox[],
    private readonly sink: EventSink,
  ) {}

  /** How many events were published. */
  async runOnce(): Promise<number> {
    let published = 0;
    for (const outbox of this.outboxes) {
      for (let pages = 0; pages < PAGES; pages += 1) {
        const page = await outbox.findOut(PAGE);
        if (page.length > 0) {
          const records = page.flatMap(recordsOf);
          await this.sink.produce(EVENTS_OUT, records);
          await outbox.pullOut(page);
          published += records.length;
        }
        if (page.length < PAGE) break;
      }
    }
    return published;
  }
}

/** CloudEvents, structured. */
function recordsOf({ tenant, customer, about, out }: Outgoing) {
  return out.map(({ id, type, at, data }) => ({
    key: tenant === null ? null : `${tenant}/${customer ?? ''}`,
    headers: { 'content-type': 'application/cloudevents+json' },
    value: JSON.stringify({
      specversion: '1.0',
      id,
      source: tenant === null ? '/lagom' : `/tenants/${tenant}`,
      type,
      time: at.toISOString(),
      datacontenttype: 'application/json',
      data: { ...about, ...data },
    }),
  }));
}
