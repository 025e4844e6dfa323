import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldLines } from './fold-lines.js';

const unfold = (text: string): string => text.replace(/\r\n /g, '');

describe('folding', () => {
  it('leaves a line of 75 octets and folds one of 76', () => {
    expect(foldLines('a'.repeat(75))).toBe('a'.repeat(75));
    expect(foldLines('a'.repeat(76))).toBe('a'.repeat(75) + '\r\n a');
  });

  it('never exceeds 75 octets, cuts no character and loses nothing', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'å', '€', '🌷', ' '),
      minLength: 60,
      maxLength: 300,
    });
    fc.assert(
      fc.property(text, (line) => {
        const folded = foldLines(line);
        for (const piece of folded.split('\r\n')) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(75);
        expect(folded).not.toContain('\ufffd');
        expect(Buffer.from(folded, 'utf8').toString('utf8')).toBe(folded);
        expect(unfold(folded)).toBe(line);
      }),
      { numRuns: 200 },
    );
  });
});
