import { Refusal } from './refusal.js';
import {
  DOUBLE,
  STRING,
  DOCUMENT,
  ARRAY,
  UNDEFINED,
  OBJECT_ID,
  BOOLEAN,
  DATE,
  NULL,
  REGEX,
  CODE,
  SYMBOL,
  CODE_WITH_SCOPE,
  INT,
  TIMESTAMP,
  LONG,
  DECIMAL,
  MAX_KEY,
  MIN_KEY,
  int32At,
  nameEnd,
  valueEnd,
} from './bson-layout.js';
import { byLibrary } from './raw-document.js';

/**
 * Walks a document that came from outside: throws where a length leaves it, so that nothing else need look. How deep it
 * is nested is not its matter: it says so, as MongoDB counts, the document itself being the first level and an empty one
 * none.
 */
export function checkDocument(bytes: Uint8Array, at: number, end: number): number {
  /** Where the documents around this one have their zero: recursion would end with the stack. */
  const around: number[] = [];
  let stop = checkedStop(bytes, at, end);
  let here = at + 4;
  let deepest = here < stop ? 1 : 0;
  for (;;) {
    while (here < stop) {
      const type = bytes[here]!;
      here = nameEnd(bytes, here + 1) + 1;
      if (here > stop) throw new Error('a BSON name without an end');
      if (type === DOCUMENT || type === ARRAY || type === CODE_WITH_SCOPE) {
        const inner = type === CODE_WITH_SCOPE ? checkedScope(bytes, here, stop) : here;
        around.push(stop);
        stop = checkedStop(bytes, inner, stop);
        here = inner + 4;
        if (here < stop && around.length >= deepest) deepest = around.length + 1;
      } else {
        const next = checkedEnd(bytes, type, here, stop);
        if (!(next >= here && next <= stop)) throw new Error('a BSON value beyond its document');
        here = next;
      }
    }
    const outer = around.pop();
    if (outer === undefined) return deepest;
    here = stop + 1;
    stop = outer;
  }
}

/** Where the document that begins here has its zero, before `end`. */
function checkedStop(bytes: Uint8Array, at: number, end: number): number {
  if (at + 5 > end) throw new Error('BSON cut off');
  const stop = at + int32At(bytes, at) - 1;
  if (stop < at + 4 || stop >= end || bytes[stop] !== 0) throw new Error('BSON of a wrong length');
  return stop;
}

/** Where the scope of the code that begins here begins: it and the text are all there is of it. */
function checkedScope(bytes: Uint8Array, at: number, stop: number): number {
  const scope = checkedEnd(bytes, STRING, at + 4, stop);
  if (scope + int32At(bytes, scope) !== at + int32At(bytes, at)) throw new Error('BSON of a wrong length');
  return scope;
}

function checkedEnd(bytes: Uint8Array, type: number, at: number, stop: number): number {
  switch (type) {
    case STRING:
    case CODE:
    case SYMBOL: {
      const end = at + 4 + int32At(bytes, at);
      if (at + 4 > stop || end < at + 5 || end > stop || bytes[end - 1] !== 0)
        throw new Error('a BSON string without an end');
      return end;
    }
    case DATE:
    case DOUBLE:
    case LONG:
    case TIMESTAMP:
    case INT:
    case BOOLEAN:
    case NULL:
    case UNDEFINED:
    case MIN_KEY:
    case MAX_KEY:
    case OBJECT_ID:
    case DECIMAL:
      return valueEnd(bytes, type, at);
    default: {
      // The rare ones: the library reads them, and throws for what is wrong.
      const end = valueEnd(bytes, type, at);
      if (!(end >= at && end <= stop)) throw new Error('a BSON value beyond its document');
      try {
        byLibrary(bytes, type, at, end);
      } catch (error) {
        // MongoDB keeps what is a pattern to PCRE only; here each is one of JavaScript's.
        if (type === REGEX && (error as Error).name === 'SyntaxError')
          throw new Refusal(2, `the embedded store takes no such pattern: ${(error as Error).message}`);
        throw error;
      }
      return end;
    }
  }
}
