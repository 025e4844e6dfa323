import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ADDRESS_KIND, CHANNELS } from './channel.js';
import { NORMALISER } from './address.js';
import { PURPOSES, type Purpose } from './purpose.js';
import { DISTURBING, RULES } from './purposes.js';

const HOUR = 3_600_000;
const those = (is: (purpose: Purpose) => boolean): Purpose[] => PURPOSES.filter(is);
const MARKETING: Purpose[] = [
  ...(['abandoned-booking', 'newsletter', 'offers', 'news', 'inspiration', 'benefits'] as const),
  ...(['recommendations', 'audience', 'market-research', 'measurement'] as const),
];
const CONTRACT: Purpose[] = ['booking', 'receipt', 'delivery', 'support', 'handoff'];
const LEGAL_DUTY: Purpose[] = ['recall', 'legal-notice'];

/** The table as the README shows it. */
function table(): string {
  const head = [
    'purpose',
    'basis',
    'stream',
    'needs',
    'objection',
    'quiet hours',
    'cap',
    'worth saying',
    'under 18',
  ];
  const rows = PURPOSES.map((purpose) => {
    const rules = RULES[purpose];
    return [
      `\`${purpose}\``,
      rules.basis.replaceAll('-', ' '),
      rules.stream,
      `${rules.needs.replaceAll('-', ' ')}${rules.mayUseLegitimateInterest ? ' *' : ''}`,
      rules.stoppedByChoice ? 'stops it' : 'cannot be',
      rules.quietHours ? 'held' : 'any hour',
      rules.capGroup ?? 'none',
      `${rules.expiryMs / HOUR} h`,
      rules.minors === 'send' ? 'sent' : 'by a guardian',
      rules.unknown === 'resend' ? 'once more' : 'a person looks',
      rules.channels.join(', '),
    ];
  });
  const all = [[...head, 'when unknown', 'channels'], rows[0]!.map(() => '---'), ...rows];
  return all.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

describe('the table of purposes', () => {
  it('is drawn in the README as it is', () => {
    const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
    const drawn = /<!-- table -->\n\n([\s\S]+?)\n\n<!-- \/table -->/.exec(readme)?.[1] ?? '';
    const cells = (text: string): string[] =>
      text.split('\n').map((line) => line.replace(/ +/g, ' ').replace(/-{3,}/g, '---'));
    // If this fails, what stands under "Expected" is the new table.
    expect(cells(drawn).join('\n')).toBe(table());
  });
  it('has marketing as its own stream, class and reputation', () => {
    expect(those((purpose) => RULES[purpose].stream === 'marketing')).toEqual(MARKETING);
    expect(those((purpose) => RULES[purpose].dueClass === 'marketing')).toEqual(MARKETING);
  });
  it('lets nobody object to a contract or a legal duty, and everybody to all else', () => {
    expect(those((purpose) => RULES[purpose].basis === 'contract').sort()).toEqual([...CONTRACT].sort());
    expect(those((purpose) => RULES[purpose].basis === 'legal-duty')).toEqual(LEGAL_DUTY);
    expect(those((purpose) => !RULES[purpose].stoppedByChoice).sort()).toEqual(
      [...CONTRACT, ...LEGAL_DUTY].sort(),
    );
  });
  it('asks for a consent, or the soft opt-in, before all marketing', () => {
    expect(those((purpose) => RULES[purpose].needs === 'nothing')).toEqual(
      those((one) => !MARKETING.includes(one)),
    );
    expect(those((purpose) => RULES[purpose].needs === 'soft-opt-in')).toEqual(MARKETING.slice(0, 6));
    expect(those((purpose) => RULES[purpose].needs === 'own-consent')).toEqual(['measurement']);
  });
  it('lets a named assessment stand for a consent in two places only', () => {
    expect(those((purpose) => RULES[purpose].mayUseLegitimateInterest)).toEqual([
      'abandoned-booking',
      'market-research',
    ]);
  });
  it('reaches under 18 without a guardian by a legal duty only', () => {
    expect(those((purpose) => RULES[purpose].minors === 'send')).toEqual(LEGAL_DUTY);
  });
  it('keeps a legal duty from hours and caps, and tries every way to a person', () => {
    for (const purpose of LEGAL_DUTY) {
      expect(RULES[purpose]).toMatchObject({ quietHours: false, capGroup: null, dueClass: 'recall' });
      expect([...RULES[purpose].channels].sort()).toEqual(
        CHANNELS.filter((one) => one !== 'audience').sort(),
      );
      expect(RULES[purpose].channels.slice(-2)).toEqual(['call', 'letter']);
    }
  });
  it('caps all marketing that is a message, and no service', () => {
    expect(those((purpose) => RULES[purpose].capGroup === 'marketing')).toEqual(
      MARKETING.filter((one) => one !== 'measurement'),
    );
  });
  it('holds at night what disturbs, never what answers the person', () => {
    expect(those((purpose) => RULES[purpose].quietHours)).toEqual([
      'offer-call',
      ...MARKETING.filter((one) => one !== 'measurement'),
    ]);
    expect(DISTURBING).not.toContain('email');
  });
  it('repeats what stayed unknown only where twice does no harm', () => {
    expect(those((purpose) => RULES[purpose].unknown === 'resend').sort()).toEqual(
      [...CONTRACT.filter((one) => one !== 'handoff'), ...LEGAL_DUTY].sort(),
    );
  });
  it('names a normaliser for every kind of address', () => {
    expect(Object.keys(NORMALISER).sort()).toEqual([...new Set(Object.values(ADDRESS_KIND))].sort());
  });
});
