import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startLagom, type Lagom } from './lagom.fixture.js';
import { choice, DAY, person, tell, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

const NOON = '2026-03-05T11:00:00Z';
const post = (body: unknown) => lagom.api('POST', '/v1/decisions', body);
const ask = async (who: Person | string, purpose: string, channel = 'email', at = NOON) => {
  const { status, body } = await post({
    customer: typeof who === 'string' ? who : who.id,
    purpose,
    channel,
    at,
  });
  expect(status).toBe(200);
  return body;
};
/** Somebody who has booked, with the soft opt-in, and got the mail. */
async function known(facts: Partial<Person> = {}, more: object = {}): Promise<Person> {
  const who = person(facts);
  const booking = visit(new Date(lagom.now().getTime() + 30 * DAY));
  await tell(lagom, 'booking.confirmed', { customer: who, booking, marketingOptOutOffered: true, ...more });
  return who;
}
async function acted(to: string | null | undefined, act: string): Promise<number> {
  await lagom.advance('PT0S');
  const [captured] = await lagom.inbox({ to: to ?? '' });
  return (await lagom.api('POST', `/inbox/${captured?.id}/${act}`)).status;
}

describe('the gate, dry', () => {
  it('permits what each case below spoils, and says what it looked at', async () => {
    const who = await known();
    const permit = await ask(who, 'newsletter');
    expect(permit).toEqual({ outcome: 'permit', trace: expect.any(Array) });
    expect(permit.trace.map((step: { check: string }) => step.check)).toEqual([
      'known',
      'not-erased',
      'not-restricted',
      'of-age',
      'has-address',
      'not-suppressed',
      'not-objected',
      'not-withdrawn',
      'channel-on',
      'consented',
      'not-duplicate',
      'in-time',
      'not-expired',
      'under-cap',
      'valid-template',
      'allowed',
      'not-paused',
      'not-quiet',
    ]);
    for (const step of permit.trace)
      expect(step).toEqual({ check: step.check, saw: expect.any(String), passed: true });
    expect(JSON.stringify(permit.trace)).not.toMatch(/@|\+46|Öst/);
  });

  it('asks as of now where no time is said, and nothing is written by asking', async () => {
    const who = await known();
    await lagom.advance('PT0S');
    const before = (await lagom.api('GET', `/v1/customers/${who.id}`)).body;
    expect((await post({ customer: who.id, purpose: 'newsletter', channel: 'email' })).body.outcome).toBe(
      'permit',
    );
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body).toEqual(before);
  });

  type Case = [reason: string, spoil: (who: Person) => Promise<unknown>, question?: [string, string?]];
  const cases: Case[] = [
    ['restricted', (who) => lagom.api('POST', `/v1/customers/${who.id}/restrict`)],
    ['erased', (who) => lagom.api('DELETE', `/v1/customers/${who.id}`)],
    [
      'minor',
      (who) => tell(lagom, 'customer.updated', { customer: { id: who.id, birthDate: '2012-01-01' } }),
    ],
    ['no-address', (who) => tell(lagom, 'customer.updated', { customer: { id: who.id, email: null } })],
    ['suppressed', (who) => acted(who.email, 'bounce')],
    ['objected', (who) => said(who, choice('marketing', 'all', 'objected'))],
    ['withdrawn', (who) => said(who, choice('newsletter', 'email', 'withdrawn'))],
    ['channel-off', (who) => said(who, choice('booking', 'email', 'objected')), ['booking']],
    ['channel-off', () => Promise.resolve(), ['newsletter', 'call']],
    ['no-consent', () => Promise.resolve(), ['recommendations']],
    ['no-consent', () => Promise.resolve(), ['measurement']],
    ['quiet-hours', () => Promise.resolve(), ['newsletter', 'sms']],
  ];
  const said = (who: Person, one: ReturnType<typeof choice>) =>
    tell(lagom, 'customer.consent-changed', { customer: { id: who.id }, choices: [one] });

  it.each(cases)('%s', async (reason, spoil, question = ['newsletter']) => {
    const [purpose, channel] = question;
    const who = await known();
    await spoil(who);
    const answer = await ask(who, purpose, channel, reason === 'quiet-hours' ? '2026-03-05T22:00:00Z' : NOON);
    expect(answer).toMatchObject({ outcome: reason === 'quiet-hours' ? 'hold' : 'refuse', reason });
    expect(answer.trace.at(-1)).toMatchObject({ passed: false });
    expect(answer.trace.slice(0, -1).every((step: { passed: boolean }) => step.passed)).toBe(true);
    if (reason === 'quiet-hours') expect(answer.until).toBe('2026-03-06T07:00:00.000Z');
  });

  it('unknown-customer is an answer, not an error', async () => {
    expect(await ask('nobody', 'booking')).toMatchObject({ outcome: 'refuse', reason: 'unknown-customer' });
  });

  it('the first of several reasons in the published order is given', async () => {
    const who = await known({ birthDate: '2012-01-01' });
    await said(who, choice('marketing', 'all', 'withdrawn'));
    await said(who, choice('newsletter', 'all', 'objected'));
    expect((await ask(who, 'newsletter')).reason).toBe('minor');
    await tell(lagom, 'customer.updated', { customer: { id: who.id, birthDate: null } });
    expect((await ask(who, 'newsletter')).reason).toBe('objected');
    expect((await ask(who, 'offers')).reason).toBe('withdrawn');
    await lagom.api('POST', `/v1/customers/${who.id}/restrict`);
    expect((await ask(who, 'newsletter')).reason).toBe('restricted');
    // Nobody waits for a no: at night it is refused, not held.
    await lagom.api('POST', `/v1/customers/${who.id}/unrestrict`);
    expect(await ask(who, 'newsletter', 'sms', '2026-03-05T22:00:00Z')).toMatchObject({
      outcome: 'refuse',
      reason: 'objected',
    });
  });

  it.each([
    ['a wrong purpose', { purpose: 'spam' }, ['#/purpose']],
    ['a wrong channel', { channel: 'pigeon' }, ['#/channel']],
    ['a wrong time', { at: 'tomorrow' }, ['#/at']],
    ['no customer', { customer: undefined }, ['#/customer']],
    [
      'nothing',
      { customer: undefined, purpose: undefined, channel: undefined },
      ['#/customer', '#/purpose', '#/channel'],
    ],
    ['something unknown', { colour: 'green' }, ['#/colour']],
  ])('%s is a 422', async (_, more, pointers) => {
    const { status, body } = await post({ customer: 'x', purpose: 'booking', channel: 'email', ...more });
    expect(status).toBe(422);
    expect(body.errors.map((one: { pointer: string }) => one.pointer)).toEqual(pointers);
  });

  it.each([[[]], [true], [7]])('is no question as %j', async (body) => {
    const { status, body: said } = await post(body);
    expect([status, said.errors]).toEqual([422, [{ pointer: '#', detail: 'expected a JSON object' }]]);
  });
});

