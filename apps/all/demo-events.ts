import type { DateTime } from 'luxon';

/** One thing that happens on the demonstration day. */
export interface DemoEvent {
  /** `HH:mm` of the day, on the wall in Östersund. */
  at: string;
  tenant: 'wellnesskliniken' | 'wellbe';
  type: string;
  data: Record<string, unknown>;
  backfill?: true;
}

/** Invented people; the addresses belong to nobody (RFC 2606), the numbers are set aside for stories by PTS. */
const PEOPLE = {
  anna: {
    id: 'k-1001',
    name: 'Anna Berg',
    email: 'anna.berg@example.se',
    phone: '070-174 06 05',
    locale: 'sv',
  },
  erik: {
    id: 'k-1002',
    name: 'Erik Lund',
    email: 'erik.lund@example.se',
    phone: '070-174 06 10',
    locale: 'sv',
  },
  maria: { id: 'k-1003', name: 'Maria Åkesson', email: 'maria.akesson@example.se', locale: 'sv' },
  sara: { id: 'k-1004', name: 'Sara Nyström', email: 'sara.nystrom@example.se', locale: 'sv' },
  johan: { id: 'k-1005', name: 'Johan Öberg', email: 'johan.oberg@example.se', locale: 'sv' },
  karin: { id: 'k-1006', name: 'Karin Hedlund', email: 'karin.hedlund@example.se', locale: 'sv' },
  elsa: {
    id: 'k-1007',
    name: 'Elsa Wik',
    email: 'elsa.wik@example.se',
    locale: 'sv',
    birthDate: '2012-05-14',
  },
  alva: {
    id: 'k-1008',
    name: 'Alva Sund',
    email: 'sund.familjen@example.se',
    locale: 'sv',
    birthDate: '2011-09-02',
    guardianConsent: { by: 'Per Sund', at: '2026-08-20T09:00:00Z' },
  },
  nils: { id: 'k-1009', name: 'Nils Fjäll', email: 'nils.fjall@example.se', locale: 'sv' },
  birgit: { id: 'k-1010', name: 'Birgit Ås', phone: '070-174 06 20', locale: 'sv' },
  guest: { id: 'k-1011', name: 'Lo' },
  maja: {
    id: 'k-1012',
    name: 'Maja Ström',
    email: 'maja.strom@example.se',
    phone: '070-174 06 30',
    locale: 'sv',
  },
  claire: {
    id: 'w-2001',
    name: 'Claire Martin',
    email: 'claire.martin@example.com',
    locale: 'en',
    timeZone: 'Europe/London',
  },
  oskar: { id: 'w-2002', name: 'Oskar Dahl', email: 'oskar.dahl@example.se', locale: 'sv' },
  helen: {
    id: 'w-2003',
    name: 'Helen Brooks',
    email: 'helen.brooks@example.com',
    phone: '+46 70 174 06 40',
    locale: 'en',
    timeZone: 'Europe/London',
  },
  tom: { id: 'w-2004', name: 'Tom Reed', email: 'tom.reed@example.com', locale: 'en' },
} as const;

const said = (purpose: string, channel: string, state: string, place: string): Record<string, unknown> => ({
  purpose,
  channel,
  state,
  noticeVersion: '2026-05',
  language: 'sv',
  method: 'checkbox',
  place,
});

