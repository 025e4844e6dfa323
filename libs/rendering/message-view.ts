import { brandColours } from './brand-colours.js';
import { firstNameOf } from './first-name.js';
import { clocksDiffer, noteZone, saySpan, sayWhen, yearAt, type Reading } from './local-time.js';
import { sayPhone } from './say-phone.js';
import { sayPrice } from './say-price.js';
import { LOGO_CID, type RenderInput } from './rendered.js';
import type { VariableName } from './template-variables.js';

type Namespace = VariableName extends `${infer N}.${string}` ? N : never;

/** What a template sees: own, plain strings, and null for what is not known. */
export type View = Record<Namespace, Record<string, string | null>>;

export type ViewResult = { kind: 'view'; view: View } | { kind: 'invalid'; problem: string };

/** A fact that is there but cannot be said; caught in this file. */
class Unsayable extends Error {}

/** Says the facts in the words of a locale. What is wrong (a date that is none, a link that is not http) is refused by name. */
export function messageView(input: RenderInput, locale: string): ViewResult {
  try {
    return { kind: 'view', view: viewOf(input, locale) };
  } catch (error) {
    if (error instanceof Unsayable) return { kind: 'invalid', problem: error.message };
    throw error;
  }
}

function viewOf(input: RenderInput, locale: string): View {
  const { tenant, person, booking, links } = input;
  const look = brandColours(tenant.colour);
  if (!look) throw new Unsayable('tenant.colour is not a colour like #2f6f5e');
  return {
    person: { name: plain(person.name), firstName: firstNameOf(plain(person.name)) },
    tenant: {
      name: plain(tenant.name),
      legalName: plain(tenant.legalName),
      email: plain(tenant.email),
      phone: plain(phoneFor(input, locale)),
      address: plain(tenant.addressLines.filter((line) => line.trim() !== '').join(', ')),
      logo: tenant.logo ? `cid:${LOGO_CID}` : null,
    },
    look: {
      ...look,
      logoWidth: tenant.logo ? String(tenant.logo.width) : null,
      logoHeight: tenant.logo ? String(tenant.logo.height) : null,
    },
    booking: booking ? bookingView(input, booking, locale) : NO_BOOKING,
    message: { last: input.isLast === true ? 'yes' : null },
    links: {
      unsubscribe: link(links.unsubscribe, 'links.unsubscribe'),
      survey: link(links.survey, 'links.survey'),
      optOut: link(links.optOut, 'links.optOut'),
      preferences: link(links.preferences, 'links.preferences'),
      confirm: link(links.confirm, 'links.confirm'),
      privacy: link(links.privacy && `${links.privacy}/${locale}`, 'links.privacy'),
      me: link(links.me, 'links.me'),
      newEmail: link(links.newEmail, 'links.newEmail'),
    },
    targets: Object.fromEntries(
      Object.entries(input.targets ?? {}).map(([name, url]) => [name, link(url, `targets.${name}`)]),
    ),
  };
}

/** The tenant's number as this person dials it. */
export function phoneFor({ tenant, person }: Pick<RenderInput, 'tenant' | 'person'>, locale: string): string {
  return sayPhone(tenant, { locale, country: person.country ?? null, timeZone: person.timeZone });
}

const NO_BOOKING = {
  service: null,
  namedService: null,
  when: null,
  span: null,
  previousWhen: null,
  location: null,
  practitioner: null,
  price: null,
  url: null,
  cancelReason: null,
};

function bookingView(
  { tenant, person, now }: RenderInput,
  booking: NonNullable<RenderInput['booking']>,
  locale: string,
): View['booking'] {
  const { startsAt, endsAt, previousStartsAt, price } = booking;
  const service = plain(booking.service);
  return {
    service,
    namedService: tenant.showServiceNames ? service : null,
    ...times(startsAt, endsAt, previousStartsAt, {
      locale,
      venue: booking.timeZone ?? tenant.timeZone,
      venueFrom: booking.timeZone === null ? 'tenant.timeZone' : 'booking.timeZone',
      home: person.timeZone,
      now,
    }),
    location: plain(booking.location),
    practitioner: plain(booking.practitioner),
    price:
      price === null ? null : need(sayPrice(price, locale), 'booking.price is not an amount of a currency'),
    url: link(booking.url, 'booking.url'),
    cancelReason: spoken(booking.cancelReason),
  };
}

function times(
  startsAt: Date | null,
  endsAt: Date | null,
  previous: Date | null,
  place: { locale: string; venue: string; venueFrom: string; home: string | null; now: Date },
): { when: string | null; span: string | null; previousWhen: string | null } {
  const { locale, venue, venueFrom, home, now } = place;
  const none = { when: null, span: null, previousWhen: null };
  checkDate(startsAt, 'booking.startsAt');
  checkDate(endsAt, 'booking.endsAt');
  checkDate(previous, 'booking.previousStartsAt');
  if (!startsAt) return none;
  checkZone(venue, venueFrom);
  // A zone of the person's that is none stops no mail: the clock is said, which is right in any zone.
  const elsewhere = home !== null && (!isZone(home) || clocksDiffer(startsAt, venue, home));
  const zoneNote = elsewhere ? noteZone(locale, venue) : '';
  const reading: Reading = { locale, timeZone: venue, thisYear: yearAt(now, venue), zoneNote };
  const moved = previous !== null && previous.getTime() !== startsAt.getTime();
  const when = sayWhen(startsAt, reading);
  return {
    when,
    span: endsAt && endsAt > startsAt ? saySpan(startsAt, endsAt, reading) : when,
    // Beside the new time, which has said whose clock it is.
    previousWhen: moved ? sayWhen(previous, { ...reading, zoneNote: '' }) : null,
  };
}

function need<T>(value: T | null, problem: string): T {
  if (value === null) throw new Unsayable(problem);
  return value;
}

function checkDate(at: Date | null, name: string): void {
  if (at !== null && Number.isNaN(at.getTime())) throw new Unsayable(`${name} is not a date`);
}

function checkZone(zone: string, name: string): void {
  if (!isZone(zone)) throw new Unsayable(`${name} is not a time zone`);
}

const zones = new Map<string, boolean>();

function isZone(zone: string): boolean {
  let right = zones.get(zone);
  if (right === undefined) {
    if (zones.size > 1000) zones.clear();
    try {
      right = Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
    } catch {
      right = false;
    }
    zones.set(zone, right);
  }
  return right;
}

/**
 * Control characters would break a header or a line; overrides of direction could make a text read as another.
 * Everything else stays as the person writes it.
 */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

export function plain(value: string | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  return value.replace(UNPRINTABLE, ' ').trim() || null;
}

/** A reason for people: booking systems also send codes (`customer-request`), which say nothing to anyone. */
function spoken(value: string | null | undefined): string | null {
  const reason = plain(value);
  return reason !== null && /\s/.test(reason) ? reason : null;
}

/** A link that a person may open. What is no plain URL yet is encoded, so that it can neither break out nor break off. */
function link(value: string | null | undefined, name: string, scheme = /^https?:$/): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (!URL.canParse(value)) throw new Unsayable(`${name} is not a link`);
  const url = new URL(value);
  if (!scheme.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new Unsayable(`${name} is not a web link`);
  }
  return /^[\w.~:/?#@!$&*+,;=%-]+$/.test(value) ? value : url.href;
}
