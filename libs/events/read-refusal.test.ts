import { describe, expect, it } from '@jest/globals';
import { bookingConfirmed, consentChanged, customerUpdated, structured, wireEvent } from './event.fixture.js';
import type { WireEvent } from './example.js';
import { BODY_MOST, readKafkaEvent, type Read } from './read-event.js';

const tenants = new Set(['wellnesskliniken', 'wellbe']);
const now = new Date('2026-05-04T07:00:01Z');
const structuredMode = { 'content-type': 'application/cloudevents+json' };
const read = (event: object): Read => readKafkaEvent(structured(event as WireEvent), tenants, now);
const raw = (text: string): Read =>
  readKafkaEvent({ headers: structuredMode, value: Buffer.from(text) }, tenants, now);
/** `path: detail` of each fault. */
const saidOf = (it: Read): string[] =>
  it.kind === 'refused' ? it.faults.map(({ path, detail }) => `${path}: ${detail}`) : [];

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
      'data.booking.timeZone: expected IANA time zone, got "+02:00"',
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
      'a phone number where a time should be',
      d({ booking: { startsAt: '070-174 06 05' } }),
      'data.booking.startsAt: expected RFC 3339 date-time, got text of 13 characters',
    ],
    [
      'a name where a time should be',
      d({ booking: { startsAt: 'Anna Lindqvist' } }),
      'data.booking.startsAt: expected RFC 3339 date-time, got text of 14 characters',
    ],
    [
      'a time without its offset',
      d({ booking: { startsAt: '2026-05-12 10:00' } }),
      'data.booking.startsAt: expected RFC 3339 date-time, got "2026-05-12 10:00"',
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
    expect(saidOf(it)).toHaveLength(3);
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
    const headers = structuredMode;
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
