import { FileFault } from './file-fault.js';
import { MOST_RECORD_BYTES } from './import.types.js';

/** How much may stand before the list: `{"kind": "customers", "rows": [`. */
const MOST_HEAD = 4_096;

/** Where in the file the reading is. */
type State = 'head' | 'between' | 'element' | 'after';

/** What stands around the list. */
export type JsonHead = Record<string, unknown>;

/**
 * The elements of a JSON array as text, one after another, without the array ever being in memory. The array is the whole
 * file, or a member of an object that says more about it (`head` hears that before the first element).
 */
export async function* splitJson(
  text: AsyncIterable<string>,
  head: (told: JsonHead) => void = () => undefined,
): AsyncGenerator<string> {
  let state = 'head' as State;
  let kept = '';
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  let isComma = false;
  let isEmpty = true;
  let isMember = false;
  let count = 0;
  for await (const chunk of text) {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const char = chunk.charCodeAt(at);
      if (state === 'element') {
        if (isInString) {
          if (isEscaped) isEscaped = false;
          else if (char === BACKSLASH) isEscaped = true;
          else if (char === QUOTE) isInString = false;
        } else if (char === QUOTE) isInString = true;
        else if (char === OPEN_BRACE || char === OPEN_BRACKET) depth += 1;
        else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) {
          depth -= 1;
          if (depth < 0) {
            if (char === CLOSE_BRACE) throw wrong('a comma or ] after an element');
            yield kept + chunk.slice(start, at);
            kept = '';
            state = 'after';
          }
        } else if (char === COMMA && depth === 0) {
          yield kept + chunk.slice(start, at);
          kept = '';
          count += 1;
          isComma = true;
          state = 'between';
        }
      } else if (state === 'between') {
        if (isSpace(char)) continue;
        if (char === CLOSE_BRACKET) {
          if (isComma || !isEmpty) throw wrong('an element after a comma');
          state = 'after';
          continue;
        }
        if (char === COMMA) throw wrong('an element between commas');
        isEmpty = false;
        isComma = false;
        depth = 0;
        start = at;
        state = 'element';
        // The element's first character is looked at as its others are.
        at -= 1;
      } else if (state === 'head') {
        if (isInString) {
          if (isEscaped) isEscaped = false;
          else if (char === BACKSLASH) isEscaped = true;
          else if (char === QUOTE) isInString = false;
        } else if (char === QUOTE) isInString = true;
        else if (char === OPEN_BRACKET) {
          isMember = tellHead(kept, head);
          kept = '';
          state = 'between';
          continue;
        }
        kept += chunk[at] ?? '';
        if (kept.length > MOST_HEAD) throw wrong('a list of records: [ … ]');
      } else if (!isSpace(char)) {
        if (!isMember || char !== CLOSE_BRACE) throw wrong('nothing after the list');
        isMember = false;
      }
    }
    if (state === 'element') {
      kept += chunk.slice(start);
      if (kept.length > MOST_RECORD_BYTES) throw wrong(`records of at most ${MOST_RECORD_BYTES} characters`);
    }
  }
  if (!hasEnded() || isMember) throw wrong('a list that ends with ]');

  // The compiler does not see that the loop has moved it.
  function hasEnded(): boolean {
    return state === 'after';
  }

  function wrong(expected: string): FileFault {
    const pointer = state === 'head' ? '#' : `#/${count}`;
    return new FileFault(422, `expected ${expected}`, [{ pointer, detail: `expected ${expected}` }]);
  }
}

/** What stood before the list; whether it is a member of an object, so that a brace closes behind it. */
function tellHead(before: string, head: (told: JsonHead) => void): boolean {
  const text = before.replace(/^\uFEFF/, '').trim();
  if (text === '') return false;
  let told: unknown;
  try {
    told = JSON.parse(`${text} null}`);
  } catch {
    told = null;
  }
  if (typeof told !== 'object' || told === null) {
    const detail = 'expected a list of records, or an object with one: {"kind": "customers", "rows": [ … ]}';
    throw new FileFault(422, detail, [{ pointer: '#', detail }]);
  }
  head(told as JsonHead);
  return true;
}

const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const isSpace = (char: number): boolean => char === 32 || char === 10 || char === 13 || char === 9;
