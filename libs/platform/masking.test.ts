import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { maskCardNumbers, maskCardsDeep, maskPersonal } from './masking.js';

/** The digits with a right check digit after them. */
function withCheck(digits: string): string {
  for (let check = 0; check < 10; check += 1) {
    const all = [...`${digits}${check}`].reverse().map(Number);
    const sum = all.reduce(
      (total, digit, at) => total + (at % 2 === 0 ? digit : [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit]!),
      0,
    );
    if (sum % 10 === 0) return `${digits}${check}`;
  }
  throw new Error('no check digit');
}

const digits = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length })
    .map((all) => all.join(''));
const card = fc
  .constantFrom(
    ...[
      ['4', 13],
      ['4', 16],
      ['4', 19],
      ['51', 16],
      ['55', 16],
      ['2221', 16],
      ['2720', 16],
      ['34', 15],
      ['37', 15],
    ],
    ...[
      ['36', 14],
      ['3095', 16],
      ['6011', 16],
      ['65', 16],
      ['3528', 16],
      ['62', 16],
      ['62', 19],
      ['5018', 16],
    ],
    ...[
      ['6759', 18],
      ['2200', 16],
    ],
  )
  .chain(([prefix, length]) => {
    const begin = String(prefix);
    return digits(Number(length) - begin.length - 1).map((rest) => withCheck(`${begin}${rest}`));
  });
const grouped = fc.tuple(card, fc.constantFrom('', ' ', '-', '\u00a0', '–')).map(([number, separator]) => ({
  number,
  shown: number.match(/.{1,4}/g)!.join(separator),
}));

