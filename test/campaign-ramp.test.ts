import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { RampQuota } from '#launch/ramp-quota';
import { Staff } from './campaign.fixture.js';
import { startLagom, type Lagom } from './lagom.fixture.js';
import { tenantsWith } from './tenants.fixture.js';
import { choice, person, tell, until, type Person } from './visit.fixture.js';

/** The clinic's domain is new: two mails of campaigns on the first day, three on the second, then as many as there are. */
const RAMP = 'ramp:\n  wellnesskliniken.se: { from: 2026-12-01, days: [2, 3] }\n';
let lagom: Lagom;
let staff: Staff;
let tenants: Awaited<ReturnType<typeof tenantsWith>>;
beforeAll(async () => {
  tenants = await tenantsWith('journeys:', `${RAMP}journeys:`);
  lagom = await startLagom({ at: '2026-12-01T10:00:00Z', env: { LAGOM_TENANTS: tenants.folder } });
  staff = await Staff.of(lagom);
});
afterAll(async () => {
  await lagom.close();
  await tenants.remove();
});

async function reader(city: string): Promise<Person> {
  const customer = person({ address: { lines: ['x'], postalCode: '1', city, country: 'SE' } });
  await tell(lagom, 'customer.consent-changed', {
    customer,
    choices: [choice('newsletter', 'email', 'given')],
  });
  return customer;
}
const readers = (city: string, count: number): Promise<Person[]> =>
  Promise.all(Array.from({ length: count }, () => reader(city)));
const living = (city: string) => ({ place: { city: [city] } });
/** How many mails went on each day of the tenant's zone. */
async function perDay(): Promise<Record<string, number>> {
  const days: Record<string, number> = {};
  for (const { at } of await lagom.inbox({ purpose: 'newsletter' })) {
    const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Stockholm' }).format(new Date(at));
    days[day] = (days[day] ?? 0) + 1;
  }
  return days;
}

it('a new domain sends each day what the tenant’s file says: two campaigns together, whoever says no meanwhile', async () => {
  const [some] = [await readers('Ett', 6), await readers('Två', 4)];
  const [one, two] = [await staff.approved(living('Ett')), await staff.approved(living('Två'))];
  // Two today, three from midnight on, the sixth a day later.
  expect(await staff.act(one, 'reach')).toMatchObject({ permitted: 6, hours: expect.closeTo(37, 1) });
  await staff.act(one, 'schedule', {});
  await staff.act(two, 'schedule', {});
  const waiting = await until(
    () => staff.taken('marketer', 'GET', `/v1/campaigns/${one}`),
    (campaign: { ramp: { waitsUntil: string | null } }) => campaign.ramp.waitsUntil !== null && campaign,
  );
  expect(waiting).toMatchObject({
    status: 'sending',
    ramp: {
      ...{ domain: 'wellnesskliniken.se', day: '2026-12-01', perDay: 2, taken: 2 },
      waitsUntil: '2026-12-01T23:00:00.000Z',
    },
  });
  await lagom.advance('PT1H');
  expect(await perDay()).toEqual({ '2026-12-01': 2 });
  const looked = jest.spyOn(lagom.app.get(RampQuota), 'standing');
  const list = await staff.taken('approver', 'GET', '/v1/campaigns?status=sending');
  expect(list.items.map(({ ramp }: { ramp: { taken: number } }) => ramp.taken)).toEqual([2, 2]);
  // Their domain is one: so is the look at it.
  expect(looked).toHaveBeenCalledTimes(1);
  looked.mockRestore();
  // Today's places are taken, those of the next days are not.
  expect(await staff.act(one, 'reach')).toMatchObject({ hours: expect.closeTo(36, 1) });

  const rows = await staff.rows(one);
  const gone = some.filter(({ id }) => rows[id] === 'planned').slice(0, 2);
  for (const customer of gone)
    await tell(lagom, 'customer.consent-changed', {
      customer,
      choices: [choice('newsletter', 'email', 'withdrawn')],
    });
  // Who is refused leaves their place to somebody else, the same day.
  await lagom.advanceTo('2026-12-02T12:00:00Z');
  expect(await perDay()).toMatchObject({ '2026-12-01': 2, '2026-12-02': 3 });
  await lagom.advanceTo('2026-12-03T12:00:00Z');
  await staff.until(one, 'sent');
  await staff.until(two, 'sent');
  expect(await perDay()).toEqual({ '2026-12-01': 2, '2026-12-02': 3, '2026-12-03': 3 });
  const stand = Object.values({ ...(await staff.rows(one)), ...(await staff.rows(two)) }).sort();
  expect(stand).toEqual([...Array<string>(8).fill('accepted'), 'refused withdrawn', 'refused withdrawn']);
  expect(await staff.taken('marketer', 'GET', `/v1/campaigns/${one}`)).toMatchObject({ ramp: null });
});
