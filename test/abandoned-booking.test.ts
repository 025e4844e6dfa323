import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startLagom, type Lagom } from './lagom.fixture.js';
import { choice, DAY, person, tell, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

const remindersTo = (who: Person) => lagom.inbox({ to: who.email ?? '', purpose: 'abandoned-booking' });
const rowsOf = (who: Person) => lagom.messages({ customer: who.id, purpose: 'abandoned-booking' });

/** Somebody who booked before and was offered the opt-out then: the soft opt-in. */
async function softlyIn(facts: Partial<Person> = {}): Promise<Person> {
  const who = person(facts);
  const before = visit(new Date(lagom.now().getTime() + 60 * DAY));
  await tell(lagom, 'booking.confirmed', { customer: who, booking: before, marketingOptOutOffered: true });
  return who;
}

/** A booking that was begun: a cart, and no time chosen yet. */
function begun() {
  return {
    booking: {
      id: `b-${randomUUID().slice(0, 8)}`,
      service: 'Ansiktsbehandling',
      url: 'https://boka.example.se/k/7',
    },
    cartId: `k-${randomUUID().slice(0, 8)}`,
  };
}

describe('an abandoned booking', () => {
  it('is told of after an hour and after a day, once each, with no offer and a way out', async () => {
    const who = await softlyIn();
    const cart = begun();
    await tell(lagom, 'booking.started', { customer: who, ...cart });
    await tell(lagom, 'booking.started', { customer: who, ...cart });
    await lagom.advance('PT59M');
    expect(await remindersTo(who)).toEqual([]);
    await lagom.advance('PT2M');
    expect(await remindersTo(who)).toHaveLength(1);
    await tell(lagom, 'booking.started', { customer: who, ...cart });
    await lagom.advance('PT24H');
    const mails = await remindersTo(who);
    expect(mails).toHaveLength(2);
    expect(mails.map(({ subject }) => subject)).toEqual([
      'En sista påminnelse om din påbörjade bokning hos Wellnesskliniken',
      'Din påbörjade bokning hos Wellnesskliniken',
    ]);
    expect(mails.map(({ text }) => text.includes('sedan lämnar vi dig i fred'))).toEqual([true, false]);
    for (const mail of mails) {
      expect(mail.from).toBe('nyheter@wellnesskliniken.se');
      expect(mail.text).toContain('https://boka.example.se/k/7');
      expect(mail.text).toContain('Avregistrera');
      expect(`${mail.subject} ${mail.text} ${mail.html}`).not.toContain('Ansiktsbehandling');
      expect(Object.keys(mail.headers ?? {}).map((name) => name.toLowerCase())).toEqual(
        expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post']),
      );
    }
    expect((await rowsOf(who)).map(({ status, step, cart: of }) => [status, step, of])).toEqual([
      ['accepted', '1', cart.cartId],
      ['accepted', '2', cart.cartId],
    ]);
    await lagom.advance('P7D');
    expect(await remindersTo(who)).toHaveLength(2);
  });

  it('is refused for want of consent to who never gave one and never booked before', async () => {
    const [who, offeredNothing] = [person(), person()];
    await tell(lagom, 'booking.confirmed', {
      customer: offeredNothing,
      booking: visit(new Date(lagom.now().getTime() + 60 * DAY)),
    });
    for (const one of [who, offeredNothing])
      await tell(lagom, 'booking.started', { customer: one, ...begun() });
    await lagom.advance('P2D');
    for (const one of [who, offeredNothing]) {
      expect(await remindersTo(one)).toEqual([]);
      expect((await rowsOf(one)).map(({ status, reason }) => [status, reason])).toEqual([
        ['refused', 'no-consent'],
        ['refused', 'no-consent'],
      ]);
    }
  });

  it('goes to who consented to it by name, or to marketing whole', async () => {
    for (const purpose of ['abandoned-booking', 'marketing']) {
      const who = person();
      await tell(lagom, 'booking.started', {
        customer: who,
        ...begun(),
        choices: [choice(purpose, 'email', 'given')],
      });
      await lagom.advance('PT61M');
      expect(await remindersTo(who)).toHaveLength(1);
    }
  });

  it('goes to the address of the soft opt-in only', async () => {
    const who = await softlyIn();
    const moved = { ...who, email: person().email ?? null };
    await tell(lagom, 'booking.started', { customer: moved, ...begun() });
    await lagom.advance('P2D');
    expect(await remindersTo(who)).toEqual([]);
    expect(await remindersTo(moved)).toEqual([]);
    expect((await rowsOf(who)).map(({ reason }) => reason)).toEqual(['no-consent', 'no-consent']);
  });

  it.each([
    [
      'by its cart',
      (cart: ReturnType<typeof begun>) => ({ booking: visit('2026-12-01T09:00:00Z'), cartId: cart.cartId }),
    ],
    [
      'by its booking',
      (cart: ReturnType<typeof begun>) => ({
        booking: visit('2026-12-01T09:00:00Z', { id: cart.booking.id }),
      }),
    ],
  ])('is called off by a confirmation: %s', async (_, confirmation) => {
    const who = await softlyIn();
    const cart = begun();
    await tell(lagom, 'booking.started', { customer: who, ...cart });
    await lagom.advance('PT61M');
    const confirmed = await tell(lagom, 'booking.confirmed', { customer: who, ...confirmation(cart) });
    await lagom.advance('P2D');
    expect(await remindersTo(who)).toHaveLength(1);
    const rows = await rowsOf(who);
    expect(rows.map(({ status }) => status)).toEqual(['accepted', 'cancelled']);
    expect((await lagom.api('GET', `/v1/events/${confirmed.id}`)).body.cancelled).toEqual([rows[1]?.id]);
  });

  it('that had led to a booking before it was heard of is refused as too late', async () => {
    const who = await softlyIn();
    const cart = begun();
    const booking = visit(new Date(lagom.now().getTime() + 9 * DAY));
    await tell(lagom, 'booking.confirmed', { customer: who, booking, cartId: cart.cartId });
    await tell(lagom, 'booking.started', { customer: who, ...cart });
    await lagom.advance('P2D');
    expect(await remindersTo(who)).toEqual([]);
    for (const row of await rowsOf(who)) expect(row).toMatchObject({ status: 'refused', reason: 'too-late' });
  });

  it('that is begun again under another cart has reminders of its own', async () => {
    const who = await softlyIn();
    await tell(lagom, 'booking.started', { customer: who, ...begun() });
    await tell(lagom, 'booking.started', { customer: who, ...begun() });
    await lagom.advance('P2D');
    expect(await remindersTo(who)).toHaveLength(4);
  });
});

describe('the cap', () => {
  it('lets five marketing messages go in seven days and skips the sixth with its reason, for good', async () => {
    const who = await softlyIn();
    for (let begin = 0; begin < 3; begin++)
      await tell(lagom, 'booking.started', { customer: who, ...begun() });
    await lagom.advance('P2D');
    expect(await remindersTo(who)).toHaveLength(5);
    const rows = await rowsOf(who);
    expect(rows.filter(({ status }) => status === 'refused').map(({ reason }) => reason)).toEqual(['capped']);
    // What is about the booking is not counted, nor stopped.
    await tell(lagom, 'booking.confirmed', {
      customer: who,
      booking: visit(new Date(lagom.now().getTime() + 9 * DAY)),
    });
    await lagom.advance('PT0S');
    expect(await lagom.inbox({ to: who.email ?? '', purpose: 'booking' })).toHaveLength(2);
    await lagom.advance('P6D');
    expect(await remindersTo(who)).toHaveLength(5);
    await tell(lagom, 'booking.started', { customer: who, ...begun() });
    await lagom.advance('PT61M');
    expect(await remindersTo(who)).toHaveLength(6);
  });
});
