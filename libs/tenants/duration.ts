/** When a step of a journey fires, seen from what it is about. */
export type Timing =
  | { kind: 'after'; ms: number }
  | { kind: 'before'; ms: number }
  /** At that time of the venue's day, so many days before. */
  | { kind: 'day-before'; days: number; time: string };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: readonly (readonly [ms: number, short: string, names: readonly string[]])[] = [
  [DAY, 'd', ['d', 'day', 'days']],
  [HOUR, 'h', ['h', 'hour', 'hours']],
  [MINUTE, 'm', ['m', 'min', 'minute', 'minutes']],
  [SECOND, 's', ['s', 'second', 'seconds']],
];
const UNIT_MS = new Map(UNITS.flatMap(([ms, , names]) => names.map((name) => [name, ms] as const)));

/** Longer ones are a slip of the hand. */
const LONGEST = 366 * DAY;
const MOST_DAYS_BEFORE = 30;

/** `5s`, `10 min`, `72h`, `3d`, `7 days` in milliseconds; null for anything else. A day is 24 hours. */
export function parseDuration(text: string): number | null {
  const [, amount, unit = ''] = /^(\d{1,9}) ?([a-z]+)$/.exec(text.trim()) ?? [];
  const unitMs = UNIT_MS.get(unit);
  if (amount === undefined || unitMs === undefined) return null;
  const ms = Number(amount) * unitMs;
  return ms <= LONGEST ? ms : null;
}

/** The same in its shortest form: `90s`, `3d`. */
export function formatDuration(ms: number): string {
  const [unitMs, unit] = UNITS.find(([size]) => ms % size === 0 && (ms > 0 || size === SECOND)) ?? [1, 'ms'];
  return `${ms / unitMs}${unit}`;
}

/** `36 months`, `1 month`, `3 years` in calendar months; null for anything else. */
export function parseMonths(text: string): number | null {
  const [, amount, unit] = /^([1-9]\d{0,2}) ?(months?|years?)$/.exec(text.trim()) ?? [];
  if (amount === undefined || unit === undefined) return null;
  return Number(amount) * (unit.startsWith('y') ? 12 : 1);
}

/** `24h`, `2h before`, `09:00 the day before`, `18:00 2 days before`; null for anything else. */
export function parseTiming(text: string): Timing | null {
  const words = text.trim();
  const [, time, days] = /^(\d\d:\d\d) (?:the day|(\d{1,2}) days?) before$/.exec(words) ?? [];
  if (time !== undefined) {
    const count = days === undefined ? 1 : Number(days);
    return isTime(time) && count >= 1 && count <= MOST_DAYS_BEFORE
      ? { kind: 'day-before', days: count, time }
      : null;
  }
  const [, span] = /^(.*\S) before$/.exec(words) ?? [];
  const ms = parseDuration(span ?? words);
  if (ms === null) return null;
  return { kind: span === undefined ? 'after' : 'before', ms };
}

/** A timing in the words that `parseTiming` reads. */
export function formatTiming(timing: Timing): string {
  switch (timing.kind) {
    case 'after':
      return formatDuration(timing.ms);
    case 'before':
      return `${formatDuration(timing.ms)} before`;
    case 'day-before':
      return `${timing.time} ${timing.days === 1 ? 'the day' : `${timing.days} days`} before`;
    default:
      return timing satisfies never;
  }
}

/** `21:00-08:00`, with a hyphen or a dash; null for anything else, and for hours of no length. */
export function parseHours(text: string): { from: string; to: string } | null {
  const [, from, to] = /^(\d\d:\d\d) ?[-–] ?(\d\d:\d\d)$/.exec(text.trim()) ?? [];
  if (from === undefined || to === undefined || from === to) return null;
  return isTime(from) && isTime(to) ? { from, to } : null;
}

const isTime = (text: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
