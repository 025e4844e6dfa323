import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { reversed, valueKey } from './value-key.js';

const { Binary, Decimal128, Long, MaxKey, MinKey, ObjectId, Timestamp } = mongoose.mongo;
const way = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

describe('the key of a value', () => {
  it('orders the types as MongoDB does', () => {
    const inOrder = [
      ...[new MinKey(), null, Number.NaN, -Infinity, -1e300, -1, -0.5, 0, 5e-324, 1, 1.5, 2 ** 53],
      ...[Long.fromString('9007199254740993'), Long.fromString('9223372036854775807'), 1e300, Infinity],
      ...['', '\u0000', 'a', 'a\u0000', 'aa', 'b', 'å', '\uffff', '😀'],
      ...[{}, { a: 1 }, { a: 1, b: 0 }, { a: 2 }, { b: 1 }, { a: 'x' }],
      ...[[], [1], [1, 2], [2]],
      ...[new Binary(Buffer.from('z')), new Binary(Buffer.from('aa')), new Binary(Buffer.from('ab'))],
      ...[new ObjectId('00'.repeat(12)), new ObjectId('ff'.repeat(12))],
      ...[false, true, new Date(-1), new Date(0), new Date(1), new Timestamp({ t: 1, i: 2 })],
      ...[/a/, /b/, new MaxKey()],
    ];
    const keys = inOrder.map(valueKey);
    expect([...keys].sort(way)).toEqual(keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is one for numbers that are equal, whatever their type', () => {
    expect(valueKey(Long.fromNumber(5))).toBe(valueKey(5));
    expect(valueKey(-0)).toBe(valueKey(0));
    expect(valueKey(undefined)).toBe(valueKey(null));
  });

  it('orders text by code points, as bytes of UTF-8 do', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(way(valueKey(one), valueKey(other))).toBe(
          Math.sign(Buffer.compare(Buffer.from(one), Buffer.from(other))),
        );
      }),
    );
  });

  it('orders numbers, and turned round orders them backwards', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (one, other) => {
        const order = one === other ? 0 : one < other ? -1 : 1;
        expect(way(valueKey(one), valueKey(other))).toBe(order);
        expect(way(reversed(valueKey(one)), reversed(valueKey(other)))).toBe(0 - order);
      }),
    );
  });

  it('never begins another: joined keys cannot run together', () => {
    const any = fc.anything({
      withNullPrototype: false,
      values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)],
    });
    fc.assert(
      fc.property(any, any, (one, other) => {
        const [short, long] = [valueKey(one), valueKey(other)].sort((a, b) => a.length - b.length) as [
          string,
          string,
        ];
        expect(short === long || !long.startsWith(short)).toBe(true);
      }),
    );
  });

  it('refuses what it cannot order', () => {
    expect(() => valueKey(Decimal128.fromString('1.5'))).toThrow('only stores');
  });
});
