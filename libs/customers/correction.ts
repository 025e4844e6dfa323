import { createHash } from 'node:crypto';
import type { CustomerPart } from '#events/event';
import { normaliseEmail, normalisePhone } from '#purposes/address';
import { CORRECTABLE, type CorrectableField, type Customer } from './customer.types.js';

/** New values; absent: left as it is, null: taken away. Addresses are normalised. */
export type Correction = Partial<Pick<Customer, CorrectableField>>;

/** The customer with what was corrected, and marks of what stood there. Pure. */
export function withCorrection(customer: Customer, facts: Correction, at: Date): Customer {
  const corrected = { ...customer.corrected };
  for (const field of CORRECTABLE) {
    const told = facts[field];
    if (told === undefined || isEqual(told, customer[field])) continue;
    corrected[field] = { at, was: digestOf(customer._id, field, customer[field]) };
  }
  return {
    ...customer,
    ...facts,
    ...(facts.locale === undefined ? {} : { localeChosenAt: at }),
    corrected,
  };
}

/**
 * What an event says, less what only repeats a fact that the person has corrected since: a booking system that has not
 * heard of it must not bring it back. A value that is new is taken, and the mark goes. Pure.
 */
export function withoutCorrected(
  customer: Customer,
  part: CustomerPart,
  country: string,
): { part: CustomerPart; corrected: Customer['corrected'] } {
  const { corrected } = customer;
  if (corrected === undefined || Object.keys(corrected).length === 0) return { part, corrected };
  const left = { ...corrected };
  const taken = { ...part };
  for (const field of CORRECTABLE) {
    const mark = left[field];
    const told = part[field];
    if (mark === undefined || told === undefined) continue;
    if (digestOf(customer._id, field, plain(field, told, country)) === mark.was) delete taken[field];
    else delete left[field];
  }
  return { part: taken, corrected: left };
}

/** As the customer would hold it. */
function plain(field: CorrectableField, told: unknown, country: string): unknown {
  if (typeof told !== 'string' || (field !== 'email' && field !== 'phone')) return told;
  const read = field === 'email' ? normaliseEmail(told) : normalisePhone(told, country);
  return read.kind === 'good' ? read.address : null;
}

function digestOf(id: string, field: CorrectableField, value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([id, field, ordered(value)]))
    .digest('base64url')
    .slice(0, 22);
}

const isEqual = (one: unknown, other: unknown): boolean =>
  JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));

/** A postal address is the same in whichever order its members came. */
const ordered = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value).sort() : value;
