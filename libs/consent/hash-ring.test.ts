import { describe, expect, it } from '@jest/globals';
import { HashRing } from './hash-ring.js';

const key = (id: string): { id: string; key: Buffer } => ({ id, key: Buffer.from(`the key of ${id}`) });
const ring = new HashRing([key('k2'), key('k1')]);

describe('the hash ring', () => {
  it('hashes with the current key and looks under every key', () => {
    const all = ring.every('email', 'anna@example.se', 'clinic');
    expect(all.map((one) => one.keyId)).toEqual(['k2', 'k1']);
    expect(ring.current('email', 'anna@example.se', 'clinic')).toEqual(all[0]);
    expect(new HashRing([key('k1')]).current('email', 'anna@example.se', 'clinic')).toEqual(all[1]);
  });
  it('says nothing of the address, of another tenant, of another kind', () => {
    const hashes = [
      ring.current('email', 'x', 'clinic'),
      ring.current('phone', 'x', 'clinic'),
      ring.current('email', 'x', 'travel'),
      ring.current('email', 'y', 'clinic'),
    ].map((one) => one.hash);
    expect(new Set(hashes).size).toBe(4);
    for (const hash of hashes) expect(hash).toMatch(/^[\w-]{22}$/);
  });
  it('does not let parts run together', () => {
    expect(ring.current('email', 'b', 'a')).not.toEqual(ring.current('email', '', 'ab'));
  });
  it('says the same of an address however many were asked about since', () => {
    const first = new HashRing([key('k1')]).every('email', 'a0', 'clinic');
    const one = new HashRing([key('k1')]);
    for (let round = 0; round < 2; round += 1) {
      for (let n = 0; n < 5_000; n += 1) one.every('email', `a${n}`, 'clinic');
      expect(one.every('email', 'a0', 'clinic')).toEqual(first);
    }
    expect(one.every('email', 'a1', 'clinic')).not.toEqual(first);
  });
  it('tells the keys that it lacks', () => {
    expect(ring.missing(['k1', 'k0', 'k2'])).toEqual(['k0']);
    expect(ring.ids).toEqual(['k2', 'k1']);
  });
  it('has a key, and each once', () => {
    expect(() => new HashRing([])).toThrow('needs a key');
    expect(() => new HashRing([key('k1'), key('k1')])).toThrow('each key once');
  });
});
