import type { EventSink } from '#messaging/event-sink';
import type { Outbox, Outgoing } from '#messaging/outbox';
import type { ChoiceJournal } from '#privacy/choice-journal';

/** Where the world hears of us. */
export const EVENTS_OUT = 'messages.events';
const PAGE = 500;
/** One pass ends, so that a lease is looked at again, though events go on arriving. */
const PAGES = 20;

/** Who is told too, in the same words, before an event is taken out of its document: the tenants' own addresses. */
export interface Forwarding {
  take(events: readonly ToldEvent[]): Promise<void>;
}

/** An event as it is published. */
export interface ToldEvent {
  tenant: string | null;
  /** Events of one key keep their order. */
  key: string | null;
  id: string;
  type: string;
  /** CloudEvents, structured. */
  value: string;
}

/**
 * Publishes what waits in the `out` of documents, then takes it out of them: at least once, in the order of each
 * document, with the same id each time (PROTOCOL D7). What the journal of choices keeps goes there first (F3).
 */
export class PublishOut {
  constructor(
    private readonly outboxes: readonly Outbox[],
    private readonly sink: EventSink,
    private readonly journal: Pick<ChoiceJournal, 'append'> | null = null,
    private readonly forwarding: Forwarding | null = null,
  ) {}

  /** How many events were published. With `settledBefore`, what was pushed since waits for the next pass. */
  async runOnce(settledBefore?: Date): Promise<number> {
    let published = 0;
    for (const outbox of this.outboxes) {
      for (let pages = 0; pages < PAGES; pages += 1) {
        const page = await outbox.findOut(PAGE, settledBefore);
        if (page.length > 0) {
          if (this.journal !== null && !(await this.journal.append(page))) break;
          const told = page.flatMap(toldOf);
          if (told.length > 0) {
            await this.sink.produce(EVENTS_OUT, told.map(recordOf));
            await this.forwarding?.take(told);
          }
          await outbox.pullOut(page);
          published += told.length;
        }
        if (page.length < PAGE) break;
      }
    }
    return published;
  }
}

function toldOf({ tenant, customer, about, out }: Outgoing): ToldEvent[] {
  return out.flatMap(({ id, type, at, data }) =>
    type === null
      ? []
      : [
          {
            tenant,
            key: tenant === null ? null : `${tenant}/${customer ?? ''}`,
            id,
            type,
            value: JSON.stringify({
              specversion: '1.0',
              id,
              source: tenant === null ? '/lagom' : `/tenants/${tenant}`,
              type,
              time: at.toISOString(),
              datacontenttype: 'application/json',
              data: { ...about, ...data },
            }),
          },
        ],
  );
}

const recordOf = ({ key, value }: ToldEvent) => ({
  key,
  value,
  headers: { 'content-type': 'application/cloudevents+json' },
});
