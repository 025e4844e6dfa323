import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { deserialize, isDocument, serialize, type Doc } from './bson.js';
import { compileProjection, compileRawProjection } from './project.js';
import { checkDocument } from './check-document.js';
import { Fields } from './fields.js';
import { anyAt } from './match-path.js';
import { documentAt } from './raw-document.js';

const { Binary, Decimal128, Long, MaxKey, MinKey, ObjectId, Timestamp, Code, DBRef } = mongoose.mongo;

const scalar = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom<unknown>(
    ...[
      null,
      -0,
      2 ** 40,
      /a.b/i,
      Long.fromString('9007199254740993'),
      Long.fromNumber(5),
      new MinKey(),
      new MaxKey(),
    ],
    ...[
      new ObjectId('0123456789abcdef01234567'),
      new Binary(Buffer.from('bytes')),
      Decimal128.fromString('1.5'),
    ],
    ...[
      new Timestamp({ t: 5, i: 1 }),
      new Code('x'),
      new DBRef('c', new ObjectId('0123456789abcdef01234567')),
    ],
  ),
);
const name: fc.Arbitrary<string> = fc.constantFrom(
  'a',
  'b',
  'ab',
  'constructor',
  '__proto__',
  'ä',
  '$x',
  'a-name-of-more-than-thirty-two-letters',
  '',
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const document = fc.dictionary(name, value, { maxKeys: 6, noNullPrototype: true });

/** Among other bytes, as it lies in a slab. */
function lying(doc: Doc): { bytes: Buffer; at: number } {
  const bytes = Buffer.concat([Buffer.from('before'), serialize(doc), Buffer.from('after')]);
  return { bytes, at: 6 };
}

/** A field called `constructor` is too much for `toStrictEqual`. */
const shown = (value: unknown): string => inspect(value, { depth: null });

const readBack = (bytes: Uint8Array): Doc => deserialize(bytes);

describe('documents that are bytes', () => {
  it('are read as the library reads them', () => {
    fc.assert(
      fc.property(document, (doc) => {
        const { bytes, at } = lying(doc);
        checkDocument(bytes, at, bytes.length);
        expect(shown(documentAt(bytes, at))).toBe(shown(readBack(serialize(doc))));
      }),
      { numRuns: 1_000 },
    );
  });

  it('give the fields that are asked for, and no others', () => {
    fc.assert(
      fc.property(document, fc.uniqueArray(name), (doc, names) => {
        const { bytes, at } = lying(doc);
        const whole = readBack(serialize(doc));
        const wanted = Object.entries(whole).filter(([field]) => names.includes(field));
        expect(shown(Object.entries(new Fields(names).of(bytes, at)))).toBe(shown(wanted));
      }),
      { numRuns: 500 },
    );
  });

  it('say at the paths that are asked for what they say when they are read whole', () => {
    const part = fc.oneof(name, fc.constantFrom('0', '1', '$ref'));
    const path = fc.array(part, { minLength: 1, maxLength: 3 });
    const reference = fc.constantFrom({ $ref: 'c', $id: 1, a: 1 }, { a: 1, $ref: 'c', $id: 1 }, { $ref: 7 });
    const inner = fc.oneof(value, reference, fc.dictionary(name, reference, { maxKeys: 2 }));
    const docs = fc.dictionary(name, inner, { maxKeys: 6, noNullPrototype: true });
    fc.assert(
      fc.property(docs, fc.array(path, { minLength: 1, maxLength: 4 }), (doc, paths) => {
        const { bytes, at } = lying(doc);
        const read = Fields.ofPaths(paths).of(bytes, at);
        for (const one of paths) {
          const seen = (from: Doc): string => {
            const values: unknown[] = [];
            anyAt(from, one, (found) => (values.push(found), false), true);
            return shown(values);
          };
          expect(seen(read)).toBe(seen(documentAt(bytes, at)));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('take other values in some fields, new ones at the end', () => {
    fc.assert(
      fc.property(document, document, fc.uniqueArray(name), (doc, other, names) => {
        const fields = new Fields(names);
        const { bytes, at } = lying(doc);
        const before = fields.of(bytes, at);
        const after: Doc = { ...before };
        for (const [step, field] of names.entries()) {
          if (step % 3 === 0) delete after[field];
          else if (Object.hasOwn(other, field) && field !== '__proto__') after[field] = other[field];
        }
        const made = readBack(fields.replaced(bytes, at, before, after));
        const expected: [string, unknown][] = [];
        for (const [field, was] of Object.entries(readBack(serialize(doc)))) {
          if (!names.includes(field)) expected.push([field, was]);
          else if (Object.hasOwn(after, field)) expected.push([field, after[field]]);
        }
        for (const [field, is] of Object.entries(after))
          if (!Object.hasOwn(before, field)) expected.push([field, is]);
        const whole = readBack(serialize(Object.fromEntries(expected)));
        expect(shown(Object.entries(made))).toBe(shown(Object.entries(whole)));
      }),
      { numRuns: 500 },
    );
  });

  it('are seen through a projection as what was read is', () => {
    const path = fc.constantFrom('a', 'b', 'ab', 'a.a', 'a.b', 'b.ab', 'b.a.a', '_id', 'a.constructor');
    fc.assert(
      fc.property(
        document,
        fc.uniqueArray(path, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (doc, paths, isIn) => {
          const spec = Object.fromEntries(paths.map((one) => [one, isIn ? 1 : 0]));
          // A path within another's is refused by both alike. Of what was read a reference is no document, and `__proto__` is lost.
          fc.pre(!paths.some((one) => paths.some((other) => other.startsWith(`${one}.`))));
          fc.pre(
            !holds(
              doc,
              (one) => one instanceof DBRef || (isDocument(one) && Object.hasOwn(one, '__proto__')),
            ),
          );
          const { bytes, at } = lying({ _id: 1, ...doc });
          const raw = compileRawProjection(spec)!(bytes, at);
          expect(shown(readBack(raw))).toBe(
            shown(readBack(serialize(compileProjection(spec)(documentAt(bytes, at))))),
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('are refused where a length leaves them', () => {
    fc.assert(
      fc.property(document, fc.nat(), fc.nat(255), (doc, where, byte) => {
        const bytes = Buffer.from(serialize(doc));
        bytes[where % bytes.length] = byte;
        let sound = true;
        try {
          checkDocument(bytes, 0, bytes.length);
        } catch {
          sound = false;
        }
        // What passes can be read to its end, whatever it says.
        if (sound) expect(isDocument(documentAt(bytes, 0))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('documents from outside', () => {
  it.each<[string, number[]]>([
    ['a pattern', [8, 0, 0, 0, 11, 0x72, 0, 0]],
    ["a pattern's options", [9, 0, 0, 0, 11, 0x72, 0, 0, 0x69]],
    ['a name', [8, 0, 0, 0, 10, 0x72, 0x72, 0x72]],
    ['a text', [12, 0, 0, 0, 2, 0x72, 0, 9, 0, 0, 0, 0]],
    ['bytes', [13, 0, 0, 0, 5, 0x72, 0, 9, 0, 0, 0, 0, 0]],
    ['code with a scope', [12, 0, 0, 0, 15, 0x72, 0, 14, 0, 0, 0, 0]],
    ['a reference of old', [12, 0, 0, 0, 12, 0x72, 0, 14, 0, 0, 0, 0]],
  ])('are refused where %s runs off their end', (_name, bytes) => {
    expect(() => checkDocument(Buffer.from(bytes), 0, bytes.length)).toThrow(/BSON/i);
  });

  it('may be nested deeper than the stack is', () => {
    const levels = 1_000_000;
    const bytes = nested(levels);
    expect(checkDocument(bytes, 0, bytes.length)).toBe(levels);
  });

  it.each<[number, Doc]>([
    [0, {}],
    [1, { a: 1 }],
    [1, { a: {}, b: [] }],
    [2, { a: { b: 1 }, c: 1 }],
    [3, { a: [{}, { b: 1 }], c: { d: [] } }],
    [3, { a: new Code('x', { b: { c: 1 } }) }],
  ])('have %p levels, as MongoDB counts: %p', (levels, doc) => {
    const { bytes, at } = lying(doc);
    expect(checkDocument(bytes, at, bytes.length)).toBe(levels);
    expect(shown(documentAt(bytes, at))).toBe(shown(readBack(serialize(doc))));
  });
});

/** Documents in one another, the innermost with a field; the library's stack would not reach so far. */
function nested(levels: number): Buffer {
  const bytes = Buffer.alloc(levels * 8);
  for (let level = 0; level < levels; level += 1) {
    bytes.writeInt32LE(bytes.length - level * 8, level * 7);
    bytes.set(level === levels - 1 ? [10, 0x61, 0] : [3, 0x61, 0], level * 7 + 4);
  }
  return bytes;
}

function holds(value: unknown, test: (one: unknown) => boolean): boolean {
  if (test(value)) return true;
  if (Array.isArray(value)) return value.some((one) => holds(one, test));
  return isDocument(value) && Object.values(value).some((one) => holds(one, test));
}
