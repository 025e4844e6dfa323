/**
 * Card numbers are masked wherever they turn up (`•••• 4242`), before anything is stored, logged or dead-lettered.
 * A card number is 13 to 19 digits with an issuer's prefix, that issuer's length and a right check digit, alone or
 * in groups. Phone numbers in E.164, times, UUIDs, hexadecimal ids and decimal fractions are left alone: masking an
 * id would be a loss of data.
 */
export function maskCardNumbers(text: string): { text: string; count: number } {
  let count = 0;
  // Split at the UUIDs, so that a card right behind one is still seen.
  const parts = text.split(UUID).map((part, index) => {
    if (index % 2 === 1) return part;
    return part.replace(DIGIT_RUN, (run: string, at: number) => {
      if (isElsewhereKnown(part, at, run)) return run;
      const masked = maskRun(run, knownLength(part, at, run));
      count += masked.count;
      return masked.text;
    });
  });
  return { text: count === 0 ? text : parts.join(''), count };
}

/** The same for every string, key and number of a JSON value; a copy where something was masked. */
export function maskCardsDeep<T>(value: T): { value: T; count: number } {
  const counter = { count: 0, cut: false };
  const masked = maskValue(value, counter, 0) as T;
  return { value: counter.count === 0 && !counter.cut ? value : masked, count: counter.count };
}

/** For messages of logs and errors: addresses, phone numbers, personal identity numbers and cards are masked. */
export function maskPersonal(text: string): string {
  const parts = maskCardNumbers(text).text.replace(EMAIL, '[email]').split(UUID);
  return parts
    .map((part, index) => (index % 2 === 1 ? part : part.replace(LONG_NUMBER, maskLongNumber)))
    .join('');
}

function maskLongNumber(number: string): string {
  const date = /^\d{4}-\d\d-\d\d(?!\d)/.exec(number)?.[0] ?? '';
  const rest = number.slice(date.length);
  return rest.replace(/\D/g, '').length < 7 ? number : `${date}${date === '' ? '' : ' '}[number]`;
}

