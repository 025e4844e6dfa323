import { describe, expect, it } from '@jest/globals';
import { ordinaryPolicy } from '#consent/permit.fixture';
import { newCustomer, type Customer } from '#customers/customer.types';
import { fateOf, sayFate, type Fate, type PersonHeld } from './retention-plan.js';

const policy = ordinaryPolicy;
const NOW = new Date('2026-05-31T07:00:00Z');
const at = (text: string): Date => new Date(`${text}T10:00:00Z`);
const visit = (day: string, status: 'confirmed' | 'completed' | 'cancelled' | 'no-show' | 'started') => ({
  status,
  startsAt: at(day),
  endsAt: null,
  updatedAt: at('2020-01-01'),
});

function fate(held: Partial<PersonHeld>, changes: Partial<Customer> = {}, now = NOW): Fate {
  const customer = { ...newCustomer('clinic', 'anna', at('2019-01-01')), ...changes };
  return fateOf(
    { customer, bookings: [], purchases: [], openComplaints: 0, openRequests: 0, ...held },
    policy,
    now,
  );
}
const old = visit('2023-02-28', 'completed');

describe('36 months after the last visit', () => {
  it('the control: an old visit and nothing that holds', () => {
    expect(fate({ bookings: [old] })).toEqual({ kind: 'delete', why: 'retention', since: at('2026-02-28') });
  });

  it.each<[string, Partial<PersonHeld>, Partial<Customer>, Fate]>([
    [
      'a younger visit',
      { bookings: [old, visit('2024-02-29', 'completed')] },
      {},
      { kind: 'keep', why: 'recent-visit', until: new Date('2027-02-28T10:00:00Z') },
    ],
    [
      'a purchase is as good as a visit',
      { bookings: [old], purchases: [{ at: at('2025-12-01') }] },
      {},
      { kind: 'keep', why: 'recent-visit', until: at('2028-12-01') },
    ],
    [
      'a booking ahead holds',
      { bookings: [old, visit('2026-07-01', 'confirmed')] },
      {},
      // Half a year later the wall clock is an hour off UTC.
      { kind: 'keep', why: 'future-booking', until: at('2029-07-01') },
    ],
    [
      'an open complaint holds',
      { bookings: [old], openComplaints: 1 },
      {},
      { kind: 'keep', why: 'open-complaint', until: null },
    ],
    [
      'an open request holds',
      { bookings: [old], openRequests: 1 },
      {},
      { kind: 'keep', why: 'open-request', until: null },
    ],
    [
      'what is restricted is only stored',
      { bookings: [old] },
      { restrictedAt: at('2026-01-01') },
      { kind: 'keep', why: 'restricted', until: null },
    ],
    [
      'who never came counts from what we last learnt',
      {},
      { updatedAt: at('2026-01-10') },
      { kind: 'keep', why: 'recent-visit', until: at('2029-01-10') },
    ],
  ])('%s', (_, held, changes, expected) => {
    expect(fate(held, changes)).toEqual(expected);
  });

  it.each(['cancelled', 'no-show', 'started'] as const)('a booking that is %s is no visit', (status) => {
    expect(fate({ bookings: [old, visit('2026-07-01', status)] }).kind).toBe('delete');
  });

  it('is reckoned in calendar months of the tenant: the last day where the month is short', () => {
    const short = { bookings: [visit('2023-08-31', 'completed')] };
    expect(fateOf({ ...heldBy(), ...short }, { ...policy, retentionMonths: 6 }, NOW)).toMatchObject({
      since: new Date('2024-02-29T11:00:00Z'),
    });
  });
});

describe('under 18', () => {
  const minor: Partial<Customer> = { birthDate: '2010-05-17', minorSince: at('2026-05-01') };
  const due = new Date('2026-05-31T10:00:00Z');

  it('data waits for a guardian, then goes, also with a booking ahead', () => {
    const ahead = { bookings: [visit('2026-07-01', 'confirmed')] };
    expect(fate(ahead, minor, new Date(due.getTime() - 1))).toEqual({
      kind: 'keep',
      why: 'minor-waiting',
      until: due,
    });
    expect(fate(ahead, minor, due)).toEqual({ kind: 'delete', why: 'minor', since: due });
  });

  it("a guardian's consent stops it", () => {
    const guardianConsent = { by: 'Eva', at: at('2026-05-20'), evidence: null };
    expect(fate({}, { ...minor, guardianConsent, updatedAt: NOW }, due).kind).toBe('keep');
  });

  it('coming of age stops it, on the day that the person’s own calendar shows', () => {
    const nearly = { ...minor, birthDate: '2008-06-01', updatedAt: NOW };
    const evening = new Date('2026-05-31T11:30:00Z');
    expect(fate({}, nearly, evening)).toMatchObject({ kind: 'delete', why: 'minor' });
    expect(fate({}, { ...nearly, timeZone: 'Pacific/Auckland' }, evening)).toMatchObject({ kind: 'delete' });
    const night = new Date('2026-05-31T12:30:00Z');
    expect(fate({}, { ...nearly, timeZone: 'Pacific/Auckland' }, night).kind).toBe('keep');
    expect(fate({}, { ...nearly, timeZone: 'nowhere' }, night).kind).toBe('delete');
  });

  it('a restriction and an open complaint hold it too', () => {
    expect(fate({}, { ...minor, restrictedAt: NOW }, due).kind).toBe('keep');
    expect(fate({ openComplaints: 1 }, minor, due).kind).toBe('keep');
  });
});

describe('what a dry run prints', () => {
  it('says whether it goes and why it stays, and names nobody', () => {
    expect(sayFate(fate({ bookings: [old] }))).toBe('goes: its time is over, since 2026-02-28T10:00:00.000Z');
    expect(sayFate(fate({ openComplaints: 1 }))).toBe('stays: a complaint or warranty matter is open');
  });
});

function heldBy(): PersonHeld {
  const customer = newCustomer('clinic', 'anna', at('2019-01-01'));
  return { customer, bookings: [], purchases: [], openComplaints: 0, openRequests: 0 };
}
