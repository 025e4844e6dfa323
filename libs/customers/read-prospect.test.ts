import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type mongoose from 'mongoose';
import { CHANNELS } from '#purposes/channel';
import { CHOICE_STATES } from '#purposes/choice';
import { openEmbeddedStore, type EmbeddedStore } from '#embedded/embedded-store';
import { connectMongo } from '#platform/mongo';
import { CustomerStore } from './customer.store.js';
import { customerKey, newCustomer } from './customer.types.js';
import { prospectFields } from './prospect.js';

const T = 'clinic';
const NOW = new Date('2026-11-02T10:00:00Z');
const PEOPLE = 600;
let store: EmbeddedStore;
let connection: mongoose.Connection;
let customers: CustomerStore;
beforeAll(async () => {
  store = await openEmbeddedStore({ dataDir: 'memory' });
  connection = await connectMongo(store.uri);
  customers = new CustomerStore(connection, () => 'none');
});
afterAll(async () => {
  await connection.close();
  await store.close();
});

const at = fc.date({ noInvalidDate: true });
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constantFrom('', 'sv', 'Åsa Öberg'));
/** As it should be, and as older documents, other writers and mistakes have it. */
const maybe = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: value }, fc.constantFrom(null, 7, 0.5, 2 ** 40, true, [], {}, 'else'));
const some = (shape: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(Object.fromEntries(Object.entries(shape).map(([name, value]) => [name, maybe(value)])), {
    requiredKeys: [],
  });

const choice = some({
  ...{ id: text, purpose: fc.constantFrom('newsletter', 'marketing', 'offers') },
  ...{ channel: fc.constantFrom('all', ...CHANNELS), state: fc.constantFrom(...CHOICE_STATES) },
  ...{ noticeVersion: text, language: text, method: text, place: text, evidence: text },
  ...{ at, recordedAt: at, via: fc.constantFrom('page', 'event'), lifts: fc.boolean() },
  version: fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.double({ noNaN: true })),
  address: some({ keyId: text, hash: text }),
});
const person = some({
  ...{ name: text, email: text, phone: text, locale: text, timeZone: text, birthDate: text },
  ...{
    marketingPausedUntil: at,
    restrictedAt: at,
    attributes: some({ name: text }),
    formerIds: fc.array(text),
  },
  guardianConsent: some({ by: text, at, evidence: text }),
  address: some({ lines: fc.array(text), postalCode: text, city: text, country: text }),
  choiceLog: fc.array(maybe(choice), { maxLength: 4 }),
  softOptIns: fc.array(some({ channel: text, address: text, at }), { maxLength: 2 }),
  sends: fc.array(some({ id: text, at, group: text }), { maxLength: 2 }),
});

it.each(['email', 'sms'] as const)('reads of bytes what the driver makes of them, by %s', async (channel) => {
  const collection = connection.db!.collection<{ _id: string }>('customers');
  await collection.deleteMany({});
  const people = fc.sample(person, { numRuns: PEOPLE, seed: 7 });
  await collection.insertMany(
    people.map((facts, n) => {
      const customer = `p${String(n).padStart(4, '0')}`;
      const whole = { ...newCustomer(T, customer, NOW), ...facts };
      // Every second is an old document, which lacks what is not named.
      const old = { tenant: T, customer, createdAt: NOW, ...facts };
      return { ...(n % 2 === 0 ? whole : old), _id: customerKey(T, customer) };
    }),
  );
  const page = await customers.pageProspects(T, {}, NOW, channel, { after: null, limit: PEOPLE });
  const read = [...page];
  const driver = await collection
    .find({}, { projection: prospectFields(channel) })
    .sort({ _id: 1 })
    .toArray();
  expect(page).toHaveLength(PEOPLE);
  expect(read).toEqual(driver);
  expect(page.last).toEqual(driver.at(-1));
  // The control: there was something to read, and something that is not asked for.
  expect(read.filter(({ choiceLog }) => choiceLog?.length > 1).length).toBeGreaterThan(PEOPLE / 4);
  expect(read.filter((one) => (one[channel === 'email' ? 'phone' : 'email'] ?? null) !== null)).toEqual([]);
});

it('reads where one answer has no room for a page', async () => {
  const collection = connection.db!.collection<{ _id: string }>('customers');
  await collection.deleteMany({});
  const name = 'x'.repeat(200_000);
  const everybody = Array.from({ length: 100 }, (_, n) => `p${String(n).padStart(4, '0')}`);
  await collection.insertMany(everybody.map((customer) => ({ ...newCustomer(T, customer, NOW), name })));
  const read: string[][] = [];
  for (let after: string | null = null; read.at(-1)?.length !== 0;) {
    const page = await customers.pageProspects(T, {}, NOW, 'email', { after, limit: 1_000 });
    read.push([...page].map(({ customer }) => customer));
    after = page.last === undefined ? null : customerKey(T, page.last.customer);
  }
  expect(read.flat()).toEqual(everybody);
  // The control: it had none.
  expect(read.length).toBeGreaterThan(2);
});
