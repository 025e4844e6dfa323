import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DigestSet } from './digest-set.js';
import { HashRing } from './hash-ring.js';

const ring = new HashRing([{ id: 'k', key: Buffer.from('a key of a test') }]);
const digestOf = (n: number): string => ring.digests('email', `${n}@example.se`, 'clinic')[0]!;

it('knows what was added and nothing else, however large it grows', () => {
  const set = new DigestSet();
  for (let n = 0; n < 5_000; n += 1) expect(set.add(digestOf(n))).toBe(true);
  for (let n = 0; n < 5_000; n += 1)
    expect([set.has(digestOf(n)), set.add(digestOf(n))]).toEqual([true, false]);
  for (let n = 5_000; n < 10_000; n += 1) expect(set.has(digestOf(n))).toBe(false);
  expect(set.size).toBe(5_000);
});

it('tells any two digests apart, also those that fall on one place', () => {
  const bytes = fc.uint8Array({ minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 300 }), (ends) => {
      const digests = ends.map((end) => `\x01\x00\x00\x00${Buffer.from(end).toString('latin1')}`);
      const set = new DigestSet();
      const told = digests.map((digest) => set.add(digest));
      expect(told.filter(Boolean)).toHaveLength(new Set(digests).size);
      expect(set.size).toBe(new Set(digests).size);
    }),
    { numRuns: 50 },
  );
});

it('is asked by the bytes of the hashes that are kept', () => {
  const { hash } = ring.current('email', '1@example.se', 'clinic');
  expect(Buffer.from(hash, 'base64url').toString('latin1')).toBe(digestOf(1));
});
