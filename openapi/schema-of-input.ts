import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { Content } from '#campaigns/content';
import { LEAVES, MOST } from '#campaigns/predicate';
import { choice } from '#events/parts';
import { rootDir } from '#platform/root';
import type { SchemaPlace } from './read-handlers.js';
import type { Schema } from './schema-of-type.js';

/** What a request's query or body is read through, as it is written by who asks. */
export interface Input {
  schema: Schema;
  /** Whether an empty object, or none at all, is taken. */
  mayBeEmpty: boolean;
  /** The named parts that it points at. */
  components: Record<string, Schema>;
}

/** Parts of bodies that get a name of their own. */
const NAMED = z.registry<{ id: string }>();
NAMED.add(Content, { id: 'TemplateContent' });
NAMED.add(choice, { id: 'ChoiceInput' });

/** The very schema that validates at run time: its module is loaded, and the constant taken by its name. */
export async function readInputSchema({ file, name, text }: SchemaPlace, whose: string): Promise<Input> {
  const module = (await import(pathToFileURL(join(rootDir(), file)).href)) as Record<string, unknown>;
  const schema = name === null ? undefined : module[name];
  if (!(schema instanceof z.ZodType)) {
    throw new Error(
      `${whose} reads its input through \`${text}\` of ${file}: make it a constant of the file and export it, so that openapi.yaml can tell it`,
    );
  }
  return { ...schemaOfInput(schema), mayBeEmpty: schema.safeParse({}).success };
}

/** A schema of zod as OpenAPI writes it, and the named parts that it points at. */
export function schemaOfInput(schema: z.ZodType): { schema: Schema; components: Record<string, Schema> } {
  const {
    $schema: _,
    $defs,
    ...written
  } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    unrepresentable: 'any',
    reused: 'inline',
    metadata: NAMED,
    override: ({ jsonSchema }) => {
      // A format says it; the pattern that zod adds is read by nobody.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      delete jsonSchema.id;
    },
  });
  const named = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'));
  return {
    schema: named(written) as Schema,
    components: named($defs ?? {}) as Record<string, Schema>,
  };
}

/** A predicate as it is written: the reader walks it by hand (`#campaigns/read-predicate`), its leaves are of zod. */
export function predicateSchema(): Schema {
  const one = { $ref: '#/components/schemas/PredicateInput' };
  const many = { type: 'array', minItems: 1, maxItems: MOST.members, items: one };
  const nodes: [string, Schema][] = [
    ['and', many],
    ['or', many],
    ['not', one],
    ...Object.entries(LEAVES).map(([kind, leaf]): [string, Schema] => [kind, schemaOfInput(leaf).schema]),
  ];
  return {
    description: `Who is meant: an object with one member. At most ${MOST.depth} deep, at most ${MOST.nodes} nodes.`,
    oneOf: nodes.map(([kind, operand]) => ({
      ...{ type: 'object', title: kind, properties: { [kind]: operand }, required: [kind] },
      additionalProperties: false,
    })),
  };
}
