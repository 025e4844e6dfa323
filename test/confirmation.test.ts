import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CLINIC, startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { calendarOf, choice, DAY, event, person, tell, visit } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

const inTenDays = () => new Date(lagom.now().getTime() + 10 * DAY);
const sms = (to: string | null | undefined) => lagom.inbox({ to: to ?? '', channel: 'sms' });
const mails = (to: string | null | undefined) => lagom.inbox({ to: to ?? '', channel: 'email' });

describe('a confirmed booking', () => {
  it('becomes one mail with a calendar file, and a row that says why', async () => {
    const who = person({ name: 'Åsa <Öst> & Söner' });
    const booking = visit('2026-03-12T09:00:00Z', {
      price: { amount: 850, currency: 'SEK' },
      practitioner: 'Maria',
    });
    const told = await tell(lagom, 'booking.confirmed', { customer: who, booking });
    await lagom.advance('PT0S');

    const [mail, ...more] = await lagom.inbox({ to: who.email ?? '' });
    expect(more).toEqual([]);
    expect(mail).toMatchObject({
      tenant: CLINIC,
      channel: 'email',
      purpose: 'booking',
      from: 'bokning@wellnesskliniken.se',
    });
    expect(mail?.subject).toBe('Din bokning är klar: torsdag 12 mars kl. 10.00');
    expect(mail?.text).toContain('Hej Åsa <Öst> & Söner!');
    expect(mail?.text).toContain('Ansiktsbehandling');
    expect(mail?.html).toContain('Hej Åsa &lt;Öst&gt; &amp; Söner!');
    expect(mail?.html).not.toContain('<Öst>');
    expect(Object.keys(mail?.headers ?? {}).map((name) => name.toLowerCase())).not.toContain(
      'list-unsubscribe',
    );

    const calendar = calendarOf(mail);
    expect(calendar).toMatchObject({
      method: 'REQUEST',
      sequence: 0,
      startsAt: new Date('2026-03-12T09:00:00Z'),
    });
    expect(calendar.text).not.toContain('Ansiktsbehandling');
    for (const line of calendar.text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);

    const { status, body: row } = await lagom.api(
      'GET',
      `/v1/messages/${encodeURIComponent(mail?.message ?? '')}`,
    );
    expect(status).toBe(200);
    expect(row).toMatchObject({
      id: mail?.message,
      tenant: CLINIC,
      customer: who.id,
      purpose: 'booking',
      channel: 'email',
      status: 'accepted',
      booking: booking.id,
      event: told.id,
    });
    expect(row.reason).toBeUndefined();
    expect(row.attempts).toEqual([expect.objectContaining({ n: 1, channel: 'email', outcome: 'accepted' })]);
    expect(row.history.map((line: { status: string }) => line.status)).toEqual([
      'planned',
      'released',
      'sending',
      'accepted',
    ]);
    for (const step of row.trace)
      expect(step).toEqual(expect.objectContaining({ passed: true, saw: expect.any(String) }));
    expect(row.trace.map((step: { check: string }) => step.check)).toContain('known');

    const heard = await lagom.api('GET', `/v1/events/${told.id}`);
    expect(heard.body).toEqual({
      id: told.id,
      type: 'booking.confirmed.v1',
      planned: expect.arrayContaining([mail?.message]),
      cancelled: [],
      refused: [],
    });
    expect(heard.body.planned).toHaveLength(2);
  });

  it('goes by SMS where the person chose that, without the name of the treatment', async () => {
    const who = person();
    await tell(lagom, 'booking.confirmed', {
      customer: who,
      booking: visit('2026-03-12T09:00:00Z', { location: null }),
      choices: [choice('booking', 'sms', 'given')],
    });
    await lagom.advance('PT0S');
    expect(await mails(who.email)).toEqual([]);
    const [text, ...more] = await sms(who.phone);
    expect(more).toEqual([]);
    expect(text).toMatchObject({ channel: 'sms', purpose: 'booking', from: 'Wellness' });
    expect(text?.subject).toBeUndefined();
    expect(text?.text).toContain('Wellnesskliniken');
    expect(text?.text).toContain('12 mars');
    expect(text?.text).not.toContain('Ansiktsbehandling');
  });

  it.each([
    ['sv-FI', 'Tack för din bokning'],
    ['en-GB', 'Thank you for your booking'],
    ['de', 'Tack för din bokning'],
  ])('speaks to %s in a language of the tenant', async (locale, words) => {
    const who = person({ locale });
    await tell(lagom, 'booking.confirmed', { customer: who, booking: visit(inTenDays()) });
    await lagom.advance('PT0S');
    const [mail] = await mails(who.email);
    expect(mail?.text).toContain(words);
  });

  it('speaks of the time at the venue, wherever the person is', async () => {
    const who = person({ locale: 'en', timeZone: 'America/New_York' });
    const booking = visit('2026-03-12T09:00:00Z', { timeZone: 'Europe/Istanbul' });
    await tell(lagom, 'booking.confirmed', { customer: who, booking }, { source: `/tenants/${TRAVEL}` });
    await lagom.advance('PT0S');
    const [mail] = await mails(who.email);
    expect(mail).toMatchObject({ tenant: TRAVEL, from: 'booking@wellbe-ims.com' });
    expect(mail?.text).toMatch(/\b12[:.]00\b/);
    expect(calendarOf(mail).startsAt).toEqual(new Date('2026-03-12T09:00:00Z'));
  });

  it('greets nobody by nothing where no name is known', async () => {
    const who = person({ name: null });
    await tell(lagom, 'booking.confirmed', { customer: who, booking: visit(inTenDays()) });
    await lagom.advance('PT0S');
    const [mail] = await mails(who.email);
    expect(mail?.text).toMatch(/^Hej!\n/);
  });

  it('falls on to SMS where the only address is a phone, and says no-address where there is none', async () => {
    const [phoneOnly, nobody] = [person({ email: null }), person({ email: null, phone: null })];
    const booking = visit(inTenDays());
    await tell(lagom, 'booking.confirmed', { customer: phoneOnly, booking: visit(inTenDays()) });
    await tell(lagom, 'booking.confirmed', { customer: nobody, booking });
    await lagom.advance('PT0S');
    expect(await sms(phoneOnly.phone)).toHaveLength(1);
    const rows = await lagom.messages({ booking: booking.id });
    expect(rows.find(({ journey }) => journey === 'confirmation')).toMatchObject({
      status: 'refused',
      reason: 'no-address',
    });
  });

  it('is not said once the visit has begun', async () => {
    const who = person();
    const told = await tell(lagom, 'booking.confirmed', {
      customer: who,
      booking: visit(new Date(lagom.now().getTime() - 5 * 60_000)),
    });
    await lagom.advance('PT0S');
    expect(await mails(who.email)).toEqual([]);
    const { body } = await lagom.api('GET', `/v1/events/${told.id}`);
    expect(body.planned).toEqual([]);
    expect(body.refused).toHaveLength(2);
    for (const row of await lagom.messages({ customer: who.id })) {
      expect(row).toMatchObject({ status: 'refused', reason: 'too-late' });
    }
  });

  it('reads a phone number in any form after the country of the tenant', async () => {
    const who = person({ phone: '070-174 06 98', email: null });
    await tell(lagom, 'booking.confirmed', { customer: who, booking: visit(inTenDays()) });
    await lagom.advance('PT0S');
    expect(await sms('+46701740698')).toHaveLength(1);
    const wrong = person({ phone: '12', email: null });
    const answer = await lagom.post(
      event(lagom, 'booking.confirmed', { customer: wrong, booking: visit(inTenDays()) }),
    );
    expect(answer.warnings).toEqual([expect.objectContaining({ pointer: '#/data/customer/phone' })]);
  });

  it('keeps apart whose ids would run together, and takes whatever an id may hold', async () => {
    const other = person({ id: 'ö %2F#' });
    const one = person({ id: `${other.id}/y` });
    const strange = visit(inTenDays(), { id: 'b/1 %/å', version: 1 });
    const joined = visit(inTenDays(), { id: `y/${strange.id}`, version: 1 });
    const told = await tell(
      lagom,
      'booking.confirmed',
      { customer: one, booking: strange },
      { id: 'e/1 ?%å' },
    );
    await tell(lagom, 'booking.confirmed', { customer: other, booking: joined });
    await lagom.advance('PT0S');
    for (const who of [one, other]) {
      expect(await mails(who.email)).toHaveLength(1);
      expect(await lagom.messages({ customer: who.id })).toHaveLength(2);
      expect((await lagom.api('GET', `/v1/customers/${encodeURIComponent(who.id)}`)).body.id).toBe(who.id);
    }
    expect(await lagom.messages({ booking: strange.id })).toHaveLength(2);
    expect((await lagom.api('GET', `/v1/events/${encodeURIComponent(told.id)}`)).body.id).toBe(told.id);
  });
});

describe('what is planned', () => {
  it('goes to the address that is known when it goes', async () => {
    const [who, moved, mailless] = [person(), person(), person()];
    for (const one of [who, mailless]) {
      await tell(lagom, 'booking.confirmed', { customer: one, booking: visit(inTenDays()) });
    }
    await lagom.advance('PT0S');
    await tell(lagom, 'customer.updated', { customer: { id: who.id, email: moved.email } });
    await tell(lagom, 'customer.updated', { customer: { id: mailless.id, email: null } });
    await lagom.advance('P10D');
    expect((await mails(who.email)).map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/är klar/),
    ]);
    expect((await mails(moved.email)).map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/^Påminnelse/),
    ]);
    expect(await mails(mailless.email)).toHaveLength(1);
    expect((await sms(mailless.phone)).map(({ text }) => text)).toEqual([
      expect.stringContaining('Påminnelse'),
    ]);
  });
});
