import { hash } from 'node:crypto';
import ical, {
  ICalAttendeeRole,
  ICalAttendeeStatus,
  ICalCalendarMethod,
  ICalEvent,
  ICalEventBusyStatus,
  ICalEventStatus,
} from 'ical-generator';
import { foldLines } from './fold-lines.js';
import { phoneFor } from './message-view.js';
import type { Attachment, RenderInput } from './rendered.js';

export type InviteMethod = 'REQUEST' | 'CANCEL';

export type InviteResult = { kind: 'invite'; attachment: Attachment } | { kind: 'invalid'; problem: string };

const HOUR_MS = 3_600_000;
/** RFC 5545 3.3.8: an integer has 32 bits. */
const MAX_SEQUENCE = 2 ** 31 - 1;

/**
 * The booking as an invitation (RFC 5545, 5546). The same booking always has the same UID, so that a change moves the
 * entry in the person's calendar and a cancellation takes it away. It names the service only where the tenant shows such
 * names everywhere: a calendar is often shared (GDPR 9).
 */
export function calendarInvite(method: InviteMethod, input: RenderInput, locale: string): InviteResult {
  const { tenant, person, booking, now } = input;
  if (!booking?.startsAt) return { kind: 'invalid', problem: 'booking.startsAt is missing' };
  if (!Number.isSafeInteger(booking.sequence) || booking.sequence < 0) {
    return { kind: 'invalid', problem: 'booking.sequence is not a whole number from 0' };
  }
  // Copies: the library knows a date by its class, and one that crossed a realm or a wire may have another.
  const start = new Date(booking.startsAt.getTime());
  const end =
    booking.endsAt && booking.endsAt > start
      ? new Date(booking.endsAt.getTime())
      : new Date(start.getTime() + HOUR_MS);
  const words = WORDS[locale] ?? ENGLISH;
  const called = method === 'CANCEL';
  const event = new ICalEvent(
    {
      id: inviteUid(tenant.id, booking.id, tenant.host),
      sequence: sequenceOf(booking.sequence),
      stamp: new Date(now.getTime()),
      // Instants in UTC: right in every calendar and on both sides of a clock change, with no zone to ship.
      start,
      end,
      summary: tidy(words.summary(tenant.name, tenant.showServiceNames ? booking.service : null)),
      description: tidy(called ? words.cancelled : words.contact(phoneFor(input, locale), tenant.email)),
      location: booking.location ? tidy(booking.location) : null,
      url: called || !booking.url ? null : new URL(booking.url).href,
      status: called ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
      busystatus: called ? ICalEventBusyStatus.FREE : ICalEventBusyStatus.BUSY,
      organizer: { name: parameter(tenant.name), email: tidy(tenant.email) },
      attendees: person.email
        ? [
            {
              email: tidy(person.email),
              ...(person.name === null ? {} : { name: parameter(person.name) }),
              role: ICalAttendeeRole.REQ,
              // They booked: there is nothing to answer, and nobody reads an answer.
              status: ICalAttendeeStatus.ACCEPTED,
              rsvp: false,
            },
          ]
        : [],
    },
    ical(),
  );
  return {
    kind: 'invite',
    attachment: {
      filename: 'invite.ics',
      contentType: `text/calendar; charset=utf-8; method=${method}`,
      content: inEnvelope(event.toString(), method, locale),
    },
  };
}

const envelopes = new Map<string, string>();

/**
 * The calendar around an event. The library writes both; only its folding is not used: it encodes each character by itself
 * and takes nine tenths of the time.
 */
function inEnvelope(event: string, method: InviteMethod, locale: string): string {
  const key = `${method} ${locale}`;
  let envelope = envelopes.get(key);
  if (!envelope) {
    const prodId = { company: 'Lagom', product: 'Lagom', language: locale.toUpperCase() };
    envelope = ical({ prodId, method: ICalCalendarMethod[method] })
      .toString()
      .replace(/END:VCALENDAR\s*$/, '');
    envelopes.set(key, (envelope = foldLines(envelope)));
  }
  return `${envelope}${foldLines(event)}END:VCALENDAR\r\n`;
}

/** Stable per tenant and booking, and says neither. */
export function inviteUid(tenant: string, booking: string, host: string): string {
  return `${hash('sha256', JSON.stringify([tenant, booking]), 'hex').slice(0, 32)}@${host}`;
}

/** Versions may be times in milliseconds; in seconds they fit and still rise, and DTSTAMP decides between equals. */
function sequenceOf(sequence: number): number {
  return sequence <= MAX_SEQUENCE ? sequence : Math.min(Math.floor(sequence / 1000), MAX_SEQUENCE);
}

interface Words {
  summary(tenant: string, service: string | null): string;
  contact(phone: string, email: string): string;
  cancelled: string;
}

const ENGLISH: Words = {
  summary: (tenant, service) => (service ? `${service} with ${tenant}` : `Booking with ${tenant}`),
  contact: (phone, email) => `Need to change or cancel? Call ${phone} or write to ${email}.`,
  cancelled: 'This booking has been cancelled.',
};

const WORDS: Record<string, Words> = {
  en: ENGLISH,
  sv: {
    summary: (tenant, service) => (service ? `${service} hos ${tenant}` : `Bokning hos ${tenant}`),
    contact: (phone, email) => `Behöver du ändra eller avboka? Ring ${phone} eller mejla ${email}.`,
    cancelled: 'Bokningen är avbokad.',
  },
};

// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

const tidy = (value: string): string => value.replace(CONTROLS, ' ').trim();

/** RFC 5545 3.2: a parameter's value cannot hold a double quote. */
const parameter = (value: string): string => tidy(value).replace(/["\\]/g, "'");
