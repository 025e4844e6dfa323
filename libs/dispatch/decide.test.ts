import { describe, expect, it } from '@jest/globals';
import type { Suppression } from '#consent/suppression';
import type { Booking } from '#customers/booking.types';
import { newCustomer, type Customer } from '#customers/customer.types';
import { messageRow } from '#messages/message.fixture';
import type { MessageRow } from '#messages/message.types';
import { CLINIC, NOW } from '#privacy/ledger.fixture';
import type { Channel } from '#purposes/channel';
import type { Choice } from '#purposes/choice';
import { decide, type Decided, type Means } from './decide.js';
import type { BatchFacts } from './load-facts.js';
import { heldUntil, stopMove } from './stop-move.js';

const anna: Customer = {
  ...newCustomer(CLINIC.id, 'anna', NOW),
  email: 'anna@example.se',
  phone: '+46701740605',
};
const visit = {
  booking: 'b1',
  gen: { version: 1, time: NOW, event: 'e1' },
  status: 'confirmed',
  startsAt: new Date(NOW.getTime() + 86_400_000),
} as Booking;
const choice = (changes: Partial<Choice>): Choice => ({
  ...{
    purpose: 'booking',
    channel: 'email',
    state: 'withdrawn',
    id: 'c',
    at: NOW,
    recordedAt: NOW,
    via: 'page',
  },
  ...{ noticeVersion: '1', language: 'sv', method: 'm', place: 'p' },
  ...changes,
});
const bounced: Suppression = {
  ...{ kind: 'suppressed', scope: 'all', cause: 'bounce', channel: 'email', at: NOW, recordedAt: NOW },
  ...{ tenant: CLINIC.id, keyId: 'k1', hash: 'h' },
};

function facts(
  changes: Partial<BatchFacts> & { customer?: Partial<Customer>; booking?: Partial<Booking> } = {},
): BatchFacts {
  const { customer = {}, booking = {}, ...rest } = changes;
  const person = { ...anna, ...customer };
  return {
    customers: new Map([['anna', person]]),
    bookings: new Map([['b1', { ...visit, ...booking }]]),
    doneCarts: new Set(),
    suppressions: new Map([person.email, person.phone].flatMap((one) => (one === null ? [] : [[one, []]]))),
    inFlight: [],
    pauses: [],
    ...rest,
  };
}
const means = (channels: Channel[] = ['email', 'sms']): Means => ({
  has: (_tenant, _stream, channel) => channels.includes(channel),
  allowed: () => true,
  contentProblem: () => null,
  route: () => null,
  shares: () => false,
});
const ask = (rows: MessageRow[], known: BatchFacts = facts(), by: Means = means()): Decided[] =>
  decide(rows, known, CLINIC.policy, by, NOW, 0);
const one = (row: Partial<MessageRow>, known?: BatchFacts, by?: Means): Decided =>
  ask([messageRow({ status: 'released', ...row })], known, by)[0]!;

describe('the channel', () => {
  it('is email', () => {
    expect(one({})).toMatchObject({ kind: 'send', channel: 'email', address: 'anna@example.se' });
  });

  it('is SMS where the person chose it by name', () => {
    const choiceLog = [choice({ channel: 'sms', state: 'given' })];
    expect(one({}, facts({ customer: { choiceLog } }))).toMatchObject({ kind: 'send', channel: 'sms' });
  });

  it.each<[string, Partial<Customer>, Means, Map<string, Suppression[]> | undefined]>([
    ['without an address', { email: null }, means(), undefined],
    [
      'that bounced',
      {},
      means(),
      new Map([
        ['anna@example.se', [bounced]],
        ['+46701740605', []],
      ]),
    ],
    ['that the person switched off', { choiceLog: [choice({})] }, means(), undefined],
    ['without a sender', {}, means(['sms']), undefined],
  ])('of a contract falls on from one %s', (_, customer, by, suppressions) => {
    const known = facts({ customer, ...(suppressions ? { suppressions } : {}) });
    expect(one({}, known, by)).toMatchObject({ kind: 'send', channel: 'sms', address: '+46701740605' });
  });

  it('that is switched off is used all the same where it is the last', () => {
    const known = facts({ customer: { phone: null, choiceLog: [choice({})] } });
    expect(one({}, known)).toMatchObject({ kind: 'send', channel: 'email' });
  });

  it('of a survey does not fall on after a no or a bounce', () => {
    const survey = { journey: 'survey', purpose: 'survey', template: 'survey' } as const;
    const said = facts({ customer: { choiceLog: [choice({ purpose: 'survey', state: 'objected' })] } });
    expect(one(survey, said)).toMatchObject({ kind: 'refuse', reason: 'objected', channel: 'email' });
    const suppressions = new Map([
      ['anna@example.se', [bounced]],
      ['+46701740605', []],
    ]);
    expect(one(survey, facts({ suppressions }))).toMatchObject({ kind: 'refuse', reason: 'suppressed' });
  });

  it('about which nothing was read is not used', () => {
    const row = { journey: 'survey', purpose: 'survey', template: 'survey' } as const;
    expect(one(row, facts({ suppressions: new Map() }))).toMatchObject({
      kind: 'refuse',
      reason: 'suppressed',
    });
  });

  it('where none is left, a channel that the person does not have says less than what stopped one that they have', () => {
    const known = facts({
      customer: { phone: null },
      suppressions: new Map([['anna@example.se', [bounced]]]),
    });
    expect(one({}, known)).toMatchObject({ kind: 'refuse', reason: 'suppressed' });
  });
});