/** The day of two tenants: what happens, in order. Visits lie around `day`, the local midnight that it begins with. */
export function demoEvents(day: DateTime): DemoEvent[] {
  const at = (days: number, time: string): string => {
    const [hour = 0, minute = 0] = time.split(':').map(Number);
    return day.plus({ days }).set({ hour, minute }).toUTC().toISO() ?? '';
  };
  const visit = (
    id: string,
    service: string,
    days: number,
    from: string,
    to: string,
    more: Record<string, unknown> = {},
  ): Record<string, unknown> => ({
    id,
    service,
    startsAt: at(days, from),
    endsAt: at(days, to),
    location: 'Prästgatan 31, Östersund',
    ...more,
  });
  const clinic = (time: string, type: string, data: Record<string, unknown>): DemoEvent => ({
    at: time,
    tenant: 'wellnesskliniken',
    type: `${type}.v1`,
    data,
  });
  const travel = (time: string, type: string, data: Record<string, unknown>): DemoEvent => ({
    at: time,
    tenant: 'wellbe',
    type: `${type}.v1`,
    data,
  });
  const before = (event: DemoEvent): DemoEvent => ({ ...event, backfill: true });
  const hospital = { location: 'Clínica del Mar, Málaga', timeZone: 'Europe/Madrid' };
  return [
    // What was known before the day.
    before(
      clinic('07:30', 'booking.completed', {
        customer: PEOPLE.sara,
        booking: visit('B-4001', 'Klassisk massage', -40, '15:00', '16:00', { version: 3 }),
      }),
    ),
    before(
      clinic('07:30', 'booking.confirmed', {
        customer: PEOPLE.sara,
        booking: visit('B-4002', 'Klassisk massage', -20, '15:00', '16:00', { version: 1 }),
        marketingOptOutOffered: true,
      }),
    ),
    before(
      clinic('07:30', 'customer.consent-changed', {
        customer: PEOPLE.nils,
        choices: [said('marketing', 'all', 'withdrawn', '/konto')],
      }),
    ),
    before(
      travel('07:30', 'customer.consent-changed', {
        customer: PEOPLE.helen,
        choices: [
          said('marketing', 'email', 'given', '/signup'),
          said('abandoned-booking', 'sms', 'given', '/signup'),
        ],
      }),
    ),
    // The clinic opens.
    clinic('07:42', 'booking.confirmed', {
      customer: PEOPLE.anna,
      booking: visit('B-5001', 'Ansiktsbehandling', 1, '13:15', '14:15', {
        version: 1,
        practitioner: 'Lena Holm',
      }),
      marketingOptOutOffered: true,
    }),
    clinic('08:05', 'booking.confirmed', {
      customer: PEOPLE.erik,
      booking: visit('B-5002', 'Fotvård', 3, '09:30', '10:15', { version: 1 }),
      choices: [said('booking', 'sms', 'given', '/boka/steg-3')],
    }),
    clinic('08:20', 'booking.completed', {
      customer: PEOPLE.karin,
      booking: visit('B-4990', 'Hudvård', -1, '16:30', '17:30', { version: 4, practitioner: 'Lena Holm' }),
    }),
    travel('08:31', 'booking.confirmed', {
      customer: PEOPLE.claire,
      booking: visit('T-7001', 'Dental implant consultation', 9, '10:00', '11:00', {
        version: 1,
        ...hospital,
      }),
      marketingOptOutOffered: true,
    }),
    clinic('09:10', 'booking.confirmed', {
      customer: PEOPLE.maria,
      booking: visit('B-5003', 'Djupgående massage', 4, '17:00', '18:00', { version: 1 }),
    }),
    clinic('09:40', 'booking.confirmed', {
      customer: PEOPLE.elsa,
      booking: visit('B-5004', 'Hudvård', 5, '15:00', '15:45', { version: 1 }),
    }),
    clinic('09:55', 'booking.confirmed', {
      customer: PEOPLE.alva,
      booking: visit('B-5005', 'Fotvård', 6, '16:00', '16:30', { version: 1 }),
    }),
    clinic('10:20', 'booking.confirmed', {
      customer: PEOPLE.birgit,
      booking: visit('B-5006', 'Fotvård', 2, '11:00', '11:45', { version: 1 }),
    }),
    clinic('10:25', 'booking.confirmed', {
      customer: PEOPLE.guest,
      booking: visit('B-5007', 'Klassisk massage', 2, '12:00', '13:00', { version: 1 }),
    }),
    clinic('11:20', 'booking.rescheduled', {
      customer: { id: PEOPLE.maria.id },
      booking: visit('B-5003', 'Djupgående massage', 5, '10:00', '11:00', { version: 2 }),
    }),
    clinic('12:10', 'booking.started', {
      customer: PEOPLE.sara,
      booking: { id: 'B-5008', service: 'Klassisk massage', url: 'https://boka.example.se/fortsatt/5008' },
      cartId: 'C-5008',
    }),
    clinic('12:30', 'booking.started', {
      customer: PEOPLE.nils,
      booking: { id: 'B-5009', service: 'Ansiktsbehandling', url: 'https://boka.example.se/fortsatt/5009' },
      cartId: 'C-5009',
    }),
    clinic('13:30', 'booking.started', {
      customer: PEOPLE.johan,
      booking: { id: 'B-5010', service: 'Hudvård', startsAt: at(7, '10:00') },
      cartId: 'C-5010',
    }),
    clinic('14:05', 'booking.confirmed', {
      customer: PEOPLE.johan,
      booking: visit('B-5010', 'Hudvård', 7, '10:00', '11:00', { version: 1 }),
      cartId: 'C-5010',
    }),
    travel('14:40', 'booking.started', {
      customer: PEOPLE.tom,
      booking: { id: 'T-7002', service: 'Hip replacement', url: 'https://book.example.com/continue/7002' },
      cartId: 'TC-7002',
    }),
    clinic('15:00', 'booking.cancelled', {
      customer: { id: PEOPLE.maria.id },
      booking: visit('B-5003', 'Djupgående massage', 5, '10:00', '11:00', { version: 3 }),
    }),
    travel('16:15', 'booking.confirmed', {
      customer: PEOPLE.oskar,
      booking: visit('T-7003', 'Ögonoperation', 14, '08:30', '10:00', { version: 1, ...hospital }),
      marketingOptOutOffered: true,
    }),
    clinic('17:45', 'booking.completed', {
      customer: { id: PEOPLE.maja.id, name: PEOPLE.maja.name, email: PEOPLE.maja.email, locale: 'sv' },
      booking: visit('B-4995', 'Fotvård', 0, '16:30', '17:15', { version: 2 }),
    }),
    travel('18:20', 'booking.rescheduled', {
      customer: { id: PEOPLE.claire.id },
      booking: visit('T-7001', 'Dental implant consultation', 10, '12:00', '13:00', {
        version: 2,
        ...hospital,
      }),
    }),
    travel('20:35', 'booking.started', {
      customer: PEOPLE.helen,
      booking: { id: 'T-7004', service: 'Skin consultation', url: 'https://book.example.com/continue/7004' },
      cartId: 'TC-7004',
    }),
    clinic('21:10', 'booking.confirmed', {
      customer: PEOPLE.maja,
      booking: visit('B-5011', 'Fotvård', 8, '16:30', '17:15', { version: 1 }),
    }),
  ];
}
