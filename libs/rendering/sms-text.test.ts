import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fitSms } from './sms-text.js';

describe('an SMS text', () => {
  it('turns typography into what GSM-7 has and keeps the letters', () => {
    expect(fitSms('“Hej” – så här… l\u00e4ngre\u00a0bort, é’s')).toEqual({
      text: '"Hej" - så här... längre bort, é\'s',
      encoding: 'GSM-7',
      segments: 1,
    });
  });

  it('joins letters and their marks before it judges', () => {
    expect(fitSms('A\u030angstro\u0308m')).toMatchObject({ text: 'Ångström', encoding: 'GSM-7' });
  });

  it.each(['Łukasz – hej', 'Zoë', 'Åsa 👩‍⚕️…', 'ç', 'İstanbul'])('leaves %s whole', (text) => {
    expect(fitSms(text)).toMatchObject({ text, encoding: 'UCS-2' });
  });

  it.each([
    ['', 1],
    ['a'.repeat(160), 1],
    ['a'.repeat(161), 2],
    ['a'.repeat(306), 2],
    ['a'.repeat(307), 3],
    ['€'.repeat(80), 1],
    ['a' + '€'.repeat(80), 2],
    // 153 septets hold 76 escapes and leave one septet over: the pair goes on to the next segment.
    ['€'.repeat(76 * 2), 2],
    ['€'.repeat(76 * 2 + 1), 3],
    ['ł'.repeat(70), 1],
    ['ł'.repeat(71), 2],
    ['ł'.repeat(134), 2],
    ['ł'.repeat(135), 3],
    ['🌷'.repeat(35), 1],
    ['🌷'.repeat(66), 2],
    ['🌷'.repeat(67), 3],
  ])('counts segments of %#', (text, segments) => {
    expect(fitSms(text).segments).toBe(segments);
  });

  it('is settled once: fitting again changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const once = fitSms(text);
        expect(fitSms(once.text)).toEqual(once);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps every letter and digit', () => {
    const letters = (text: string): string => text.normalize('NFC').replace(/[^\p{L}\p{N}]/gu, '');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        expect(letters(fitSms(text).text)).toBe(letters(text));
      }),
      { numRuns: 200 },
    );
  });
});