describe('too late', () => {
  it.each<[string, Partial<MessageRow>, BatchFacts]>([
    [
      'a newer generation is known',
      { gen: 'v1' },
      facts({ booking: { gen: { version: 2, time: NOW, event: 'e2' } } }),
    ],
    ['the visit has begun', { usefulUntil: NOW }, facts()],
    [
      'it was cancelled under the same version',
      { usefulUntil: visit.startsAt },
      facts({ booking: { status: 'cancelled' } }),
    ],
    ['the booking is not known any more', {}, facts({ bookings: new Map() })],
    [
      'the cart has led to a booking',
      { subject: { kind: 'cart', id: 'c1' }, booking: null, gen: '0' },
      facts({ doneCarts: new Set(['c1']) }),
    ],
  ])('%s', (_, row, known) => {
    expect(one(row, known)).toMatchObject({ kind: 'refuse', reason: 'too-late' });
  });

  it('is not the cancellation itself', () => {
    const row = { journey: 'cancellation', template: 'booking-cancellation', usefulUntil: null };
    expect(one(row, facts({ booking: { status: 'cancelled' } }))).toMatchObject({ kind: 'send' });
  });
});

describe('several of one person', () => {
  const cart = (n: number, changes: Partial<MessageRow> = {}): MessageRow =>
    messageRow({
      _id: `row-${n}`,
      status: 'released',
      ...{
        purpose: 'abandoned-booking',
        stream: 'marketing',
        template: 'abandoned-booking',
        booking: null,
        gen: '0',
      },
      subject: { kind: 'cart', id: `cart-${n}` },
      ...changes,
    });
  const optedIn = { softOptIns: [{ channel: 'email' as const, address: 'anna@example.se', at: NOW }] };

  it('count against the cap within the pass too', () => {
    const sends = [1, 2, 3].map((n) => ({ id: `old-${n}`, at: NOW, group: 'marketing' }));
    const said = ask(
      [1, 2, 3, 4].map((n) => cart(n)),
      facts({ customer: { ...optedIn, sends } }),
    );
    expect(said.map((each) => (each.kind === 'refuse' ? each.reason : each.kind))).toEqual([
      'send',
      'send',
      'capped',
      'capped',
    ]);
  });

  it('a row that has its place already is not counted twice', () => {
    const sends = [1, 2, 3, 4, 5].map((n) => ({ id: `row-${n}`, at: NOW, group: 'marketing' }));
    const [said] = ask([cart(5)], facts({ customer: { ...optedIn, sends } }));
    expect(said?.kind).toBe('send');
  });

  it('nor do rows of one pass that have theirs already count twice against the next', () => {
    const sends = [1, 2, 3].map((n) => ({ id: `row-${n}`, at: NOW, group: 'marketing' }));
    const said = ask(
      [1, 2, 3, 4, 5, 6].map((n) => cart(n)),
      facts({ customer: { ...optedIn, sends } }),
    );
    expect(said.map(({ kind }) => kind)).toEqual(['send', 'send', 'send', 'send', 'send', 'refuse']);
  });

  it('about one thing wait for each other, and for what is in flight', () => {
    const [first, second] = ask([
      messageRow({ status: 'released' }),
      messageRow({ _id: 'second', status: 'released' }),
    ]);
    expect([first?.kind, second?.kind]).toEqual(['send', 'wait']);
    const inFlight = [messageRow({ _id: 'other', status: 'sending' })];
    expect(one({}, facts({ inFlight }))).toMatchObject({
      kind: 'wait',
      until: new Date(NOW.getTime() + 2_000),
    });
    const elsewhere = [messageRow({ _id: 'other', status: 'sending', customer: 'bo' })];
    expect(one({}, facts({ inFlight: elsewhere })).kind).toBe('send');
  });
});