const EMAIL = /[^\s"'<>()[\]{},;:=/?&@]{1,64}@[^\s"'<>()[\]{},;:=/?&]{1,255}/gu;
const LONG_NUMBER = /(?<![\w.])\+?\d[\d\u00a0 ()/-]{5,22}\d(?!\w)/g;
const UUID = /(?<![\da-z])([\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12})(?![\da-z])/i;

/** Digits with at most two separators between any two of them. */
const SEPARATOR = '[ \\u00a0\\u202f\\t.\\-\u2010-\u2015_/]';
const DIGIT_RUN = new RegExp(`\\d(?:${SEPARATOR}{0,2}\\d){12,}`, 'g');
/** Between these any grouping counts; dots, slashes and the like (prices, paths) only in the groups of a card. */
const PLAIN_GROUPS = /^[\d \u00a0\u202f\t\-\u2010-\u2015]+$/;
const CARD_GROUPS =
  /^(?:\d{4}\D{1,2}\d{4}\D{1,2}\d{4}\D{1,2}\d{1,4}(?:\D{1,2}\d{1,3})?|\d{4}\D{1,2}\d{6}\D{1,2}\d{4,5})$/;

const LONGEST_E164 = 15;
const LONGEST_CARD = 19;
const SHORTEST_CARD = 13;

function isElsewhereKnown(text: string, at: number, run: string): boolean {
  const digits = run.replace(/\D/g, '').length;
  if (text[at - 1] === '+' && digits <= LONGEST_E164) return true;
  // 0.4242424242424242 is a fraction; so is 59.3293234100000001.
  if (/^\d{1,3}\.\d+$/.test(run)) return true;
  const before = /[\da-z]*$/i.exec(text.slice(Math.max(0, at - 64), at))?.[0] ?? '';
  const after = /^[\da-z]*/i.exec(text.slice(at + run.length, at + run.length + 64))?.[0] ?? '';
  const token = `${before}${run}${after}`;
  return token.length >= 20 && /^[\da-f]+$/i.test(token) && /[a-f]/i.test(token);
}

/** How much at the begin of a run is no card: the phone number behind a `+`, the four digits that a mask kept. */
function knownLength(text: string, at: number, run: string): number {
  if (text.slice(Math.max(0, at - 5), at) === '•••• ') return 4;
  const first = /^\d+/.exec(run)?.[0].length ?? 0;
  return text[at - 1] === '+' && first > 7 && first <= LONGEST_E164 ? first : 0;
}

function maskRun(run: string, from: number): { text: string; count: number } {
  let text = run.slice(0, from);
  let count = 0;
  for (let at = from; at < run.length;) {
    const end = atGroupStart(run, at) ? cardEnd(run, at) : null;
    if (end === null) {
      text += run.charAt(at);
      at += 1;
    } else {
      text += `•••• ${run.slice(at, end).replace(/\D/g, '').slice(-4)}`;
      count += 1;
      at = end;
    }
  }
  return { text, count };
}

/** The end of the longest card number that begins at `from` and ends with its group, or null. */
function cardEnd(run: string, from: number): number | null {
  let longest: number | null = null;
  let digits = '';
  for (let at = from; at < run.length && digits.length < LONGEST_CARD; at += 1) {
    if (!isDigit(run[at])) continue;
    digits += run.charAt(at);
    if (digits.length < SHORTEST_CARD || isDigit(run[at + 1]) || !isCardNumber(digits)) continue;
    const shown = run.slice(from, at + 1);
    if (PLAIN_GROUPS.test(shown) || CARD_GROUPS.test(shown)) longest = at + 1;
  }
  return longest;
}

const isDigit = (character: string | undefined): boolean =>
  character !== undefined && character >= '0' && character <= '9';
const atGroupStart = (run: string, at: number): boolean => isDigit(run[at]) && !isDigit(run[at - 1]);

/** What issuers begin with, and how long their numbers are. */
const ISSUERS = new RegExp(
  [
    /^4(?:\d{12}|\d{15}|\d{18})$/, // Visa
    /^(?:5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12})$/, // Mastercard
    /^3[47]\d{13}$/, // American Express
    /^3(?:0[0-5]|09|6\d|[89]\d)\d{11,16}$/, // Diners Club
    /^(?:6011|64[4-9]\d|65\d\d)\d{12,15}$/, // Discover
    /^35(?:2[89]|[3-8]\d)\d{12,15}$/, // JCB
    /^(?:62|81)\d{14,17}$/, // UnionPay
    /^(?:50\d\d|5[6-8]\d\d|6304|67\d\d)\d{9,15}$/, // Maestro and Dankort
    /^220[0-4]\d{12,15}$/, // Mir
  ]
    .map((issuer) => issuer.source)
    .join('|'),
);

const isCardNumber = (digits: string): boolean => ISSUERS.test(digits) && luhn(digits);

function luhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    sum += index % 2 === 0 ? digit : digit < 5 ? digit * 2 : digit * 2 - 9;
  }
  return sum % 10 === 0;
}

/** JSON deeper than this is nobody's event: what lies deeper is cut out. */
const DEEPEST = 200;

interface Counter {
  count: number;
  cut: boolean;
}

function maskValue(value: unknown, counter: Counter, depth: number): unknown {
  if (typeof value === 'string') return counted(maskCardNumbers(value), counter);
  if (typeof value === 'number') return maskNumber(value, counter);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) {
    counter.cut = true;
    return '[nested too deep]';
  }
  if (Array.isArray(value)) return value.map((item) => maskValue(item, counter, depth + 1));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      counted(maskCardNumbers(key), counter),
      maskValue(item, counter, depth + 1),
    ]),
  );
}

function counted({ text, count }: { text: string; count: number }, counter: Counter): string {
  counter.count += count;
  return text;
}

function maskNumber(value: number, counter: Counter): unknown {
  const digits = String(value);
  if (!/^\d{13,19}$/.test(digits)) return value;
  // Above 2^53 the last digits were lost in reading: the check digit proves nothing any more, and four shown would lie.
  const exact = Number.isSafeInteger(value);
  if (exact ? !isCardNumber(digits) : !ISSUERS.test(digits)) return value;
  counter.count += 1;
  return exact ? `•••• ${digits.slice(-4)}` : '••••';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Another realm's plain object has another Object.prototype, whose own prototype is null.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
