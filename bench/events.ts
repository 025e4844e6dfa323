import type { OutRecord } from '#messaging/event-sink';

const DAY = 86_400_000;

/** Person number `n` as a booking system knows them; by the number in the address the sink tells them apart. */
export const personOf = (n: number) => ({
  id: `p${n}`,
  version: 1,
  name: `Åsa Öst ${n}`,
  email: `p${n}@example.se`,
  locale: n % 4 === 0 ? 'en' : 'sv',
});

/** A booking confirmed just now, of a visit in ten days: one mail at once, one reminder for later. */
export function confirmed(n: number, now: Date) {
  const startsAt = new Date(now.getTime() + 10 * DAY);
  return {
    specversion: '1.0',
    id: `e${n}`,
    source: '/tenants/bench',
    type: 'booking.confirmed.v1',
    time: now.toISOString(),
    datacontenttype: 'application/json',
    data: {
      customer: personOf(n),
      booking: {
        id: `b${n}`,
        version: 1,
        service: 'Ansiktsbehandling',
        startsAt: startsAt.toISOString(),
        endsAt: new Date(startsAt.getTime() + 3_600_000).toISOString(),
        timeZone: 'Europe/Stockholm',
        location: 'Prästgatan 31, Östersund',
        practitioner: 'Maria',
        price: { amount: 850, currency: 'SEK' },
      },
    },
  };
}

/** Events of people `from` and on, as they stand on `booking.events`. */
export const bookingEvents = ({ from, count }: { from: number; count: number }): OutRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    key: personOf(from + index).id,
    headers: { 'content-type': 'application/cloudevents+json' },
    value: JSON.stringify(confirmed(from + index, new Date())),
  }));