describe('a hold', () => {
  const row = { _id: 'row-1', expiresAt: null };
  it('lasts until then and a little more, always the same, at least a minute', () => {
    const until = new Date(NOW.getTime() + 3_600_000);
    const at = heldUntil(row, until, NOW);
    expect(at.getTime() - until.getTime()).toBeGreaterThanOrEqual(0);
    expect(at.getTime() - until.getTime()).toBeLessThan(60_000);
    expect(heldUntil(row, until, NOW)).toEqual(at);
    expect(heldUntil({ ...row, _id: 'row-2' }, until, NOW)).not.toEqual(at);
    expect(heldUntil(row, NOW, NOW).getTime()).toBeGreaterThanOrEqual(NOW.getTime() + 60_000);
  });

  it('is not spread past the expiry', () => {
    const until = new Date(NOW.getTime() + 3_600_000);
    const expiresAt = new Date(until.getTime() + 1);
    expect(heldUntil({ ...row, expiresAt }, until, NOW)).toEqual(until);
  });

  it('moves the row back to planned with its reason', () => {
    const until = new Date(NOW.getTime() + 3_600_000);
    const held = messageRow({ status: 'released' });
    const { after } = stopMove({ kind: 'hold', row: held, reason: 'quiet-hours', until, trace: [] }, NOW);
    expect(after).toMatchObject({ status: 'planned', reason: 'quiet-hours', until });
  });
});

describe('measuring', () => {
  const yes = choice({ purpose: 'measurement', state: 'given', via: 'event' });
  const wanted = [choice({ purpose: 'newsletter', channel: 'all', state: 'given', via: 'event' })];
  const mail = {
    ...{ _id: 'm', journey: null, booking: null, campaign: 'c-1', purpose: 'newsletter' as const },
    ...{ stream: 'marketing' as const, channel: 'email' as const, fixedChannel: true as const },
    subject: { kind: 'campaign' as const, id: 'c-1' },
  };
  const measured = (row: Partial<MessageRow> = {}, choiceLog: Choice[] = [...wanted, yes]): boolean => {
    const of = { stands: 'sending' as const, content: null, problem: null, duplicateOf: null };
    const decided = one(
      { ...mail, ...row },
      facts({ customer: { choiceLog }, campaigns: new Map([['m', of]]) }),
    );
    if (decided.kind !== 'send') throw new Error(JSON.stringify(decided));
    return decided.measured;
  };
  const said = { template: 't', version: '1', locale: 'sv' };

  it('is of a campaign’s marketing mail to who consented', () => {
    expect(measured()).toBe(true);
    expect(measured({}, wanted)).toBe(false);
  });

  it('is never of a service mail, an SMS, or a journey’s', () => {
    expect(measured({ channel: 'sms' })).toBe(false);
    expect(measured({ purpose: 'survey', stream: 'service' })).toBe(false);
    const cart = { purpose: 'newsletter', stream: 'marketing', journey: 'x', campaign: null } as const;
    const decided = one({ ...mail, ...cart }, facts({ customer: { choiceLog: [...wanted, yes] } }));
    expect(decided).toMatchObject({ kind: 'send', measured: false });
  });

  it('stays as it was decided first, but for a yes that was taken back since', () => {
    expect(measured({ content: said })).toBe(false);
    expect(measured({ content: { ...said, measured: true } })).toBe(true);
    const no = choice({ purpose: 'measurement' });
    expect(measured({ content: { ...said, measured: true } }, [...wanted, yes, no])).toBe(false);
  });
});
