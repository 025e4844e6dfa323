import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { Stream } from '#purposes/stream';

/** What the stop button stops: all that is named must be so; what is not named may be any. */
export interface PauseScope {
  stream: Stream | null;
  channel: Channel | null;
  purpose: Purpose | null;
}

/** A pressed stop button: what it stops in one tenant, since when and by whom. */
export interface Pause extends PauseScope {
  _id: string;
  tenant: string;
  at: Date;
  by: string;
}

/** How long until a held message is looked at again: nobody tells it when the button is let go. */
export const LOOK_AGAIN_MS = 60_000;

/** The next look at a message while any of these stops it, or null. What no button may stop, the gate knows. */
export function pausedUntil(
  pauses: readonly PauseScope[],
  about: { purpose: Purpose; channel: Channel },
  now: Date,
): Date | null {
  const named = { ...about, stream: RULES[about.purpose].stream };
  return pauses.some((pause) => isWithin(named, pause)) ? new Date(now.getTime() + LOOK_AGAIN_MS) : null;
}

/** Whether all that the one names lies in the other. */
export function isWithin(inner: PauseScope, outer: PauseScope): boolean {
  const stream = inner.purpose === null ? inner.stream : RULES[inner.purpose].stream;
  return (
    (outer.stream === null || outer.stream === stream) &&
    (outer.channel === null || outer.channel === inner.channel) &&
    (outer.purpose === null || outer.purpose === inner.purpose)
  );
}
