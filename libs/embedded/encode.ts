import { calculateObjectSize, MAX_DOCUMENT_BYTES, serialize, type Doc } from './bson.js';
import { tooLarge } from './refusal.js';

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
