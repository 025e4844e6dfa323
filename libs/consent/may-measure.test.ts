import { describe, expect, it } from '@jest/globals';
import type { Choice } from '#purposes/choice';
import { choice, optOut, suppressed } from './choices.fixture.js';
import type { CustomerFacts } from './facts.js';
import { mayMeasure } from './may-measure.js';
import { ordinaryPolicy, plainCustomer } from './permit.fixture.js';
import type { Suppression } from './suppression.js';

const NOW = new Date('2026-10-05T20:30:00Z');
const day = (n: number): Date => new Date(`2026-09-${String(n).padStart(2, '0')}T10:00:00Z`);
const yes = (differing: Partial<Choice> = {}) => choice({ purpose: 'measurement', ...differing });

function may(
  choices: readonly Choice[],
  changes: Partial<CustomerFacts> = {},
  suppressions: readonly Suppression[] | undefined = [],
  address: string | null = 'anna@example.se',
): boolean {
  const customer = { ...plainCustomer, ...changes, choices };
  return mayMeasure('wellnesskliniken', { customer, address, suppressions }, ordinaryPolicy, NOW);
}

it('is yes by a yes to this very purpose, at any hour, however many mails there were', () => {
  expect(may([yes()])).toBe(true);
  expect(may([yes({ channel: 'all' })])).toBe(true);
  const sends = Array.from({ length: 50 }, (_, n) => ({ id: `m${n}`, at: NOW, group: 'marketing' }));
  expect(may([yes()], { sends })).toBe(true);
});

describe('is no', () => {
  it.each<[string, () => boolean]>([
    ['without a word', () => may([])],
    ['by a yes to all marketing', () => may([choice({ purpose: 'marketing', channel: 'all' })])],
    ['by a yes to the newsletter', () => may([choice()])],
    ['by a yes on another channel', () => may([yes({ channel: 'sms' })])],
    ['once it was withdrawn', () => may([yes({ at: day(1) }), yes({ state: 'withdrawn', at: day(2) })])],
    [
      'once all marketing was objected to',
      () => may([yes({ at: day(1) }), choice({ purpose: 'marketing', state: 'objected', at: day(2) })]),
    ],
    [
      'once somebody with the address said no',
      () => may([yes({ at: day(1) })], {}, [optOut({ at: day(2) })]),
    ],
    ['where the address is suppressed', () => may([yes()], {}, [suppressed()])],
    ['where it could not be read', () => mayMeasureUnread()],
    ['of who was erased', () => may([yes()], { erasedAt: day(3) })],
    ['of who was restricted', () => may([yes()], { restrictedAt: day(3) })],
    ['of a minor', () => may([yes()], { birthDate: '2015-01-01' })],
    ['without an address', () => may([yes()], {}, [], null)],
    [
      'of nobody',
      () => mayMeasure('t', { customer: null, address: 'a@b.se', suppressions: [] }, ordinaryPolicy, NOW),
    ],
  ])('%s', (_, ask) => {
    expect(ask()).toBe(false);
  });
});

const mayMeasureUnread = (): boolean =>
  mayMeasure(
    'wellnesskliniken',
    { customer: { ...plainCustomer, choices: [yes()] }, address: 'a@b.se', suppressions: undefined },
    ordinaryPolicy,
    NOW,
  );
