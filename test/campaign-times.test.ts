import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Staff } from './campaign.fixture.js';
import { startLagom, type Lagom } from './lagom.fixture.js';
import { choice, person, tell, until, type Person } from './visit.fixture.js';

let lagom: Lagom;
let staff: Staff;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-11-02T10:00:00Z' });
  staff = await Staff.of(lagom);
});
afterAll(() => lagom.close());

async function reader(city: string, facts: Partial<Person>, channel = 'email'): Promise<Person> {
  const customer = person({ address: { lines: ['x'], postalCode: '1', city, country: 'SE' }, ...facts });
  await tell(lagom, 'customer.consent-changed', {
    customer,
    choices: [choice('newsletter', channel, 'given')],
  });
  return customer;
}
const living = (city: string) => ({ place: { city: [city] } });
const sentAt = async (id: string): Promise<Record<string, string>> => {
  const rows = await lagom.messages({ campaign: id });
  return Object.fromEntries(
    rows.map(({ customer, history }) => [
      customer,
      history.find(({ status }) => status === 'sending')?.at.slice(0, 16) ?? 'never',
    ]),
  );
};

it('comes at the same hour of each clock: three time zones, one tenant', async () => {
  const zones = { tokyo: 'Asia/Tokyo', home: undefined, york: 'America/New_York' };
  for (const [id, timeZone] of Object.entries(zones))
    await reader('Zon', { id, ...(timeZone ? { timeZone } : {}) });
  const id = await staff.approved(living('Zon'));
  await staff.act(id, 'schedule', { at: '2026-11-04T09:00', zone: 'recipient' });
  await lagom.advance('PT72H');
  await staff.until(id, 'sent');
  expect(await sentAt(id)).toEqual({
    tokyo: '2026-11-04T00:00',
    home: '2026-11-04T08:00',
    york: '2026-11-04T14:00',
  });
});

it.each(['2026-11-31T09:00', '2027-02-29T09:00', '2026-12-01T24:00', '2026-12-01T09:60', '0026-12-01T09:00'])(
  'refuses %s, which is on no calendar, rather than send at once',
  async (at) => {
    const id = await staff.approved(living('Ingenstans'));
    const answer = await staff.ask('marketer', 'POST', `/v1/campaigns/${id}/schedule`, { at });
    expect([answer.status, answer.body.errors]).toMatchObject([422, [{ pointer: '#/at' }]]);
    expect(await staff.taken('marketer', 'GET', `/v1/campaigns/${id}`)).toMatchObject({
      ...{ status: 'approved', launchAt: null },
    });
  },
);

it.each([
  ['send', '2026-11-06T12:00', 'accepted'],
  ['next-day', '2026-11-07T08:00', 'accepted'],
  ['skip', 'never', 'refused too-late'],
] as const)('%s is done for whom the hour has passed', async (ifPassed, at, stands) => {
  const city = `Passerad ${ifPassed}`;
  await lagom.advanceTo('2026-11-06T12:00:00Z');
  const { id: who } = await reader(city, {});
  const id = await staff.approved(living(city));
  await staff.act(id, 'schedule', { at: '2026-11-06T09:00', ifPassed });
  await staff.until(id, 'sending', 'sent');
  if (ifPassed === 'next-day') {
    const [row] = await until(
      () => lagom.messages({ campaign: id, customer: who }),
      (rows) => rows.length > 0 && rows,
    );
    expect(row).toMatchObject({ status: 'planned', dueAt: null });
  } else {
    await staff.until(id, 'sent');
    expect(await staff.rows(id)).toEqual({ [who]: stands });
    if (at !== 'never') expect((await sentAt(id))[who]).toBe(at);
  }
});

it('waits by SMS for the end of the quiet hours, and says who sends it and how to get no more', async () => {
  await lagom.advanceTo('2026-11-08T22:00:00Z');
  const anna = await reader('Natt', {}, 'sms');
  const id = await staff.approved(living('Natt'), { channel: 'sms' });
  expect(await staff.act(id, 'reach')).toMatchObject({
    members: 1,
    permitted: 0,
    held: { 'quiet-hours': 1 },
  });
  await staff.act(id, 'schedule', {});
  await staff.until(id, 'sending');
  await lagom.advance('PT1H');
  expect(await staff.rows(id)).toEqual({ [anna.id]: 'planned quiet-hours' });
  await lagom.advance('PT10H');
  await staff.until(id, 'sent');
  const [sms] = await lagom.inbox({ to: anna.phone!, channel: 'sms' });
  expect(sms!.text).toMatch(/^Hej Åsa! Inga fler sådana här sms: http/);
  expect((await sentAt(id))[anna.id]!.slice(0, 13)).toBe('2026-11-09T07');
});
