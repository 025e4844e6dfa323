import { expect, it } from '@jest/globals';
import { isWithin, pausedUntil, type PauseScope } from './pause.js';

const NOW = new Date('2026-05-04T07:00:00Z');
const scope = (named: Partial<PauseScope> = {}): PauseScope => ({
  stream: null,
  channel: null,
  purpose: null,
  ...named,
});
const stops = (pauses: PauseScope[], purpose: 'newsletter' | 'booking', channel: 'email' | 'sms') =>
  pausedUntil(pauses, { purpose, channel }, NOW) !== null;

it('stops what fits all that it names', () => {
  expect(stops([], 'newsletter', 'email')).toBe(false);
  expect(stops([scope()], 'booking', 'email')).toBe(true);
  expect(stops([scope({ stream: 'marketing' })], 'newsletter', 'sms')).toBe(true);
  expect(stops([scope({ stream: 'marketing' })], 'booking', 'sms')).toBe(false);
  expect(stops([scope({ stream: 'marketing', channel: 'sms' })], 'newsletter', 'email')).toBe(false);
  expect(stops([scope({ purpose: 'newsletter' })], 'newsletter', 'email')).toBe(true);
  expect(stops([scope({ purpose: 'offers' }), scope({ channel: 'email' })], 'newsletter', 'email')).toBe(
    true,
  );
});

it('is looked at again in a minute', () => {
  expect(pausedUntil([scope()], { purpose: 'booking', channel: 'email' }, NOW)).toEqual(
    new Date('2026-05-04T07:01:00Z'),
  );
});

it('knows a narrower scope from a wider one, a purpose by its stream too', () => {
  expect(isWithin(scope({ purpose: 'newsletter' }), scope({ stream: 'marketing' }))).toBe(true);
  expect(isWithin(scope({ purpose: 'booking' }), scope({ stream: 'marketing' }))).toBe(false);
  expect(isWithin(scope({ channel: 'sms' }), scope())).toBe(true);
  expect(isWithin(scope(), scope({ channel: 'sms' }))).toBe(false);
  expect(isWithin(scope(), scope())).toBe(true);
});
