import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startLagom, type Lagom } from './lagom.fixture.js';
import { calendarOf, choice, DAY, event, HOUR, person, tell, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

/** Oldest first. */
const mailsTo = async (who: Person) =>
  (await lagom.inbox({ to: who.email ?? '', channel: 'email' })).reverse();
/** On the full hour: calendars count seconds. */
const later = (days: number) => new Date(Math.ceil(lagom.now().getTime() / HOUR) * HOUR + days * DAY);
const standing = async (booking: string) =>
  (await lagom.messages({ booking })).map(
    ({ journey, status, id }) => `${journey} ${id.split('/').at(-1)} ${status}`,
  );

describe('a booking that changes', () => {
  it('is told of once each time, with one entry in the calendar, and only the last reminder goes', async () => {
    const who = person();
    const [first, second] = [later(10), later(12)];
    const booking = visit(first, { version: 1 });
    await tell(lagom, 'booking.confirmed', { customer: who, booking });
    await lagom.advance('PT1H');
    await tell(lagom, 'booking.rescheduled', {
      customer: who,
      booking: visit(second, { ...booking, startsAt: second.toISOString(), endsAt: undefined, version: 2 }),
      previousStartsAt: first.toISOString(),
    });
    await lagom.advance('PT1H');
    const back = await tell(lagom, 'booking.rescheduled', {
      customer: who,
      booking: { ...booking, version: 3 },
      previousStartsAt: second.toISOString(),
    });
    await lagom.advance('PT1H');

    const heard = await lagom.api('GET', `/v1/events/${back.id}`);
    expect(heard.body.planned).toHaveLength(2);
    expect(heard.body.cancelled).toHaveLength(1);
    expect(await standing(booking.id)).toEqual(
      expect.arrayContaining([
        'confirmation v1 accepted',
        'reminder v1 cancelled',
        'change v2 accepted',
        'reminder v2 cancelled',
        'change v3 accepted',
        'reminder v3 planned',
      ]),
    );
    const told = await mailsTo(who);
    expect(told.map(({ subject }) => subject?.split(':')[0])).toEqual([
      'Din bokning är klar',
      'Din bokning är ändrad',
      'Din bokning är ändrad',
    ]);
    const calendars = told.map(calendarOf);
    expect(new Set(calendars.map(({ uid }) => uid)).size).toBe(1);
    expect(calendars.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
    expect(calendars.map(({ method }) => method)).toEqual(['REQUEST', 'REQUEST', 'REQUEST']);
    expect(calendars.map(({ startsAt }) => startsAt.getTime())).toEqual(
      [first, second, first].map((at) => at.getTime()),
    );

    await lagom.advanceTo(second);
    expect(await standing(booking.id)).toEqual(expect.arrayContaining(['reminder v3 accepted']));
    expect((await mailsTo(who)).map(({ subject }) => subject?.split(':')[0]).slice(3)).toEqual([
      'Påminnelse om din bokning',
    ]);
  });

  it('is taken out of the calendar when it is cancelled, and nothing more is said', async () => {
    const who = person();
    const booking = visit(later(3), { version: 1 });
    await tell(lagom, 'booking.confirmed', { customer: who, booking });
    await lagom.advance('PT1H');
    const cancelled = await tell(lagom, 'booking.cancelled', {
      customer: who,
      booking: { ...booking, version: 2 },
      reason: 'Förhinder <b>',
    });
    await lagom.advance('PT1H');
    const [confirmation, cancellation] = await mailsTo(who);
    expect(cancellation?.subject).toMatch(/^Din bokning är avbokad/);
    expect(cancellation?.text).toContain('Förhinder <b>');
    expect(cancellation?.html).toContain('Förhinder &lt;b&gt;');
    expect(calendarOf(cancellation)).toMatchObject({
      method: 'CANCEL',
      status: 'CANCELLED',
      uid: calendarOf(confirmation).uid,
      sequence: 1,
    });
    const { body } = await lagom.api('GET', `/v1/events/${cancelled.id}`);
    const [reminder] = await lagom.messages({ booking: booking.id, status: 'cancelled' });
    expect(body.cancelled).toEqual([reminder?.id]);
    expect(reminder).toMatchObject({ journey: 'reminder', status: 'cancelled' });
    expect(reminder?.history.at(-1)).toMatchObject({ status: 'cancelled', why: 'booking.cancelled.v1' });
    await lagom.advance('P4D');
    expect(await mailsTo(who)).toHaveLength(2);
  });

  it('that was cancelled can be confirmed again', async () => {
    const who = person();
    const booking = visit(later(3), { version: 1 });
    await tell(lagom, 'booking.confirmed', { customer: who, booking });
    await tell(lagom, 'booking.cancelled', { customer: who, booking: { ...booking, version: 2 } });
    await lagom.advance('PT1M');
    await tell(lagom, 'booking.confirmed', { customer: who, booking: { ...booking, version: 3 } });
    await lagom.advance('PT1M');
    const calendars = (await mailsTo(who)).map(calendarOf);
    expect(calendars.at(-1)).toMatchObject({ method: 'REQUEST', sequence: 2 });
    expect(await standing(booking.id)).toEqual(
      expect.arrayContaining(['confirmation v3 accepted', 'reminder v3 planned']),
    );
  });

  it('says the change by SMS to whom chose that, and by nothing else', async () => {
    const who = person();
    const booking = visit(later(3), { version: 1 });
    await tell(lagom, 'booking.confirmed', {
      customer: who,
      booking,
      choices: [choice('booking', 'sms', 'given')],
    });
    // A change that overtakes the confirmation is said in the words of one.
    await lagom.advance('PT0S');
    await tell(lagom, 'booking.rescheduled', {
      customer: who,
      booking: { ...booking, version: 2, startsAt: later(4).toISOString(), endsAt: null },
    });
    await lagom.advance('PT0S');
    const [change] = await lagom.inbox({ to: who.phone ?? '', channel: 'sms' });
    expect(change?.text).toMatch(/har fått en ny tid: .* Den gäller i stället för /);
    expect(await mailsTo(who)).toEqual([]);
  });
});

describe('events that come in another order than they happened', () => {
  it('a cancellation before its confirmation leaves a booking that is cancelled, and says no confirmation', async () => {
    const who = person();
    const booking = visit(later(5));
    await tell(lagom, 'booking.cancelled', { customer: who, booking: { ...booking, version: 2 } });
    const late = await lagom.post(
      event(lagom, 'booking.confirmed', { customer: who, booking: { ...booking, version: 1 } }),
    );
    expect(late.warnings).toEqual([expect.objectContaining({ pointer: '#/data/booking' })]);
    await lagom.advance('P6D');
    expect((await mailsTo(who)).map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/^Din bokning är avbokad/),
    ]);
    expect(await standing(booking.id)).toEqual(['cancellation v2 accepted']);
  });

  it('a cancellation in the same batch as its confirmation says at most the cancellation after it', async () => {
    const who = person();
    const booking = visit(later(5), { version: 1 });
    const batch = [
      event(lagom, 'booking.cancelled', { customer: who, booking: { ...booking, version: 2 } }),
      event(lagom, 'booking.confirmed', { customer: who, booking }),
    ];
    const answer = await lagom.api('POST', '/v1/events', JSON.stringify(batch), {
      headers: { 'content-type': 'application/cloudevents-batch+json' },
    });
    expect(answer).toMatchObject({ status: 202, body: { accepted: 2, rejected: [] } });
    await lagom.advance('P6D');
    expect(await standing(booking.id)).toEqual(['cancellation v2 accepted']);
  });

  it('an older version changes nothing; its customer part counts by its own version', async () => {
    const who = person({ version: 1 });
    const booking = visit(later(5), { version: 5 });
    await tell(lagom, 'booking.confirmed', { customer: who, booking });
    const { warnings } = await lagom.post(
      event(lagom, 'booking.rescheduled', {
        customer: { ...who, version: 2, name: 'Åsa Nyberg' },
        booking: { ...booking, version: 4, startsAt: later(9).toISOString(), endsAt: null },
      }),
    );
    expect(warnings).toEqual([expect.objectContaining({ pointer: '#/data/booking' })]);
    await lagom.advance('PT0S');
    expect(await mailsTo(who)).toHaveLength(1);
    const { body } = await lagom.api('GET', `/v1/customers/${who.id}`);
    expect(body.name).toBe('Åsa Nyberg');
  });

  it('a stale customer part never drops the booking part', async () => {
    const who = person({ version: 7 });
    const booking = visit(later(5), { version: 1 });
    await tell(lagom, 'customer.updated', { customer: who });
    const { warnings } = await lagom.post(
      event(lagom, 'booking.confirmed', { customer: { ...who, version: 6, name: 'Gammalt Namn' }, booking }),
    );
    expect(warnings).toEqual([expect.objectContaining({ pointer: '#/data/customer' })]);
    await lagom.advance('PT0S');
    const [mail] = await mailsTo(who);
    expect(mail?.text).toContain(who.name);
    expect(mail?.text).not.toContain('Gammalt Namn');
  });

  it('without versions the time of the event decides; at equal time the one heard later', async () => {
    const who = person();
    const booking = visit(later(5));
    const now = lagom.now();
    const at = (hours: number) => ({ time: new Date(now.getTime() + hours * HOUR).toISOString() });
    const to = (days: number) => ({ ...booking, startsAt: later(days).toISOString(), endsAt: null });
    await tell(lagom, 'booking.confirmed', { customer: who, booking }, at(-2));
    await lagom.advance('PT0S');
    await tell(lagom, 'booking.rescheduled', { customer: who, booking: to(7) }, at(-1));
    await tell(lagom, 'booking.rescheduled', { customer: who, booking: to(6) }, at(-1.5));
    await lagom.advance('PT0S');
    expect(await mailsTo(who)).toHaveLength(2);
    const last = to(8);
    await tell(lagom, 'booking.rescheduled', { customer: who, booking: last }, at(-1));
    await lagom.advance('PT0S');
    const all = await mailsTo(who);
    expect(all).toHaveLength(3);
    expect(calendarOf(all.at(-1)).startsAt).toEqual(new Date(last.startsAt));
  });
});
