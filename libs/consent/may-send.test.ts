import { describe, expect, it } from '@jest/globals';
import { CHANNELS, type Channel } from '#purposes/channel';
import type { Policy } from '#purposes/policy';
import { PURPOSES, type Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { Reason } from '#purposes/reason';
import { choice, optOut, suppressed } from './choices.fixture.js';
import { type Ask, type CustomerFacts, type Decision, type Facts, maySend, usePermit } from './may-send.js';
import { goodFacts, ordinaryPolicy, plainCustomer } from './permit.fixture.js';

const noon = new Date('2026-10-05T10:00:00Z');
const night = new Date('2026-10-05T20:30:00Z'); // 22:30 in Stockholm
const phone = '+46701740605';
const consenting: CustomerFacts = { ...plainCustomer, choices: [choice({ channel: 'all' })] };
const asks: Ask = {
  tenant: 'wellnesskliniken',
  customer: 'anna',
  message: 'row-1',
  ref: 'a1b2',
  purpose: 'newsletter',
  channel: 'sms',
  startedMono: 0,
  expiresAt: new Date('2026-10-06T10:00:00Z'),
};

interface Spoilt {
  ask?: Partial<Ask>;
  facts?: Partial<Facts>;
  customer?: Partial<CustomerFacts>;
  policy?: Partial<Policy>;
  now?: Date;
}
/** A newsletter by SMS to a person who wants it, at noon, but for what is spoilt. */
function gate({ ask, facts, customer, policy, now = noon }: Spoilt = {}): Decision {
  const person = { ...consenting, ...customer };
  const all = { ...goodFacts, address: phone, customer: person, ...facts };
  return maySend({ ...asks, ...ask }, all, { ...ordinaryPolicy, ...policy }, now);
}
const reasonOf = (decision: Decision): Reason | 'permit' =>
  decision.kind === 'permit' ? 'permit' : decision.reason;
const lastSaw = (decision: Decision): string => decision.trace.at(-1)?.saw ?? '';
const send = (id: string, at: string, group: string | null = 'marketing') => ({
  id,
  at: new Date(at),
  group,
});

it('permits the newsletter that each case below spoils', () => {
  const decision = gate();
  expect(decision).toMatchObject({
    kind: 'permit',
    permit: { message: 'row-1', ref: 'a1b2', channel: 'sms' },
  });
  expect(decision.trace.map((step) => step.check)).toEqual([
    ...['known', 'not-erased', 'not-restricted', 'of-age', 'has-address', 'not-suppressed', 'not-objected'],
    ...['not-withdrawn', 'channel-on', 'consented', 'not-duplicate', 'in-time', 'not-expired', 'under-cap'],
    ...['valid-template', 'allowed', 'not-paused', 'not-quiet'],
  ]);
});

it.each<[Reason, Spoilt, string]>([
  ['unknown-customer', { facts: { customer: null } }, 'nobody by this id'],
  ['erased', { customer: { erasedAt: noon } }, 'erased 2026-10-05'],
  ['restricted', { customer: { restrictedAt: noon } }, 'restricted 2026-10-05'],
  ['minor', { customer: { birthDate: '2010-01-01' } }, "under 18 without a guardian's consent"],
  ['no-address', { facts: { address: null } }, 'none for sms'],
  ['no-address', { facts: { address: '' } }, 'none for sms'],
  [
    'suppressed',
    { facts: { suppressions: [suppressed({ channel: 'sms', cause: 'stop', scope: 'marketing' })] } },
    'stop, scope marketing, 2026-09-01',
  ],
  [
    'objected',
    { customer: { choices: [choice({ channel: 'all' }), choice({ state: 'objected', channel: 'all' })] } },
    'objected newsletter on all channels, 2026-09-01',
  ],
  [
    'withdrawn',
    { customer: { choices: [choice({ channel: 'all' }), choice({ state: 'withdrawn', channel: 'sms' })] } },
    'withdrawn newsletter on sms, 2026-09-01',
  ],
  [
    'withdrawn',
    { facts: { suppressions: [optOut({ channel: 'all' })] } },
    'withdrawn marketing on all channels by another customer with this address, 2026-09-01',
  ],
  ['channel-off', { facts: { hasSender: false } }, 'marketing has no sender for sms'],
  ['no-consent', { customer: { choices: [] } }, 'none given, no soft opt-in for this address'],
  [
    'no-consent',
    { customer: { choices: [choice({ channel: 'email' })] } },
    'none given, no soft opt-in for this address',
  ],
  ['duplicate', { facts: { duplicateOf: 'row-0' } }, 'of row-0'],
  ['too-late', { facts: { tooLate: 'the visit has begun' } }, 'the visit has begun'],
  ['expired', { ask: { expiresAt: noon } }, 'expired 2026-10-05T10:00:00.000Z'],
  ['capped', { policy: { caps: { marketing: { max: 0, withinMs: 1 } } } }, '0 of 0 in the window'],
  ['invalid-template', { facts: { contentProblem: 'no sms in sv' } }, 'no sms in sv'],
  ['not-allowed', { facts: { allowed: false } }, 'LAGOM_SEND does not allow it'],
  ['paused', { facts: { paused: night } }, 'the stop button is pressed'],
  ['quiet-hours', { now: night }, 'quiet until 2026-10-06T06:00:00.000Z'],
])('stops at %s and says what it saw: %j', (reason, spoilt, saw) => {
  const decision = gate(spoilt);
  expect(reasonOf(decision)).toBe(reason);
  expect(lastSaw(decision)).toBe(saw);
  expect(decision.trace.map((step) => step.passed)).toEqual([
    ...decision.trace.slice(1).map(() => true),
    false,
  ]);
});

describe('age', () => {
  const aged = (
    birthDate: string | null,
    more: Partial<CustomerFacts> = {},
    now = noon,
    policy = {},
  ): string =>
    reasonOf(
      gate({ customer: { birthDate, ...more }, now, policy, ask: { expiresAt: null, channel: 'email' } }),
    );
  it.each([
    ['2008-10-05', 'permit'],
    ['2008-10-06', 'minor'],
    ['1908-10-06', 'permit'],
    ['not a date', 'minor'],
    ['2008-13-41', 'minor'],
    ['2008', 'minor'],
    ['', 'minor'],
  ])('born %s: %s', (birthDate, reason) => {
    expect(aged(birthDate)).toBe(reason);
  });
  it("turns at midnight of the tenant's zone", () => {
    expect(aged('2008-10-06', {}, new Date('2026-10-05T21:59:59Z'))).toBe('minor');
    expect(aged('2008-10-06', {}, new Date('2026-10-05T22:00:00Z'))).toBe('permit');
  });
  it("turns at midnight of the person's own zone where it is known", () => {
    const zone = { timeZone: 'America/New_York' };
    expect(aged('2008-10-06', zone, new Date('2026-10-06T03:59:59Z'))).toBe('minor');
    expect(aged('2008-10-06', zone, new Date('2026-10-06T04:00:00Z'))).toBe('permit');
  });
  it('of who was born on a leap day turns on 1 March', () => {
    expect(aged('2008-02-29', {}, new Date('2026-02-28T12:00:00Z'))).toBe('minor');
    expect(aged('2008-02-29', {}, new Date('2026-03-01T12:00:00Z'))).toBe('permit');
  });
  it("does not matter with a guardian's consent", () => {
    expect(aged('2015-01-01', { guardianConsentAt: noon })).toBe('permit');
  });
  it('is taken as the tenant says where it is unknown', () => {
    expect(aged(null)).toBe('permit');
    expect(aged(null, {}, noon, { unknownAge: 'minor' })).toBe('minor');
  });
});

describe('a legal duty', () => {
  const recall = (spoilt: Spoilt): string =>
    reasonOf(gate({ ...spoilt, ask: { purpose: 'recall', expiresAt: null, ...spoilt.ask } }));
  it.each<[string, Spoilt]>([
    ['restriction', { customer: { restrictedAt: noon } }],
    ['age', { customer: { birthDate: '2015-01-01' } }],
    [
      'objections',
      { customer: { choices: [choice({ purpose: 'recall', channel: 'all', state: 'objected' })] } },
    ],
    [
      'a STOP',
      { facts: { suppressions: [suppressed({ channel: 'sms', cause: 'stop', scope: 'service' })] } },
    ],
    [
      'a complaint',
      { facts: { suppressions: [suppressed({ channel: 'sms', cause: 'complaint', scope: 'all' })] } },
    ],
    [
      'an import',
      { facts: { suppressions: [suppressed({ channel: 'all', cause: 'import', scope: 'all' })] } },
    ],
    ['a bounce on another channel', { facts: { suppressions: [suppressed({ channel: 'email' })] } }],
    ['the stop button', { facts: { paused: night } }],
    ['the night', { now: night }],
    ['caps', { policy: { caps: { marketing: { max: 0, withinMs: 1 } } } }],
  ])('is not stopped by %s', (_what, spoilt) => {
    expect(recall(spoilt)).toBe('permit');
  });
  it.each<[Reason, Spoilt]>([
    ['suppressed', { facts: { suppressions: [suppressed({ channel: 'sms' })] } }],
    ['suppressed', { facts: { suppressions: [suppressed({ channel: 'sms', cause: 'bad-address' })] } }],
    ['no-address', { facts: { address: null } }],
    ['channel-off', { facts: { hasSender: false } }],
    ['erased', { customer: { erasedAt: noon } }],
    ['unknown-customer', { facts: { customer: null } }],
    ['not-allowed', { facts: { allowed: false } }],
  ])('is stopped: %s', (reason, spoilt) => {
    expect(recall(spoilt)).toBe(reason);
  });
});

describe('a suppression', () => {
  const seen = (
    purpose: Purpose,
    differing: Parameters<typeof suppressed>[0],
    channel: Channel = 'email',
  ): boolean =>
    reasonOf(gate({ ask: { purpose, channel }, facts: { suppressions: [suppressed(differing)] } })) ===
    'suppressed';
  it.each(PURPOSES)('stops %s by the stream that it answered', (purpose) => {
    const { stream, basis } = RULES[purpose];
    const duty = basis === 'legal-duty';
    for (const cause of ['stop', 'complaint', 'import', 'erasure'] as const) {
      expect(seen(purpose, { cause, scope: 'marketing' })).toBe(stream === 'marketing');
      expect(seen(purpose, { cause, scope: 'service' })).toBe(stream === 'service' && !duty);
    }
    expect(seen(purpose, { cause: 'bounce', scope: 'all' })).toBe(true);
    expect(seen(purpose, { cause: 'bounce', scope: 'all', channel: 'sms' })).toBe(false);
    expect(seen(purpose, { cause: 'bounce', scope: 'all', channel: 'all' })).toBe(true);
  });
});

describe('a contract', () => {
  const against = (
    purpose: Purpose,
    otherChannelUsable: boolean,
    channel: Channel | 'all' = 'sms',
  ): Decision =>
    gate({
      ask: { purpose },
      facts: { otherChannelUsable },
      customer: { choices: [choice({ purpose, channel, state: 'objected' })] },
    });
  it.each(['booking', 'receipt', 'delivery', 'support'] as const)(
    'honours a choice of channels: %s',
    (purpose) => {
      expect(reasonOf(against(purpose, true))).toBe('channel-off');
      expect(reasonOf(against(purpose, false))).toBe('permit');
      expect(reasonOf(against(purpose, false, 'all'))).toBe('permit');
      expect(reasonOf(against(purpose, true, 'email'))).toBe('permit');
    },
  );
  it('hands off to the provider whatever channels the person chose', () => {
    expect(reasonOf(against('handoff', true))).toBe('permit');
  });
  it('does not take a no to marketing for one to its channel', () => {
    const choices = [choice({ purpose: 'marketing', channel: 'all', state: 'objected' })];
    expect(
      reasonOf(
        gate({ ask: { purpose: 'booking' }, customer: { choices }, facts: { otherChannelUsable: true } }),
      ),
    ).toBe('permit');
  });
  it("is no other customer's to choose", () => {
    const suppressions = [optOut({ purpose: 'booking', channel: 'sms' })];
    expect(
      reasonOf(gate({ ask: { purpose: 'booking' }, facts: { suppressions, otherChannelUsable: true } })),
    ).toBe('permit');
  });
  it('goes out at night, beyond caps, without a consent', () => {
    const sends = [1, 2, 3, 4, 5, 6].map((n) => send(`row-${n}0`, '2026-10-05T09:00:00Z'));
    expect(
      reasonOf(gate({ ask: { purpose: 'booking' }, now: night, customer: { choices: [], sends } })),
    ).toBe('permit');
  });
});

describe('consent', () => {
  const softly = [{ channel: 'phone' as const, address: phone, at: noon }];
  const ask = (purpose: Purpose, spoilt: Spoilt = {}): string =>
    reasonOf(
      gate({ ...spoilt, ask: { purpose, ...spoilt.ask }, customer: { choices: [], ...spoilt.customer } }),
    );
  it.each(PURPOSES)('or the soft opt-in is asked of %s as its line says', (purpose) => {
    const { needs } = RULES[purpose];
    expect(ask(purpose)).toBe(needs === 'nothing' ? 'permit' : 'no-consent');
    expect(ask(purpose, { customer: { softOptIns: softly } })).toBe(
      needs === 'nothing' || needs === 'soft-opt-in' ? 'permit' : 'no-consent',
    );
    expect(ask(purpose, { customer: { choices: [choice({ purpose, channel: 'sms' })] } })).toBe('permit');
    const assessed = { legitimateInterest: { [purpose]: { assessment: 'LIA-1' } } };
    expect(ask(purpose, { policy: assessed })).toBe(
      needs === 'nothing' || ['abandoned-booking', 'market-research'].includes(purpose)
        ? 'permit'
        : 'no-consent',
    );
  });
  it.each<[string, Spoilt]>([
    ['another address', { customer: { softOptIns: [{ ...softly[0]!, address: '+46701740606' }] } }],
    ['an address of another kind', { customer: { softOptIns: [{ ...softly[0]!, channel: 'email' }] } }],
    ['a tenant without it', { customer: { softOptIns: softly }, policy: { softOptIn: false } }],
  ])('is not had by a soft opt-in for %s', (_what, spoilt) => {
    expect(ask('newsletter', spoilt)).toBe('no-consent');
  });
  it('is not had by the soft opt-in once the person said no', () => {
    const choices = [choice({ state: 'withdrawn', channel: 'sms' })];
    expect(ask('newsletter', { customer: { softOptIns: softly, choices } })).toBe('withdrawn');
  });
  it('is not replaced by an assessment once the person said no', () => {
    const policy = { legitimateInterest: { 'abandoned-booking': { assessment: 'LIA-1' } } };
    const choices = [choice({ purpose: 'marketing', state: 'objected', channel: 'all' })];
    expect(ask('abandoned-booking', { policy, customer: { choices } })).toBe('objected');
  });
});

describe('a cap', () => {
  const five = [1, 2, 3, 4, 5].map((n) => send(`row-${n}0`, `2026-10-0${n}T09:00:00Z`));
  const capped = (sends: CustomerFacts['sends'], spoilt: Spoilt = {}): string =>
    reasonOf(gate({ ...spoilt, customer: { sends, ...spoilt.customer } }));
  it('skips the sixth in seven days', () => {
    expect(capped(five)).toBe('capped');
    expect(capped(five.slice(1))).toBe('permit');
  });
  it('does not count the message itself', () => {
    expect(capped([...five.slice(1), send('row-1', '2026-10-05T09:59:00Z')])).toBe('permit');
  });
  it('does not count service messages', () => {
    expect(capped([...five.slice(1), send('row-9', '2026-10-05T09:00:00Z', null)])).toBe('permit');
  });
  it('counts a window that slides', () => {
    const edge = new Date(five[0]!.at.getTime() + ordinaryPolicy.caps.marketing.withinMs);
    expect(capped(five, { now: new Date(edge.getTime() - 1), ask: { expiresAt: null } })).toBe('capped');
    expect(capped(five, { now: edge, ask: { expiresAt: null } })).toBe('permit');
  });
});

describe('quiet hours', () => {
  const at = (now: Date, spoilt: Spoilt = {}): Decision =>
    gate({ ...spoilt, now, ask: { expiresAt: null, ...spoilt.ask } });
  it.each(CHANNELS)('hold what disturbs: %s', (channel) => {
    const disturbs = ['sms', 'push', 'call', 'whatsapp'].includes(channel);
    expect(reasonOf(at(night, { ask: { channel } }))).toBe(disturbs ? 'quiet-hours' : 'permit');
  });
  it("are the person's, the tenant's where theirs is unknown or nonsense", () => {
    expect(at(night)).toMatchObject({ until: new Date('2026-10-06T06:00:00Z') });
    expect(reasonOf(at(night, { customer: { timeZone: 'America/New_York' } }))).toBe('permit');
    expect(at(noon, { customer: { timeZone: 'Asia/Tokyo' } })).toMatchObject({ kind: 'permit' });
    expect(at(night, { customer: { timeZone: 'Mars/Base' } })).toMatchObject({
      until: new Date('2026-10-06T06:00:00Z'),
    });
  });
  it('refuse what expires before they end', () => {
    const until = new Date('2026-10-06T06:00:00Z');
    expect(at(night, { ask: { expiresAt: until } })).toMatchObject({ kind: 'refuse', reason: 'expired' });
    expect(lastSaw(at(night, { ask: { expiresAt: until } }))).toContain('before the quiet hours end');
    expect(reasonOf(at(night, { ask: { expiresAt: new Date(until.getTime() + 1) } }))).toBe('quiet-hours');
  });
});

it('gives a permit with which no dry ask can send', () => {
  const decision = gate({ ask: { startedMono: -Infinity } });
  if (decision.kind !== 'permit') throw new Error('the control of this test');
  const use = { message: 'row-1', ref: 'a1b2', channel: 'sms' as const, address: phone };
  expect(usePermit(decision.permit, { ...use, mono: 0 })).toBe('late');
});
