import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { rootDir } from '#platform/root';
import { EVENT_TYPES } from './event.js';
import { wireEvent } from './event.fixture.js';
import { generated } from './generate.js';
import { schemaId } from './json-schema.js';

type Json = { [key: string]: Json } & Json[];
const files = generated();
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
formats.default(ajv);
const schemas = new Map(
  EVENT_TYPES.map((type) => [type, JSON.parse(files.get(`schemas/${type}.json`)!) as object]),
);
for (const schema of schemas.values()) ajv.addSchema(schema);

describe('the generated files', () => {
  it.each([...files.keys()])('are not stale: %s', async (path) => {
    expect(await readFile(join(rootDir(), path), 'utf8')).toBe(files.get(path));
  });

  it('are all there are', async () => {
    const there = (await readdir(join(rootDir(), 'schemas'))).map((name) => `schemas/${name}`);
    expect(there.sort()).toEqual([...files.keys()].filter((path) => path.startsWith('schemas/')).sort());
  });
});

describe('the JSON Schemas', () => {
  it.each(EVENT_TYPES)('take the example and their own examples: %s', (type) => {
    const validate = ajv.getSchema(schemaId(type))!;
    expect(validate(wireEvent(type)) || validate.errors).toBe(true);
  });

  it.each([
    ['a time', { booking: { startsAt: 'tomorrow' } }],
    ['no customer', { customer: undefined }],
    ['an unknown purpose', { choices: [{ purpose: 'fun' }] }],
    ['an unknown currency form', { booking: { price: { amount: 1, currency: 'kronor' } } }],
    ['a wrong version', { booking: { version: 1.5 } }],
  ])('refuse what the reader refuses: %s', (_, data) => {
    expect(ajv.validate(schemaId('booking.confirmed.v1'), wireEvent('booking.confirmed.v1', { data }))).toBe(
      false,
    );
  });

  it('allow unknown fields and null in facts, as the reader does', () => {
    const event = wireEvent('booking.confirmed.v1', {
      data: { more: 1, customer: { phone: null, more: 1 } },
    });
    expect(ajv.validate(schemaId('booking.confirmed.v1'), event)).toBe(true);
  });
});

describe('asyncapi.yaml', () => {
  let document: Json;
  beforeAll(() => {
    document = parse(files.get('asyncapi.yaml')!) as Json;
  });

  const resolve = (ref: string): unknown => {
    const [file, pointer = ''] = ref.split('#');
    const start: unknown = file ? JSON.parse(files.get(file.replace('./', ''))!) : document;
    return pointer
      .split('/')
      .slice(1)
      .reduce((at, key) => (at as Json)[key.replaceAll('~1', '/')], start);
  };

  it('points at what exists', () => {
    const refs = [...files.get('asyncapi.yaml')!.matchAll(/\$ref: "?([^"\n]+)"?/g)].map((m) => m[1]!);
    expect(refs.length).toBeGreaterThan(4 * EVENT_TYPES.length);
    expect(refs.filter((ref) => resolve(ref) === undefined)).toEqual([]);
  });

  it('has what AsyncAPI 3.0 requires', () => {
    expect(document['asyncapi']).toBe('3.0.0');
    expect(document['info']).toMatchObject({ title: 'Lagom', version: expect.any(String) });
    const channel = document['channels']!['booking.events']!;
    expect(Object.keys(channel['messages']!)).toEqual(EVENT_TYPES);
    for (const operation of Object.values(document['operations']!)) {
      expect(['send', 'receive']).toContain(operation['action']);
      expect(resolve(String(operation['channel']!['$ref']))).toBe(channel);
    }
    for (const server of Object.values(document['servers']!)) {
      expect(server).toMatchObject({ host: expect.any(String), protocol: 'kafka' });
    }
    const known = [
      'asyncapi',
      'info',
      'defaultContentType',
      'servers',
      'channels',
      'operations',
      'components',
    ];
    expect(Object.keys(document).filter((key) => !known.includes(key))).toEqual([]);
  });

  it.each(EVENT_TYPES)('has examples in both modes that are true: %s', (type) => {
    const message = document['components']!['messages']![type]!;
    const { structuredHeaders, binaryHeaders } = document['components']!['schemas']!;
    const [structured, binary] = message['examples']!;
    expect(ajv.validate(structuredHeaders!, structured!['headers'])).toBe(true);
    expect(ajv.validate(binaryHeaders!, binary!['headers'])).toBe(true);
    expect(ajv.validate(schemaId(type), structured!['payload'])).toBe(true);
    // The payload of binary mode is `#/properties/data` of the same schema.
    expect(binary!['payload']).toEqual(structured!['payload']!['data']);
    expect(message['bindings']).toMatchObject({ kafka: { key: { type: 'string' } } });
  });
});
