import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProviderSink, SENDGRID, TWILIO } from '#channels/provider-sink.fixture';
import { EventSink } from '#messaging/event-sink';
import { createLog } from '#platform/telemetry';
import { startLagom, type Lagom } from './lagom.fixture.js';
import { leaks, secretsOf } from './leaks.fixture.js';
import { choice, DAY, event, person, tell, until, visit, type Person } from './visit.fixture.js';

const lines: string[] = [];
const people: Person[] = [];
let sink: ProviderSink;
let captured: Lagom;
let live: Lagom;

const log = createLog({ level: 'debug', app: 'all' }, { write: (line: string) => void lines.push(line) });
const somebody = (facts: Partial<Person> = {}): Person => {
  const who = person({
    name: 'Rebecka Hemlighetsfull',
    birthDate: '1987-06-05',
    address: { lines: ['Tysta gatan 9'], postalCode: '831 77', city: 'Östersund', country: 'SE' },
    ...facts,
  });
  people.push(who);
  return who;
};
const inTenDays = (line: Lagom) =>
  visit(new Date(line.now().getTime() + 10 * DAY), {
    service: 'Hårborttagning',
    practitioner: 'Doktor Diskret',
  });
/** What else nobody is to read: what the visit is, who gives it, where the person lives, keys. */
const WORDS = [
  ...['1987-06-05', 'Tysta', '831 77', 'Hårborttagning', 'Doktor Diskret', 'Diskret', 'i morgon'],
  ...['SG.a-key-of-a-test', 'a-token-of-a-test', 'the-first-key-of-a-test'],
];
const CLOUD_EVENT = { headers: { 'content-type': 'application/cloudevents+json' } };

beforeAll(async () => {
  sink = await ProviderSink.open();
  captured = await startLagom({ log });
  live = await startLagom({
    log,
    env: {
      LAGOM_SEND: 'live',
      SENDGRID_API_KEY: 'SG.a-key-of-a-test',
      SENDGRID_BASE_URL: sink.url,
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'a-token-of-a-test',
      TWILIO_BASE_URL: sink.url,
    },
  });
});
afterAll(async () => {
  await captured?.close();
  await live?.close();
  await sink?.close();
});

/** What a day brings, the good and the bad. */
async function aDay(): Promise<void> {
  const who = somebody();
  const told = await tell(captured, 'booking.confirmed', {
    customer: who,
    booking: inTenDays(captured),
    choices: [choice('booking', 'sms', 'given')],
    marketingOptOutOffered: true,
  });
  await captured.post(told);
  await captured.advance('PT0S');
  const [text] = await captured.inbox({ to: who.phone ?? '' });
  await captured.api('POST', `/inbox/${text?.id}/reply`, { text: `STOPP, hälsar ${who.name}` });
  await captured.api('POST', `/inbox/${text?.id}/bounce`);
  const wrong = event(captured, 'booking.confirmed', {
    customer: { ...who, email: `${who.name} <${who.email}>` },
    booking: { ...inTenDays(captured), startsAt: 'i morgon' },
  });
  await captured.api('POST', '/v1/events', wrong, CLOUD_EVENT);
  await captured.api('POST', '/v1/events', JSON.stringify(wrong).slice(0, -5), CLOUD_EVENT);
  await captured.app.get(EventSink).produce('booking.events', [
    { key: who.id, value: JSON.stringify(wrong), headers: {} },
    { key: who.id, value: `${who.email}` },
  ]);
  await captured.api('GET', `/v1/messages?customer=${who.email}&colour=${who.phone}`);
  await captured.api('POST', '/v1/decisions', { customer: who.email, purpose: who.name, channel: 'email' });
  await captured.api('PUT', `/v1/customers/${who.id}/choices`, {
    choices: [choice('news', 'all', 'objected')],
  });
  await fetch(`${captured.url}/u/${who.email}`);
  await captured.api('DELETE', `/v1/customers/${who.id}`);
  await captured.advance('P2D');
}

/** A provider's troubles; its answers name whom they are about. */
async function troubles(): Promise<void> {
  for (const answer of [
    SENDGRID.badAddress(),
    SENDGRID.broken(),
    SENDGRID.rateLimited(60),
    SENDGRID.badContent(),
    'drop',
  ] as const) {
    const who = somebody();
    sink.always(({ body }) => (body.includes(who.email ?? '') ? answer : SENDGRID.accepted()));
    await tell(live, 'booking.confirmed', { customer: who, booking: inTenDays(live) });
    await tried(who);
  }
  for (const answer of [TWILIO.refusal(21211), TWILIO.refusal(21610), TWILIO.refusal(30034)]) {
    const who = somebody({ email: null });
    sink.always(answer);
    await tell(live, 'booking.confirmed', { customer: who, booking: inTenDays(live) });
    await tried(who);
  }
}
const tried = (who: Person) =>
  until(
    () => live.messages({ customer: who.id }),
    (rows) => rows.some(({ attempts }) => typeof attempts[0]?.outcome === 'string'),
  );

describe('the log of a day', () => {
  it('says what happened, and names nobody: no address, number, name or treatment', async () => {
    await aDay();
    await troubles();
    await captured.close();
    await live.close();
    const all = lines.join('');
    expect(lines.length).toBeGreaterThan(20);
    expect(all).toContain('"level":"debug"');
    expect(leaks(lines, [...secretsOf(people), ...WORDS])).toEqual([]);
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ app: 'all', level: expect.any(String) });
  });

  it.each([
    ['an address', (who: Person) => who.email],
    ['an address in a URL', (who: Person) => `/u/${encodeURIComponent(who.email ?? '')}`],
    ['an address within an error’s JSON', (who: Person) => JSON.stringify({ to: who.email })],
    ['an encoded address', (who: Person) => Buffer.from(who.email ?? '').toString('base64')],
    ['a number as it is dialled', (who: Person) => `0${who.phone?.slice(3)}`],
    ['a first name', (who: Person) => `Hej ${who.name?.split(' ')[0]?.toUpperCase()}`],
    ['a treatment', () => 'template for hårborttagning'],
    ['a treatment in JSON within JSON', () => JSON.stringify(JSON.stringify('Hårborttagning "x"'))],
  ])('and a line that did would be found: %s', (_what, say) => {
    const who = people[0]!;
    const leak = JSON.stringify({ level: 'error', app: 'all', msg: say(who) });
    expect(leaks([...lines, leak], [...secretsOf([who]), ...WORDS])).toEqual([leak]);
  });

  it('and neither do the metrics', async () => {
    const fresh = await startLagom({ log });
    try {
      const who = somebody();
      await tell(fresh, 'booking.confirmed', { customer: who, booking: inTenDays(fresh) });
      await fresh.advance('PT0S');
      const { body } = await fresh.api<string>('GET', '/metrics');
      expect(body).toMatch(/wellnesskliniken|booking/);
      for (const secret of [who.id, who.email, 'Rebecka', 'Hårborttagning'])
        expect(body).not.toContain(secret);
    } finally {
      await fresh.close();
    }
  });
});
