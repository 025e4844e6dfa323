import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addUtm } from './utm.js';

const UTM = { source: 'lagom', medium: 'email', campaign: 'vår 2026', content: 'A' };
const ALL = 'utm_source=lagom&utm_medium=email&utm_campaign=v%C3%A5r%202026&utm_content=A';

it.each([
  ['https://a.se', `https://a.se?${ALL}`],
  ['https://a.se/b?', `https://a.se/b?${ALL}`],
  ['https://a.se/b?c=1&d=%20', `https://a.se/b?c=1&d=%20&${ALL}`],
  ['https://a.se/b#e?f=1', `https://a.se/b?${ALL}#e?f=1`],
  ['https://a.se/?utm_source=x&y=?#z', `https://a.se/?utm_source=x&y=?&${ALL.slice(17)}#z`],
  ['mailto:a@b.se', 'mailto:a@b.se'],
  ['tel:+46', 'tel:+46'],
])('adds to %s what it lacks', (href, expected) => {
  expect(addUtm(href, UTM)).toBe(expected);
});

it('leaves out a content that is none', () => {
  expect(addUtm('https://a.se', { source: 's', medium: 'm', campaign: 'c' })).not.toContain('content');
});

it('keeps all that a link had, whatever that is, and adds nothing the second time', () => {
  fc.assert(
    fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (href) => {
      const once = addUtm(href, UTM);
      expect(addUtm(once, UTM)).toBe(once);
      const [before, after] = [new URL(href), new URL(once)];
      expect(after.hash).toBe(before.hash);
      expect(after.origin + after.pathname).toBe(before.origin + before.pathname);
      const kept = [...after.searchParams].filter(([name]) => !name.startsWith('utm_'));
      expect(kept).toEqual([...before.searchParams]);
      expect(after.searchParams.get('utm_campaign')).toBe('vår 2026');
    }),
  );
});