describe('maskCardNumbers', () => {
  it.each([
    ['4242424242424242', '•••• 4242'],
    ['Kort 4242 4242 4242 4242, tack', 'Kort •••• 4242, tack'],
    ['5555-5555-5555-4444', '•••• 4444'],
    ['3782 822463 10005', '•••• 0005'],
    ['4242.4242.4242.4242', '•••• 4242'],
    ['kortnr4242424242424242', 'kortnr•••• 4242'],
    ['no.4242424242424242.', 'no.•••• 4242.'],
    ['12 4242 4242 4242 4242 12/27', '12 •••• 4242 12/27'],
    ['4242 4242 4242 4242 4000 0566 5566 5556', '•••• 4242 •••• 5556'],
    ['2025-03-30 4242424242424242', '2025-03-30 •••• 4242'],
    ['"4242 4242 4242 4242":1', '"•••• 4242":1'],
    ['+4242424242424242', '+•••• 4242'],
    ['1,4242424242424242,2027', '1,•••• 4242,2027'],
    ['+46701740605 4242 4242 4242 4242', '+46701740605 •••• 4242'],
    [
      '0b5c1e52-1234-4567-8901-123456789012 4242424242424242',
      '0b5c1e52-1234-4567-8901-123456789012 •••• 4242',
    ],
  ])('masks %s', (text, masked) => expect(maskCardNumbers(text).text).toBe(masked));

  it.each([
    '+46701740605',
    '+46 70 174 06 05',
    '+49 30 1234 5678901',
    '070-174 06 05',
    '2025-03-30T02:30:00.000Z',
    '2025-03-30 02:30:00',
    '20250330023000123',
    '1732310000000',
    '1 234,00 kr',
    '12 345 678.90',
    '4242424242424241',
    '9999999999999995',
    '42424242-4242-4242-4242-424242424242',
    'b4242424242424242aaaaaaaaaaaaaaa',
    '0.4242424242424242',
    '4.242424242424242',
    '55.55555555554444',
    'booking-2025-0001',
    '10.0.0.1:27017',
    '4242424242424242424242424242424242',
  ])('leaves %s', (text) => expect(maskCardNumbers(text)).toEqual({ text, count: 0 }));

  it('masks every issuer’s number in any grouping and keeps four digits', () => {
    fc.assert(
      fc.property(grouped, fc.constantFrom('', 'Kort: ', 'a,', '"'), ({ number, shown }, before) => {
        const { text, count } = maskCardNumbers(`${before}${shown}!`);
        expect([text, count]).toEqual([`${before}•••• ${number.slice(-4)}!`, 1]);
      }),
    );
  });

  it('has nothing left to mask the second time', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            grouped.map((one) => one.shown),
            fc.string(),
            digits(7),
          ),
        ),
        (parts) => {
          const once = maskCardNumbers(parts.join(' ')).text;
          expect(maskCardNumbers(once)).toEqual({ text: once, count: 0 });
        },
      ),
    );
  });

  it('leaves any phone number in E.164, any instant and any UUID', () => {
    const phone = fc
      .integer({ min: 6, max: 14 })
      .chain(digits)
      .map((rest) => `+4${rest}`);
    const instant = fc
      .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
      .map((at) => at.toISOString());
    fc.assert(
      fc.property(fc.oneof(phone, instant, fc.uuid()), (text) => {
        expect(maskCardNumbers(`x ${text} y`).count).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('reads a long hostile text in a moment', () => {
    const text = '4 '.repeat(40_000);
    // Not wall time: other tests run beside this one. A quadratic reading takes minutes.
    const from = process.cpuUsage();
    maskCardNumbers(text);
    maskPersonal(text);
    expect(process.cpuUsage(from).user / 1e6).toBeLessThan(8);
  });
});

describe('maskCardsDeep', () => {
  it('masks strings, numbers and keys, and counts them', () => {
    const at = new Date(0);
    const event = {
      note: 'kort 4242 4242 4242 4242',
      list: [4242424242424242],
      '5555555555554444': { n: 12.5, at },
    };
    expect(maskCardsDeep(event)).toEqual({
      value: { note: 'kort •••• 4242', list: ['•••• 4242'], '•••• 4444': { n: 12.5, at } },
      count: 3,
    });
  });
  it('masks a number that lost its last digits in reading, showing none', () => {
    expect(maskCardsDeep(JSON.parse('[6222021234567890128]'))).toEqual({ value: ['••••'], count: 1 });
  });
  it('gives back the very value where there is nothing to mask', () => {
    const value = { a: ['1', 2, null, true] };
    expect(maskCardsDeep(value).value).toBe(value);
  });
  it('cuts out what lies too deep to look at', () => {
    const deep = JSON.parse(`${'['.repeat(5_000)}"4242424242424242"${']'.repeat(5_000)}`) as unknown;
    expect(JSON.stringify(maskCardsDeep(deep).value)).toMatch(/^\[+"\[nested too deep\]"\]+$/);
  });
  it('keeps a key named __proto__ a plain key', () => {
    const { value } = maskCardsDeep(JSON.parse('{"__proto__": {"a": 1}, "b": "4242424242424242"}') as object);
    expect(Object.keys(value)).toEqual(['__proto__', 'b']);
    expect(Object.getPrototypeOf(value)).toBe(Object.getPrototypeOf({}));
  });
});

describe('maskPersonal', () => {
  it.each([
    ['no such user anna.svensson@example.se', 'no such user [email]'],
    ['<Anna@exämple.se> refused', '<[email]> refused'],
    ['to=+46701740605 failed', 'to=[number] failed'],
    ['call 070-174 06 05 now', 'call [number] now'],
    ['19121212-1212 is unknown', '[number] is unknown'],
    ['anna@example.se 2025-03-30 0701740605', '[email] 2025-03-30 [number]'],
    ['card 4242424242424242', 'card •••• 4242'],
    ['timed out after 30000 ms', 'timed out after 30000 ms'],
    ['at 2025-03-30T02:30:00.000Z', 'at 2025-03-30T02:30:00.000Z'],
    ['row 0b5c1e52-1234-4567-8901-123456789012', 'row 0b5c1e52-1234-4567-8901-123456789012'],
    ['connect ECONNREFUSED 127.0.0.1:27017', 'connect ECONNREFUSED 127.0.0.1:27017'],
  ])('%s', (text, masked) => expect(maskPersonal(text)).toBe(masked));
});
