import { DateTime } from 'luxon';

/** What a person can ask for about their data (GDPR 15–18, 20, 21). */
export const REQUEST_KINDS = [
  'access',
  'portability',
  'rectification',
  'restriction',
  'objection',
  'erasure',
] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** How it reached us. */
export const REQUEST_WAYS = [
  'page',
  'staff',
  'booking-system',
  'phone',
  'mail',
  'letter',
  'in-person',
] as const;
export type RequestWay = (typeof REQUEST_WAYS)[number];

export const REQUEST_STATES = ['open', 'done', 'refused'] as const;
export type RequestState = (typeof REQUEST_STATES)[number];

/** Who did something about a request, when, and the reason that was given. */
export interface RequestStep {
  at: Date;
  what: 'received' | 'extended' | 'done' | 'refused';
  /** A key's name, `person`, `booking-system` or `lagom`. */
  by: string;
  /** What the person was told; gone with the person's erasure. */
  reason?: string;
}

/** One request of a person, with the clock that runs for it (GDPR 12(3)). */
export interface PrivacyRequest {
  _id: string;
  tenant: string;
  /** null: nobody who is known by an id yet. */
  customer: string | null;
  kind: RequestKind;
  way: RequestWay;
  /** What was asked for, in words; gone with the person's erasure. */
  note: string | null;
  receivedAt: Date;
  /** One month after it came; with an extension three. */
  dueAt: Date;
  extended: boolean;
  status: RequestState;
  endedAt: Date | null;
  log: RequestStep[];
}

/**
 * The day by which a request is to be answered (GDPR 12(3)): a month after it came, three where it was extended; at the
 * same time of the day, on the month's last day where it has no such day. By the tenant's calendar.
 */
export function dueAt(receivedAt: Date, extended: boolean, timeZone: string): Date {
  return DateTime.fromJSDate(receivedAt, { zone: timeZone })
    .plus({ months: extended ? 3 : 1 })
    .toJSDate();
}

export function isOverdue(
  { status, dueAt: due }: Pick<PrivacyRequest, 'status' | 'dueAt'>,
  now: Date,
): boolean {
  return status === 'open' && due < now;
}
