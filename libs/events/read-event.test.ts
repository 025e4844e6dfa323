import { describe, expect, it } from '@jest/globals';
import { CloudEvent, HTTP, Kafka, type Message } from 'cloudevents';
import {
  binary,
  bookingConfirmed,
  bookingStarted,
  consentChanged,
  heard,
  structured,
  wireEvent,
} from './event.fixture.js';
import { EVENT_TYPES } from './event.js';
import { binaryHeaders, type WireEvent } from './example.js';
import { BATCH_MOST, BODY_MOST, readHttpEvents, readKafkaEvent, type Read } from './read-event.js';

const tenants = new Set(['wellnesskliniken', 'wellbe']);
const now = new Date('2026-05-04T07:00:01Z');
const read = (event: WireEvent | object): Read =>
  readKafkaEvent(structured(event as WireEvent), tenants, now);
const raw = (
  text: string,
  headers: Record<string, string> = { 'content-type': 'application/cloudevents+json' },
): Read => readKafkaEvent({ headers, value: Buffer.from(text) }, tenants, now);
const http = (headers: Record<string, string>, body: unknown) =>
  readHttpEvents(
    { headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) },
    tenants,
    now,
  );
/** `path: detail` of each fault. */
const saidOf = (it: Read): string[] =>
  it.kind === 'refused' ? it.faults.map(({ path, detail }) => `${path}: ${detail}`) : [];

describe('an event', () => {
  it.each(EVENT_TYPES)('is read: %s', (type) => {
    expect(read(wireEvent(type))).toMatchObject({
      kind: 'event',
      masked: 0,
      unknownFields: [],
      event: { type, tenant: 'wellnesskliniken', backfill: false, time: new Date('2026-05-04T07:00:00Z') },
    });
  });

  it('has its times as Date and its amounts as numbers', () => {
    const { booking } = heard('booking.confirmed.v1', {
      data: { booking: { price: { amount: '850.50' } } },
    }).data;
    expect(booking.startsAt).toEqual(new Date('2026-05-12T08:00:00Z'));
    expect(booking.price?.amount).toBe(850.5);
  });

  it('keeps null in facts, where it clears, and takes it for absent elsewhere', () => {
    const { customer } = heard('customer.updated.v1', {
      data: { customer: { phone: null, email: undefined, version: null } },
    }).data;
    expect(customer.phone).toBeNull();
    expect(Object.keys(customer)).not.toContain('email');
    expect(Object.keys(customer)).not.toContain('version');
    expect(
      Object.keys(heard('booking.confirmed.v1', { data: { cartId: null, choices: null } }).data),
    ).toEqual(['customer', 'booking', 'marketingOptOutOffered']);
  });

  it('keeps a name whole but for control characters', () => {
    const name = (text: string) =>
      heard('customer.updated.v1', { data: { customer: { name: text } } }).data.customer.name;
    expect(name('  Åsa "Ö" <b>{{x}}</b> ')).toBe('  Åsa "Ö" <b>{{x}}</b> ');
    expect(name('Anna\r\nBcc: x')).toBe('Anna Bcc: x');
  });

  it('writes languages in their canonical form', () => {
    expect(
      heard('customer.updated.v1', { data: { customer: { locale: 'sv-se' } } }).data.customer.locale,
    ).toBe('sv-SE');
  });

  it('may say that it is backfill, and is then never too old', () => {
    const time = '2020-01-01T00:00:00Z';
    expect(read(bookingConfirmed({ time, backfill: true }))).toMatchObject({
      kind: 'event',
      event: { backfill: true },
    });
    expect(readKafkaEvent(binary(bookingConfirmed({ time, backfill: true })), tenants, now)).toMatchObject({
      event: { backfill: true },
    });
    expect(saidOf(read(bookingConfirmed({ time, backfill: false })))).toEqual([
      'time: expected a time of the last 30 days (or the extension backfill: true), got "2020-01-01T00:00:00Z"',
    ]);
  });

  it('is too old after 30 days to the millisecond, and never too early', () => {
    const edge = now.getTime() - 30 * 86_400_000;
    expect(read(bookingConfirmed({ time: new Date(edge) })).kind).toBe('event');
    expect(read(bookingConfirmed({ time: new Date(edge - 1) }))).toMatchObject({
      kind: 'refused',
      reason: 'too-old',
    });
    expect(read(bookingConfirmed({ time: '2036-01-01T00:00:00Z' })).kind).toBe('event');
  });

  it('of a booking needs a start, unless it was only started', () => {
    expect(read(bookingStarted({ data: { booking: { startsAt: undefined } } })).kind).toBe('event');
    expect(read(bookingStarted({ data: { booking: { startsAt: null } } })).kind).toBe('event');
    expect(read(bookingConfirmed({ data: { booking: { startsAt: undefined } } }))).toMatchObject({
      reason: 'wrong-data',
      id: 'example-booking.confirmed.v1',
      type: 'booking.confirmed.v1',
      tenant: 'wellnesskliniken',
      faults: [
        {
          pointer: '#/data/booking/startsAt',
          path: 'data.booking.startsAt',
          detail: 'expected RFC 3339 date-time, got nothing',
        },
      ],
    });
  });

  it('may make choices about contract purposes too, and about all of marketing', () => {
    const choice = { noticeVersion: '1', language: 'sv', method: 'checkbox', place: '/' };
    const data = {
      choices: [
        { ...choice, purpose: 'booking', channel: 'sms', state: 'given' },
        { ...choice, purpose: 'marketing', channel: 'all', state: 'objected' },
      ],
    };
    expect(read(consentChanged({ data })).kind).toBe('event');
  });

  it('offers the soft opt-in on two types only: elsewhere it is an unknown field', () => {
    for (const type of EVENT_TYPES.filter((t) => t !== 'product.recalled.v1')) {
      const known = type === 'booking.confirmed.v1' || type === 'purchase.completed.v1';
      expect(read(wireEvent(type, { data: { marketingOptOutOffered: true } }))).toMatchObject({
        kind: 'event',
        unknownFields: known ? [] : ['data.marketingOptOutOffered'],
      });
    }
  });

  it('is freed of unknown fields, which are listed', () => {
    const event = {
      ...bookingConfirmed({
        data: {
          zone: 1,
          customer: { ssn: 'x', address: null },
          booking: { price: { amount: 1, currency: 'SEK', tax: 2 } },
        },
      }),
      shard: 'a',
      traceparent: '00-abc-def-01',
      subject: null,
    };
    (event.data['choices'] as object[])[0] = { ...(event.data['choices'] as object[])[0], colour: 'red' };
    const it = read(event);
    expect(it).toMatchObject({
      kind: 'event',
      unknownFields: [
        'shard',
        'data.customer.ssn',
        'data.booking.price.tax',
        'data.choices[0].colour',
        'data.zone',
      ],
    });
    expect(JSON.stringify(it)).not.toMatch(/"(ssn|tax|colour|zone|shard)":/);
  });
});

