import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startLagom, type Lagom } from './lagom.fixture.js';
import { tenantsWith } from './tenants.fixture.js';
import { choice, DAY, person, tell, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-16T10:00:00Z' });
});
afterAll(() => lagom.close());

const mailsTo = async (who: Person) =>
  (await lagom.inbox({ to: who.email ?? '', channel: 'email' })).reverse();
const rowOf = async (booking: string, journey: string) =>
  (await lagom.messages({ booking })).find((row) => row.journey === journey);

async function confirmed(startsAt: string, facts: object = {}, more: object = {}) {
  const who = person();
  const booking = visit(startsAt, facts);
  await tell(lagom, 'booking.confirmed', { customer: who, booking, ...more });
  return { who, booking };
}

describe('a reminder', () => {
  it.each([
    ['in winter', '2026-03-28T12:00:00Z', '2026-03-27T08:00:00.000Z'],
    [
      'on the day before the clocks go forward, for a visit after it',
      '2026-03-29T12:00:00Z',
      '2026-03-28T08:00:00.000Z',
    ],
    ['on the day that they go forward', '2026-03-30T12:00:00Z', '2026-03-29T07:00:00.000Z'],
    [
      'on the day before they go back, for a visit after it',
      '2026-10-25T12:00:00Z',
      '2026-10-24T07:00:00.000Z',
    ],
    ['on the day that they go back', '2026-10-26T12:00:00Z', '2026-10-25T08:00:00.000Z'],
  ])('is due at nine at the venue the day before: %s', async (_, startsAt, due) => {
    const { booking } = await confirmed(startsAt);
    expect(await rowOf(booking.id, 'reminder')).toMatchObject({ status: 'planned', dueAt: due });
  });

  it('counts by the zone of the venue', async () => {
    const { booking } = await confirmed('2026-05-12T09:00:00Z', { timeZone: 'America/New_York' });
    expect(await rowOf(booking.id, 'reminder')).toMatchObject({ dueAt: '2026-05-11T13:00:00.000Z' });
  });

  it('goes once, when the clock comes there and not before', async () => {
    const { who } = await confirmed('2026-03-20T12:00:00Z');
    await lagom.advanceTo('2026-03-19T07:59:59Z');
    expect(await mailsTo(who)).toHaveLength(1);
    await lagom.advance('PT2S');
    const [, reminder] = await mailsTo(who);
    expect(reminder?.subject).toMatch(/^Påminnelse om din bokning: fredag 20 mars/);
    expect(reminder?.attachments ?? []).toEqual([]);
    await lagom.advance('P1D');
    expect(await mailsTo(who)).toHaveLength(2);
  });

  it('is refused as too late where its time has gone by when it is planned', async () => {
    const { who, booking } = await confirmed(new Date(lagom.now().getTime() + 3 * 3_600_000).toISOString());
    await lagom.advance('PT2H');
    expect(await rowOf(booking.id, 'reminder')).toMatchObject({ status: 'refused', reason: 'too-late' });
    expect(await mailsTo(who)).toHaveLength(1);
  });

  it('goes by SMS to whom chose that', async () => {
    const { who } = await confirmed(
      '2026-03-25T12:00:00Z',
      {},
      { choices: [choice('booking', 'sms', 'given')] },
    );
    await lagom.advanceTo('2026-03-24T08:00:01Z');
    const texts = await lagom.inbox({ to: who.phone ?? '', channel: 'sms' });
    expect(texts.map(({ text }) => text.includes('Påminnelse'))).toEqual([true, false]);
  });

  it('is not sent to who came, did not come, or cancelled', async () => {
    for (const type of ['booking.completed', 'booking.no-show', 'booking.cancelled']) {
      const { who, booking } = await confirmed(new Date(lagom.now().getTime() + 5 * DAY).toISOString(), {
        version: 1,
      });
      await tell(lagom, type, { customer: who, booking: { ...booking, version: 2 } });
      expect(await rowOf(booking.id, 'reminder')).toMatchObject({ status: 'cancelled' });
    }
  });
});

describe('a survey', () => {
  it('is asked once, a day after the visit has ended, with a link of its own and a way to say no', async () => {
    const start = new Date(Math.ceil(lagom.now().getTime() / DAY) * DAY + 2 * DAY + 8 * 3_600_000);
    const { who, booking } = await confirmed(start.toISOString(), { version: 1 });
    await lagom.advanceTo(new Date(Date.parse(booking.endsAt ?? '') + 60_000));
    await tell(lagom, 'booking.completed', { customer: who, booking: { ...booking, version: 2 } });
    await tell(lagom, 'booking.completed', { customer: who, booking: { ...booking, version: 2 } });
    const row = await rowOf(booking.id, 'survey');
    expect(row).toMatchObject({ purpose: 'survey', status: 'planned' });
    expect(row?.dueAt).toBe(new Date(Date.parse(booking.endsAt ?? '') + DAY).toISOString());
    await lagom.advance('P2D');
    const [mail, ...more] = await lagom.inbox({ to: who.email ?? '', purpose: 'survey' });
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ channel: 'email', from: 'bokning@wellnesskliniken.se' });
    expect(mail?.text).toMatch(/http:\/\/localhost:\d+\/s\/[\w-]+/);
    const header = (name: string) =>
      Object.entries(mail?.headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
    expect(header('list-unsubscribe')).toMatch(/<http:\/\/localhost:\d+\/u\/[\w-]+>/);
    expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
  });

  it('is refused to who objected, and called off where the visit is taken back', async () => {
    const visits = async (more: object) => {
      const { who, booking } = await confirmed(
        new Date(lagom.now().getTime() + 3_600_000).toISOString(),
        { version: 1 },
        more,
      );
      await lagom.advance('PT3H');
      await tell(lagom, 'booking.completed', { customer: who, booking: { ...booking, version: 2 } });
      return { who, booking };
    };
    const objector = await visits({ choices: [choice('survey', 'all', 'objected')] });
    const mistaken = await visits({});
    await tell(lagom, 'booking.no-show', {
      customer: mistaken.who,
      booking: { ...mistaken.booking, version: 3 },
    });
    await lagom.advance('P2D');
    expect(await rowOf(objector.booking.id, 'survey')).toMatchObject({
      status: 'refused',
      reason: 'objected',
    });
    expect(await rowOf(mistaken.booking.id, 'survey')).toMatchObject({ status: 'cancelled' });
    for (const { who } of [objector, mistaken]) {
      expect(await lagom.inbox({ to: who.email ?? '', purpose: 'survey' })).toEqual([]);
    }
  });
});

describe('the service hours', () => {
  it('move a reminder earlier, to the evening before, where the tenant has it at night', async () => {
    const tenants = await tenantsWith('at: 09:00 the day before', 'at: 06:30 the day before');
    const night = await startLagom({ at: '2026-06-01T10:00:00Z', env: { LAGOM_TENANTS: tenants.folder } });
    try {
      const booking = visit('2026-06-10T08:00:00Z');
      await tell(night, 'booking.confirmed', { customer: person(), booking });
      const rows = await night.messages({ booking: booking.id });
      expect(rows.find(({ journey }) => journey === 'reminder')).toMatchObject({
        status: 'planned',
        dueAt: '2026-06-08T18:00:00.000Z',
      });
    } finally {
      await night.close();
      await tenants.remove();
    }
  });
});
