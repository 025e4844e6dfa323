import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { maskBytes } from './mask-bytes.js';

const CARD = '4242424242424242';
const masked = (text: string | Buffer) => {
  const { value, count } = maskBytes(Buffer.from(text as string));
  return { text: value.toString('utf8'), count };
};

describe('maskBytes', () => {
  it('leaves bytes without a card number as they are', () => {
    const bytes = Buffer.from('{ "a" : 1.0, "phone":"+46701740605", "t":"2026-05-04T09:00:00Z" }');
    expect(maskBytes(bytes)).toEqual({ value: bytes, count: 0 });
    const binary = Buffer.from([0xff, 0xfe, 0x00, 0x31]);
    expect(maskBytes(binary)).toEqual({ value: binary, count: 0 });
  });

  it('keeps JSON JSON', () => {
    expect(masked(`{"a":"x ${CARD}","b":${CARD},"${CARD}":[]}`)).toEqual({
      text: '{"a":"x •••• 4242","b":"•••• 4242","•••• 4242":[]}',
      count: 3,
    });
  });

  it.each([
    ['escaped', '{"a":"424\\u0032424242424242"}'],
    ['written twice', `{"a":"${CARD}","a":"x"}`],
    ['cut off', `{"a":"${CARD}"`],
    ['in base64', JSON.stringify({ data_base64: Buffer.from(`{"a":"${CARD}"}`).toString('base64') })],
    ['in base64 in a batch', JSON.stringify([{ data_base64: Buffer.from(CARD).toString('base64') }])],
    ['too deep', `${'['.repeat(300)}"${CARD}"${']'.repeat(300)}`],
    ['beside bytes that are no UTF-8', Buffer.concat([Buffer.from([0xff]), Buffer.from(CARD)])],
    ['in UTF-16', Buffer.from(`name ${CARD}`, 'utf16le')],
  ])('finds a card: %s', (_, text) => {
    const found = masked(text);
    expect(found.count).toBe(1);
    const inside = /data_base64":"([^"]+)/.exec(found.text)?.[1] ?? '';
    expect(found.text.replaceAll('\0', '') + Buffer.from(inside, 'base64').toString()).not.toContain(CARD);
  });

  it('never throws, and finds nothing the second time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, withCard) => {
        const once = maskBytes(Buffer.concat([Buffer.from(bytes), Buffer.from(withCard ? ` ${CARD} ` : '')]));
        expect(maskBytes(once.value).count).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
