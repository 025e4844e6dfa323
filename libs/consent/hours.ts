import { DateTime, IANAZone } from 'luxon';
import type { Hours } from '#purposes/policy';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * When the quiet hours around `now` end in that zone, or null outside them. The end is the last instant that the wall
 * clock shows `to`, so an hour that the clock repeats is quiet both times. Equal `from` and `to`: never quiet.
 */
export function quietUntil(now: Date, zone: string, hours: Hours): Date | null {
  if (hours.from === hours.to) return null;
  const known = QUIET.get(zone);
  if (known?.at === now.getTime() && known.from === hours.from && known.to === hours.to)
    return known.until === null ? null : new Date(known.until);
  const until = quietEnd(now, zone, hours);
  if (QUIET.size >= MOST_INSTANTS) QUIET.clear();
  QUIET.set(zone, { at: now.getTime(), ...hours, until: until?.getTime() ?? null });
  return until;
}

/** The last answer in each zone: who asks about many people asks about one instant. */
const QUIET = new Map<string, Hours & { at: number; until: number | null }>();

function quietEnd(now: Date, zone: string, hours: Hours): Date | null {
  for (const [start, end] of windows(now, zone, hours, [-1, 0])) {
    if (start.first <= now.getTime() && now.getTime() < end.last) return new Date(end.last);
  }
  return null;
}

/** Whether `at` lies in the service hours of that zone, both ends included. Equal ends: always. */
export function inServiceHours(at: Date, zone: string, hours: Hours): boolean {
  return latestServiceTime(at, zone, hours).getTime() === at.getTime();
}

/** `at` itself within the service hours, else the last instant before it that was: a reminder moves earlier, never later. */
export function latestServiceTime(at: Date, zone: string, hours: Hours): Date {
  if (hours.from === hours.to) return at;
  for (const [start, end] of windows(at, zone, hours, [0, -1, -2])) {
    if (start.last <= at.getTime()) return new Date(Math.min(at.getTime(), end.first));
  }
  throw new Error(`no service hours before ${at.toISOString()} in ${zone}`);
}

/** Whether this is a zone that wall clocks can be read in. */
export function isZone(zone: string | null): zone is string {
  return zone !== null && IANAZone.create(zone).isValid;
}

const DATES = new Map<string, { format: Intl.DateTimeFormat; at: number; said: string }>();

/** The date that the calendar of a zone shows, as YYYY-MM-DD. */
export function localDate(at: Date, zone: string): string {
  // Making a formatter costs a hundred times its use, and the gate asks for each message.
  let known = DATES.get(zone);
  if (!known) {
    const digits = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, ...digits });
    DATES.set(zone, (known = { format, at: Number.NaN, said: '' }));
  }
  // Who asks about many people asks about one instant.
  if (known.at !== at.getTime()) {
    known.said = known.format.format(at);
    known.at = at.getTime();
  }
  return known.said;
}

interface Instants {
  first: number;
  last: number;
}

/** The hours that begin on the local day of `at` plus each of `days`, as instants; reckoned as far as they are asked for. */
function* windows(
  at: Date,
  zoneName: string,
  hours: Hours,
  days: readonly number[],
): Generator<[Instants, Instants]> {
  const zone = IANAZone.create(zoneName);
  if (!zone.isValid) throw new RangeError(`not a time zone: ${zoneName}`);
  const [from, to] = [minutes(hours.from), minutes(hours.to)];
  const { year, month, day } = DateTime.fromJSDate(at, { zone });
  for (const offset of days) {
    const midnight = Date.UTC(year, month - 1, day + offset);
    const end = midnight + to * MINUTE + (from > to ? DAY : 0);
    yield [knownInstants(midnight + from * MINUTE, zone), knownInstants(end, zone)];
  }
}

const INSTANTS = new Map<string, Instants>();
const MOST_INSTANTS = 5_000;

/** A zone's offset costs a formatting each, and a day's messages all ask about the same few wall times. */
function knownInstants(wall: number, zone: IANAZone): Instants {
  const key = `${zone.name} ${wall}`;
  let known = INSTANTS.get(key);
  if (!known) {
    if (INSTANTS.size >= MOST_INSTANTS) INSTANTS.clear();
    INSTANTS.set(key, (known = instants(wall, zone)));
  }
  return known;
}

/**
 * The instants at which a zone's clock shows a wall time (given as if it were UTC): one; two where the clock goes back;
 * where it jumps over that time, the jump itself.
 */
function instants(wall: number, zone: IANAZone): Instants {
  const offsets = [zone.offset(wall - DAY), zone.offset(wall + DAY)];
  const found = offsets
    .map((offset) => wall - offset * MINUTE)
    .filter((t) => t + zone.offset(t) * MINUTE === wall);
  if (found.length > 0) return { first: Math.min(...found), last: Math.max(...found) };
  let before = wall - Math.max(...offsets) * MINUTE;
  let after = wall - Math.min(...offsets) * MINUTE;
  const old = zone.offset(before);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (zone.offset(middle) === old) before = middle;
    else after = middle;
  }
  return { first: after, last: after };
}

function minutes(time: string): number {
  const match = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(time);
  if (!match) throw new RangeError(`not a wall time HH:mm: ${time}`);
  return Number(match[1]) * 60 + Number(match[2]);
}
