import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startLagom, type Captured, type Lagom } from './lagom.fixture.js';
import { choice, DAY, HOUR, person, tell, visit, type Person } from './visit.fixture.js';

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
const marketingTo = (who: Person) => lagom.inbox({ to: who.email ?? '', purpose: 'abandoned-booking' });
const reasonsOf = async (who: Person) =>
  (await lagom.messages({ customer: who.id, purpose: 'abandoned-booking' })).map(
    ({ status, reason }) => reason ?? status,
  );
const ask = async (who: Person, purpose: string, channel = 'email') => {
  const { body } = await lagom.api('POST', '/v1/decisions', {
    customer: who.id,
    purpose,
    channel,
    at: '2026-03-04T12:00:00Z',
  });
  return body.reason ?? body.outcome;
};
const header = (mail: Captured | undefined, name: string): string =>
  Object.entries(mail?.headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1] ?? '';

/** Somebody who may get marketing by mail (the soft opt-in), and began a booking just now. */
async function wooed(facts: Partial<Person> = {}): Promise<Person> {
  const who = person(facts);
  const before = visit(new Date(lagom.now().getTime() + 60 * DAY));
  await tell(lagom, 'booking.confirmed', { customer: who, booking: before, marketingOptOutOffered: true });
  await tell(lagom, 'booking.started', { customer: who, ...begun() });
  return who;
}

describe('a no between planning and sending', () => {
  it('as an event ends what is planned, for everyone of the tenant with the address', async () => {
    const who = await wooed();
    const partner = await wooed({ email: who.email ?? null });
    await tell(lagom, 'customer.consent-changed', {
      customer: { id: who.id },
      choices: [choice('marketing', 'all', 'withdrawn')],
    });
    expect(await reasonsOf(who)).toEqual(['withdrawn', 'withdrawn']);
    await lagom.advance('P2D');
    expect(await marketingTo(who)).toEqual([]);
    expect(await reasonsOf(partner)).toEqual(['withdrawn', 'withdrawn']);
    expect(await ask(partner, 'newsletter')).toBe('withdrawn');
    // What is about their bookings still goes.
    expect(await ask(who, 'booking')).toBe('permit');
  });

  it('over HTTP holds once it is answered', async () => {
    const who = await wooed();
    await lagom.advance('PT59M');
    const answer = await lagom.api('PUT', `/v1/customers/${who.id}/choices`, {
      choices: [choice('abandoned-booking', 'email', 'objected')],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.choices).toEqual([
      expect.objectContaining({ purpose: 'abandoned-booking', channel: 'email', state: 'objected' }),
    ]);
    await lagom.advance('P2D');
    expect(await marketingTo(who)).toEqual([]);
    expect(await reasonsOf(who)).toEqual(['objected', 'objected']);
    // Only what was named: news still may, by the soft opt-in.
    expect(await ask(who, 'newsletter')).toBe('permit');
  });

  it('by the one click of the mail itself stops the next of its kind, without a key or a redirect', async () => {
    const who = await wooed();
    await lagom.advance('PT61M');
    const [mail] = await marketingTo(who);
    const link = /<(http[^>]+)>/.exec(header(mail, 'list-unsubscribe'))?.[1] ?? '';
    expect(link).toMatch(/\/u\/[\w-]+$/);
    const path = new URL(link).pathname;
    const looked = await fetch(lagom.url + path, { redirect: 'manual' });
    expect(looked.status).toBe(200);
    expect(await looked.text()).not.toContain(who.email);
    expect(await reasonsOf(who)).toEqual(['accepted', 'planned']);
    const clicked = await fetch(lagom.url + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'List-Unsubscribe=One-Click',
    });
    expect(clicked.status).toBe(200);
    expect(await reasonsOf(who)).toEqual(['accepted', 'withdrawn']);
    await lagom.advance('P2D');
    expect(await marketingTo(who)).toHaveLength(1);
    const spoilt = path.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    expect((await fetch(lagom.url + spoilt)).status).toBe(404);
  });

  it('on one channel leaves the other', async () => {
    const who = person();
    await tell(lagom, 'customer.consent-changed', {
      customer: who,
      choices: [choice('marketing', 'all', 'given'), choice('marketing', 'sms', 'withdrawn')],
    });
    expect(await ask(who, 'newsletter', 'email')).toBe('permit');
    expect(await ask(who, 'newsletter', 'sms')).toBe('withdrawn');
  });

  it('by a booking message’s channel is honoured while another is left', async () => {
    const who = person();
    await tell(lagom, 'customer.consent-changed', {
      customer: who,
      choices: [choice('booking', 'email', 'withdrawn')],
    });
    expect(await ask(who, 'booking', 'email')).toBe('channel-off');
    expect(await ask(who, 'booking', 'sms')).toBe('permit');
    await tell(lagom, 'booking.confirmed', {
      customer: who,
      booking: visit(new Date(lagom.now().getTime() + 9 * DAY)),
    });
    await lagom.advance('PT0S');
    expect(await lagom.inbox({ to: who.phone ?? '' })).toHaveLength(1);
    expect(await lagom.inbox({ to: who.email ?? '' })).toEqual([]);
    await tell(lagom, 'customer.updated', { customer: { id: who.id, phone: null } });
    expect(await ask(who, 'booking', 'email')).toBe('permit');
  });
});

