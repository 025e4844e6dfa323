import { describe, expect, it } from '@jest/globals';
import { CloudEvent, HTTP, Kafka, type Message } from 'cloudevents';
import {
  binary,
  bookingConfirmed,
  bookingStarted,
  consentChanged,
  customerUpdated,
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

describe('a refusal', () => {
  const d = (data: Record<string, unknown>) => bookingConfirmed({ data });
  it.each<[string, WireEvent | object, string]>([
    [
      'time',
      d({ booking: { startsAt: 'tomorrow' } }),
      'data.booking.startsAt: expected RFC 3339 date-time, got "tomorrow"',
    ],
    [
      'order',
      d({ booking: { endsAt: '2026-05-12T10:00:00+02:00' } }),
      'data.booking.endsAt: expected a time after startsAt, got "2026-05-12T10:00:00+02:00"',
    ],
    [
      'zone',
      d({ booking: { timeZone: '+02:00' } }),
      'data.booking.timeZone: expected IANA time zone, got text of 6 characters',
    ],
    [
      'zone by name',
      d({ customer: { timeZone: 'Sweden/Stockholm' } }),
      'data.customer.timeZone: expected IANA time zone, got "Sweden/Stockholm"',
    ],
    [
      'language',
      d({ customer: { locale: 'sv_SE' } }),
      'data.customer.locale: expected BCP 47 language tag, got "sv_SE"',
    ],
    [
      'email',
      d({ customer: { email: 'anna at example.se' } }),
      'data.customer.email: expected email address of at most 254 characters, got text of 18 characters',
    ],
    [
      'birth date',
      d({ customer: { birthDate: '1984-02-30' } }),
      'data.customer.birthDate: expected date YYYY-MM-DD, got text of 10 characters',
    ],
    [
      'empty',
      d({ customer: { name: '' } }),
      'data.customer.name: expected text of 1 to 200 characters, got empty text',
    ],
    [
      'number for text',
      d({ customer: { phone: 46701740605 } }),
      'data.customer.phone: expected phone number in any form of at most 40 characters, got a number',
    ],
    [
      'id',
      d({ customer: { id: 4711 } }),
      'data.customer.id: expected id of 1 to 128 characters (no control characters, no card number), got a number',
    ],
    ['version', d({ booking: { version: -1 } }), 'data.booking.version: expected integer ≥ 0, got -1'],
    ['fraction', d({ booking: { version: 1.5 } }), 'data.booking.version: expected integer ≥ 0, got 1.5'],
    [
      'currency',
      d({ booking: { price: { amount: 1, currency: 'KRO' } } }),
      'data.booking.price.currency: expected ISO 4217 currency code, got "KRO"',
    ],
    [
      'amount',
      d({ booking: { price: { amount: -1, currency: 'SEK' } } }),
      'data.booking.price.amount: expected amount ≥ 0 as a number or decimal text, got -1',
    ],
    [
      'country',
      d({ customer: { address: { lines: ['x'], postalCode: '1', city: 'y', country: 'EU' } } }),
      'data.customer.address.country: expected ISO 3166-1 alpha-2 country code, got text of 2 characters',
    ],
    [
      'url',
      d({ booking: { url: 'javascript:alert(1)' } }),
      'data.booking.url: expected http or https URL of at most 2000 characters, got text of 19 characters',
    ],
    [
      'enum',
      d({
        choices: [
          {
            purpose: 'newsletter',
            channel: 'fax',
            state: 'given',
            noticeVersion: '1',
            language: 'sv',
            method: 'm',
            place: 'p',
          },
        ],
      }),
      'data.choices[0].channel: expected one of email, sms, push, call, whatsapp, audience, letter, all, got "fax"',
    ],
    ['missing member', d({ customer: undefined }), 'data.customer: expected object, got nothing'],
    ['array for object', d({ booking: [] }), 'data.booking: expected object, got an array of 0'],
    [
      'attribute',
      d({ customer: { attributes: { size: { a: 1 } } } }),
      'data.customer.attributes.size: expected text of at most 1000 characters, a number, true or false, got an object',
    ],
    [
      'attribute name',
      d({ customer: { attributes: { 'a.b': 1 } } }),
      'data.customer.attributes.(unusual name): expected a name of letters, digits, - and _, a letter first, got text of 3 characters',
    ],
    [
      'a personal number where a time should be',
      d({ booking: { startsAt: '19840229-1234' } }),
      'data.booking.startsAt: expected RFC 3339 date-time, got text of 13 characters',
    ],
    [
      'an address where a time should be',
      d({ booking: { startsAt: 'anna@example.se' } }),
      'data.booking.startsAt: expected RFC 3339 date-time, got text of 15 characters',
    ],
    ['event time', bookingConfirmed({ time: 'now' }), 'time: expected RFC 3339 date-time, got "now"'],
    ['no event time', { ...d({}), time: undefined }, 'time: expected RFC 3339 date-time, got nothing'],
    ['backfill', { ...d({}), backfill: 1 }, 'backfill: expected true or false, got 1'],
    [
      'content',
      { ...d({}), datacontenttype: 'text/xml' },
      'datacontenttype: expected application/json, got "text/xml"',
    ],
    ['no data', { ...d({}), data: undefined }, 'data: expected object, got nothing'],
    [
      'merge with itself',
      wireEvent('customer.merged.v1', { data: { into: 'c-1001' } }),
      'data.into: expected id of another customer than data.customer.id, got text of 6 characters',
    ],
  ])('says what is wrong: %s', (_, event, said) => {
    expect(read(event)).toMatchObject({ kind: 'refused', reason: 'wrong-data' });
    expect(saidOf(read(event))).toEqual([said]);
  });

  it('says all that is wrong at once', () => {
    const it = read(d({ booking: { startsAt: 'x', endsAt: 'y' }, customer: { id: null } }));
    expect(saidOf({ ...it })).toHaveLength(3);
    expect(saidOf(read(consentChanged({ data: { choices: [] } })))).toEqual([
      'data.choices: expected array of 1 to 200, got an array of 0',
    ]);
  });

  it.each<[string, object, string, string]>([
    ['no id', { id: '' }, 'not-a-cloudevent', 'id'],
    ['a long id', { id: 'x'.repeat(257) }, 'not-a-cloudevent', 'id'],
    ['an older version of CloudEvents', { specversion: '0.3' }, 'not-a-cloudevent', 'specversion'],
    ['no source', { source: undefined }, 'not-a-cloudevent', 'source'],
    ['no type', { type: undefined }, 'not-a-cloudevent', 'type'],
    ['another source', { source: 'https://example.se' }, 'unknown-tenant', 'source'],
    ['a stranger', { source: '/tenants/stranger' }, 'unknown-tenant', 'source'],
    ['an unknown type', { type: 'booking.exploded.v1' }, 'unknown-type', 'type'],
    ['an unknown version', { type: 'booking.confirmed.v2' }, 'unknown-type', 'type'],
    ['a type of another kind', { type: 'toString' }, 'unknown-type', 'type'],
  ])('of what cannot be placed: %s', (_, over, reason, path) => {
    expect(read({ ...bookingConfirmed(), ...over })).toMatchObject({
      kind: 'refused',
      reason,
      faults: [{ path }],
    });
  });

  it('names the tenant of a stranger, but nothing that is no name of a tenant', () => {
    expect(read(bookingConfirmed({ tenant: 'stranger' }))).toMatchObject({ tenant: 'stranger' });
    expect(read(bookingConfirmed({ tenant: 'anna@example.se' }))).toMatchObject({ tenant: null });
  });

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['half', '{"id":'],
    ['an array', '[]'],
    ['null', 'null'],
    ['depth', '['.repeat(200_000) + ']'.repeat(200_000)],
    [
      'depth in data',
      JSON.stringify(bookingConfirmed()).replace(
        '"data":{',
        `"data":{"x":${'['.repeat(5000)}${']'.repeat(5000)},`,
      ),
    ],
  ])('of what is no CloudEvent: %s', (_, text) => {
    expect(raw(text)).toMatchObject({
      kind: 'refused',
      reason: 'not-a-cloudevent',
      id: null,
      faults: [{ pointer: '#' }],
    });
  });

  it('of bytes that are no UTF-8, or too many', () => {
    const bytes = Buffer.from(
      JSON.stringify(bookingConfirmed({ data: { customer: { name: 'Åsa' } } })),
      'latin1',
    );
    const headers = { 'content-type': 'application/cloudevents+json' };
    expect(saidOf(readKafkaEvent({ headers, value: bytes }, tenants, now))[0]).toMatch(
      /^: expected JSON in UTF-8, got \d+ bytes/,
    );
    expect(
      saidOf(readKafkaEvent({ headers, value: Buffer.alloc(BODY_MOST + 1, 32) }, tenants, now))[0],
    ).toMatch(/at most 1048576 bytes/);
  });

  it('keeps prototypes out', () => {
    const text = JSON.stringify(customerUpdated()).replace('"data":{', '"data":{"__proto__":{"polluted":1},');
    const it = raw(text.replace('"attributes":{', '"attributes":{"__proto__":{"polluted":1},'));
    expect(it).toMatchObject({ kind: 'event', unknownFields: ['__proto__', '__proto__'] });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(JSON.stringify(it)).not.toContain('polluted');
  });

  it('of halves of characters in ids', () => {
    const text = JSON.stringify(customerUpdated()).replace('"id":"c-1001"', '"id":"c-\\ud800"');
    expect(saidOf(raw(text))[0]).toMatch(/^data.customer.id: expected id/);
  });

  it('repeats nothing personal, whatever is wrong', () => {
    const secret = {
      name: 7,
      email: 'hemlig',
      phone: ['hemlig'],
      birthDate: 'hemlig',
      address: 'hemlig',
      guardianConsent: 'hemlig',
    };
    const it = read(d({ customer: secret, reason: 'hemlig' }));
    expect(saidOf(it)).toHaveLength(6);
    expect(JSON.stringify(it)).not.toContain('hemlig');
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
      /^data.customer.id: .*no card number/,
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
