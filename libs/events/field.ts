import { z } from 'zod';

/** How a field is named when it is wrong, and whether its value is harmless enough to be repeated. */
export interface FieldWords {
  expected: string;
  /** Only times, enums and numbers: never a name, an address or free text. */
  echo: boolean;
}

const WORDS = z.registry<FieldWords>();

/** Says what a field expects, in the words that a refusal uses: `expected <words>, got …`. */
export function field<S extends z.ZodType>(schema: S, expected: string, options: { echo?: boolean } = {}): S {
  WORDS.add(schema, { expected, echo: options.echo ?? false });
  return schema;
}

/** The words of a field; a schema that was described or wrapped keeps those of its inside. */
export function wordsOf(schema: z.core.$ZodType | undefined): FieldWords | undefined {
  for (let at = schema; at; at = inside(at)) {
    const words = WORDS.get(at as z.ZodType);
    if (words) return words;
  }
  return undefined;
}

/** The schema at a path of member names and indices, without what makes it optional, nullable or converted. */
export function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = schema;
  for (const key of path) {
    let bare: z.core.$ZodType = at;
    for (let next = inside(bare); next; next = inside(bare)) bare = next;
    const def = bare._zod.def as unknown as Shape;
    if (def.type === 'object') at = def.shape[String(key)];
    else if (def.type === 'array') at = def.element;
    else if (def.type === 'record') at = def.valueType;
    else at = undefined;
    if (!at) return undefined;
  }
  return at;
}

type Shape =
  | { type: 'object'; shape: Record<string, z.core.$ZodType> }
  | { type: 'array'; element: z.core.$ZodType }
  | { type: 'record'; valueType: z.core.$ZodType }
  | { type: 'optional' | 'nullable'; innerType: z.core.$ZodType }
  | { type: 'pipe'; in: z.core.$ZodType }
  | { type: 'string' };

function inside(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const def = schema._zod.def as unknown as Shape;
  if (def.type === 'optional' || def.type === 'nullable') return def.innerType;
  return def.type === 'pipe' ? def.in : undefined;
}

/** `?` of a fact (customer, booking): absent = unchanged, `null` = cleared. */
export const fact = <S extends z.ZodType>(schema: S) => schema.nullish();

/** `?` of what happened: there is nothing to clear, so `null` (what many serialisers write) is the same as absent. */
export const absent = <S extends z.ZodType>(schema: S) =>
  schema
    .nullish()
    .transform((value) => value ?? undefined)
    .optional();
