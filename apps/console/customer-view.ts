import { inForce } from '#consent/choices';
import type { Suppression } from '#consent/suppression';
import type { Booking } from '#customers/booking.types';
import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import { isMinor, minorDeletesAt } from '#privacy/retention-plan';
import type { Choice } from '#purposes/choice';
import type { Policy } from '#purposes/policy';
import { listed, type ListedMessage } from './message-view.js';

/** What is known of a person, as staff see it. */
export interface CustomerView {
  id: string;
  tenant: string;
  name: string | null;
  email: string | null;
  phone: string | null;
  locale: string | null;
  timeZone: string | null;
  birthDate: string | null;
  guardianConsent: Customer['guardianConsent'];
  /** Known to be under 18 by their own calendar, without a guardian's consent: nothing but a legal duty is sent. */
  minor: boolean;
  /** When a minor's data is deleted if no guardian consents and they do not come of age before; else null. */
  deletesAt: Date | null;
  address: Customer['address'];
  attributes: Customer['attributes'];
  version: number | null;
  /** Until when the person wants no marketing, though they said no no. */
  marketingPausedUntil: Date | null;
  restrictedAt: Date | null;
  erasedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  /** What is in force; `choiceLog` is the whole log with its proof. */
  choices: ReturnType<typeof inForce>;
  choiceLog: Choice[];
  softOptIns: Customer['softOptIns'];
  suppressions: SuppressionView[];
  bookings: Omit<Booking, '_id' | 'tenant' | 'rev' | 'gen' | 'sequence'>[];
  messages: ListedMessage[];
}

interface SuppressionView {
  channel: string;
  /** `all`, or the stream that is stopped; or the purpose that was said no to about this address. */
  scope?: string;
  cause?: string;
  purpose?: string;
  state?: string;
  at: Date;
}

export function customerView(
  customer: Customer,
  bookings: readonly Booking[],
  rows: readonly MessageRow[],
  records: readonly Suppression[],
  { policy, now }: { policy: Policy; now: Date },
): CustomerView {
  const { choiceLog } = customer;
  return {
    id: customer.customer,
    tenant: customer.tenant,
    name: customer.name,
    email: customer.email,
    phone: customer.phone,
    locale: customer.locale,
    timeZone: customer.timeZone,
    birthDate: customer.birthDate,
    guardianConsent: customer.guardianConsent,
    minor: isMinor(customer, policy, now),
    deletesAt: minorDeletesAt(customer, policy, now),
    address: customer.address,
    attributes: customer.attributes,
    version: customer.gen?.version ?? null,
    marketingPausedUntil: customer.marketingPausedUntil ?? null,
    restrictedAt: customer.restrictedAt,
    erasedAt: customer.erasedAt,
    createdAt: customer.createdAt,
    updatedAt: customer.updatedAt,
    choices: inForce(choiceLog),
    choiceLog,
    softOptIns: customer.softOptIns,
    suppressions: records.map(shown),
    bookings: bookings.map(
      ({ _id, tenant: _tenant, rev: _rev, gen: _gen, sequence: _sequence, ...booking }) => {
        void _id;
        return booking;
      },
    ),
    messages: rows.map(listed),
  };
}

function shown(record: Suppression): SuppressionView {
  const { channel, at } = record;
  return record.kind === 'suppressed'
    ? { channel, scope: record.scope, cause: record.cause, at }
    : { channel, purpose: record.purpose, state: record.state, at };
}
