import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { stateOf } from '#consent/choices';
import { CustomerStore } from '#customers/customer.store';
import { NO_DEALINGS } from '#customers/dealings';
import { foundBy } from '#customers/found-by';
import { newCustomer } from '#customers/customer.types';
import { ReachOf } from '#launch/reach';
import { nonce } from '#platform/mongo';
import { Database } from '../apps/database.js';
import { Staff } from './campaign.fixture.js';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { choice, person, tell, until, type Person } from './visit.fixture.js';

/** Some pages of people, and one who is on the last alone. */
const CROWD = 6_001;
let lagom: Lagom;
let staff: Staff;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-11-02T10:00:00Z' });
  staff = await Staff.of(lagom);
  // Before there is a crowd: else all of them are worked out first.
  await until(
    () => staff.ask('marketer', 'POST', '/v1/segments/count', { predicate: living('Folkmassa') }),
    ({ status }) => status === 200,
  );
  const people = Array.from({ length: CROWD }, (_, n) => {
    const one = newCustomer(CLINIC, `crowd-${String(n).padStart(6, '0')}`, new Date('2026-11-01T10:00:00Z'));
    const address = { lines: [], postalCode: '1', city: 'Folkmassa', country: 'SE' };
    return { ...one, rev: nonce(), email: `crowd.${n}@example.se`, address };
  });
  await lagom.app
    .get(Database)
    .connection.collection('customers')
    .insertMany(
      people.map((one) => ({
        ...{ ...one, found: foundBy(one, stateOf), dealings: { ...NO_DEALINGS, rev: nonce() } },
      })) as never[],
    );
});
afterAll(() => lagom.close());

const living = (city: string) => ({ place: { city: [city] } });
async function reader(city: string, facts: Partial<Person> = {}, channel = 'email'): Promise<Person> {
  const address = { lines: ['Storgatan 1'], postalCode: '831 31', city, country: 'SE' };
  const customer = person({ address, ...facts });
  await tell(lagom, 'customer.consent-changed', {
    customer,
    choices: [choice('newsletter', channel, 'given')],
  });
  return customer;
}
const ask = (id: string, init: RequestInit = {}) =>
  fetch(`${lagom.url}/v1/campaigns/${id}/reach`, {
    method: 'POST',
    headers: { ...staff.headers('marketer'), accept: 'application/x-ndjson' },
    ...init,
  });

it('tells line by line how far it is, and the reach last: of as many as are counted', async () => {
  const id = await staff.draft(living('Folkmassa'));
  const answer = await ask(id);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('application/x-ndjson'),
  ]);
  const lines = (await answer.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { progress?: { looked: number; of: number | null }; reach?: unknown });
  const progress = lines.slice(0, -1).map((line) => line.progress);
  expect(progress.length).toBeGreaterThan(2);
  // Nothing waits for the count, so the first lines may come before it.
  for (const one of progress) expect([null, CROWD]).toContain(one?.of);
  expect(progress.at(-1)?.of).toBe(CROWD);
  const looked = progress.map((one) => one?.looked ?? 0);
  expect(looked).toEqual([...looked].sort((a, b) => a - b));
  expect(looked.at(-1)).toBe(CROWD);
  const { body: counted } = await staff.ask('marketer', 'POST', '/v1/segments/count', {
    predicate: living('Folkmassa'),
  });
  expect(counted.count).toBe(CROWD);
  expect(lines.at(-1)?.reach).toMatchObject({
    members: CROWD,
    permitted: 0,
    refused: { 'no-consent': CROWD },
  });
  // Asked for no lines it says the same at once.
  expect(await staff.act(id, 'reach')).toMatchObject({ members: CROWD, refused: { 'no-consent': CROWD } });
});

it('who hangs up stops it', async () => {
  const id = await staff.draft(living('Folkmassa'));
  const customers = lagom.app.get(CustomerStore, { strict: false });
  const reachOf = lagom.app.get(ReachOf, { strict: false });
  const page = customers.pageProspects.bind(customers);
  const of = reachOf.of.bind(reachOf);
  let pages = 0;
  const answers: string[] = [];
  const server = lagom.app.getHttpServer();
  const asking = request(`${lagom.url}/v1/campaigns/${id}/reach`, {
    ...{ method: 'POST', agent: false },
    headers: { ...staff.headers('marketer'), accept: 'application/x-ndjson' },
  });
  const hungUp = once(server, 'connection').then(([socket]: Socket[]) => once(socket!, 'close'));
  // The second page comes when the client is gone.
  customers.pageProspects = async (...asked) => {
    pages += 1;
    if (pages === 2) await hungUp;
    return page(...asked);
  };
  reachOf.of = async (...asked) => {
    const answer = await of(...asked);
    answers.push(answer.kind);
    return answer;
  };
  try {
    asking.on('error', () => undefined).end();
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    const [line] = (await once(answer, 'data')) as [Buffer];
    expect(line.toString()).toContain('"progress"');
    asking.destroy();
    await until(
      () => Promise.resolve(answers),
      (told) => told.length > 0,
    );
    // Of four; the third was on its way.
    expect([answers, pages]).toEqual([['stopped'], 3]);
  } finally {
    customers.pageProspects = page;
    reachOf.of = of;
  }
});

