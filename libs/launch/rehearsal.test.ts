import { beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { join } from 'node:path';
import { renderInput } from '#channels/render-input';
import type { Campaign } from '#campaigns/campaign.types';
import type { Prospect } from '#customers/prospect';
import { rootDir } from '#platform/root';
import { CLINIC, NOW } from '#privacy/ledger.fixture';
import { compileContent, renderContent, type MarketerContent } from '#rendering/compile-content';
import { readLayout } from '#rendering/content-library';
import type { TemplateFolder } from '#rendering/template-sources';
import { Rehearsal } from './rehearsal.js';

let layout: TemplateFolder;
beforeAll(async () => {
  layout = await readLayout(join(rootDir(), 'templates'));
});

const prospect = (changes: Partial<Prospect>): Prospect => ({
  ...{ customer: 'anna', name: 'Anna Ek', locale: 'sv', timeZone: null, birthDate: null, softOptIns: [] },
  ...{ sends: [], restrictedAt: null, choiceLog: [], email: 'anna@example.se', phone: '+46701740605' },
  ...changes,
});
const campaign = (channel: 'email' | 'sms') =>
  ({ channel, variants: [{ name: 'A', template: 't-1', version: 1, weight: 1 }] }) as unknown as Campaign;

/** What the renderer itself says of this one person. */
function rendered(content: Parameters<typeof renderContent>[0], channel: 'email' | 'sms', one: Prospect) {
  const base = `https://${CLINIC.host}`;
  const links = { unsubscribe: `${base}/u/${'x'.repeat(80)}`, optOut: `${base}/o/${'x'.repeat(10)}` };
  const address = one.address ? { lines: [], postalCode: '', city: '', country: one.address.country } : null;
  const person = { ...one, email: one.email ?? null, address };
  const said = renderContent(
    content,
    renderInput(CLINIC, { template: 't-1', isLast: false }, channel, person, null, links, NOW),
  );
  return said.kind === 'invalid'
    ? { kind: 'invalid' }
    : { kind: 'said', segments: said.content.sms?.segments ?? 0 };
}

const TEXTS = [
  'Hej {{person.firstName}}! Nu är det höst.',
  'Hej {{person.firstName | du}} (hela namnet {{person.name | okänt}}), ring {{tenant.phone}}.',
  // A mark that joins what stands before it: à is of an SMS's alphabet, x̀ is not.
  'Hej {{person.firstName | du}}\u0300 där.',
  '✂ {{person.firstName | du}}',
  `${'lång '.repeat(29)}{{person.name | du}}`,
];
const names = fc.oneof(
  fc.constantFrom(
    null,
    '',
    ' ',
    '\u0007',
    'Åsa',
    'Anna Maria',
    'Li',
    'Łucja',
    '🙂',
    '42',
    'A\u030Asa',
    'anna à',
    "D'Arcy",
    ...[
      'Dr. Per Berg',
      'dr per berg',
      'Fru Ek',
      'Dr.',
      'P Berg',
      'P G Berg',
      '王 伟',
      '王',
      '4',
      'dr\u0007per\u0007berg',
    ],
  ),
  fc.string({ unit: fc.constantFrom('a', 'x', 'e', 'Å', ' ', '€', '\u0300', 'ü'), maxLength: 30 }),
);
const people = fc.record({
  name: names,
  locale: fc.constantFrom(null, 'sv', 'sv-SE', 'en', 'fi'),
  timeZone: fc.constantFrom(null, 'Europe/London', 'Mars/Crater'),
  address: fc.constantFrom(null, { country: 'SE' }, { country: 'GB' }),
});

it.each(['email', 'sms'] as const)('says of many by %s what the renderer says of each', async (channel) => {
  for (const text of TEXTS) {
    const said = {
      email: { subject: text, preview: 'x', blocks: [{ kind: 'text' as const, text }] },
      sms: { text },
    };
    const content: MarketerContent = { sv: said, en: said };
    const compiled = await compileContent(layout, content, {
      template: 't-1',
      version: '1',
      purpose: 'newsletter',
    });
    expect(compiled.faults).toEqual([]);
    const met = new Set<string>();
    fc.assert(
      fc.property(fc.array(people, { minLength: 20, maxLength: 60 }), (all) => {
        const rehearsal = new Rehearsal(CLINIC, campaign(channel), new Map([['A', compiled]]), NOW);
        for (const one of all.map(prospect)) {
          const told = rehearsal.of('A', one);
          met.add(JSON.stringify(told));
          expect([one.name, told]).toEqual([one.name, rendered(compiled, channel, one)]);
        }
      }),
      { numRuns: 15 },
    );
    // Else nothing was told apart.
    if (channel === 'sms' || text.includes('firstName}}'))
      expect(met.size).toBeGreaterThan(text.startsWith('✂') ? 0 : 1);
  }
});
