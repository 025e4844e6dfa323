import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePredicate } from '#campaigns/compile-predicate';
import { evaluatePredicate, type SegmentSubject } from '#campaigns/evaluate-predicate';
import { KINDS, type Resolved } from '#campaigns/predicate';
import { stateOf } from '#consent/choices';
import { newCustomer } from '#customers/customer.types';
import { NO_DEALINGS, type Dealings } from '#customers/dealings';
import { CHANNELS } from '#purposes/channel';
import { CHOICE_STATES } from '#purposes/choice';
import { CHOOSABLE } from '#purposes/choice-codes';
import { languageOf } from '#purposes/fold-place';
import { CLINIC, Ledger, NEIGHBOUR, NOW, said } from '#privacy/ledger.fixture';

const T = CLINIC.id;
const CONTEXT = { now: NOW, defaultLanguage: 'sv' };
let ledger: Ledger;
beforeAll(async () => {
  ledger = await Ledger.open();
});
afterAll(() => ledger.close());

// Few values, so that what is asked and what is there often meet, at their very edges too.
const DAY = 86_400_000;
const day = fc.constantFrom(-400, -30, -7, -1, 0, 1, 7, 30).map((n) => new Date(NOW.getTime() + n * DAY));
const past = day.filter((at) => at <= NOW);
const service = fc.constantFrom('Massage', 'Klippning', 'Botox');
const item = fc.constantFrom('oil', 'soap');
const days = fc.constantFrom(1, 7, 30, 365);
const count = fc.integer({ min: 0, max: 3 });
const some = <T>(value: fc.Arbitrary<T>) => fc.uniqueArray(value, { minLength: 1, maxLength: 3 });
const lists = <T>(value: fc.Arbitrary<T>) => fc.array(value, { maxLength: 3 });

const dealings: fc.Arbitrary<Dealings> = fc.record({
  ...{ visits: count, lastVisitAt: fc.option(day), upcoming: lists(day) },
  services: lists(fc.record({ service, visits: count, lastAt: past })),
  booked: lists(fc.record({ service, at: day })),
  ...{ purchases: count, lastPurchaseAt: fc.option(past) },
  items: lists(fc.record({ id: item, lastAt: past })),
});
const choice = fc
  .tuple(
    fc.constantFrom('marketing' as const, 'newsletter' as const, 'survey' as const, 'measurement' as const),
    fc.constantFrom('all' as const, 'email' as const, 'sms' as const),
    fc.constantFrom(...CHOICE_STATES),
  )
  .map(([purpose, channel, state]) => said({ purpose, channel, state }));
const person = fc.record({
  locale: fc.option(fc.constantFrom('sv-SE', 'sv', 'en-GB', 'fi')),
  address: fc.option(
    fc.record({
      lines: fc.constant<string[]>(['Storgatan 1']),
      postalCode: fc.constantFrom('831 31', '83-132', '11122'),
      city: fc.constantFrom('Östersund', 'O\u0308STERSUND ', 'Stockholm'),
      country: fc.constantFrom('SE', 'NO'),
    }),
  ),
  attributes: fc.record(
    {
      tier: fc.constantFrom('gold', 'iron'),
      points: fc.integer({ min: 0, max: 3 }),
      member: fc.boolean(),
      since: fc.constantFrom('2024-01-01', '2025-06-01'),
    },
    { requiredKeys: [] },
  ),
  said: lists(choice),
  lastMarketingAt: fc.option(past),
  dealings,
});

