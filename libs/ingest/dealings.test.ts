import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { DeriveBacklog } from '#customers/derive-backlog';
import { DeriveDealings } from '#customers/derive-dealings';
import { CLINIC, NEIGHBOUR, NOW, said } from '#privacy/ledger.fixture';
import { booking, event, Hearing, hours, person } from './hearing.fixture.js';

const T = CLINIC.id;
let line: Hearing;
beforeAll(async () => {
  line = await Hearing.open();
});
afterAll(() => line.close());
beforeEach(() => line.clear());

const dealings = async (customer = 'anna', tenant = T) =>
  (await line.customers.findDealings(tenant, [customer]))[0]?.dealings;
const kept = (customer = 'anna', tenant = T) =>
  line.connection
    .db!.collection<{ _id: string; found: object }>('customers')
    .findOne({ _id: `${tenant}/${customer}` });

it('follows a booking from confirmed to completed', async () => {
  await line.one(booking('booking.confirmed.v1', 1));
  expect(await dealings()).toMatchObject({ visits: 0, upcoming: [new Date(hours(72))] });
  await line.one(booking('booking.rescheduled.v1', 2, { startsAt: hours(96) }));
  expect(await dealings()).toMatchObject({ upcoming: [new Date(hours(96))] });
  await line.one(booking('booking.completed.v1', 3, { startsAt: hours(96) }));
  expect(await dealings()).toMatchObject({
    ...{ visits: 1, upcoming: [], lastVisitAt: new Date(hours(96)) },
    services: [{ service: 'Massage', visits: 1 }],
  });
  expect(await dealings('anna', NEIGHBOUR.id)).toBeUndefined();
});

it('counts a purchase once, however often it is heard', async () => {
  const bought = event('purchase.completed.v1', {
    purchase: {
      id: 'p1',
      items: [{ id: 'oil', name: 'Oil', quantity: 1 }],
      total: { amount: 1, currency: 'SEK' },
    },
  });
  await line.hear(bought);
  await line.hear({ ...bought, id: 'the same, told anew' });
  expect(await dealings()).toMatchObject({ purchases: 1, items: [{ id: 'oil' }] });
});

it('is taken from one and given to another where a booking changes hands', async () => {
  await line.one(booking('booking.completed.v1', 1, { startsAt: hours(-2) }));
  const bo = { customer: person({ id: 'bo', email: 'bo@example.se' }) };
  await line.one(booking('booking.completed.v1', 2, { startsAt: hours(-2) }, { data: bo }));
  expect(await dealings('anna')).toMatchObject({ visits: 0 });
  expect(await dealings('bo')).toMatchObject({ visits: 1 });
});

it('is worked out again by who read the bookings before another wrote', async () => {
  await line.one(booking('booking.confirmed.v1', 1));
  const derive = new DeriveDealings(line.customers, line.bookings, line.purchases);
  const read = line.bookings.findOfCustomers.bind(line.bookings);
  let isFirst = true;
  // Between the first reading and its write somebody else completes the visit and has derived it.
  line.bookings.findOfCustomers = async (...asked) => {
    const bookings = await read(...asked);
    if (isFirst) {
      isFirst = false;
      await line.connection
        .db!.collection<{ _id: string }>('customers')
        .updateOne({ _id: `${T}/anna` }, { $set: { 'dealings.visits': 7 } });
      await line.one(booking('booking.completed.v1', 2, { startsAt: hours(-1) }));
    }
    return bookings;
  };
  await line.connection
    .db!.collection<{ _id: string }>('customers')
    .updateOne({ _id: `${T}/anna` }, { $set: { 'dealings.visits': 5 } });
  await derive.of(T, { bookings: ['anna'], purchases: [] }, NOW);
  line.bookings.findOfCustomers = read;
  expect(isFirst).toBe(false);
  expect(await dealings()).toMatchObject({ visits: 1, upcoming: [] });
});

it('finds people by what stands of their choices and by where they live, and nobody reads it on them', async () => {
  const address = { lines: ['Storgatan 1'], postalCode: '831 31', city: ' ÖSTERSUND', country: 'SE' };
  await line.one(
    booking(
      'booking.confirmed.v1',
      1,
      {},
      {
        data: {
          customer: person({ address, locale: 'sv-SE' }),
          choices: [
            said({ state: 'given', channel: 'email' }),
            said({ purpose: 'survey', state: 'objected' }),
          ],
        },
      },
    ),
  );
  expect((await kept())?.found).toEqual({
    ...{ language: 'sv', postalCode: '83131', city: 'östersund', country: 'SE' },
    choices: ['survey/all/objected', 'marketing/email/given'].sort(),
  });
  const read = (await line.customers.find(T, 'anna'))!;
  for (const beside of ['found', 'dealings', 'lastMarketingAt', 'out'])
    expect(read).not.toHaveProperty(beside);
});

it('is nothing any more once the person is erased', async () => {
  await line.one(booking('booking.completed.v1', 1, { startsAt: hours(-2) }));
  await line.erase.erase(T, 'anna', 'staff');
  expect(await kept()).toMatchObject({
    dealings: { visits: 0, services: [], lastVisitAt: null },
    found: { choices: [], city: null },
    lastMarketingAt: null,
  });
});

it('is worked out for those who were written before it was, once', async () => {
  await line.one(booking('booking.completed.v1', 1, { startsAt: hours(-2) }));
  await line.one(booking('booking.completed.v1', 1, { startsAt: hours(-2) }, { tenant: NEIGHBOUR.id }));
  await line.connection
    .db!.collection('customers')
    .updateMany({}, { $unset: { dealings: 1, found: 1, lastMarketingAt: 1 } });
  const backlog = new DeriveBacklog(
    line.connection,
    line.customers,
    new DeriveDealings(line.customers, line.bookings, line.purchases),
  );
  expect(await backlog.runOnce(NOW)).toBe(2);
  expect(await dealings()).toMatchObject({ visits: 1 });
  expect(await dealings('anna', NEIGHBOUR.id)).toMatchObject({ visits: 1 });
  expect((await kept())?.found).toMatchObject({ choices: [] });
  expect(await backlog.runOnce(NOW)).toBe(0);
  expect(await backlog.isReady(NOW)).toBe(true);
});