describe('card numbers', () => {
  const card = '4242 4242 4242 4242';

  it('are masked and counted wherever they stand, before anything is answered', () => {
    const it = read(
      bookingConfirmed({
        data: { customer: { name: `Anna ${card}`, attributes: { note: '4242424242424242' } }, [card]: 1 },
      }),
    );
    expect(it).toMatchObject({
      kind: 'event',
      masked: 3,
      event: { data: { customer: { name: 'Anna •••• 4242' } } },
    });
    expect(JSON.stringify(it)).not.toMatch(/4242.{0,3}4242/);
  });

  it('are masked in what is refused', () => {
    const it = read(
      bookingConfirmed({ id: `x ${card}`, data: { booking: { startsAt: '4242424242424242' } } }),
    );
    expect(it).toMatchObject({ kind: 'refused', masked: 2 });
    expect(JSON.stringify(it)).not.toMatch(/4242.{0,3}4242/);
  });

  it('are no ids: two customers would become one', () => {
    expect(saidOf(read(bookingConfirmed({ data: { customer: { id: '4242424242424242' } } })))[0]).toMatch(
      /^data.customer.id: .*got text with a card number in it$/,
    );
  });

  it('are masked in headers too', () => {
    const it = readKafkaEvent({ ...binary(bookingConfirmed({ id: card })) }, tenants, now);
    expect(it).toMatchObject({ kind: 'refused', masked: 1 });
    expect(JSON.stringify(it)).not.toContain(card);
  });
});

