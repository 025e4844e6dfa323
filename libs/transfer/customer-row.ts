import { createHash } from 'node:crypto';
import type { CustomerPart } from '#events/event';
import type { Generation } from '#events/generation';
import { customer } from '#events/parts';
import type { AttributeType } from '#tenants/tenant';
import {
  addressesIn,
  faultOf,
  pastTimeOf,
  refusedRow,
  textOf,
  throughSchema,
  type RowContext,
  type RowRead,
} from './row-values.js';

/** A row of customers: what events say of a person, and how far it has come. */
export interface CustomerRow {
  part: CustomerPart;
  gen: Generation;
  addresses: { kind: 'email' | 'phone'; address: string }[];
}

/** Rows that say neither a version nor when they were true are older than every event. */
const LONG_AGO = new Date(0);

/**
 * Reads a row of customers. It says how new it is by `version`, or by `updatedAt`; where it says neither, it adds people
 * and mends what imports said of them, and leaves alone whatever an event has said.
 */
export function readCustomerRow(
  row: Readonly<Record<string, unknown>>,
  context: RowContext,
): RowRead<CustomerRow> {
  const warnings: string[] = [];
  const told: Record<string, unknown> = {
    id: textOf(row['id']),
    version: numberOf(row['version']),
    name: textOf(row['name']) ?? fullName(row),
    email: textOf(row['email']),
    phone: textOf(row['phone']),
    locale: textOf(row['locale']),
    timeZone: textOf(row['timeZone']),
    birthDate: dateOf(row['birthDate']),
    address: row['address'] ?? addressOf(row, context, warnings),
    guardianConsent: guardianOf(row, context),
    attributes: attributesOf(row, context, warnings),
    devices: row['devices'],
  };
  for (const field of Object.keys(told)) if (told[field] === undefined) delete told[field];
  const read = throughSchema(customer, told);
  const faults = 'faults' in read ? read.faults : [];
  if (row['birthDate'] === null) {
    // A minor would become an adult of whom nobody knows the age.
    faults.push(faultOf('birthDate', 'a date YYYY-MM-DD: an import clears no birth date', null));
  }
  const { addresses, faults: bad } = addressesIn(row, context);
  faults.push(...bad.filter(({ field }) => !faults.some((one) => one.field === field)));
  const since = row['updatedAt'] == null ? null : pastTimeOf('updatedAt', row['updatedAt'], context);
  if (since !== null && 'fault' in since) faults.push(since.fault);
  if ('faults' in read || faults.length > 0) return refusedRow(...faults);
  const part = read.value;
  if (part.guardianConsent && (part.guardianConsent.evidence ?? '') === '') {
    return refusedRow(faultOf('guardianConsent.evidence', 'the proof of a guardian’s consent', undefined));
  }
  if (part.guardianConsent && part.guardianConsent.at > context.now) {
    return refusedRow(faultOf('guardianConsent.at', 'a time that is past', undefined));
  }
  return {
    kind: 'row',
    warnings,
    value: {
      part,
      addresses,
      gen: {
        version: part.version ?? null,
        time: since !== null && 'at' in since ? since.at : LONG_AGO,
        event: `import:${digestOf(told)}`,
      },
    },
  };
}

/** The same row is the same wherever it comes again. */
function digestOf(told: object): string {
  return createHash('sha256').update(JSON.stringify(told)).digest('base64url').slice(0, 22);
}

function numberOf(value: unknown): unknown {
  const text = textOf(value);
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : value;
}

function dateOf(value: unknown): unknown {
  const text = textOf(value);
  const [, year, month, day] = (typeof text === 'string' ? /^(\d{4})(\d{2})(\d{2})$/.exec(text) : null) ?? [];
  if (value === null) return undefined;
  return year === undefined ? text : `${year}-${month ?? ''}-${day ?? ''}`;
}

function fullName(row: Readonly<Record<string, unknown>>): string | undefined {
  const parts = [textOf(row['firstName']), textOf(row['lastName'])].filter(
    (part): part is string => typeof part === 'string' && part !== '',
  );
  return parts.length === 0 ? undefined : parts.join(' ');
}

function addressOf(
  row: Readonly<Record<string, unknown>>,
  { tenant }: RowContext,
  warnings: string[],
): unknown {
  const at = (part: string): unknown => textOf(row[`address.${part}`]);
  const lines = [at('line1'), at('line2')].filter((line) => line !== undefined && line !== '');
  const [postalCode, city] = [at('postalCode'), at('city')];
  if (lines.length === 0 && postalCode === undefined && city === undefined) return undefined;
  if (lines.length === 0 || postalCode === undefined || city === undefined) {
    warnings.push('an address without a street, a postal code or a city; kept out');
    return undefined;
  }
  return { lines, postalCode, city, country: at('country') ?? tenant.country };
}

function guardianOf(row: Readonly<Record<string, unknown>>, { tenant, now }: RowContext): unknown {
  if (row['guardianConsent'] !== undefined) return row['guardianConsent'];
  const [by, at, evidence] = ['by', 'at', 'evidence'].map((part) => textOf(row[`guardianConsent.${part}`]));
  if (by === undefined && at === undefined && evidence === undefined) return undefined;
  const time = at === undefined ? null : pastTimeOf('guardianConsent.at', at, { tenant, now });
  return {
    ...(by === undefined ? {} : { by }),
    ...(at === undefined ? {} : { at: time !== null && 'at' in time ? time.at.toISOString() : at }),
    ...(evidence === undefined ? {} : { evidence }),
  };
}

function attributesOf(
  row: Readonly<Record<string, unknown>>,
  { tenant }: RowContext,
  warnings: string[],
): unknown {
  if (row['attributes'] !== undefined) return row['attributes'];
  const found: Record<string, unknown> = {};
  for (const [name, { type }] of Object.entries(tenant.attributes)) {
    const told = row[`attributes.${name}`];
    if (told === undefined) continue;
    const value = typed(told, type);
    if (value === undefined) warnings.push(`attributes.${name}: expected ${type}; kept out`);
    else found[name] = value;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

const YES = /^(?:true|yes|ja|sant|1)$/i;
const NO = /^(?:false|no|nej|falskt|0)$/i;

/** A cell as the tenant's file declares it; undefined: it is none. */
function typed(value: unknown, type: AttributeType): unknown {
  if (value === null || typeof value === type) return value;
  const text = textOf(value);
  if (typeof text !== 'string') return undefined;
  switch (type) {
    case 'string':
      return text;
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : undefined;
    case 'number':
      return /^-?\d+(?:[.,]\d+)?$/.test(text) ? Number(text.replace(',', '.')) : undefined;
    case 'boolean':
      return YES.test(text) ? true : NO.test(text) ? false : undefined;
  }
}
