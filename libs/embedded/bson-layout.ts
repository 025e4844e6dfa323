/** BSON's types (https://bsonspec.org/spec.html), and where names and values lie among bytes that have been checked. */
export const DOUBLE = 1;
export const STRING = 2;
export const DOCUMENT = 3;
export const ARRAY = 4;
export const BINARY = 5;
export const UNDEFINED = 6;
export const OBJECT_ID = 7;
export const BOOLEAN = 8;
export const DATE = 9;
export const NULL = 10;
export const REGEX = 11;
export const POINTER = 12;
export const CODE = 13;
export const SYMBOL = 14;
export const CODE_WITH_SCOPE = 15;
export const INT = 16;
export const TIMESTAMP = 17;
export const LONG = 18;
export const DECIMAL = 19;
export const MAX_KEY = 127;
export const MIN_KEY = 255;

export const int32At = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);

/** Where the name that begins here has its zero; where the bytes end, if it has none. */
export function nameEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  while (end < bytes.length && bytes[end] !== 0) end += 1;
  return end;
}

/** Where a value ends; its type is one of BSON's. */
export function valueEnd(bytes: Uint8Array, type: number, at: number): number {
  switch (type) {
    case STRING:
    case CODE:
    case SYMBOL:
      return at + 4 + int32At(bytes, at);
    case DOCUMENT:
    case ARRAY:
    case CODE_WITH_SCOPE:
      return at + int32At(bytes, at);
    case DATE:
    case DOUBLE:
    case LONG:
    case TIMESTAMP:
      return at + 8;
    case INT:
      return at + 4;
    case BOOLEAN:
      return at + 1;
    case NULL:
    case UNDEFINED:
    case MIN_KEY:
    case MAX_KEY:
      return at;
    case OBJECT_ID:
      return at + 12;
    case BINARY:
      return at + 5 + int32At(bytes, at);
    case DECIMAL:
      return at + 16;
    case POINTER:
      return at + 4 + int32At(bytes, at) + 12;
    case REGEX:
      return nameEnd(bytes, nameEnd(bytes, at) + 1) + 1;
    default:
      throw new Error(`BSON has no type ${type}`);
  }
}
