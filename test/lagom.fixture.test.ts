import { afterEach, describe, expect, it } from '@jest/globals';
import { bookingConfirmed } from '#events/event.fixture';
import type { Log } from '#platform/telemetry';
import { LOG } from '../apps/wire.js';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { watchedLog } from './leaks.fixture.js';
import { person, visit } from './visit.fixture.js';

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

describe('the log of a line under test', () => {
  it('is looked through for the people and treatments that the test made up, and for nothing else', () => {
    const who = person({ name: 'Rut Rakt-Fram' });
    const booking = visit(new Date(0), { service: 'Hudvård för två' });
    const { log, leaks } = watchedLog('silent');
    log.info(`heard of ${who.id} and ${booking.id}`);
    expect(leaks()).toEqual([]);
    for (const leak of [who.name, booking.service]) log.debug({ reason: `for ${leak}` }, 'planned');
    expect(leaks()).toEqual([who.name, booking.service].map((leak) => expect.stringContaining(leak ?? '')));
  });

  it('fails the close of a line that says any of them', async () => {
    lagom = await startLagom({ logLevel: 'silent' });
    const leaking = lagom;
    lagom = undefined;
    leaking.app.get<Log>(LOG).debug({ reason: `for ${person().name}` }, 'planned');
    await expect(leaking.close()).rejects.toThrow('1 lines of the log name somebody or a treatment');
  }, 60_000);
});
