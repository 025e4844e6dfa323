import { expect, it } from '@jest/globals';
import { instantIn, launchAt } from './send-times.js';

it('an hour of a wall clock is an instant of its zone', () => {
  expect(instantIn('2026-12-01T09:00', 'Europe/Stockholm')).toEqual(new Date('2026-12-01T08:00:00Z'));
});

it('a day that is not there is no instant, and nothing is launched for it', () => {
  const schedule = { at: '2026-11-31T09:00', zone: 'tenant', ifPassed: 'send' } as const;
  expect(() => launchAt(schedule, 'Europe/Stockholm', new Date('2026-11-01T09:00:00Z'))).toThrow(
    'no instant',
  );
});
