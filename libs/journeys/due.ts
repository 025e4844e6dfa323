import { DateTime } from 'luxon';
import type { Timing } from '#tenants/duration';

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
      const [hour = 0, minute = 0] = timing.time.split(':').map(Number);
      return DateTime.fromJSDate(anchor, { zone })
        .minus({ days: timing.days })
        .set({ hour, minute, second: 0, millisecond: 0 })
        .toJSDate();
    }
  }
}
