import { createHmac } from 'node:crypto';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Hmac } from './hmac.js';

const byNode = (key: Uint8Array, text: string): string =>
  createHmac('sha256', key).update(text).digest('binary');

it('is what Node says it is, of any key and any texts, one after the other', () => {
  const key = fc.uint8Array({ maxLength: 150 });
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    // What is no text (half a pair), and what is longer than there is room for.
    fc.constantFrom('', '\ud800', 'x\udfff', 'å'.repeat(341), '€'.repeat(342), 'x'.repeat(5_000)),
  );
  fc.assert(
    fc.property(key, fc.array(text, { maxLength: 5 }), (bytes, texts) => {
      const hmac = new Hmac(bytes);
      const wanted = texts.map((one) => byNode(bytes, one));
      expect(texts.map((one) => hmac.of(one))).toEqual(wanted);
      expect(texts.map((one) => hmac.ofBytes(Buffer.from(one)).toString('latin1'))).toEqual(wanted);
    }),
    { numRuns: 300 },
  );
});

it('is what RFC 4231 says it is', () => {
  const hex = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('hex');
  // Test cases 2 and 6.
  expect(hex(new Hmac(Buffer.from('Jefe')).of('what do ya want for nothing?'))).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
  const long = new Hmac(Buffer.alloc(131, 0xaa));
  expect(hex(long.of('Test Using Larger Than Block-Size Key - Hash Key First'))).toBe(
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  );
});
