import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CHANNELS, type Channel } from '#purposes/channel';
import { PURPOSES, type Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import { HOLDS, REFUSALS, type Reason } from '#purposes/reason';
import { choice, optOut, suppressed } from './choices.fixture.js';
import { choicesOf, history, hour, optOutsOf } from './history.fixture.js';
import { type Ask, type CustomerFacts, type Decision, type Facts, maySend, wouldSend } from './may-send.js';
import { goodFacts, ordinaryPolicy, plainCustomer } from './permit.fixture.js';
import type { SuppressedAddress } from './suppression.js';

const noon = new Date('2026-10-05T10:00:00Z');
const address = '+46701740605';
const asks = (purpose: Purpose, channel: Channel): Ask => ({
  ...{ tenant: 'wellnesskliniken', customer: 'anna', message: 'row-1', ref: 'a1b2' },
  ...{ purpose, channel, startedMono: 0, expiresAt: null },
});
const reasonOf = (decision: Decision): Reason | 'permit' =>
  decision.kind === 'permit' ? 'permit' : decision.reason;

/** Mostly the good one, so that every check is reached. */
const mostly = <T>(good: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(good) }, ...others.map((one) => fc.constant(one)));

/** Any facts at all. */
const facts = fc
  .record({
    all: fc.oneof(fc.constant([]), history),
    purpose: fc.oneof(fc.constant<Purpose>('newsletter'), fc.constantFrom(...PURPOSES)),
    channel: fc.oneof(fc.constant<Channel>('sms'), fc.constantFrom(...CHANNELS)),
    consents: mostly(true, false),
    sees: fc.record({
      address: mostly<string | null | undefined>(address, null, undefined),
      hasSender: mostly<boolean | undefined>(true, false, undefined),
      otherChannelUsable: fc.constantFrom(true, false, undefined),
      duplicateOf: mostly<string | null | undefined>(null, 'row-0', undefined),
      tooLate: mostly<string | null | undefined>(null, 'the visit has begun', undefined),
      contentProblem: mostly<string | null | undefined>(null, 'no template', undefined),
      allowed: mostly<boolean | undefined>(true, false, undefined),
      paused: mostly<Date | null | undefined>(null, hour(30), undefined),
    }),
    erasedAt: mostly<Date | null>(null, noon),
    restrictedAt: mostly<Date | null>(null, noon),
    birthDate: mostly<string | null>('1980-01-01', null, '2015-01-01', 'nonsense'),
    sends: mostly(0, 5),
    expiresAt: mostly<Date | null>(null, hour(0), new Date(noon.getTime() + 3_600_000)),
    now: fc.constantFrom(noon, new Date(noon.getTime() + 12 * 3_600_000)),
    bounced: mostly(false, true),
    known: mostly<true | null | undefined>(true, null, undefined),
  })
  .map((one) => {
    const ask = { ...asks(one.purpose, one.channel), expiresAt: one.expiresAt };
    const consents = one.consents ? [choice({ purpose: one.purpose, channel: 'all', at: hour(13) })] : [];
    const customer: CustomerFacts = {
      ...{ ...plainCustomer, choices: [...choicesOf(one.all), ...consents], birthDate: one.birthDate },
      ...{ erasedAt: one.erasedAt, restrictedAt: one.restrictedAt },
      sends: Array.from({ length: one.sends }, (_, n) => ({ id: `s${n}`, at: noon, group: 'marketing' })),
    };
    const suppressions = [...optOutsOf(one.all), ...(one.bounced ? [suppressed({ channel: 'all' })] : [])];
    return {
      ask,
      facts: { ...one.sees, customer: one.known && customer, suppressions } satisfies Facts,
      now: one.now,
    };
  });

const CHECK_OF: Record<Reason, string> = {
  ...{ 'unknown-customer': 'known', erased: 'not-erased', restricted: 'not-restricted', minor: 'of-age' },
  ...{ 'no-address': 'has-address', suppressed: 'not-suppressed', objected: 'not-objected' },
  ...{ withdrawn: 'not-withdrawn', 'channel-off': 'channel-on', 'no-consent': 'consented' },
  ...{ duplicate: 'not-duplicate', 'too-late': 'in-time', expired: 'not-expired', capped: 'under-cap' },
  ...{ 'invalid-template': 'valid-template', 'not-allowed': 'allowed', paused: 'not-paused' },
  'quiet-hours': 'not-quiet',
};
const ORDER = [...REFUSALS, ...HOLDS].map((reason) => CHECK_OF[reason]);

