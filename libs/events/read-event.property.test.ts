import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import fc from 'fast-check';
import { binary, structured, wireEvent } from './event.fixture.js';
import { EVENT_TYPES } from './event.js';
import type { WireEvent } from './example.js';
import { jsonSchemaOf } from './json-schema.js';
import { readHttpEvents, readKafkaEvent } from './read-event.js';

const tenants = new Set(['wellnesskliniken']);
const now = new Date('2026-05-04T07:00:01Z');
const anyType = fc.constantFrom(...EVENT_TYPES);
const json = fc.jsonValue({ maxDepth: 4 });
const header = fc.constantFrom(
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
  'application/json',
  'text/plain',
);
/** A path to some member of an event, to be replaced by anything. */
const spoil = (event: WireEvent, steps: number[], value: unknown): WireEvent => {
  let at: Record<string, unknown> = event as unknown as Record<string, unknown>;
  for (const [i, step] of steps.entries()) {
    const keys = Object.keys(at);
    if (keys.length === 0) break;
    const key = keys[step % keys.length]!;
    const next = at[key];
    if (i === steps.length - 1 || typeof next !== 'object' || next === null) {
      at[key] = value;
      break;
    }
    at = next as Record<string, unknown>;
  }
  return event;
};
const spoilt = fc
  .tuple(anyType, fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }), json)
  .map(([type, steps, value]) => spoil(wireEvent(type), steps, value));

describe('the readers', () => {
  it('never throw on bytes and headers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), header, fc.boolean(), (bytes, type, asBinary) => {
        const headers = { 'content-type': type, ...(asBinary ? { ce_id: 'x', 'ce-id': 'x' } : {}) };
        expect(readKafkaEvent({ headers, value: Buffer.from(bytes) }, tenants, now).kind).toBe('refused');
        readHttpEvents({ headers, body: Buffer.from(bytes) }, tenants, now);
      }),
      { numRuns: 150 },
    );
  });

  it('never throw on any JSON', () => {
    fc.assert(
      fc.property(json, header, (value, type) => {
        const body = Buffer.from(JSON.stringify(value));
        expect(readKafkaEvent({ headers: { 'content-type': type }, value: body }, tenants, now).kind).toBe(
          'refused',
        );
        readHttpEvents({ headers: { 'content-type': type }, body }, tenants, now);
      }),
      { numRuns: 150 },
    );
  });

  it('answer a spoilt event with a fault at least, or read it, and always the same', () => {
    fc.assert(
      fc.property(spoilt, (event) => {
        const read = readKafkaEvent(structured(event), tenants, now);
        if (read.kind === 'refused') expect(read.faults.length).toBeGreaterThan(0);
        expect(readKafkaEvent(structured(event), tenants, now)).toEqual(read);
      }),
      { numRuns: 200 },
    );
  });

  it('take nothing that the published schema refuses', () => {
    const ajv = new Ajv2020({ strict: false });
    formats.default(ajv);
    const types = ['booking.confirmed.v1', 'customer.updated.v1', 'purchase.completed.v1'] as const;
    const validators = new Map(types.map((type) => [type, ajv.compile(jsonSchemaOf(type))]));
    const leaf = fc.oneof(
      json,
      fc.constantFrom(null, '', -1, 0, 1.5, 'true', '2026-05-04T09:00:00Z', 'sv', [], {}),
    );
    let taken = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
        leaf,
        (type, steps, value) => {
          const event = spoil(wireEvent(type), steps, value);
          if (readKafkaEvent(structured(event), tenants, now).kind === 'refused') return;
          taken += 1;
          const validate = validators.get(type)!;
          expect(validate(JSON.parse(JSON.stringify(event))) || validate.errors).toBe(true);
        },
      ),
      // Few of what is spoilt so is still taken.
      { numRuns: 600 },
    );
    expect(taken).toBeGreaterThan(5);
  });

  it('give the same for structured and binary mode', () => {
    fc.assert(
      fc.property(
        anyType,
        fc.array(fc.nat(20), { minLength: 2, maxLength: 5 }),
        json,
        fc.boolean(),
        (type, steps, value, backfill) => {
          const event = wireEvent(type, { backfill });
          spoil({ data: event.data } as WireEvent, [0, ...steps], value);
          expect(readKafkaEvent(binary(event), tenants, now)).toEqual(
            readKafkaEvent(structured(event), tenants, now),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keep out any field that no schema names, and list it', () => {
    fc.assert(
      fc.property(anyType, fc.stringMatching(/^x_[a-z]{1,10}$/), json, (type, key, value) => {
        // Kept out already as JSON is parsed, at any depth, and listed for itself.
        fc.pre(!JSON.stringify(value).includes('__proto__'));
        const plain = readKafkaEvent(structured(wireEvent(type)), tenants, now);
        const event = wireEvent(type, { data: { [key]: value ?? 1 } });
        const read = readKafkaEvent(structured(event), tenants, now);
        expect(read).toMatchObject({ kind: 'event', unknownFields: [`data.${key}`] });
        expect(read.kind === 'event' && read.event).toEqual(plain.kind === 'event' && plain.event);
      }),
      { numRuns: 100 },
    );
  });
});
