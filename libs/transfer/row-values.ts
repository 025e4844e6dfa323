import { DateTime } from 'luxon';
import type { z } from 'zod';
import { explain, mismatch } from '#events/explain-fault';
import { toInstant } from '#events/formats';
import { normaliseEmail, normalisePhone } from '#purposes/address';
import type { Address } from '#privacy/withdraw';
import type { Tenant } from '#tenants/tenant';
import type { RowFault } from './import.types.js';

/** What a row says once it is read, or what is wrong with it: a row is taken whole or not at all. */
export type RowRead<T> =
  { kind: 'row'; value: T; warnings: string[] } | { kind: 'refused'; faults: RowFault[] };

/** What every row is read with. */
export interface RowContext {
  tenant: Tenant;
  now: Date;
}

export const refusedRow = (...faults: RowFault[]): { kind: 'refused'; faults: RowFault[] } => ({
  kind: 'refused',
  faults,
});

/** One fault of a field, in the words of the house: the value is not repeated. */
export function faultOf(field: string, expected: string, value: unknown, echo = false): RowFault {
  return { field, detail: mismatch([], expected, value, echo).detail };
}

/** A record through its schema; what zod found, in our words. */
export function throughSchema<S extends z.ZodType>(
  schema: S,
  record: Record<string, unknown>,
): { value: z.output<S> } | { faults: RowFault[] } {
  const read = schema.safeParse(record);
  if (read.success) return { value: read.data };
  return {
    faults: explain(read.error.issues, schema, record, []).map(({ path, detail }) => ({
      field: path,
      detail,
    })),
  };
}

/** Text without what surrounds it; a number as its digits (an id that a JSON file has as a number); anything else as it is. */
export function textOf(value: unknown): unknown {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
}

const LOCAL = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?$/;
const SECONDS_FROM = 100_000_000;
const MILLISECONDS_FROM = 100_000_000_000;

/**
 * A time as files have it: RFC 3339; a date or a date and time without a zone, which is read in the tenant's; seconds or
 * milliseconds since 1970. null: none of these.
 */
export function timeOf(value: unknown, zone: string): Date | null {
  const text = textOf(value);
  if (typeof text !== 'string') return null;
  if (/^\d{9,13}$/.test(text)) {
    const since = Number(text);
    if (since < SECONDS_FROM) return null;
    return new Date(since >= MILLISECONDS_FROM ? since : since * 1_000);
  }
  const [, date, time] = LOCAL.exec(text) ?? [];
  if (date === undefined) return toInstant(text);
  const at = DateTime.fromISO(time === undefined ? date : `${date}T${time}`, { zone });
  return at.isValid ? at.toJSDate() : null;
}

export const A_PAST_TIME = 'a time that is past, as RFC 3339 or YYYY-MM-DD';

/** A time that must not lie ahead: what has not happened yet proves nothing. */
export function pastTimeOf(
  field: string,
  value: unknown,
  { tenant, now }: RowContext,
): { at: Date } | { fault: RowFault } {
  const at = timeOf(value, tenant.timeZone);
  if (at !== null && at <= now) return { at };
  return { fault: faultOf(field, A_PAST_TIME, value, true) };
}

/** The addresses that a row names, in their one form. */
export function addressesIn(
  row: Readonly<Record<string, unknown>>,
  { tenant }: RowContext,
): { addresses: Address[]; faults: RowFault[] } {
  const addresses: Address[] = [];
  const faults: RowFault[] = [];
  for (const kind of ['email', 'phone'] as const) {
    const told = textOf(row[kind]);
    if (told === undefined || told === null || told === '') continue;
    const read =
      typeof told !== 'string'
        ? null
        : kind === 'email'
          ? normaliseEmail(told)
          : normalisePhone(told, tenant.country);
    if (read?.kind === 'good') addresses.push({ kind, address: read.address });
    else faults.push(faultOf(kind, expectedAddress(kind, tenant.country), told));
  }
  return { addresses, faults };
}

const expectedAddress = (kind: Address['kind'], country: string): string =>
  kind === 'email'
    ? 'an email address, as name@example.se'
    : `a phone number of ${country}, or one with its country code (+46…)`;
