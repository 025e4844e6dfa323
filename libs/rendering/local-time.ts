/** Dates and times as people say them, on the clock of a place. */

interface Wall {
  year: string;
  month: string;
  day: string;
  weekday: string;
  hour: string;
  minute: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format costs a hundred times what using it does. */
function formatOf(locale: string, timeZone: string): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'long',
      day: 'numeric',
      weekday: 'long',
      hour: '2-digit',
      minute: '2-digit',
    });
    formats.set(key, format);
  }
  return format;
}

const walls = new Map<string, Wall>();

/** What the clock there shows. Many visits begin at the same time, and a batch has one now: each is worked out once. */
function wallOf(at: Date, locale: string, timeZone: string): Wall {
  const key = `${locale} ${timeZone} ${at.getTime()}`;
  let wall = walls.get(key);
  if (!wall) {
    if (walls.size > 1000) walls.clear();
    wall = { year: '', month: '', day: '', weekday: '', hour: '', minute: '' };
    for (const { type, value } of formatOf(locale, timeZone).formatToParts(at)) {
      if (Object.hasOwn(wall, type)) wall[type as keyof Wall] = value;
    }
    walls.set(key, wall);
  }
  return wall;
}

const dayOf = (wall: Wall, thisYear: string): string =>
  `${wall.weekday} ${wall.day} ${wall.month}${wall.year === thisYear ? '' : ` ${wall.year}`}`;

const timeOf = (wall: Wall, locale: string): string =>
  locale === 'sv' ? `${wall.hour}.${wall.minute}` : `${wall.hour}:${wall.minute}`;

const between = (locale: string): string => (locale === 'sv' ? ' kl. ' : ' at ');

/** How a time is to be read to somebody. */
export interface Reading {
  locale: string;
  timeZone: string;
  /** The year that we are in at that place: it need not be said. */
  thisYear: string;
  /** Behind each time, e.g. ` (svensk tid)`; empty where nobody can mistake the clock. */
  zoneNote: string;
}

/** `torsdag 3 december kl. 10.15`, `Thursday 3 December at 10:15`. */
export function sayWhen(at: Date, reading: Reading): string {
  const { locale, timeZone, thisYear, zoneNote } = reading;
  const wall = wallOf(at, locale, timeZone);
  return dayOf(wall, thisYear) + between(locale) + timeOf(wall, locale) + zoneNote;
}

/** From start to end: `… kl. 10.15–11.15`; an end on another day is said whole. */
export function saySpan(from: Date, to: Date, reading: Reading): string {
  const { locale, timeZone, thisYear, zoneNote } = reading;
  const start = wallOf(from, locale, timeZone);
  const end = wallOf(to, locale, timeZone);
  const opening = dayOf(start, thisYear) + between(locale) + timeOf(start, locale);
  const startDay = dayOf(start, thisYear);
  const endDay = dayOf(end, thisYear);
  const closing =
    startDay === endDay ? `–${timeOf(end, locale)}` : ` – ${endDay}${between(locale)}${timeOf(end, locale)}`;
  return opening + closing + zoneNote;
}

/** The year on the calendar of a place. */
export const yearAt = (at: Date, timeZone: string): string => wallOf(at, 'en', timeZone).year;

/** Whether two zones show different clocks at an instant: Oslo and Stockholm do not. */
export function clocksDiffer(at: Date, zone: string, other: string): boolean {
  if (zone === other) return false;
  const here = wallOf(at, 'en', zone);
  const there = wallOf(at, 'en', other);
  return here.hour !== there.hour || here.minute !== there.minute || here.day !== there.day;
}

/** Cities that Swedish has its own name for. */
const SWEDISH_CITIES: Record<string, string> = {
  Copenhagen: 'Köpenhamn',
  Prague: 'Prag',
  Vienna: 'Wien',
  Warsaw: 'Warszawa',
  Rome: 'Rom',
  Athens: 'Aten',
  Lisbon: 'Lissabon',
  Brussels: 'Bryssel',
  Bucharest: 'Bukarest',
  Belgrade: 'Belgrad',
  Budapest: 'Budapest',
  Helsinki: 'Helsingfors',
  Kiev: 'Kyiv',
  Moscow: 'Moskva',
  Singapore: 'Singapore',
};

/** ` (svensk tid)`, ` (lokal tid i Istanbul)`, ` (Istanbul time)`: whose clock the time is on. */
export function noteZone(locale: string, timeZone: string): string {
  if (timeZone === 'Europe/Stockholm') return locale === 'sv' ? ' (svensk tid)' : ' (Swedish time)';
  const last = timeZone.slice(timeZone.lastIndexOf('/') + 1).replace(/_/g, ' ');
  if (!timeZone.includes('/') || timeZone.startsWith('Etc/')) return ` (${offsetName(timeZone)})`;
  return locale === 'sv' ? ` (lokal tid i ${SWEDISH_CITIES[last] ?? last})` : ` (${last} time)`;
}

/** Zones without a place: `UTC`, `GMT+3`. Names like `Etc/GMT-3` have their sign the wrong way round. */
function offsetName(timeZone: string): string {
  const found = /^Etc\/GMT([+-])(\d+)$/.exec(timeZone);
  if (found) return `UTC${found[1] === '-' ? '+' : '-'}${found[2]}`;
  return timeZone.replace(/^Etc\//, '');
}
