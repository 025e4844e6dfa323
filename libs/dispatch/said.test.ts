import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { compileContent, renderContent, type Wrap } from '#rendering/compile-content';
import { readLayout } from '#rendering/content-library';
import type { RenderInput } from '#rendering/rendered';
import { sharingOf } from '#rendering/shared-body';
import { CLINIC } from '#privacy/ledger.fixture';
import { tenantFacts } from '#channels/render-input';
import { factsOf, hiddenLink, keptFacts, saidDigest, sharedDigest } from './said.js';

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

it('tells of a mail whose body others share what it tells of its text', async () => {
  const layout = await readLayout(join(rootDir(), 'templates'));
  const blocks = [
    { kind: 'text' as const, text: 'Hej  {{person.firstName | du}}{{person.name}},\n\nvåren "är" här.' },
    { kind: 'button' as const, label: 'Boka', href: 'https://kliniken.example/boka?a=1&b=2' },
  ];
  const email = { subject: 'Nyheter', preview: 'Mer', blocks };
  const named = { template: 't-1', version: '3', purpose: 'newsletter' as const };
  const compiled = await compileContent(layout, { sv: { email } }, named);
  const tenant = tenantFacts(CLINIC);
  const saidTo = (name: string, n: number, measured: boolean) => {
    const links = {
      unsubscribe: `https://${tenant.host}/u/${n}-_x`,
      preferences: `https://${tenant.host}/p/${n}`,
      privacy: `https://${tenant.host}/privacy/${CLINIC.id}`,
    };
    const led: Record<string, string> = {};
    const wrap: Wrap = {
      pixel: `https://${tenant.host}/i/${n}`,
      target: (link) => (led[link] = `https://${tenant.host}/r/${n}.${link}`),
    };
    const told = renderContent(
      compiled,
      {
        ...{ template: 't-1', channel: 'email', locale: 'sv', tenant, booking: null, links, now },
        person: { name, timeZone: null },
      },
      measured ? wrap : null,
    );
    // Of a name nothing may be left that can be said.
    if (told.kind !== 'rendered') return null;
    return { content: told.content, sharing: sharingOf(told.content), said: { ...links, ...led } };
  };
  let shared = 0;
  const names = fc.oneof(
    fc.constantFrom('Anna  Öst', '"A"', 'A\u00a0B', 'Bo\\n'),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(names, fc.nat(), fc.boolean(), (name, n, measured) => {
      const told = saidTo(name, n, measured);
      if (told === null || told.sharing === null) return;
      const { content, sharing, said } = told;
      shared += 1;
      const digest = sharedDigest('ref', sharing, said, tenant);
      expect(digest).toBe(saidDigest('ref', content.text, said, tenant));
      // As whoever says it again does, without knowing where its links led.
      const hidden = Object.fromEntries(Object.keys(said).map((link) => [link, hiddenLink(link, tenant)]));
      const shown = Object.entries(said).reduce(
        (text, [link, url]) => text.replaceAll(url, hiddenLink(link, tenant)),
        content.text,
      );
      expect(saidDigest('ref', shown, hidden, tenant)).toBe(digest);
    }),
    { numRuns: 300 },
  );
  // Else it would prove nothing.
  expect(shared).toBeGreaterThan(100);
  const [anna, bo] = ['Anna', 'Bo'].map((name) => saidTo(name, 1, false));
  expect(anna!.sharing!.body).toBe(bo!.sharing!.body);
  expect(sharedDigest('ref', anna!.sharing!, anna!.said, tenant)).not.toBe(
    sharedDigest('ref', bo!.sharing!, bo!.said, tenant),
  );
});
