import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import ICAL from 'ical.js';
import type { WireEvent } from '#events/example';
import { CLINIC, type Captured, type Lagom } from './lagom.fixture.js';
import { notePerson, noteVisit } from './leaks.fixture.js';

/** A person as a booking system tells of them. */
export interface Person {
  id: string;
  version?: number;
  name?: string | null;
  email?: string | null;
  phone?: string | null;
  [fact: string]: unknown;
}

/** A booking as a booking system tells of it; one that is started may have no time. */
export interface Visit {
  id: string;
  version?: number;
  service: string;
  startsAt?: string;
  endsAt?: string;
  [fact: string]: unknown;
}

const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

let people = 0;

/** Somebody whom nobody knows yet, with addresses that nobody else has. The numbers are set aside for fiction. */
export function person(facts: Partial<Person> = {}): Person {
  people += 1;
  const number = 1_740_604 + people;
  if (number > 1_740_699) throw new Error('no more numbers are set aside for fiction');
  return notePerson({
    id: `c-${randomUUID().slice(0, 8)}`,
    name: `Åsa Öst ${people}`,
    email: `asa.ost.${people}@example.se`,
    phone: `+4670${number}`,
    locale: 'sv',
    ...facts,
  });
}

/** A visit of an hour that begins at `startsAt`. */
export function visit(startsAt: Date | string, facts: Partial<Visit> = {}): Visit {
  const start = new Date(startsAt);
  return noteVisit({
    id: `b-${randomUUID().slice(0, 8)}`,
    service: 'Ansiktsbehandling',
    startsAt: start.toISOString(),
    endsAt: new Date(start.getTime() + HOUR).toISOString(),
    location: 'Prästgatan 31, Östersund',
    ...facts,
  });
}

/** An event as it happens now by the clock of the line. `more` goes over the CloudEvent's own attributes. */
export function event(
  lagom: Pick<Lagom, 'now'>,
  type: string,
  data: Record<string, unknown>,
  more: Partial<WireEvent> = {},
): WireEvent {
  return {
    specversion: '1.0',
    id: `e-${randomUUID()}`,
    source: `/tenants/${CLINIC}`,
    type: `${type}.v1`,
    time: lagom.now().toISOString(),
    datacontenttype: 'application/json',
    data,
    ...more,
  };
}

/** Tells the line of what happens now; the event that was told. */
export async function tell(
  lagom: Lagom,
  ...said: Parameters<typeof event> extends [unknown, ...infer Rest] ? Rest : never
): Promise<WireEvent> {
  const told = event(lagom, ...said);
  const { accepted, rejected } = await lagom.post(told);
  if (accepted !== 1 || rejected.length > 0) throw new Error(`not accepted: ${JSON.stringify(rejected)}`);
  return told;
}

/** One thing that a person chose, as a form of the booking system says it. */
export function choice(purpose: string, channel: string, state: 'given' | 'withdrawn' | 'objected') {
  return {
    purpose,
    channel,
    state,
    noticeVersion: '2026-01',
    language: 'sv',
    method: 'checkbox',
    place: '/booking',
  };
}

/** A loaded machine is no fault: nothing is lost by waiting, and what is there ends the wait. Below jest's own limit. */
const PATIENCE_MS = 60_000;

/** Asks until something is found; what was seen last is said where the patience ends. */
export async function until<Seen, Found>(
  ask: () => Promise<Seen>,
  find: (seen: Seen) => Found | undefined | false,
  patienceMs = PATIENCE_MS,
): Promise<Found> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const seen = await ask();
    const found = find(seen);
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end)
      throw new Error(`waited in vain; saw ${JSON.stringify(seen).slice(0, 2_000)}`);
    await pause(20);
  }
}

/** The calendar file of a mail, read back as a calendar would. */
export function calendarOf(mail: Captured | undefined) {
  const file = mail?.attachments?.find(({ contentType }) => contentType.startsWith('text/calendar'));
  if (!file) throw new Error('no calendar file');
  const text = Buffer.from(file.content, 'base64').toString('utf8');
  const calendar = new ICAL.Component(ICAL.parse(text) as unknown[]);
  const entry = calendar.getFirstSubcomponent('vevent');
  if (!entry) throw new Error('no entry in the calendar file');
  const value = (name: string): string => String(entry.getFirstPropertyValue(name) ?? '');
  return {
    text,
    method: String(calendar.getFirstPropertyValue('method')),
    uid: value('uid'),
    sequence: Number(value('sequence')),
    status: value('status'),
    summary: value('summary'),
    startsAt: new Date((entry.getFirstPropertyValue('dtstart') as ICAL.Time).toJSDate()),
  };
}
