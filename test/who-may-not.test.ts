import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startLagom, type Lagom } from './lagom.fixture.js';
import { choice, DAY, event, HOUR, person, tell, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

let carts = 0;
const begun = () => {
  carts += 1;
  return { booking: { id: `begun-${carts}`, service: 'Massage' }, cartId: `cart-${carts}` };
};
const inTenDays = () => new Date(Math.ceil(lagom.now().getTime() / HOUR) * HOUR + 10 * DAY);
const decide = async (who: Person, purpose: string, channel = 'email', at = lagom.now().toISOString()) =>
  (await lagom.api('POST', '/v1/decisions', { customer: who.id, purpose, channel, at })).body;
const rowsOf = (who: Person, filter: Record<string, string> = {}) =>
  lagom.messages({ customer: who.id, ...filter });
const sent = async (who: Person) => [
  ...(await lagom.inbox({ to: who.email ?? '' })),
  ...(await lagom.inbox({ to: who.phone ?? '' })),
];

describe('at night', () => {
  // 21:00 to 08:00 in Stockholm, an hour ahead of UTC in winter.
  const evening = (day: string) => `${day}T19:30:00Z`;

  it('marketing by SMS waits for the morning, mail does not', async () => {
    await lagom.advanceTo(evening('2026-03-03'));
    const [texted, mailed] = [person(), person()];
    await tell(lagom, 'booking.started', {
      customer: texted,
      ...begun(),
      choices: [choice('abandoned-booking', 'sms', 'given')],
    });
    await tell(lagom, 'booking.started', {
      customer: mailed,
      ...begun(),
      choices: [choice('abandoned-booking', 'email', 'given')],
    });
    await lagom.advanceTo('2026-03-04T06:59:59Z');
    expect(await sent(mailed)).toHaveLength(1);
    expect(await sent(texted)).toEqual([]);
    await lagom.advanceTo('2026-03-04T08:30:00Z');
    const [text] = await sent(texted);
    expect(text).toMatchObject({ channel: 'sms', from: 'WellnessNu' });
    expect(text?.text).toMatch(/\/o\/\w+/);
  });

  it('what has become a text since it was planned is held with its reason, and asked about again in the morning', async () => {
    await lagom.advanceTo(evening('2026-03-05'));
    const [stays, leaves] = [person(), person()];
    for (const who of [stays, leaves]) {
      await tell(lagom, 'booking.started', {
        customer: who,
        ...begun(),
        choices: [choice('abandoned-booking', 'email', 'given')],
      });
      await tell(lagom, 'customer.consent-changed', {
        customer: { id: who.id },
        choices: [choice('abandoned-booking', 'sms', 'given')],
      });
    }
    await lagom.advance('PT2H');
    const [held] = await rowsOf(stays);
    expect(held).toMatchObject({
      status: 'planned',
      reason: 'quiet-hours',
      until: '2026-03-06T07:00:00.000Z',
    });
    expect(held?.trace.at(-1)).toMatchObject({ check: 'not-quiet', passed: false });
    expect(held?.history.map(({ status }) => status)).toEqual(['planned', 'released', 'planned']);
    // During the night one of them says no.
    await tell(lagom, 'customer.consent-changed', {
      customer: { id: leaves.id },
      choices: [choice('marketing', 'all', 'withdrawn')],
    });
    await lagom.advanceTo('2026-03-06T08:30:00Z');
    expect(await sent(stays)).toEqual([expect.objectContaining({ channel: 'sms' })]);
    expect((await rowsOf(stays))[0]).toMatchObject({ status: 'accepted' });
    expect((await rowsOf(stays))[0]?.reason).toBeUndefined();
    expect(await sent(leaves)).toEqual([]);
    expect((await rowsOf(leaves)).map(({ status, reason }) => [status, reason])).toEqual([
      ['cancelled', 'withdrawn'],
      ['cancelled', 'withdrawn'],
    ]);
  });

  it('what answers one’s own act goes at any hour', async () => {
    await lagom.advanceTo('2026-03-07T01:00:00Z');
    const who = person();
    await tell(lagom, 'booking.confirmed', {
      customer: who,
      booking: visit(inTenDays()),
      choices: [choice('booking', 'sms', 'given')],
    });
    await lagom.advance('PT0S');
    expect(await sent(who)).toEqual([expect.objectContaining({ channel: 'sms' })]);
  });

  it.each([
    ['in the person’s own zone', 'America/New_York', '2026-03-10T03:00:00Z', '2026-03-10T12:00:00.000Z'],
    [
      'over the change to summer time',
      'Europe/Stockholm',
      '2026-03-28T23:00:00Z',
      '2026-03-29T06:00:00.000Z',
    ],
    [
      'over the change to winter time',
      'Europe/Stockholm',
      '2026-10-24T21:00:00Z',
      '2026-10-25T07:00:00.000Z',
    ],
  ])('the gate says until when: %s', async (_, timeZone, at, until) => {
    const who = person({ timeZone });
    await tell(lagom, 'customer.consent-changed', {
      customer: who,
      choices: [choice('newsletter', 'sms', 'given')],
    });
    expect(await decide(who, 'newsletter', 'sms', at)).toMatchObject({
      outcome: 'hold',
      reason: 'quiet-hours',
      until,
    });
    expect(await decide(who, 'booking', 'sms', at)).toMatchObject({ outcome: 'permit' });
  });
});

describe('under 18', () => {
  it('nothing goes without a guardian’s consent, about a booking neither; with it all does', async () => {
    const child = person({ birthDate: '2010-05-01' });
    const booking = visit(inTenDays(), { version: 1 });
    await tell(lagom, 'booking.confirmed', { customer: child, booking });
    await lagom.advance('PT0S');
    expect(await sent(child)).toEqual([]);
    expect((await rowsOf(child, { status: 'refused' }))[0]).toMatchObject({ reason: 'minor' });
    await tell(lagom, 'booking.rescheduled', {
      customer: { ...child, guardianConsent: { by: 'En förälder', at: lagom.now().toISOString() } },
      booking: {
        ...booking,
        version: 2,
        startsAt: new Date(inTenDays().getTime() + DAY).toISOString(),
        endsAt: null,
      },
    });
    await lagom.advance('PT0S');
    expect(await sent(child)).toHaveLength(1);
  });

  it('ends on the birthday, by the clock', async () => {
    const who = person({ birthDate: '2008-04-01' });
    await tell(lagom, 'customer.updated', { customer: who });
    expect(await decide(who, 'booking', 'email', '2026-03-31T21:59:59Z')).toMatchObject({ reason: 'minor' });
    expect(await decide(who, 'booking', 'email', '2026-03-31T22:00:00Z')).toMatchObject({
      outcome: 'permit',
    });
    expect(await decide(who, 'recall', 'email', '2026-03-20T12:00:00Z')).toMatchObject({ outcome: 'permit' });
  });
});

describe('restricted', () => {
  it('nothing but a legal duty goes until it is lifted; what is still of use then goes', async () => {
    const who = person();
    const booking = visit(inTenDays());
    await tell(lagom, 'booking.confirmed', { customer: who, booking });
    await lagom.advance('PT0S');
    const restricted = await lagom.api('POST', `/v1/customers/${who.id}/restrict`);
    expect(restricted.status).toBe(200);
    expect(restricted.body.restrictedAt).toEqual(expect.any(String));
    await tell(lagom, 'booking.started', {
      customer: who,
      ...begun(),
      choices: [choice('marketing', 'all', 'given')],
    });
    await lagom.advance('PT2H');
    expect(await sent(who)).toHaveLength(1);
    expect((await rowsOf(who, { purpose: 'abandoned-booking', status: 'refused' }))[0]).toMatchObject({
      reason: 'restricted',
    });
    expect(await decide(who, 'recall')).toMatchObject({ outcome: 'permit' });
    expect(await decide(who, 'booking')).toMatchObject({ outcome: 'refuse', reason: 'restricted' });
    const free = await lagom.api('POST', `/v1/customers/${who.id}/unrestrict`);
    expect(free.status).toBe(200);
    expect(free.body.restrictedAt).toBeNull();
    await lagom.advance('P10D');
    expect((await sent(who)).map(({ purpose }) => purpose)).toEqual(
      expect.arrayContaining(['booking', 'booking', 'abandoned-booking']),
    );
  });

  it('and erased are said of nobody who is not known', async () => {
    for (const [method, path] of [
      ['POST', '/v1/customers/nobody/restrict'],
      ['POST', '/v1/customers/nobody/unrestrict'],
      ['DELETE', '/v1/customers/nobody'],
      ['GET', '/v1/customers/nobody'],
    ] as const) {
      expect((await lagom.api(method, path)).status).toBe(404);
    }
  });
});

describe('erased', () => {
  it('nothing is left but what the law keeps; a new booking works, marketing stays out, no backfill brings back', async () => {
    const who = person({ name: 'Försvunna Fia' });
    const booking = visit(inTenDays(), { version: 1 });
    await tell(lagom, 'booking.confirmed', { customer: who, booking, marketingOptOutOffered: true });
    await tell(lagom, 'booking.started', { customer: who, ...begun() });
    await lagom.advance('PT1M');
    const before = lagom.now();
    const { status, body } = await lagom.api('DELETE', `/v1/customers/${who.id}`);
    expect(status).toBe(200);
    expect(body.erased).toEqual(expect.arrayContaining(['customer', 'bookings', 'messages']));
    for (const kept of body.kept) {
      expect(kept).toEqual({
        ...{ what: expect.any(String), ground: expect.any(String) },
        ...{ until: kept.until, howLong: expect.any(String) },
      });
    }
    expect(body.kept.length).toBeGreaterThan(0);

    const shown = await lagom.api('GET', `/v1/customers/${who.id}`);
    expect(JSON.stringify(shown.body)).not.toMatch(/Fia|asa\.ost|\+4670/);
    expect(await sent(who)).toEqual([]);
    for (const row of await rowsOf(who)) expect(['accepted', 'cancelled', 'refused']).toContain(row.status);
    await lagom.advance('PT2H');
    expect(await sent(who)).toEqual([]);
    expect(await decide(who, 'booking')).toMatchObject({ reason: 'erased' });

    // An event from before it, late: nothing of it is taken.
    const late = await lagom.post(
      event(
        lagom,
        'booking.confirmed',
        { customer: who, booking: visit(inTenDays()) },
        { time: before.toISOString() },
      ),
    );
    expect(late.warnings).toEqual([expect.objectContaining({ pointer: '#/data/customer/id' })]);
    // Nor of a backfill, whatever it is dated, under this id or another.
    const other = { ...who, id: `${who.id}-again` };
    for (const customer of [who, other]) {
      await tell(lagom, 'booking.confirmed', { customer, booking: visit(inTenDays()) }, { backfill: true });
      const { body: after } = await lagom.api('GET', `/v1/customers/${customer.id}`);
      expect(after.email).toBeNull();
      expect(after.phone).toBeNull();
    }
    await lagom.advance('PT0S');
    expect(await sent(who)).toEqual([]);

    // She books again: that is answered. Marketing is not, whatever the soft opt-in.
    await tell(lagom, 'booking.confirmed', {
      customer: who,
      booking: visit(inTenDays()),
      marketingOptOutOffered: true,
    });
    await tell(lagom, 'booking.started', { customer: who, ...begun() });
    await lagom.advance('PT2H');
    expect((await sent(who)).map(({ purpose }) => purpose)).toEqual(['booking']);
    expect(await decide(who, 'newsletter')).toMatchObject({ outcome: 'refuse', reason: 'suppressed' });
  });

  it('by the booking system’s own word, as by ours', async () => {
    const who = person();
    await tell(lagom, 'booking.confirmed', { customer: who, booking: visit(inTenDays()) });
    await lagom.advance('PT1M');
    await tell(lagom, 'customer.deleted', { customer: { id: who.id } });
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body).toMatchObject({
      name: null,
      email: null,
    });
    expect(await sent(who)).toEqual([]);
    await lagom.advance('P11D');
    expect(await sent(who)).toEqual([]);
    const rows = await rowsOf(who, { status: 'cancelled' });
    expect(rows.map(({ reason }) => reason)).toEqual(['erased']);
  });
});
