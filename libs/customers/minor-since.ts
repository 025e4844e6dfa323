import { isMinorOn } from '#purposes/age';
import type { Customer } from './customer.types.js';

/** No calendar on earth is further behind UTC. */
const LATEST_CALENDAR_MS = 12 * 3_600_000;

/**
 * A customer as they are to be written, with since when they are known to be under 18 without a guardian's consent.
 * Worked out from what is written, so that no way of writing can forget it. A corrected birth date that still is a minor's
 * begins no new wait; a consent, or an adult's birth date, ends it. Whether they have come of age meanwhile is asked by
 * who acts on it, by the person's own calendar.
 */
export function withMinorSince(before: Customer | null, after: Customer): Customer {
  const since = minorSince(before, after);
  return (after.minorSince ?? null) === since ? after : { ...after, minorSince: since };
}

function minorSince(before: Customer | null, { birthDate, guardianConsent, erasedAt, ...after }: Customer) {
  if (birthDate === null || guardianConsent !== null || erasedAt !== null) return null;
  const latest = new Date(after.updatedAt.getTime() - LATEST_CALENDAR_MS);
  if (!isMinorOn(birthDate, latest.toISOString().slice(0, 10))) return null;
  // Of one who comes back after an erasure all begins anew.
  return (before?.erasedAt ? null : (before?.minorSince ?? after.minorSince)) ?? after.updatedAt;
}
