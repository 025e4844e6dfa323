import type { LagomEvent } from '#events/event';
import type { DeadLetter, DeadLetterStore, Whose } from '#messaging/dead-letter.store';
import type { EventSink } from '#messaging/event-sink';
import type { Heard } from '#messaging/event-source';
import type { Clock } from '#platform/clock';

/** The header of what is driven again: it was said long ago, whatever its own clock says. */
const REDRIVEN = 'lagom-redriven';
/** Topics that somebody hears and whose messages are dead-lettered as they came. */
const REDRIVABLE: readonly string[] = ['booking.events'];
const PAGE = 100;
/** How many one call drives again at most. */
export const MOST_REDRIVEN = 1_000;

/** What became of each letter; `more`: others are still open. */
export interface Redriven {
  redriven: string[];
  skipped: { id: string; why: string }[];
  more: boolean;
}

/**
 * Drives dead letters again, once what made them poison is mended (PROTOCOL D5): the same bytes on the same topic under
 * the same key, so that the same CloudEvents id and the same guards apply. First produced, then `open` → `redriven`: a
 * crash between leaves it open, and an event heard twice changes nothing. One that fails again is a new dead letter.
 */
export class Redrive {
  constructor(
    private readonly letters: DeadLetterStore,
    private readonly sink: EventSink,
    private readonly clock: Clock,
  ) {}

  /** These letters, in the order in which they died; `by` is kept with them. */
  async redrive(whose: Whose, ids: readonly string[], by: string): Promise<Redriven> {
    const found = await this.letters.findByIds(whose, ids);
    const known = new Set(found.map(({ _id }) => _id));
    const { redriven, skipped } = await this.drive(found, by);
    const unknown = [...new Set(ids)].filter((id) => !known.has(id));
    return {
      redriven,
      skipped: [...skipped, ...unknown.map((id) => ({ id, why: 'not known' }))],
      more: false,
    };
  }

  /** All that are open now, the oldest first, as many as one call does. What dies again meanwhile stays. */
  async redriveAll(whose: Whose, by: string): Promise<Redriven> {
    const all: Redriven = { redriven: [], skipped: [], more: false };
    const until = this.clock.now();
    for (let after: DeadLetter | null = null; ;) {
      const page: DeadLetter[] = await this.letters.openUntil(whose, until, after, PAGE);
      const { redriven, skipped } = await this.drive(page, by);
      all.redriven.push(...redriven);
      all.skipped.push(...skipped);
      after = page.at(-1) ?? null;
      if (page.length < PAGE || after === null) return all;
      if (all.redriven.length >= MOST_REDRIVEN) return { ...all, more: true };
    }
  }

  private async drive(letters: readonly DeadLetter[], by: string): Promise<Omit<Redriven, 'more'>> {
    const skipped: Redriven['skipped'] = [];
    const going = letters.filter(({ _id: id, status, topic }) => {
      if (status !== 'open') skipped.push({ id, why: 'driven again already' });
      else if (!REDRIVABLE.includes(topic)) skipped.push({ id, why: `nothing is driven again on ${topic}` });
      else return true;
      return false;
    });
    for (const topic of REDRIVABLE) {
      const own = going.filter((letter) => letter.topic === topic);
      if (own.length === 0) continue;
      await this.sink.produce(
        topic,
        own.map(({ key, headers, value }) => ({
          key,
          value: Buffer.from(value, 'base64'),
          headers: { ...Object.fromEntries(headers), [REDRIVEN]: 'true' },
        })),
      );
      await this.letters.markRedriven(own, by, this.clock.now());
    }
    return { redriven: going.map(({ _id }) => _id), skipped };
  }
}

/** The event as heard, marked where it was driven again: what it gives then lifts nothing (PROTOCOL B6). */
export function markedRedriven(heard: Pick<Heard, 'headers'>, event: LagomEvent): LagomEvent {
  return heard.headers[REDRIVEN] === undefined ? event : { ...event, redriven: true };
}
