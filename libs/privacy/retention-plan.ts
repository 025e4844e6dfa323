import { DateTime } from 'luxon';
import { isZone, localDate } from '#consent/hours';
import type { Booking } from '#customers/booking.types';
import type { Customer } from '#customers/customer.types';
import type { Purchase } from '#customers/purchase.store';
import { isMinorOn } from '#purposes/age';
import type { Policy } from '#purposes/policy';

/** All that decides how long a person's data is kept. */
export interface PersonHeld {
  customer: Customer;
  bookings: readonly Pick<Booking, 'status' | 'startsAt' | 'endsAt' | 'updatedAt'>[];
  purchases: readonly Pick<Purchase, 'at'>[];
  /** Complaints and warranty matters that are not resolved. */
  openComplaints: number;
  /** What the person has asked for (GDPR 15–22) and nobody has answered yet. */
  openRequests: number;
}

/** Why somebody's data stays, in the order in which it is asked. */
export type KeptWhy =
  /** Nothing of them is left but a tombstone, which has a time of its own. */
  | 'erased'
  /** Nothing is left but who goes on for them. */
  | 'merged'
  /** GDPR 18: it may be stored, and nothing else. */
  | 'restricted'
  | 'open-complaint'
  | 'open-request'
  /** Under 18 without a guardian's consent: it waits for one. */
  | 'minor-waiting'
  | 'future-booking'
  | 'recent-visit';

/** What becomes of a person's data now. */
export type Fate =
  /** `until`: when it goes if nothing happens; null: not by itself. */
  | { kind: 'keep'; why: KeptWhy; until: Date | null }
  /** `since`: when its time was over. */
  | { kind: 'delete'; why: 'retention' | 'minor'; since: Date };

/**
 * Whether a person's data goes now, and else why it stays and until when. Pure: the loop deletes by it, and a dry run prints
 * it. 36 months (or what the tenant's file says, in calendar months of its zone) after the last visit.
 */
export function fateOf(held: PersonHeld, policy: Policy, now: Date): Fate {
  const { customer, openComplaints, openRequests } = held;
  if (customer.erasedAt !== null) return keep('erased', null);
  if (customer.mergedInto != null) return keep('merged', null);
  if (customer.restrictedAt !== null) return keep('restricted', null);
  if (openComplaints > 0) return keep('open-complaint', null);
  if (openRequests > 0) return keep('open-request', null);
  const minorUntil = minorDeletesAt(customer, policy, now);
  if (minorUntil !== null && minorUntil <= now) return { kind: 'delete', why: 'minor', since: minorUntil };

  const last = lastVisit(held);
  const until = monthsLater(last, policy.retentionMonths, policy.timeZone);
  if (minorUntil !== null && minorUntil <= until) return keep('minor-waiting', minorUntil);
  if (last > now) return keep('future-booking', until);
  return until <= now ? { kind: 'delete', why: 'retention', since: until } : keep('recent-visit', until);
}

/**
 * The latest of: the end of a visit that took place or stands in the calendar (so that a future booking holds), and a
 * purchase. Who never came counts from when we last learnt something about them. Cancelled bookings, visits that were
 * missed and abandoned carts are no visits.
 */
export function lastVisit({ customer, bookings, purchases }: PersonHeld): Date {
  const visits = [
    ...bookings
      .filter(({ status }) => status === 'confirmed' || status === 'completed')
      .map(({ startsAt, endsAt, updatedAt }) => endsAt ?? startsAt ?? updatedAt),
    ...purchases.map(({ at }) => at),
  ];
  const dates = visits.length > 0 ? visits : [customer.createdAt, customer.updatedAt];
  return new Date(Math.max(...dates.map((date) => date.getTime())));
}

/**
 * When the data of a person who is under 18 without a guardian's consent is deleted; null: it is not, as they are grown up
 * by their own calendar, have the consent, or their age is not known.
 */
export function minorDeletesAt(customer: Customer, policy: Policy, now: Date): Date | null {
  return isMinor(customer, policy, now)
    ? new Date((customer.minorSince ?? now).getTime() + policy.minors.deleteAfterMs)
    : null;
}

/** Whether a person is known to be under 18 by their own calendar, and no guardian has consented. */
export function isMinor(
  { birthDate, guardianConsent, timeZone, erasedAt }: Customer,
  policy: Policy,
  now: Date,
): boolean {
  if (birthDate === null || guardianConsent !== null || erasedAt !== null) return false;
  return isMinorOn(birthDate, localDate(now, isZone(timeZone) ? timeZone : policy.timeZone));
}

/** In calendar months of the zone: the 31st is the month's last day where it has none. */
export function monthsLater(at: Date, months: number, zone: string): Date {
  return DateTime.fromJSDate(at, { zone }).plus({ months }).toJSDate();
}

const WORDS: Record<KeptWhy, string> = {
  erased: 'erased already: only the tombstone is left',
  merged: 'merged into another: goes with who goes on',
  restricted: 'restricted (GDPR 18): kept until the restriction is lifted',
  'open-complaint': 'a complaint or warranty matter is open',
  'open-request': 'a request of the person is open',
  'minor-waiting': "under 18: waits for a guardian's consent",
  'future-booking': 'a booking lies ahead',
  'recent-visit': 'the last visit is recent',
};

/** A fate in one line, without anything personal: what a dry run prints beside the id. */
export function sayFate(fate: Fate): string {
  if (fate.kind === 'delete') {
    const why = fate.why === 'minor' ? "under 18 without a guardian's consent" : 'its time is over';
    return `goes: ${why}, since ${fate.since.toISOString()}`;
  }
  const until = fate.until === null ? '' : `, until ${fate.until.toISOString()}`;
  return `stays: ${WORDS[fate.why]}${until}`;
}

const keep = (why: KeptWhy, until: Date | null): Fate => ({ kind: 'keep', why, until });
