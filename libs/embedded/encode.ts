import {
  calculateObjectSize,
  isDocument,
  MAX_DOCUMENT_BYTES,
  MAX_DOCUMENT_DEPTH,
  serialize,
} from './bson.js';
import type { Doc } from './bson.js';
import { tooDeep, tooLarge } from './refusal.js';

/** A document as BSON. Far beyond the limit the library only says that it has no room. */
export function encode(doc: Doc): Buffer {
  try {
    return serialize(doc) as Buffer;
  } catch (error) {
    const size = calculateObjectSize(doc);
    if (size > MAX_DOCUMENT_BYTES) throw tooLarge(size);
    throw error;
  }
}

/** A document, or the fields of one that change, as it will be stored: a dotted path nests as deep as it is long. */
export function encodeStored(doc: Doc): Buffer {
  refuseTooDeep(doc, 1);
  return encode(doc);
}

/** Goes no deeper than the limit itself: the stack would end first. */
function refuseTooDeep(value: unknown, level: number): void {
  if (Array.isArray(value)) {
    if (value.length > 0 && level > MAX_DOCUMENT_DEPTH) throw tooDeep(MAX_DOCUMENT_DEPTH);
    for (const element of value) if (typeof element === 'object') refuseTooDeep(element, level + 1);
  } else if (isDocument(value)) {
    for (const name in value) {
      if (level > MAX_DOCUMENT_DEPTH) throw tooDeep(MAX_DOCUMENT_DEPTH);
      if (typeof value[name] === 'object') refuseTooDeep(value[name], level + 1);
    }
  }
}
