import { afterEach, describe, expect, it } from '@jest/globals';
import { bookingConfirmed } from '#events/event.fixture';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';

let lagom: Lagom | undefined;
afterEach(async () => {
  await lagom?.close();
  lagom = undefined;
});

describe('the whole line in one process', () => {
  it('sends a confirmation at once and the reminder when its time comes', async () => {
    lagom = await startLagom({ at: '2026-05-04T09:00:00+02:00' });
    const event = bookingConfirmed({ tenant: CLINIC, time: lagom.now() });
    expect(await lagom.post(event)).toMatchObject({ accepted: 1, rejected: [] });
    await lagom.advance('PT0S');
    expect(await lagom.inbox()).toMatchObject([{ channel: 'email', purpose: 'booking', tenant: CLINIC }]);

    await lagom.advanceTo('2026-05-11T09:00:01+02:00');
    const [reminder, confirmation] = await lagom.inbox();
    expect(reminder?.at.slice(0, 16)).toBe('2026-05-11T07:00');
    expect(confirmation?.at.slice(0, 10)).toBe('2026-05-04');
  });
});