it('says the same of many, without a permit and a trace', () => {
  const met = new Set<string>();
  fc.assert(
    fc.property(facts, (one) => {
      const {
        permit: _permit,
        trace: _trace,
        ...said
      } = {
        permit: undefined,
        ...maySend(one.ask, one.facts, ordinaryPolicy, one.now),
      };
      met.add('reason' in said ? said.reason : said.kind);
      expect(wouldSend(one.ask, one.facts, ordinaryPolicy, one.now)).toEqual(said);
    }),
    { numRuns: 3_000 },
  );
  expect(met.size).toBeGreaterThan(15);
});

describe('the trace', () => {
  it('explains each outcome: the checks in order, each passed but the one that stopped it', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(facts, ({ ask, facts: seen, now }) => {
        const decision = maySend(ask, seen, ordinaryPolicy, now);
        const last = decision.kind === 'permit' ? ORDER.length - 1 : ORDER.indexOf(CHECK_OF[decision.reason]);
        expect(decision.trace.map(({ check, passed }) => [check, passed])).toEqual(
          ORDER.slice(0, last + 1).map((check, n) => [check, decision.kind === 'permit' || n < last]),
        );
        const words = decision.trace.map((step) => step.saw);
        expect(words.every((saw) => /\S/.test(saw))).toBe(true);
        expect(words.join()).not.toMatch(/46701740605|1980|2015|nonsense/);
        met.add(reasonOf(decision));
      }),
      { numRuns: 2_000 },
    );
    expect([...met].sort()).toEqual(['permit', ...REFUSALS, ...HOLDS].sort());
  });
});

describe('the gate grows no more permissive', () => {
  const tightened = (harder: (seen: Facts, ask: Ask) => Facts): void =>
    fc.assert(
      fc.property(facts, ({ ask, facts: seen, now }) => {
        const before = maySend(ask, seen, ordinaryPolicy, now);
        const after = maySend(ask, harder(seen, ask), ordinaryPolicy, now);
        if (before.kind !== 'permit') expect(after.kind).not.toBe('permit');
        if (before.kind === 'refuse') expect(after.kind).toBe('refuse');
      }),
      { numRuns: 500 },
    );
  it('by a suppression more', () => {
    const stop: Partial<SuppressedAddress> = { cause: 'stop', scope: 'marketing', channel: 'all' };
    tightened((seen) => ({ ...seen, suppressions: [...(seen.suppressions ?? []), suppressed(stop)] }));
  });
  it("by another's opt-out more", () => {
    tightened((seen) => ({
      ...seen,
      suppressions: [...(seen.suppressions ?? []), optOut({ channel: 'all', recordedAt: hour(40) })],
    }));
  });
  it('by a withdrawal more', () => {
    tightened((seen, { purpose: what, channel: where }) => {
      if (!seen.customer) return seen;
      const no = choice({ purpose: what, channel: where, state: 'withdrawn', at: hour(40) });
      return { ...seen, customer: { ...seen.customer, choices: [...seen.customer.choices, no] } };
    });
  });
  it.each(Object.keys(goodFacts) as (keyof Facts)[])('by not knowing %s', (fact) => {
    tightened((seen) => ({ ...seen, [fact]: undefined }));
  });
});

