import { expect, it } from '@jest/globals';
import type { RenderInput } from '#rendering/rendered';
import { factsOf, hiddenLink, keptFacts, saidDigest } from './said.js';

const host = { host: 'kliniken.example' };
const now = new Date('2026-03-02T10:00:00Z');
const booking = {
  ...{ id: 'b1', service: 'Massage', startsAt: now, endsAt: null, timeZone: null, location: null },
  ...{ practitioner: null, price: null, url: null, previousStartsAt: null, sequence: 1, status: 'confirmed' },
};
const input = {
  person: { name: 'Anna', timeZone: null, country: 'SE', email: 'anna@example.se' },
  ...{ booking, isLast: true, now },
  links: { survey: 'https://kliniken.example/s/secret', unsubscribe: undefined },
} as unknown as RenderInput;

it('keeps the facts as they were, which links there were, and neither address nor where a link led', () => {
  const kept = keptFacts(input);
  expect(kept).not.toContain('@');
  expect(kept).not.toContain('secret');
  expect(factsOf(kept)).toEqual({
    person: { name: 'Anna', timeZone: null, country: 'SE' },
    ...{ booking, isLast: true, now, links: ['survey'] },
  });
});

it('reads the times that an earlier version kept as texts', () => {
  const kept = JSON.stringify({ ...input, links: ['survey'], isLast: true });
  expect(factsOf(kept)).toMatchObject({ booking: { startsAt: now, endsAt: null }, now });
});

it('knows the text again without its links, and no other text', () => {
  const said = 'Hej Anna!\nSvara: https://kliniken.example/s/secret\n';
  const shown = `Hej Anna! Svara: ${hiddenLink('survey', host)}`;
  const digest = saidDigest('ref', said, input.links, host);
  expect(saidDigest('ref', shown, { survey: hiddenLink('survey', host) }, host)).toBe(digest);
  expect(saidDigest('ref', said.replace('Anna', 'Bo'), input.links, host)).not.toBe(digest);
  expect(saidDigest('other', said, input.links, host)).not.toBe(digest);
});
