import { expect, it } from '@jest/globals';
import type { Choice } from '#purposes/choice';
import type { SuppressedAddress } from './suppression.js';
import { isTakenBack } from './taken-back.js';

const day = (n: number): Date => new Date(Date.UTC(2026, 2, n));
const number = { keyId: 'k1', hash: 'the-number' };

const stop = { kind: 'suppressed', cause: 'stop', ...number, recordedAt: day(10) } as SuppressedAddress;
const yes = {
  ...{ id: 'c1', purpose: 'marketing', channel: 'sms', state: 'given', via: 'double-opt-in' },
  ...{ at: day(12), recordedAt: day(12), address: number },
} as unknown as Choice;

it('is taken back by the yes that each case below spoils', () => {
  expect(isTakenBack(stop, [yes], 'newsletter', 'sms')).toBe(true);
});

it.each<[string, Partial<Record<string, unknown>>]>([
  ['was said before it', { at: day(9), recordedAt: day(9) }],
  ['was said before it and is in this log since a merge', { at: day(9), recordedAt: day(13) }],
  ['names another number', { address: { ...number, hash: 'another' } }],
  ['was ticked in a form', { via: 'event' }],
])('is not by a yes that %s', (_, spoilt) => {
  expect(isTakenBack(stop, [{ ...yes, ...spoilt }], 'newsletter', 'sms')).toBe(false);
});
