import { DateTime } from 'luxon';
import type { Timing } from '#tenants/duration';

const MOST_KNOWN = 1_000;
/** Visits begin at the same few times of a day, and reading a zone's clock is dear: each is worked out once. */
const known = new Map<string, number>();

/**
 * When a step is due, counted from its anchor. `day-before` is wall-clock time in the venue's zone, so that it stays at
 * nine o'clock over both changes of the clock.
 */
export function dueFrom(anchor: Date, timing: Timing, zone: string): Date {
  switch (timing.kind) {
    case 'after':
      return new Date(anchor.getTime() + timing.ms);
    case 'before':
      return new Date(anchor.getTime() - timing.ms);
    case 'day-before': {
      const key = `${anchor.getTime()} ${timing.days} ${timing.time} ${zone}`;
      let due = known.get(key);
      if (due === undefined) {
        const [hour = 0, minute = 0] = timing.time.split(':').map(Number);
        due = DateTime.fromJSDate(anchor, { zone })
          .minus({ days: timing.days })
          .set({ hour, minute, second: 0, millisecond: 0 })
          .toMillis();
        if (known.size >= MOST_KNOWN) known.clear();
        known.set(key, due);
      }
      return new Date(due);
    }
  }
}
