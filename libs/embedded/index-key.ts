import { isDocument, own, type Doc } from './bson.js';
import type { Texts } from './raw-document.js';
import { TYPE, valueKey } from './value-key.js';

/**
 * What an index holds: a text of `value-key` written as bytes, one or three for each of its units, so that comparing the
 * bytes compares the units. As a text again each unit is one of these bytes, which is the smallest that there is.
 */

/** Units from here on take three bytes. */
const WIDE = 0xf0;

let scratch = Buffer.alloc(4 * 1024) as Texts;
let end = 0;

function room(units: number): void {
  if (end + units * 3 <= scratch.length) return;
  const larger = Buffer.alloc((end + units * 3) * 2) as Texts;
  scratch.copy(larger, 0, 0, end);
  scratch = larger;
}

function writeUnit(unit: number): void {
  if (unit < WIDE) scratch[end++] = unit;
  else {
    scratch[end] = WIDE;
    scratch[end + 1] = unit >>> 8;
    scratch[end + 2] = unit & 0xff;
    end += 3;
  }
}

function writeUnits(key: string): void {
  room(key.length);
  for (let at = 0; at < key.length; at += 1) writeUnit(key.charCodeAt(at));
}

const float = new Float64Array(1);
const units = new Uint16Array(float.buffer);

/** As `doubleKey` of value-key, for what is a number. */
function writeDouble(value: number): void {
  float[0] = value === 0 ? 0 : value;
  const flip = units[3]! & 0x8000 ? 0xffff : 0;
  writeUnit(units[3]! ^ (flip || 0x8000));
  for (let at = 2; at >= 0; at -= 1) writeUnit(units[at]! ^ flip);
}

const [NULL, STRING, NUMBER, DATE] = [TYPE.null, TYPE.string, TYPE.number, TYPE.date].map((type) =>
  type.charCodeAt(0),
) as [number, number, number, number];

/** The usual values without a text in between; all others by their key. */
function writeValue(value: unknown): void {
  if (value === undefined || value === null) {
    room(1);
    scratch[end++] = NULL;
  } else if (typeof value === 'string') {
    const begin = end;
    room(value.length + 2);
    scratch[end++] = STRING;
    for (let at = 0; at < value.length; at += 1) {
      const unit = value.charCodeAt(at);
      if (unit < 2 || unit >= 0xd800) {
        end = begin;
        return writeUnits(valueKey(value)); // some of it has to be written otherwise
      }
      writeUnit(unit);
    }
    scratch[end++] = 0;
  } else if (typeof value === 'number' && !Number.isNaN(value)) {
    room(6);
    scratch[end++] = NUMBER;
    writeDouble(value);
    writeUnit(0x8000);
  } else if (value instanceof Date && !Number.isNaN(value.getTime())) {
    room(5);
    scratch[end++] = DATE;
    writeDouble(value.getTime());
  } else writeUnits(valueKey(value));
}

/** A key of value-key as an index holds it. */
export function indexKey(key: string): string {
  end = 0;
  writeUnits(key);
  return scratch.latin1Slice(0, end);
}

/** The one key of a document by these paths, all ascending; undefined if an array is in the way: it may have several. */
export function onlyKey(doc: Doc, paths: readonly (readonly string[])[]): string | undefined {
  end = 0;
  for (const parts of paths) {
    let value: unknown = own(doc, parts[0]!);
    for (let at = 1; at < parts.length; at += 1) {
      if (Array.isArray(value)) return undefined;
      value = isDocument(value) ? own(value, parts[at]!) : undefined;
    }
    if (Array.isArray(value)) return undefined;
    writeValue(value);
  }
  return scratch.latin1Slice(0, end);
}
