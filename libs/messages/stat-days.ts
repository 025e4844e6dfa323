import { DateTime } from 'luxon';

/** A day of a tenant, as an instant to an instant; the first and the last may be cut. */
export interface StatDay {
  day: string;
  from: Date;
  to: Date;
}

/** The days from `from` to before `to` in a zone: of 23 or 25 hours where its clocks change. Pure. */
export function statDays(from: Date, to: Date, zone: string): StatDay[] {
  const days: StatDay[] = [];
  for (let at = DateTime.fromJSDate(from, { zone }); at.toJSDate() < to;) {
    const next = at.startOf('day').plus({ days: 1 });
    const end = next.toJSDate() < to ? next.toJSDate() : to;
    days.push({ day: at.toISODate() ?? '', from: at.toJSDate(), to: end });
    at = next;
  }
  return days;
}
