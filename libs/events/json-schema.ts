import { z } from 'zod';
import { envelope } from './envelope.js';
import { EVENT_DATA } from './event-data.js';
import { EVENT_TYPES, type EventType } from './event.js';
import { exampleOf } from './example.js';

export type JsonSchema = Record<string, unknown>;

/** The JSON Schema (2020-12) of a whole CloudEvent of this type, as a producer writes it. */
export function jsonSchemaOf(type: EventType): JsonSchema {
  const data = EVENT_DATA[type];
  const schema = z.object({
    ...envelope.shape,
    type: z.literal(type),
    data,
  });
  const written = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12', reused: 'inline' });
  const { $schema, properties, ...rest } = written;
  return {
    $schema,
    $id: schemaId(type),
    title: type,
    description: data.description,
    examples: [exampleOf(type)],
    ...rest,
    properties: withoutIgnored(properties ?? {}),
  };
}

/** The id of a type's schema. */
export const schemaId = (type: EventType): string => `urn:lagom:schemas:${type}`;

/** A list of all schemas, for who wants to fetch them all. */
export const schemaIndex = (): JsonSchema => ({
  types: EVENT_TYPES.map((type) => ({
    type,
    schema: `${type}.json`,
    description: EVENT_DATA[type].description,
  })),
});

/** Attributes that may say anything say nothing here: additional properties are allowed anyway. */
const withoutIgnored = (properties: object): object =>
  Object.fromEntries(
    Object.entries(properties).filter(([, property]) => Object.keys(property as object).length > 0),
  );
