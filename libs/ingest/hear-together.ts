import type { LagomEvent } from '#events/event';
import { isLostServer } from '#platform/mongo';
import type { HearEvents, HearResult } from './hear-event.js';

/** Hearings at once: while one waits for the ledger another is worked out. More would only wait for each other. */
const AT_ONCE = 2;
/** Events of one hearing, as of a topic's batch. */
const MOST_EVENTS = 200;

interface Asked {
  events: readonly LagomEvent[];
  resolve: (results: HearResult[]) => void;
  reject: (why: unknown) => void;
}

/**
 * Hears what several requests bring at once, so that many small ones cost the ledger no more than a few large ones: what
 * comes while others are being heard makes the next hearing, one request or fifty.
 */
export class HearTogether {
  private readonly waiting: Asked[] = [];
  private underWay = 0;

  constructor(private readonly hearEvents: Pick<HearEvents, 'hear'>) {}

  /** As `HearEvents.hear`: one result for each event, in order. Throws what its own events alone would throw. */
  hear(events: readonly LagomEvent[]): Promise<HearResult[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ events, resolve, reject });
      this.next();
    });
  }

  private next(): void {
    while (this.underWay < AT_ONCE && this.waiting.length > 0) {
      this.underWay += 1;
      void this.together(this.take()).finally(() => {
        this.underWay -= 1;
        this.next();
      });
    }
  }

  /** The first that wait, as many as one hearing takes; a larger one goes alone. */
  private take(): Asked[] {
    let events = 0;
    const end = this.waiting.findIndex(
      (asked, at) => (events += asked.events.length) > MOST_EVENTS && at > 0,
    );
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }

  /** Never rejects: each is told of its own end. */
  private async together(asked: readonly Asked[]): Promise<void> {
    try {
      const results = await this.hearEvents.hear(asked.flatMap(({ events }) => events));
      let from = 0;
      for (const { events, resolve } of asked) resolve(results.slice(from, (from += events.length)));
    } catch (error) {
      if (asked.length === 1 || isLostServer(error)) {
        for (const { reject } of asked) reject(error);
        return;
      }
      // Whoever's fault it was, it is nobody else's; what was heard already changes nothing a second time.
      await Promise.all(asked.map((one) => this.together([one])));
    }
  }
}
