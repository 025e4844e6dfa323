import { isDocument, own } from './bson.js';
import { isPosition } from './field-path.js';

/** Looks at one value; undefined is a missing one. */
export type Test = (value: unknown) => boolean;

function walk(value: unknown, parts: readonly string[], at: number, test: Test, elements: boolean): boolean {
  if (at === parts.length) {
    if (test(value)) return true;
    return elements && Array.isArray(value) && value.some(test);
  }
  const part = parts[at]!;
  if (Array.isArray(value)) {
    // An array on the way stands for each of its documents, and for its n-th element where the part is a number.
    if (isPosition(part) && Number(part) < value.length) {
      if (walk(value[Number(part)], parts, at + 1, test, elements)) return true;
    }
    for (const element of value) {
      if (isDocument(element) && walk(own(element, part), parts, at + 1, test, elements)) return true;
    }
    return false;
  }
  return isDocument(value) ? walk(own(value, part), parts, at + 1, test, elements) : test(undefined);
}

/**
 * True if any value at the path passes. With `elements` an array at the path's end is tested whole and then element
 * by element, as MongoDB does for all operators but $exists, $size and $elemMatch.
 */
export function anyAt(doc: unknown, parts: readonly string[], test: Test, elements: boolean): boolean {
  if (parts.length === 1 && isDocument(doc)) {
    const value = own(doc, parts[0]!);
    return test(value) || (elements && Array.isArray(value) && value.some(test));
  }
  return walk(doc, parts, 0, test, elements);
}