describe('every purpose on every channel', () => {
  const pairs = PURPOSES.flatMap((what) => CHANNELS.map((where): [Purpose, Channel] => [what, where]));
  const all = (what: Purpose, where: Channel): Facts => ({
    ...goodFacts,
    address,
    customer: { ...plainCustomer, choices: [choice({ purpose: what, channel: where })] },
  });
  const missing: [keyof Facts, Reason][] = [
    ['customer', 'unknown-customer'],
    ['address', 'no-address'],
    ['suppressions', 'suppressed'],
    ['hasSender', 'channel-off'],
    ['duplicateOf', 'duplicate'],
    ['tooLate', 'too-late'],
    ['contentProblem', 'invalid-template'],
    ['allowed', 'not-allowed'],
    ['paused', 'paused'],
  ];
  it('is permitted when all is well', () => {
    for (const [what, where] of pairs) {
      expect(reasonOf(maySend(asks(what, where), all(what, where), ordinaryPolicy, noon))).toBe('permit');
    }
  });
  it.each(missing)('is closed without knowing %s', (fact, reason) => {
    for (const [what, where] of pairs) {
      const seen = { ...all(what, where), [fact]: undefined };
      // A legal duty does not look at the stop button.
      const needless = fact === 'paused' && RULES[what].basis === 'legal-duty';
      expect(reasonOf(maySend(asks(what, where), seen, ordinaryPolicy, noon))).toBe(
        needless ? 'permit' : reason,
      );
    }
  });
  it('that is a contract is closed without knowing whether another channel is left', () => {
    for (const [what, where] of pairs.filter(
      ([one]) => RULES[one].basis === 'contract' && one !== 'handoff',
    )) {
      const customer = {
        ...plainCustomer,
        choices: [choice({ purpose: what, channel: where, state: 'withdrawn' })],
      };
      const seen = { ...all(what, where), customer, otherChannelUsable: undefined };
      expect(reasonOf(maySend(asks(what, where), seen, ordinaryPolicy, noon))).toBe('channel-off');
    }
  });
});

/** What makes each reason apply to a newsletter by SMS, one by one or together. */
const SPOILERS: Record<Reason, (seen: Facts & { customer: CustomerFacts }, ask: Ask) => void> = {
  'no-consent': (seen) => void (seen.customer.choices = []),
  erased: (seen) => void (seen.customer.erasedAt = noon),
  restricted: (seen) => void (seen.customer.restrictedAt = noon),
  minor: (seen) => void (seen.customer.birthDate = '2015-01-01'),
  'no-address': (seen) => void (seen.address = null),
  suppressed: (seen) =>
    void (seen.suppressions = [...(seen.suppressions ?? []), suppressed({ channel: 'sms' })]),
  withdrawn: (seen) => void (seen.suppressions = [...(seen.suppressions ?? []), optOut({ channel: 'sms' })]),
  objected: ({ customer }) =>
    void (customer.choices = [...customer.choices, choice({ state: 'objected', channel: 'sms' })]),
  'channel-off': (seen) => void (seen.hasSender = false),
  duplicate: (seen) => void (seen.duplicateOf = 'row-0'),
  'too-late': (seen) => void (seen.tooLate = 'the visit has begun'),
  expired: (_seen, ask) => void (ask.expiresAt = hour(0)),
  capped: (seen) =>
    void (seen.customer.sends = Array.from({ length: 5 }, (_, n) => ({
      id: `s${n}`,
      at: noon,
      group: 'marketing',
    }))),
  'invalid-template': (seen) => void (seen.contentProblem = 'no template'),
  'not-allowed': (seen) => void (seen.allowed = false),
  paused: (seen) => void (seen.paused = noon),
  'quiet-hours': (seen) => void (seen.customer.timeZone = 'Asia/Tokyo'),
  'unknown-customer': () => undefined,
};

it('gives the first of the reasons that apply', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom(...REFUSALS, ...HOLDS), { maxLength: 6 }), (reasons) => {
      // 22:00 in Tokyo, 15:00 in Stockholm.
      const now = new Date('2026-10-05T13:00:00Z');
      const ask = asks('newsletter', 'sms');
      const customer = { ...plainCustomer, choices: [choice({ channel: 'sms' })] };
      const seen = { ...goodFacts, address, customer };
      // Without a consent first: what is said afterwards stays said.
      const ordered = [...reasons].sort((a, b) => Number(b === 'no-consent') - Number(a === 'no-consent'));
      for (const reason of ordered) SPOILERS[reason](seen, ask);
      const given = reasons.includes('unknown-customer') ? { ...seen, customer: null } : seen;
      const first = [...REFUSALS, ...HOLDS].find((reason) => reasons.includes(reason)) ?? 'permit';
      // A stop of the person's own and one of the address: nothing is given any more either way.
      expect(reasonOf(maySend(ask, given, ordinaryPolicy, now))).toBe(first);
    }),
    { numRuns: 1_500 },
  );
});
