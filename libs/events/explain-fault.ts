import type { z } from 'zod';
import { MASKED_CARD } from './fields.js';
import { schemaAt, wordsOf, type FieldWords } from './field.js';

/** One thing that is wrong with an event, and where. Never says personal data. */
export interface ReadFault {
  /** `#/data/booking/startsAt`; a missing member is pointed at itself. */
  pointer: string;
  /** `data.booking.startsAt` */
  path: string;
  /** `expected RFC 3339 date-time, got "tomorrow"` */
  detail: string;
}

type Path = readonly PropertyKey[];

/** A fault at a path of member names and indices. */
export function faultAt(path: Path, detail: string): ReadFault {
  return { pointer: pointerTo(path), path: pathTo(path), detail };
}

/** `expected X, got Y` for a value of which nothing may be repeated unless `echo`. */
export function mismatch(path: Path, expected: string, value: unknown, echo = false): ReadFault {
  return faultAt(path, `expected ${expected}, got ${rendered(value, echo)}`);
}

/** What zod found, one fault per path, in our words. `at` is where the schema stands in the event. */
export function explain(
  issues: readonly z.core.$ZodIssue[],
  schema: z.core.$ZodType,
  input: unknown,
  at: Path,
): ReadFault[] {
  const faults = new Map<string, ReadFault>();
  for (const issue of issues) {
    const fault = explainOne(issue, schema, input, at);
    if (!faults.has(fault.pointer)) faults.set(fault.pointer, fault);
  }
  return [...faults.values()];
}

function explainOne(issue: z.core.$ZodIssue, schema: z.core.$ZodType, input: unknown, at: Path): ReadFault {
  const path = [...at, ...issue.path];
  if (issue.code === 'invalid_key') {
    return mismatch(path, 'a name of letters, digits, - and _, a letter first', issue.path.at(-1));
  }
  const value = valueAt(input, issue.path);
  const own = issue.code === 'custom' && issue.params ? (issue.params as Partial<FieldWords>) : {};
  const words = own.expected === undefined ? wordsOf(schemaAt(schema, issue.path)) : own;
  return mismatch(path, words?.expected ?? 'object', value, words?.echo);
}

function valueAt(input: unknown, path: Path): unknown {
  let at = input;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** Longer than any time, enum or zone. */
const ECHO_MOST = 40;

/** Says what was there without saying personal data: the value itself only where the field is harmless, and it looks so. */
function rendered(value: unknown, echo: boolean): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return echo && Math.abs(value) < 1e9 ? String(value) : 'a number';
  if (typeof value === 'string') {
    if (value === '') return 'empty text';
    if (value.includes(MASKED_CARD)) return 'text with a card number in it';
    return echo && looksHarmless(value) ? JSON.stringify(value) : `text of ${value.length} characters`;
  }
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return 'an object';
}

/** One plain word, or a time: no address, and no digits that could be a phone or a personal number. */
const looksHarmless = (text: string): boolean =>
  text.length <= ECHO_MOST &&
  (/^\d{4}-\d\d-\d\d([Tt ][\d:.,]*([Zz]|[+-]\d\d:?\d\d)?)?$/.test(text) ||
    (/^[\w:.,+/-]+$/.test(text) && text.replace(/\D/g, '').length <= 6));

/** A name that somebody else chose is repeated only if it is a plain one. */
const plain = (key: PropertyKey): string =>
  typeof key === 'number' || /^[A-Za-z_$][\w$-]{0,63}$/.test(String(key)) ? String(key) : '(unusual name)';

/** RFC 6901 as a URI fragment. */
export const pointerTo = (path: Path): string =>
  [
    '#',
    ...path.map((key) => encodeURIComponent(plain(key).replaceAll('~', '~0').replaceAll('/', '~1'))),
  ].join('/');

/** `data.choices[0].purpose` */
export const pathTo = (path: Path): string =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : (i ? '.' : '') + plain(key))).join('');
