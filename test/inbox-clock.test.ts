import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { bookingConfirmed, bookingStarted } from '#events/event.fixture';
import { Database } from '../apps/database.js';
import { CLINIC, startLagom, type Lagom, type LagomOptions } from './lagom.fixture.js';

const running = new Set<Lagom>();
async function start(options: LagomOptions): Promise<Lagom> {
  const lagom = await startLagom(options);
  running.add(lagom);
  return lagom;
}
async function stop(lagom: Lagom): Promise<void> {
  running.delete(lagom);
  await lagom.close();
}
afterEach(async () => {
  for (const lagom of running) await stop(lagom);
});

const NINE = '2026-05-04T09:00:00+02:00';
const minute = (at: string | undefined): string => (at ?? '').slice(0, 16);

describe('POST /inbox/clock', () => {
  it('stops at each dueAt on the way, in order', async () => {
    const lagom = await start({ at: NINE });
    const event = bookingStarted({
      tenant: CLINIC,
      time: lagom.now(),
      data: {
        choices: [
          {
            ...{ purpose: 'abandoned-booking', channel: 'email', state: 'given', noticeVersion: '2026-01' },
            ...{ language: 'sv', method: 'checkbox', place: '/booking' },
          },
        ],
      },
    });
    await lagom.post(event);
    await lagom.post(
      bookingConfirmed({
        tenant: CLINIC,
        id: 'other',
        time: lagom.now(),
        data: {
          customer: { id: 'c-other', email: 'other@example.se' },
          booking: { id: 'b-other' },
          cartId: 'k-other',
        },
      }),
    );
    const arrived = await lagom.advance('P8D');
    expect(minute(arrived.toISOString())).toBe('2026-05-12T07:00');
    const sent = (await lagom.inbox()).map(({ at, purpose, to }) => [minute(at), purpose, to]);
    // One hour and a day after the cart, nine o'clock the day before the visit: each at its time, not at the end.
    expect(sent.slice(0, 3)).toEqual([
      ['2026-05-11T07:00', 'booking', 'other@example.se'],
      ['2026-05-05T07:00', 'abandoned-booking', 'anna@example.se'],
      ['2026-05-04T08:00', 'abandoned-booking', 'anna@example.se'],
    ]);
    const open = await Promise.all(
      ['planned', 'released', 'sending'].map((status) => lagom.messages({ status })),
    );
    expect(open.flat()).toEqual([]);
  });

  it('queues two at once, never goes back, and takes nothing else for a duration', async () => {
    const lagom = await start({ at: NINE });
    for (const advance of ['-PT1H', 'PT1H-', 'tomorrow', '', 'P11Y', 24, undefined]) {
      expect(await lagom.api('POST', '/inbox/clock', { advance })).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '#/advance' }] },
      });
    }
    const began = { now: lagom.now().getTime(), mono: lagom.clock.mono() };
    expect(began.now - new Date(NINE).getTime()).toBeLessThan(600_000);

    const hours = 3_600_000;
    const both = await Promise.all([lagom.advance('PT2H'), lagom.advance('PT3H')]);
    const [early, late] = both.map((at) => at.getTime() - began.now).sort((a, b) => a - b);
    expect(early).toBeGreaterThanOrEqual(2 * hours);
    expect(late).toBeGreaterThanOrEqual(5 * hours);
    expect(lagom.now().getTime() - began.now).toBeGreaterThanOrEqual(late!);
    // The other clock has seen none of it.
    expect(lagom.clock.mono() - began.mono).toBeLessThan(hours / 6);
  });

  it('keeps its lead over a restart, and repeats nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lagom-clock-'));
    const env = { LAGOM_DATA_DIR: folder };
    try {
      const lagom = await start({ at: NINE, env });
      await lagom.post(bookingConfirmed({ tenant: CLINIC, time: lagom.now() }));
      const arrived = await lagom.advanceTo('2026-05-11T09:00:01+02:00');
      const sent = await lagom.inbox();
      expect(sent).toHaveLength(2);
      await stop(lagom);

      // Asked to begin at nine, it knows better.
      const again = await start({ at: NINE, env });
      expect(again.now().getTime()).toBeGreaterThanOrEqual(arrived.getTime());
      await again.advance('PT0S');
      expect(await again.inbox()).toEqual(sent);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is not held up for ever by what nobody moves', async () => {
    const lagom = await start({ at: NINE });
    await lagom.post(bookingConfirmed({ tenant: CLINIC, time: lagom.now() }));
    await lagom.advance('PT0S');
    const rows = lagom.app.get(Database).connection.collection<{ _id: string; status: string }>('messages');
    // As a crash would leave it: being sent by a process that is no more; and due, of a tenant that has gone.
    const [confirmation, reminder] = await rows.find({}).sort({ dueAt: 1 }).toArray();
    await rows.updateOne({ _id: confirmation!._id }, { $set: { status: 'sending' } });
    await rows.insertOne({ ...reminder!, _id: 'gone', status: 'released', tenant: 'gone' } as never);

    const began = lagom.clock.mono();
    await lagom.advance('P8D');
    expect(lagom.clock.mono() - began).toBeLessThan(90_000);
    expect((await lagom.inbox()).map(({ at }) => minute(at))).toContain('2026-05-11T07:00');
    const left = await rows.find({ _id: { $in: ['gone', confirmation!._id] } }).toArray();
    expect(left.map(({ status }) => status).sort()).toEqual(['released', 'sending']);
  });
});
