import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AnswerSurvey } from '#customers/answer-survey';
import { EventSink } from '#messaging/event-sink';
import { createLog } from '#platform/telemetry';
import { Database } from '../apps/database.js';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { choice, DAY, event, person, tell, visit } from './visit.fixture.js';

/** As people write them; the providers' own numbers for tests. */
const CARDS = ['4242 4242 4242 4242', '5555-5555-5555-4444', '4111111111111111'];
const [SPACED = '', DASHED = '', PLAIN = ''] = CARDS;
const ANY_CARD = new RegExp(
  CARDS.map((card) => card.replace(/\D/g, '').split('').join('\\D{0,2}')).join('|'),
);

const lines: string[] = [];
let lagom: Lagom;
beforeAll(async () => {
  const log = createLog({ level: 'debug', app: 'all' }, { write: (line: string) => void lines.push(line) });
  lagom = await startLagom({ log });
});
afterAll(() => lagom?.close());

/** Every document of every collection, and what is kept as base64, readable. */
async function everything(): Promise<Map<string, string>> {
  const { db } = lagom.app.get(Database).connection;
  const names = (await db!.listCollections().toArray()).map(({ name }) => name);
  const found = names.map(async (name): Promise<[string, string]> => {
    const all = await db!.collection(name).find({}).toArray();
    const bytes = all.map(({ value }) =>
      typeof value === 'string' ? Buffer.from(value, 'base64').toString() : '',
    );
    return [name, JSON.stringify([all, bytes])];
  });
  return new Map(await Promise.all(found));
}

it('keeps no card number, wherever one is written: not in the database, not in the logs', async () => {
  const who = person({
    name: `Åsa ${SPACED}`,
    address: { lines: [DASHED], postalCode: '831 77', city: PLAIN, country: 'SE' },
  });
  const facts = { location: `Kort ${SPACED}`, practitioner: DASHED, service: `Massage ${PLAIN}` };
  const booking = visit(new Date(lagom.now().getTime() + 2 * DAY), facts);
  const choices = [
    { ...choice('newsletter', 'email', 'given'), method: `kort ${SPACED}`, place: DASHED },
    { ...choice('booking', 'sms', 'given'), evidence: PLAIN },
  ];
  await tell(lagom, 'booking.confirmed', { customer: who, booking, choices });
  await tell(lagom, 'booking.cancelled', {
    customer: who,
    booking: visit(lagom.now(), facts),
    reason: SPACED,
  });
  await tell(lagom, 'enquiry.received', { customer: who, enquiry: { id: 'q1', subject: DASHED } });
  await tell(lagom, 'purchase.completed', {
    customer: who,
    purchase: {
      id: 'p1',
      items: [{ id: 'i1', name: PLAIN, batch: 'B7', quantity: 1 }],
      total: { amount: 9, currency: 'SEK' },
    },
  });
  await tell(lagom, 'handoff.requested', {
    customer: who,
    booking,
    recipient: { id: 'r1', kind: 'health', name: `Vård ${SPACED}` },
    data: { card: PLAIN, deep: [{ number: Number(PLAIN) }] },
  });
  // What nobody can read is kept as a dead letter.
  const wrong = event(lagom, 'booking.confirmed', {
    customer: { ...who, email: DASHED },
    booking: { id: 'b', startsAt: SPACED },
  });
  await lagom.app
    .get(EventSink)
    .produce('booking.events', [{ key: who.id, value: JSON.stringify(wrong), headers: { 'x-card': PLAIN } }]);
  await lagom.api('POST', '/v1/events', JSON.stringify(wrong).slice(0, -5), {
    headers: { 'content-type': 'application/cloudevents+json' },
  });
  await lagom.advance('PT0S');

  const path = `/v1/customers/${who.id}`;
  const said = [{ ...choice('offers', 'email', 'withdrawn'), method: SPACED, place: `kort ${PLAIN}` }];
  const asked = { customer: who.id, kind: 'access', note: `mitt kort ${DASHED}` };
  const done = await Promise.all([
    lagom.api('PATCH', path, {
      name: `Åsa ${PLAIN}`,
      address: { lines: [SPACED], postalCode: '831 77', city: 'Östersund', country: 'SE' },
    }),
    lagom.api('PUT', `${path}/choices`, { choices: said }),
    lagom.api('POST', '/v1/requests', asked),
  ]);
  expect(done.map(({ status }) => status)).toEqual([200, 200, 201]);
  const answers = lagom.app.get(AnswerSurvey, { strict: false });
  const answer = { score: 9, comment: `Bra! ${DASHED}`, language: 'sv' };
  expect(
    await answers.answer({ tenant: CLINIC, customer: who.id, booking: booking.id }, answer),
  ).not.toBeNull();
  const [text] = await lagom.inbox();
  expect(text).toBeDefined();
  await lagom.api('POST', `/inbox/${text?.id}/reply`, { text: `Dra från ${SPACED}` });

  const rows = [{ id: 'imported', name: `Bo ${SPACED}`, email: 'bo.import@example.se', city: DASHED }];
  const imported = await lagom.api('POST', '/v1/imports?kind=customers', rows);
  expect(imported.status).toBe(200);

  const kept = await everything();
  for (const [name, text] of kept) expect([name, ANY_CARD.exec(text)?.[0]]).toEqual([name, undefined]);
  expect(ANY_CARD.exec(lines.join('\n'))?.[0]).toBeUndefined();
  // What was masked is there: it was looked for in the right places.
  for (const name of [
    'customers',
    'bookings',
    'purchases',
    'survey_answers',
    'waiting_events',
    'requests',
    'deadletters',
    'inbox',
  ])
    expect([name, kept.get(name)?.includes('••••')]).toEqual([name, true]);
});
