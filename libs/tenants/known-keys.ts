import type { z } from 'zod';

/** What of a zod schema is looked at to walk it. */
interface Definition {
  type: string;
  shape?: Record<string, z.ZodType>;
  innerType?: z.ZodType;
  in?: z.ZodType;
  out?: z.ZodType;
  element?: z.ZodType;
  keyType?: z.ZodType;
  valueType?: z.ZodType;
  /** Of an enum. */
  entries?: Record<string, unknown>;
  options?: z.ZodType[];
}

/** The keys that `schema` knows at `path`: what a misspelt one may have meant. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const definition = schema.def as unknown as Definition;
  const inner = definition.innerType ?? (definition.type === 'pipe' ? throughPipe(definition) : undefined);
  if (inner) return knownKeys(inner, path);
  if (definition.options)
    return [...new Set(definition.options.flatMap((option) => knownKeys(option, path)))];
  const [head, ...rest] = path;
  if (head === undefined) {
    const names = definition.keyType?.def as Definition | undefined;
    return Object.keys(definition.shape ?? names?.entries ?? {});
  }
  const next = definition.shape?.[String(head)] ?? definition.valueType ?? definition.element;
  return next ? knownKeys(next, rest) : [];
}

// A preprocessed schema has its shape behind, a transformed one before.
const throughPipe = (pipe: Definition): z.ZodType | undefined =>
  (pipe.in?.def as Definition | undefined)?.type === 'transform' ? pipe.out : pipe.in;
