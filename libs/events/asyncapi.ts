import { EVENT_DATA } from './event-data.js';
import { EVENT_TYPES, type EventType } from './event.js';
import { binaryHeaders, exampleOf } from './example.js';
import type { JsonSchema } from './json-schema.js';

const JSON_SCHEMA = 'application/schema+json;version=draft-2020-12';
const CONTENT_TYPE = 'application/cloudevents+json';

/** The AsyncAPI 3.0 document of what we hear; the payloads are the files in `schemas/`. */
export function asyncApi(): JsonSchema {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Lagom',
      version: '1.0.0',
      description:
        'What booking systems tell Lagom. CloudEvents 1.0 in structured or binary mode; `source` is `/tenants/<tenant>`. ' +
        'In facts (customer, booking) absent = unchanged and null = cleared. Fields that no schema names are kept out and counted. ' +
        'The same events are heard over HTTP: `POST /v1/events`, also in batches (`application/cloudevents-batch+json`).',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: CONTENT_TYPE,
    servers: {
      kafka: {
        host: '{brokers}',
        protocol: 'kafka',
        description: 'The brokers that `KAFKA_BROKERS` names.',
        variables: { brokers: { default: 'localhost:9092', description: 'host:port' } },
      },
    },
    channels: {
      'booking.events': {
        address: 'booking.events',
        title: 'Booking events',
        description:
          'Keyed by customer id, so that each customer is heard in order (product.recalled: by recall id).',
        servers: [{ $ref: '#/servers/kafka' }],
        bindings: { kafka: { topic: 'booking.events', bindingVersion: '0.5.0' } },
        messages: byType((type) => ({ $ref: `#/components/messages/${type}` })),
      },
    },
    operations: {
      hearBookingEvents: {
        action: 'receive',
        title: 'Hear booking events',
        channel: { $ref: '#/channels/booking.events' },
        bindings: {
          kafka: {
            groupId: { type: 'string', description: '`ingest` after `KAFKA_GROUP_PREFIX`' },
            bindingVersion: '0.5.0',
          },
        },
      },
    },
    components: {
      messages: byType(message),
      schemas: { structuredHeaders, binaryHeaders: headersOfBinaryMode },
    },
  };
}

const byType = <V>(make: (type: EventType) => V): Record<string, V> =>
  Object.fromEntries(EVENT_TYPES.map((type) => [type, make(type)]));

function message(type: EventType): JsonSchema {
  const example = exampleOf(type);
  const schema = `./schemas/${type}.json`;
  return {
    name: type,
    title: type,
    summary: EVENT_DATA[type].description,
    contentType: CONTENT_TYPE,
    headers: {
      anyOf: [
        { $ref: '#/components/schemas/structuredHeaders' },
        { $ref: '#/components/schemas/binaryHeaders' },
      ],
    },
    // Structured mode carries the whole event, binary mode its data alone.
    payload: {
      schemaFormat: JSON_SCHEMA,
      schema: { anyOf: [{ $ref: schema }, { $ref: `${schema}#/properties/data` }] },
    },
    bindings: {
      kafka: {
        key: { type: 'string', description: type === 'product.recalled.v1' ? 'recall.id' : 'customer.id' },
        bindingVersion: '0.5.0',
      },
    },
    examples: [
      { name: 'structured', headers: { 'content-type': CONTENT_TYPE }, payload: example },
      { name: 'binary', headers: binaryHeaders(example, 'ce_'), payload: example.data },
    ],
  };
}

const structuredHeaders: JsonSchema = {
  type: 'object',
  description: 'Structured mode: the whole CloudEvent is the value.',
  required: ['content-type'],
  properties: { 'content-type': { type: 'string', pattern: '^application/cloudevents\\+json' } },
};

const headersOfBinaryMode: JsonSchema = {
  type: 'object',
  description: 'Binary mode: the attributes are headers, the data is the value.',
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time'],
  properties: {
    'content-type': { type: 'string', pattern: '^application/json' },
    ce_specversion: { type: 'string', const: '1.0' },
    ce_id: { type: 'string', minLength: 1, maxLength: 256 },
    ce_source: { type: 'string', pattern: '^/tenants/[^/\\s]+$' },
    ce_type: { type: 'string', enum: EVENT_TYPES },
    ce_time: { type: 'string', format: 'date-time' },
    ce_backfill: { type: 'string', enum: ['true', 'false'] },
  },
};