describe('the modes', () => {
  const expected = read(bookingConfirmed());

  it('say the same over Kafka, as the cloudevents package writes them', () => {
    const event = new CloudEvent({ ...bookingConfirmed() } as never);
    const whole = Kafka.structured(event) as unknown as { headers: Record<string, string>; value: string };
    expect(readKafkaEvent({ headers: whole.headers, value: Buffer.from(whole.value) }, tenants, now)).toEqual(
      read({ ...bookingConfirmed(), time: event.time }),
    );
    const apart = Kafka.binary(event) as unknown as { headers: Record<string, string>; value: object };
    expect(
      readKafkaEvent(
        { headers: apart.headers, value: Buffer.from(JSON.stringify(apart.value)) },
        tenants,
        now,
      ),
    ).toEqual(expected);
  });

  it('say the same over HTTP, as the cloudevents package writes them', () => {
    const event = new CloudEvent({ ...bookingConfirmed() } as never);
    for (const message of [HTTP.structured(event), HTTP.binary(event)] as Message[]) {
      expect(http(message.headers as Record<string, string>, message.body)).toEqual({
        kind: 'one',
        reads: [expected],
      });
    }
  });

  it('are told apart by content type, whatever its case and parameters', () => {
    const event = bookingConfirmed();
    const one = { kind: 'one', reads: [expected] };
    expect(http({ 'Content-Type': 'Application/CloudEvents+JSON; charset=UTF-8' }, event)).toEqual(one);
    expect(http({ 'content-type': 'application/json' }, event)).toEqual(one);
    expect(http(binaryHeaders(event, 'ce-'), event.data)).toEqual(one);
    const { 'content-type': _, ...bare } = binaryHeaders(event, 'ce-');
    expect(http(bare, event.data)).toEqual(one);
    expect(http({ 'content-type': 'application/json' }, [event])).toEqual({
      kind: 'batch',
      reads: [expected],
    });
    expect(raw(JSON.stringify(event), {})).toEqual(expected);
  });

  it('undo percent encoding in HTTP headers, and take what is none as it stands', () => {
    const headers = { ...binaryHeaders(bookingConfirmed(), 'ce-'), 'ce-id': 'br%C3%B6d%20100%25' };
    expect(http(headers, bookingConfirmed().data)).toMatchObject({ reads: [{ event: { id: 'bröd 100%' } }] });
    expect(http({ ...headers, 'ce-id': '100%' }, bookingConfirmed().data)).toMatchObject({
      reads: [{ event: { id: '100%' } }],
    });
  });

  it('take data in base64', () => {
    const { data, ...event } = bookingConfirmed();
    const data_base64 = Buffer.from(JSON.stringify(data)).toString('base64');
    expect(read({ ...event, data_base64 })).toEqual(expected);
    expect(saidOf(read({ ...event, data_base64: '!!!' }))).toEqual(['data: expected object, got nothing']);
  });

  it('say where the data is wrong when it cannot be parsed', () => {
    expect(
      saidOf(readKafkaEvent({ ...binary(bookingConfirmed()), value: Buffer.from('{') }, tenants, now)),
    ).toEqual(['data: expected JSON, got 1 bytes of something else']);
  });

  it('read a batch by position, doubles and wrong ones too', () => {
    const good = bookingConfirmed();
    const batch = http({ 'content-type': 'application/cloudevents-batch+json' }, [
      good,
      7,
      good,
      { ...good, id: '' },
    ]);
    expect(batch).toMatchObject({
      kind: 'batch',
      reads: [{ kind: 'event' }, { kind: 'refused' }, { kind: 'event' }, { kind: 'refused' }],
    });
    expect(http({ 'content-type': 'application/cloudevents-batch+json' }, [])).toEqual({
      kind: 'batch',
      reads: [],
    });
  });

  it.each<[string, Record<string, string>, unknown, number]>([
    ['form', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=b', 415],
    ['no content type', {}, bookingConfirmed(), 415],
    ['no JSON', { 'content-type': 'application/json' }, '{', 400],
    ['no array', { 'content-type': 'application/cloudevents-batch+json' }, bookingConfirmed(), 400],
    ['many', { 'content-type': 'application/cloudevents-batch+json' }, Array(BATCH_MOST + 1).fill(1), 400],
    ['much', { 'content-type': 'application/json' }, ' '.repeat(BODY_MOST + 1), 400],
  ])('refuse a request: %s', (_, headers, body, status) => {
    expect(http(headers, body)).toMatchObject({ kind: 'refused', status, faults: [{ pointer: '#' }] });
  });
});
