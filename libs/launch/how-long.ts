import { boundOn, dayIn, nextDay, type RampedDomain } from './ramp.js';

const HOUR = 3_600_000;

/**
 * How long so many messages take from `begin` on, in hours: at a pace, and at the places that a new sending domain has left
 * today and on each day after. Null: as fast as the tenant's senders go. Pure.
 */
export function hoursFor(
  count: number,
  begin: Date,
  pace: { perHour: number } | null,
  ramp: { of: RampedDomain; today: string; taken: number } | null,
): number | null {
  let left = count;
  let at = begin;
  let isBound = pace !== null;
  while (ramp !== null) {
    const { of, today, taken } = ramp;
    const day = dayIn(of.zone, at);
    const bound = boundOn(of.ramp, day);
    if (bound === null) break;
    const room = Math.max(0, bound - (day === today ? taken : 0));
    const next = nextDay(of, at);
    const byPace = pace === null ? room : Math.floor((pace.perHour * (next.getTime() - at.getTime())) / HOUR);
    if (left <= Math.min(room, byPace)) break;
    left -= Math.min(room, byPace);
    at = next;
    isBound = true;
  }
  if (!isBound) return null;
  const hours = (at.getTime() - begin.getTime()) / HOUR + (pace === null ? 0 : left / pace.perHour);
  return Math.round(hours * 100) / 100;
}