const asked = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(shape, { requiredKeys: [] }).filter((one) => Object.keys(one).length > 0);
const moment = asked({ withinDays: days, notWithinDays: days, from: day, before: day });
const amount = asked({ atLeast: count, atMost: count });
const city = fc.constantFrom('östersund', 'STOCKHOLM');
const attribute = fc.oneof(
  asked({ anyOf: some(fc.constantFrom('gold', 'tin')), isSet: fc.boolean() }).map((one) => ({
    name: 'tier',
    ...one,
  })),
  asked({ anyOf: some(count), atLeast: count, atMost: count }).map((one) => ({ name: 'points', ...one })),
  fc.boolean().map((yes) => ({ name: 'member', anyOf: [yes] })),
  asked({ from: fc.constant('2025-01-01'), before: fc.constantFrom('2025-06-01', '2026-01-01') }).map(
    (one) => ({ name: 'since', ...one }),
  ),
);
const LEAF = {
  ...{ visits: amount, purchases: amount },
  lastVisit: fc.oneof(moment, fc.constant({ never: true as const })),
  lastPurchase: fc.oneof(moment, fc.constant({ never: true as const })),
  nextVisit: fc.oneof(moment, fc.constant({ none: true as const })),
  service: fc.record(
    { anyOf: some(service), when: fc.constantFrom('past' as const, 'upcoming' as const), withinDays: days },
    { requiredKeys: ['anyOf', 'when'] },
  ),
  bought: fc.record({ anyOf: some(item), withinDays: days }, { requiredKeys: ['anyOf'] }),
  locale: fc.record({ anyOf: some(fc.constantFrom('sv', 'en', 'fi', 'de')) }),
  place: asked({
    postalCode: some(fc.constantFrom('831', '83132', '1', '9')),
    city: some(city),
    country: some(fc.constantFrom('SE', 'no')),
  }),
  choice: fc.record({
    purpose: fc.constantFrom(...CHOOSABLE),
    channel: fc.constantFrom(...CHANNELS),
    state: fc.constantFrom(...CHOICE_STATES, 'none' as const),
  }),
  attribute,
  notMessaged: fc.record({ days }),
};
const leaf = fc.oneof(
  ...Object.entries(LEAF).map(([kind, operand]) =>
    (operand as fc.Arbitrary<unknown>).map((one) => ({ [kind]: one })),
  ),
) as fc.Arbitrary<Resolved>;
const { predicate } = fc.letrec<{ predicate: Resolved }>((tie) => ({
  predicate: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: leaf },
    {
      weight: 1,
      arbitrary: fc.array(tie('predicate'), { minLength: 1, maxLength: 3 }).map((and) => ({ and })),
    },
    {
      weight: 1,
      arbitrary: fc.array(tie('predicate'), { minLength: 1, maxLength: 3 }).map((or) => ({ or })),
    },
    { weight: 1, arbitrary: tie('predicate').map((not) => ({ not })) },
  ),
}));

const PEOPLE = 80;

it('finds by one query exactly those of whom the predicate is true', async () => {
  expect(Object.keys(LEAF).sort()).toEqual(
    KINDS.filter((kind) => !['and', 'or', 'not', 'segment'].includes(kind)).sort(),
  );
  const subjects = new Map<string, SegmentSubject>();
  for (const [n, one] of fc.sample(person, { numRuns: PEOPLE, seed: 11 }).entries()) {
    const id = `p${n}`;
    const { said: choices, lastMarketingAt, dealings, ...facts } = one;
    const choiceLog = choices.map((choice, index) => ({
      ...choice,
      ...{ id: `${n}/${index}`, at: NOW, recordedAt: NOW, via: 'page' as const, lifts: true },
    }));
    for (const tenant of [T, NEIGHBOUR.id]) {
      const after = { ...newCustomer(tenant, id, NOW), ...facts, choiceLog };
      await ledger.customers.write([{ before: null, after }]);
      const [known] = await ledger.customers.findDealings(tenant, [id]);
      await ledger.customers.writeDealings(tenant, [
        { customer: id, seen: known?.dealings?.rev ?? null, after: tenant === T ? dealings : NO_DEALINGS },
      ]);
      await ledger.connection
        .db!.collection<{ _id: string }>('customers')
        .updateOne({ _id: `${tenant}/${id}` }, { $set: { lastMarketingAt } });
    }
    subjects.set(id, {
      ...dealings,
      ...{ address: facts.address, attributes: facts.attributes, lastMarketingAt },
      language: facts.locale === null ? null : languageOf(facts.locale),
      stateOf: (purpose, channel) => stateOf(choiceLog, purpose, channel),
    });
  }
  // Who is erased, and who came later, is in no segment, not even in that of everybody else.
  await ledger.customers.write([
    { before: null, after: { ...newCustomer(T, 'erased', NOW), erasedAt: NOW } },
    { before: null, after: newCustomer(T, 'later', new Date(NOW.getTime() + 1)) },
  ]);

  let found = 0;
  await fc.assert(
    fc.asyncProperty(predicate, async (asked) => {
      const filter = compilePredicate(asked, CONTEXT);
      const page = { after: null, limit: 1_000 };
      const people = await ledger.customers.pageMatching(T, filter, NOW, page);
      const expected = [...subjects]
        .filter(([, subject]) => evaluatePredicate(asked, subject, CONTEXT))
        .map(([id]) => id)
        .sort();
      expect(people.map(({ customer }) => customer).sort()).toEqual(expected);
      expect(await ledger.customers.countMatching(T, filter, NOW)).toBe(expected.length);
      if (expected.length > 0 && expected.length < PEOPLE) found += 1;
    }),
    { numRuns: 250 },
  );
  // The control: most predicates part the people.
  expect(found).toBeGreaterThan(120);
});