it('an answer that breaks off half-way is no whole one', async () => {
  const id = await staff.draft(living('Folkmassa'));
  const customers = lagom.app.get(CustomerStore, { strict: false });
  const page = customers.pageProspects.bind(customers);
  let pages = 0;
  customers.pageProspects = async (...asked) => {
    pages += 1;
    if (pages === 3) throw new Error('the store went away');
    return page(...asked);
  };
  try {
    const answer = await ask(id);
    await expect(answer.text()).rejects.toThrow();
  } finally {
    customers.pageProspects = page;
  }
});

it('says what texts would cost, by the segment', async () => {
  const text = `Hej! ${'Vi har nya tider i december. '.repeat(6)}`;
  for (const nth of [1, 2]) {
    const customer = person({
      id: `pris-${nth}`,
      address: { lines: ['x'], postalCode: '1', city: 'Pris', country: 'SE' },
    });
    const choices = [choice('newsletter', 'sms', 'given')];
    await tell(lagom, 'customer.consent-changed', { customer, choices });
  }
  const variants = [await staff.content(text)];
  const id = await staff.draft(living('Pris'), { channel: 'sms', variants });
  expect(await staff.act(id, 'reach')).toMatchObject({
    permitted: 2,
    sms: { segments: 4, cost: { amount: 2.2, currency: 'SEK' } },
  });
});

it('says of each what the launch then does, reason by reason', async () => {
  const email = 'delad@example.se';
  const minor = await reader('Tratt', { id: 'tratt-a', email, birthDate: '2015-01-01' });
  const first = await reader('Tratt', { id: 'tratt-b', email });
  const second = await reader('Tratt', { id: 'tratt-c', email, name: null });
  const plain = await reader('Tratt', { id: 'tratt-d', name: null });
  const none = await reader('Tratt', { id: 'tratt-e', email: null });
  // Texts were asked for, but this campaign goes by mail.
  await tell(lagom, 'customer.consent-changed', {
    customer: { id: none.id },
    choices: [choice('newsletter', 'sms', 'given')],
  });
  const silent = person({
    id: 'tratt-f',
    address: { lines: ['x'], postalCode: '1', city: 'Tratt', country: 'SE' },
  });
  await tell(lagom, 'customer.updated', { customer: silent });
  const bounced = await reader('Tratt', { id: 'tratt-g' });
  await lagom.api('POST', '/v1/imports?kind=suppressions', `address,scope\n${bounced.email},all\n`, {
    headers: { 'content-type': 'text/csv' },
  });
  const out = await reader('Tratt', { id: 'tratt-h' });
  await tell(lagom, 'customer.consent-changed', {
    customer: { id: out.id },
    choices: [choice('newsletter', 'email', 'withdrawn')],
  });
  const id = await staff.approved(living('Tratt'));
  const reach = await staff.act(id, 'reach');
  await staff.act(id, 'schedule', {});
  await staff.until(id, 'sent');
  const rows = await staff.rows(id);
  expect(rows).toMatchObject({
    [minor.id]: 'refused minor',
    [plain.id]: 'accepted',
    [none.id]: 'refused no-address',
    [silent.id]: 'refused no-consent',
    [bounced.id]: 'refused suppressed',
    [out.id]: 'refused withdrawn',
  });
  expect([rows[first.id], rows[second.id]].sort()).toEqual(['accepted', 'refused duplicate']);
  expect(await lagom.inbox({ to: none.phone! })).toEqual([]);
  const counts: Record<string, number> = {};
  for (const stands of Object.values(rows)) counts[stands] = (counts[stands] ?? 0) + 1;
  const { accepted, ...refused } = counts;
  expect(reach).toMatchObject({ members: Object.keys(rows).length, permitted: accepted, withoutName: 1 });
  expect(Object.fromEntries(Object.entries(reach.refused).map(([why, n]) => [`refused ${why}`, n]))).toEqual(
    refused,
  );
});

it('tells who of a test would wait for its winner, and asks of them what any variant says', async () => {
  const people = await Promise.all(
    Array.from({ length: 20 }, (_, n) => reader('Prov', { id: `prov-${n}` }, 'sms')),
  );
  const variants = [await staff.content('Kort'), await staff.content(`Lång ${'x'.repeat(200)}`)];
  const plan = { channel: 'sms', variants, testShare: 1 };
  const reach = await staff.act(await staff.draft(living('Prov'), plan), 'reach');
  expect(reach).toMatchObject({ members: people.length, permitted: people.length, refused: {} });
  expect(reach.waiting).toBeGreaterThan(people.length / 2);
  // Which one wins nobody knows: the cost is the longer one's.
  expect(reach.sms.segments).toBeGreaterThan(reach.waiting);
  const whole = await staff.act(await staff.draft(living('Prov'), { ...plan, testShare: 100 }), 'reach');
  expect(whole).toMatchObject({ permitted: people.length, waiting: 0 });
});
