import { describe, expect, it } from '@jest/globals';
import ICAL from 'ical.js';
import { calendarInvite, type InviteMethod } from './calendar-invite.js';
import type { RenderInput } from './rendered.js';

const NOW = new Date('2026-03-01T12:00:00Z');

function input(booking: Partial<NonNullable<RenderInput['booking']>> = {}, tenant = 'clinic'): RenderInput {
  return {
    template: 'booking-confirmation',
    channel: 'email',
    locale: 'sv',
    tenant: {
      id: tenant,
      name: 'Kliniken "Solsidan"; Åre, Östra',
      legalName: 'Kliniken AB',
      email: 'hej@kliniken.example',
      phone: '0647-123 45',
      country: 'SE',
      addressLines: ['Årevägen 7'],
      host: 'boka.kliniken.example',
      locales: ['sv'],
      timeZone: 'Europe/Stockholm',
      colour: '#2f6f5e',
      showServiceNames: false,
    },
    person: { name: 'Anna "Å" Berg', timeZone: null, email: 'anna@example.se' },
    booking: {
      id: 'b-1',
      service: 'Ansiktsbehandling',
      startsAt: new Date('2026-03-05T09:15:00Z'),
      endsAt: null,
      timeZone: null,
      location:
        'Årevägen 7, Åre; plan 2\nöstra ingången, där $& skylten sitter på väggen bredvid blomsteraffären 🌷🌷',
      practitioner: null,
      price: null,
      url: 'https://boka.kliniken.example/b/1?x=1',
      previousStartsAt: null,
      sequence: 0,
      status: 'confirmed',
      ...booking,
    },
    links: {},
    now: NOW,
  };
}

/** The invitation as another program reads it. */
function read(from: RenderInput, method: InviteMethod = 'REQUEST') {
  const result = calendarInvite(method, from, 'sv');
  if (result.kind === 'invalid') throw new Error(result.problem);
  const { attachment } = result;
  const calendar = new ICAL.Component(ICAL.parse(attachment.content) as unknown[]);
  const component = calendar.getFirstSubcomponent('vevent');
  if (!component) throw new Error('no event');
  return { attachment, calendar, component, event: new ICAL.Event(component) };
}

const utc = (time: ICAL.Time): string => time.toJSDate().toISOString();

describe('an invitation', () => {
  it('is read back by another program as it was meant', () => {
    const { attachment, calendar, component, event } = read(input());
    expect(attachment).toMatchObject({
      filename: 'invite.ics',
      contentType: 'text/calendar; charset=utf-8; method=REQUEST',
    });
    expect(calendar.getFirstPropertyValue('method')).toBe('REQUEST');
    expect(calendar.getFirstPropertyValue('version')).toBe('2.0');
    expect(component.getFirstPropertyValue('status')).toBe('CONFIRMED');
    expect(utc(component.getFirstPropertyValue('dtstamp') as ICAL.Time)).toBe(NOW.toISOString());
    expect(event.summary).toBe('Bokning hos Kliniken "Solsidan"; Åre, Östra');
    expect(event.location).toBe(
      'Årevägen 7, Åre; plan 2 östra ingången, där $& skylten sitter på väggen bredvid blomsteraffären 🌷🌷',
    );
    expect(component.getFirstPropertyValue('organizer')).toBe('mailto:hej@kliniken.example');
    const attendee = component.getFirstProperty('attendee');
    expect(String(attendee?.getFirstValue()).toLowerCase()).toBe('mailto:anna@example.se');
    expect(attendee?.getParameter('cn')).toBe("Anna 'Å' Berg");
    expect(attendee?.getParameter('rsvp')).toBe('FALSE');
    expect(component.getFirstPropertyValue('url')).toBe('https://boka.kliniken.example/b/1?x=1');
  });

  it('has lines of at most 75 octets that end in CRLF', () => {
    const { content } = read(input()).attachment;
    expect(content.endsWith('END:VCALENDAR\r\n')).toBe(true);
    expect(content.replace(/\r\n/g, '')).not.toMatch(/[\r\n]/);
    const lines = content.split('\r\n');
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(lines.some((line) => line.startsWith(' '))).toBe(true);
  });

  it.each([
    ['winter', '2026-03-05T09:15:00Z', '10:15'],
    ['the hour before summer time', '2026-03-29T00:30:00Z', '1:30'],
    ['the hour after', '2026-03-29T01:30:00Z', '3:30'],
    ['the first half past two in autumn', '2026-10-25T00:30:00Z', '2:30'],
    ['the second', '2026-10-25T01:30:00Z', '2:30'],
  ])('begins at the right instant: %s', (_, at, wall) => {
    const { event, attachment } = read(input({ startsAt: new Date(at) }));
    expect(attachment.content).toMatch(/^DTSTART:\d{8}T\d{6}Z\r$/m);
    expect(utc(event.startDate)).toBe(new Date(at).toISOString());
    const local = event.startDate.toJSDate().toLocaleTimeString('sv-SE', { timeZone: 'Europe/Stockholm' });
    expect(local).toContain(wall);
  });

  it('lasts an hour where no end is known, also over a clock change', () => {
    const open = read(input({ startsAt: new Date('2026-03-29T00:30:00Z') })).event;
    expect(utc(open.endDate)).toBe('2026-03-29T01:30:00.000Z');
    const known = read(input({ endsAt: new Date('2026-03-05T09:45:00Z') })).event;
    expect(utc(known.endDate)).toBe('2026-03-05T09:45:00.000Z');
  });

  it('keeps its UID through change and cancellation, with a rising sequence', () => {
    const first = read(input());
    const moved = read(input({ sequence: 1, startsAt: new Date('2026-03-06T09:15:00Z') }));
    const called = read(input({ sequence: 2, status: 'cancelled' }), 'CANCEL');
    expect([moved.event.uid, called.event.uid]).toEqual([first.event.uid, first.event.uid]);
    expect([first, moved, called].map(({ event }) => event.sequence)).toEqual([0, 1, 2]);
    expect(called.calendar.getFirstPropertyValue('method')).toBe('CANCEL');
    expect(called.component.getFirstPropertyValue('status')).toBe('CANCELLED');
    expect(called.attachment.contentType).toBe('text/calendar; charset=utf-8; method=CANCEL');
  });

  it('has a UID of its own per tenant and booking, and says neither', () => {
    const uids = [input(), input({ id: 'b-2' }), input({}, 'other')].map((from) => read(from).event.uid);
    expect(new Set(uids).size).toBe(3);
    for (const uid of uids) expect(uid).toMatch(/^[0-9a-f]{32}@boka\.kliniken\.example$/);
  });

  it('fits a version in milliseconds into 32 bits, still rising', () => {
    const [one, two] = [1_772_000_000_000, 1_772_000_001_000].map(
      (sequence) => read(input({ sequence })).event.sequence,
    );
    expect(two).toBeGreaterThan(one ?? Infinity);
    expect(two).toBeLessThan(2 ** 31);
  });

  it('lets no fact begin a line of its own', () => {
    const from = input({ url: 'https://a.example/\r\nX-EVIL:1', location: 'Åre\r\nX-EVIL:1' });
    from.person = { name: 'A\r\nX-EVIL:1', timeZone: null, email: 'a@example.se\r\nX-EVIL:1' };
    expect(read(from).attachment.content).not.toMatch(/^X-EVIL/m);
  });

  it('names no treatment', () => {
    expect(read(input()).attachment.content).not.toContain('Ansikts');
  });
});