describe('what may lift a no', () => {
  const put = (who: Person, state: 'given' | 'withdrawn', headers: Record<string, string> = {}) =>
    lagom.api(
      'PUT',
      `/v1/customers/${who.id}/choices`,
      { choices: [choice('newsletter', 'email', state)] },
      { headers },
    );
  const etag = async (who: Person) =>
    (await lagom.api('GET', `/v1/customers/${who.id}`)).headers.get('etag') ?? '';

  it('staff may, with If-Match on what they have just read, and not without', async () => {
    const who = person();
    await tell(lagom, 'customer.updated', { customer: who });
    expect((await put(who, 'given')).status).toBe(200); // nothing to lift
    const before = await etag(who);
    expect((await put(who, 'withdrawn')).status).toBe(200);
    expect((await put(who, 'given')).status).toBe(428);
    expect((await put(who, 'given', { 'if-match': '*' })).status).toBe(428);
    expect((await put(who, 'given', { 'if-match': before })).status).toBe(412);
    expect((await put(who, 'given', { 'if-match': '"nothing"' })).status).toBe(412);
    expect(await ask(who, 'newsletter')).toBe('withdrawn');
    const lifted = await put(who, 'given', { 'if-match': await etag(who) });
    expect(lifted.status).toBe(200);
    expect(lifted.headers.get('etag')).toBe(await etag(who));
    expect(await ask(who, 'newsletter')).toBe('permit');
  });

  it('a no needs no If-Match, but a wrong one is refused', async () => {
    const who = person();
    await tell(lagom, 'customer.updated', { customer: who });
    expect((await put(who, 'withdrawn', { 'if-match': '"old"' })).status).toBe(412);
    expect((await put(who, 'withdrawn')).status).toBe(200);
  });

  it('an event may lift what an event said, by a higher explicit version only', async () => {
    const who = person({ version: 1 });
    const say = (state: 'given' | 'withdrawn', version?: number) =>
      tell(lagom, 'customer.consent-changed', {
        customer: { id: who.id, ...(version === undefined ? {} : { version }) },
        choices: [choice('newsletter', 'email', state)],
      });
    await tell(lagom, 'customer.updated', { customer: who });
    await say('withdrawn', 2);
    for (const version of [undefined, 1, 2]) {
      await lagom.advance('PT1M');
      await say('given', version);
      expect(await ask(who, 'newsletter')).toBe('withdrawn');
    }
    await lagom.advance('PT1M');
    await say('given', 3);
    expect(await ask(who, 'newsletter')).toBe('permit');
  });

  it('no event lifts what was said to us: over HTTP or by a click', async () => {
    const who = person({ version: 1 });
    await tell(lagom, 'customer.updated', { customer: who });
    await put(who, 'withdrawn');
    await lagom.advance('PT1M');
    await tell(lagom, 'booking.confirmed', {
      customer: { ...who, version: 9 },
      booking: visit(new Date(lagom.now().getTime() + 9 * DAY)),
      choices: [choice('marketing', 'all', 'given')],
      marketingOptOutOffered: true,
    });
    expect(await ask(who, 'newsletter')).toBe('withdrawn');
    expect(await ask(who, 'offers')).toBe('permit');
  });

  it('a no that is older than the given that is known changes nothing, a later one does', async () => {
    const who = person();
    const at = (hours: number) => ({ time: new Date(lagom.now().getTime() + hours * HOUR).toISOString() });
    const said = (state: 'given' | 'withdrawn') => ({
      customer: who,
      choices: [choice('newsletter', 'email', state)],
    });
    await tell(lagom, 'customer.consent-changed', said('given'), at(-2));
    await tell(lagom, 'customer.consent-changed', said('withdrawn'), at(-3));
    expect(await ask(who, 'newsletter')).toBe('permit');
    await tell(lagom, 'customer.consent-changed', said('withdrawn'), at(-1));
    expect(await ask(who, 'newsletter')).toBe('withdrawn');
  });

  it('a no in an event whose customer part is stale is still heard', async () => {
    const who = person({ version: 5 });
    await tell(lagom, 'customer.updated', { customer: who });
    await tell(lagom, 'customer.consent-changed', {
      customer: { id: who.id, version: 2 },
      choices: [choice('marketing', 'all', 'objected')],
    });
    expect(await ask(who, 'newsletter')).toBe('objected');
  });

  it('one’s own given lifts another’s no for oneself only', async () => {
    const who = person();
    const partner = person({ email: who.email ?? null });
    for (const one of [who, partner]) {
      await tell(lagom, 'customer.consent-changed', {
        customer: one,
        choices: [choice('newsletter', 'email', 'given')],
      });
    }
    await put(who, 'withdrawn');
    expect(await ask(partner, 'newsletter')).toBe('withdrawn');
    expect((await put(partner, 'given')).status).toBe(428);
    expect((await put(partner, 'given', { 'if-match': await etag(partner) })).status).toBe(200);
    expect(await ask(partner, 'newsletter')).toBe('permit');
    expect(await ask(who, 'newsletter')).toBe('withdrawn');
  });

  it('of two people who turn out to be one, the stricter choice wins', async () => {
    const [one, other, unheardOf] = [person(), person(), person()];
    for (const who of [one, other]) {
      await tell(lagom, 'customer.consent-changed', {
        customer: who,
        choices: [choice('newsletter', 'email', 'given')],
      });
    }
    await tell(lagom, 'customer.consent-changed', {
      customer: { id: one.id },
      choices: [choice('newsletter', 'all', 'objected')],
    });
    for (const into of [other, unheardOf]) {
      await tell(lagom, 'customer.merged', { customer: { id: one.id }, into: into.id });
    }
    await lagom.advance('PT1M');
    await tell(lagom, 'booking.confirmed', {
      customer: unheardOf,
      booking: visit(new Date(lagom.now().getTime() + 9 * DAY)),
      marketingOptOutOffered: true,
    });
    for (const who of [one, other, unheardOf]) expect(await ask(who, 'newsletter')).toBe('objected');
  });
});
