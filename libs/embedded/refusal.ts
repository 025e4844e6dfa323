import { MAX_DOCUMENT_BYTES, type Doc } from './bson.js';

/** MongoDB's name for each code that this store answers with. */
const CODE_NAMES = {
  1: 'InternalError',
  2: 'BadValue',
  9: 'FailedToParse',
  13: 'Unauthorized',
  14: 'TypeMismatch',
  15: 'Overflow',
  16: 'InvalidLength',
  17: 'ProtocolError',
  20: 'IllegalOperation',
  22: 'InvalidBSON',
  26: 'NamespaceNotFound',
  27: 'IndexNotFound',
  28: 'PathNotViable',
  40: 'ConflictingUpdateOperators',
  43: 'CursorNotFound',
  48: 'NamespaceExists',
  52: 'DollarPrefixedFieldName',
  53: 'InvalidIdField',
  54: 'NotSingleValueField',
  56: 'EmptyFieldName',
  59: 'CommandNotFound',
  66: 'ImmutableField',
  67: 'CannotCreateIndex',
  72: 'InvalidOptions',
  73: 'InvalidNamespace',
  85: 'IndexOptionsConflict',
  86: 'IndexKeySpecsConflict',
  115: 'CommandNotSupported',
  123: 'NotAReplicaSet',
  168: 'InvalidPipelineOperator',
  171: 'CannotIndexParallelArrays',
  10334: 'BSONObjectTooLarge',
  11000: 'DuplicateKey',
  14031: 'OutOfDiskSpace',
} as const;

/** MongoDB numbers its rarer refusals without naming them: their name is `Location` and the number. */
export type Code =
  | keyof typeof CODE_NAMES
  | 15947
  | 15952
  | 15955
  | 15958
  | 15959
  | 15969
  | 15976
  | 15981
  | 15983
  | 16020
  | 17217
  | 17276
  | 28811
  | 28818
  | 31249
  | 31253
  | 31254
  | 40061
  | 40066
  | 40081
  | 40156
  | 40158
  | 40160
  | 40234
  | 40235
  | 40238
  | 40323
  | 40324
  | 40353
  | 40414
  | 40415
  | 51272
  | 5107200
  | 31325;

export function codeName(code: Code): string {
  return (CODE_NAMES as Record<number, string>)[code] ?? `Location${code}`;
}

/** An answer of "no" in MongoDB's own words. `extra` joins the error's fields (keyPattern, keyValue). */
export class Refusal extends Error {
  readonly isRefusal = true;

  constructor(
    readonly code: Code,
    message: string,
    readonly extra: Doc = {},
  ) {
    super(message);
  }
}

export const tooLarge = (size: number): Refusal =>
  new Refusal(10334, `BSONObj size: ${size} is invalid. Size must be between 0 and ${MAX_DOCUMENT_BYTES}`);

export const tooDeep = (levels: number): Refusal =>
  new Refusal(15, `Document exceeds maximum nesting depth of ${levels}`);

/** Characters of a text in an error: what was sent may be megabytes of it. */
const LONGEST_SHOWN = 1_000;
const LONGEST_MESSAGE = 8 * LONGEST_SHOWN;

const cut = (text: string, longest: number): string =>
  text.length > longest ? `${text.slice(0, longest)}…` : text;

/** A value as an error shows it: a long one is cut, and is a text then. */
export function shown(value: unknown): unknown {
  if (typeof value === 'string') return cut(value, LONGEST_SHOWN);
  const text = JSON.stringify(value) ?? '';
  return text.length > LONGEST_SHOWN ? cut(text, LONGEST_SHOWN) : value;
}

/** Tells a refusal from a bug, without `instanceof`: jest's realms break that. */
export function isRefusal(error: unknown): error is Refusal {
  return (error as { isRefusal?: unknown } | null)?.isRefusal === true;
}

/** A refusal's fields, in a command's reply or among its write errors. */
export function refusalFields({ code, message, extra }: Refusal): Doc {
  return { code, codeName: codeName(code), errmsg: cut(message, LONGEST_MESSAGE), ...extra };
}

/** The body of a failed command's reply. */
export function refusalReply(error: unknown): Doc {
  if (isRefusal(error)) return { ok: 0, ...refusalFields(error) };
  return {
    ok: 0,
    errmsg: cut(`internal error: ${String(error)}`, LONGEST_MESSAGE),
    code: 1,
    codeName: codeName(1),
  };
}