describe('what comes back from where it was sent', () => {
  it('a bounce stops the address for everything but leaves the other channel', async () => {
    const who = await known();
    expect(await acted(who.email, 'bounce')).toBe(200);
    expect((await lagom.messages({ customer: who.id }))[0]).toMatchObject({ status: 'bounced' });
    expect(await ask(who, 'booking')).toMatchObject({ reason: 'suppressed' });
    expect(await ask(who, 'booking', 'sms')).toMatchObject({ outcome: 'permit' });
    await tell(lagom, 'booking.confirmed', {
      customer: who,
      booking: visit(new Date(lagom.now().getTime() + 9 * DAY)),
    });
    await lagom.advance('PT0S');
    expect(await lagom.inbox({ to: who.phone ?? '' })).toHaveLength(1);
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body.suppressions).toEqual([
      expect.objectContaining({ channel: 'email', scope: 'all', cause: 'bounce' }),
    ]);
  });

  it('a complaint stops the stream that it answers, for everyone with the address', async () => {
    const who = await known();
    const partner = await known({ email: who.email ?? null });
    await tell(lagom, 'booking.started', {
      customer: who,
      booking: { id: 'c1', service: 'M' },
      cartId: 'c1',
    });
    await lagom.advance('PT61M');
    const [mail] = await lagom.inbox({ to: who.email ?? '', purpose: 'abandoned-booking' });
    expect((await lagom.api('POST', `/inbox/${mail?.id}/complain`)).body).toMatchObject({
      status: 'complained',
    });
    await lagom.advance('P2D');
    expect(await lagom.inbox({ to: who.email ?? '', purpose: 'abandoned-booking' })).toHaveLength(1);
    for (const one of [who, partner]) {
      expect(await ask(one, 'newsletter')).toMatchObject({ reason: 'suppressed' });
      expect(await ask(one, 'booking')).toMatchObject({ outcome: 'permit' });
    }
  });

  it('a STOP answers one stream’s SMS and leaves the other and the mail', async () => {
    const who = await known(
      {},
      { choices: [choice('marketing', 'all', 'given'), choice('abandoned-booking', 'sms', 'given')] },
    );
    await tell(lagom, 'booking.started', {
      customer: who,
      booking: { id: 's1', service: 'M' },
      cartId: 's1',
    });
    await lagom.advanceTo('2026-03-20T11:00:00Z');
    const [text] = await lagom.inbox({ to: who.phone ?? '', purpose: 'abandoned-booking' });
    const answer = await lagom.api('POST', `/inbox/${text?.id}/reply`, { text: ' Stopp. ' });
    expect(answer.status).toBe(200);
    expect(await ask(who, 'newsletter', 'sms')).toMatchObject({ reason: 'suppressed' });
    expect(await ask(who, 'booking', 'sms')).toMatchObject({ outcome: 'permit' });
    expect(await ask(who, 'newsletter', 'email')).toMatchObject({ outcome: 'permit' });
  });
});
