import { describe, expect, it } from '@jest/globals';
import { PublicUrl } from './public-url.js';

describe('where links begin', () => {
  it.each(['https://m.example.se', 'https://m.example.se/lagom', 'http://localhost:3000'])(
    'is what was given, at once and for good: %s',
    async (given) => {
      const url = new PublicUrl(given);
      expect(await url.get()).toBe(given);
      url.settle(4000);
      expect(await url.get()).toBe(given);
    },
  );
  it('is the port that was found, where that was left to the machine', async () => {
    const url = new PublicUrl('http://localhost:0');
    const waiting = url.get();
    url.settle(40123);
    url.settle(5);
    expect(await waiting).toBe('http://localhost:40123');
    expect(await url.get()).toBe('http://localhost:40123');
  });
  it('keeps nobody waiting for a port that never opens', async () => {
    const url = new PublicUrl('http://localhost:0');
    url.settle(null);
    expect(await url.get()).toBe('http://localhost:0');
  });
});
