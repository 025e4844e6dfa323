import { DateTime } from 'luxon';
import { z } from 'zod';

const TIME = 'expected a day (2026-11-30) or an RFC 3339 date-time';
const DAY = /^\d{4}-\d{2}-\d{2}$/;

const moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })], TIME).optional();

/** From when to before when, by days of the tenant's zone or by times: spread into a query. */
export const spanQuery = { from: moment, to: moment };

/** What a query names of it. */
export interface Span {
  from?: string | undefined;
  to?: string | undefined;
}

/** A day begins with its first instant in the zone, and is meant whole as the end, too. */
export function spanIn({ from, to }: Span, zone: string): { from?: DateTime; to?: DateTime } {
  const read = (text: string): DateTime => DateTime.fromISO(text, { zone });
  return {
    ...(from === undefined ? {} : { from: read(from) }),
    ...(to === undefined ? {} : { to: DAY.test(to) ? read(to).startOf('day').plus({ days: 1 }) : read(to) }),
  };
}

/** The same as instants, as stores are asked. */
export function instantsIn(asked: Span, zone: string): { from?: Date; to?: Date } {
  const { from, to } = spanIn(asked, zone);
  return {
    ...(from === undefined ? {} : { from: from.toJSDate() }),
    ...(to === undefined ? {} : { to: to.toJSDate() }),
  };
}
