import { describe, expect, it } from '@jest/globals';
import type { CustomerPart } from '#events/event';
import { applyCustomer, type CustomerContext } from './apply-customer.js';
import { newCustomer, type Customer } from './customer.types.js';

const now = new Date('2026-05-04T07:00:00Z');
const before = new Date(now.getTime() - 60_000);
const context: CustomerContext = {
  tenant: 'clinic',
  country: 'SE',
  now,
  attributes: { member: { type: 'boolean' }, visits: { type: 'number' }, since: { type: 'date' } },
};
const known: Customer = {
  ...newCustomer('clinic', 'anna', before),
  rev: 'r1',
  gen: { version: 1, time: before, event: 'e1' },
  name: 'Anna',
  email: 'anna@example.se',
  phone: '+46701740605',
  birthDate: '1980-05-17',
  attributes: { member: true },
};
const gen = (version: number | null = 2, time = now, event = 'e2') => ({ version, time, event });
function applied(
  part: Partial<CustomerPart>,
  to: Customer | null = known,
  more: Partial<CustomerContext> = {},
) {
  const result = applyCustomer(to, { id: 'anna', ...part }, gen(), false, { ...context, ...more });
  if (result.kind !== 'applied') throw new Error(result.kind);
  return result;
}

describe('facts', () => {
  it('that are absent stay, and null clears', () => {
    const { after } = applied({ name: null });
    expect(after).toMatchObject({ name: null, email: 'anna@example.se', birthDate: '1980-05-17' });
    expect(applied({ attributes: null }).after.attributes).toEqual({});
    expect(applied({ devices: null }).after.devices).toEqual([]);
  });

  it.each([['070-174 06 05'], ['+46 70 174 06 05'], ['0046701740605'], ['+46 (0)70-1740605']])(
    'phone %s is stored as E.164',
    (phone) => {
      expect(applied({ phone }).after.phone).toBe('+46701740605');
      expect(applied({ phone }).concerns).toBe(false);
    },
  );

  it('email is trimmed and lower case; what cannot be used is kept out and told', () => {
    expect(applied({ email: ' Anna.Ek@Example.SE ' }).after.email).toBe('anna.ek@example.se');
    const bad = applied({ phone: '12' });
    expect(bad.after.phone).toBeNull();
    expect(bad.warnings).toMatchObject([{ path: 'data.customer.phone' }]);
    expect(JSON.stringify(bad.warnings)).not.toContain('"12"');
  });

  it('attributes are those of the tenant, of the type that it declares', () => {
    const { after, warnings } = applied({
      attributes: { member: null, visits: 3, since: '2020-01-01', shoe: 41, extra: 'x' },
    });
    expect(after.attributes).toEqual({ visits: 3, since: '2020-01-01' });
    expect(warnings.map(({ path }) => path)).toEqual([
      'data.customer.attributes.shoe',
      'data.customer.attributes.extra',
    ]);
    expect(applied({ attributes: { visits: '3' } }).warnings).toHaveLength(1);
  });

  it('of a new customer are those of the event alone', () => {
    const { after, concerns } = applied({ email: 'bo@example.se' }, null);
    expect(after).toMatchObject({
      customer: 'anna',
      email: 'bo@example.se',
      phone: null,
      choiceLog: [],
      rev: '',
    });
    expect(concerns).toBe(false);
  });
});

describe('what concerns messages already planned', () => {
  it.each<[string, Partial<CustomerPart>, boolean]>([
    ['an address that changed', { email: 'new@example.se' }, true],
    ['a phone that is gone', { phone: null }, true],
    ['a birth date', { birthDate: '2012-01-01' }, true],
    ["a guardian's consent", { guardianConsent: { by: 'Eva', at: now } }, true],
    ['a name', { name: 'Anna Ek' }, false],
    ['the same address', { email: 'ANNA@example.se' }, false],
  ])('%s', (_, part, concerns) => {
    expect(applied(part).concerns).toBe(concerns);
  });

  it('heard again after a crash, all that the event names may have changed', () => {
    const written = applied({ email: 'new@example.se' }).after;
    expect(applied({ email: 'new@example.se' }, written).concerns).toBe(true);
    expect(applied({ name: 'Anna' }, applied({ name: 'Anna' }).after).concerns).toBe(false);
  });
});

describe('the guard', () => {
  it('leaves everything alone where the event is older', () => {
    const result = applyCustomer(known, { id: 'anna', name: 'Old' }, gen(0, now), false, context);
    expect(result).toEqual({ kind: 'applied', after: known, stale: true, concerns: false, warnings: [] });
  });

  it('takes an event of equal rank, and leaves the time of the change where it is the very same', () => {
    const again = applyCustomer(known, { id: 'anna', name: 'Anna' }, gen(1, before, 'e1'), false, context);
    expect(again).toMatchObject({ kind: 'applied', stale: false, after: { updatedAt: before } });
    expect(applied({}).after.updatedAt).toEqual(now);
  });
});

describe('an erased customer', () => {
  const erased: Customer = {
    ...newCustomer('clinic', 'anna', before),
    rev: 'r9',
    erasedAt: now,
    sends: [{ id: 'm1', at: before, group: null }],
  };
  const tell = (ms: number, backfill = false) =>
    applyCustomer(
      erased,
      { id: 'anna', name: 'Anna', email: 'anna@example.se' },
      gen(9, new Date(now.getTime() + ms)),
      backfill,
      context,
    );

  it('is not brought back by an event of before, nor by a backfill', () => {
    expect(tell(0).kind).toBe('erased');
    expect(tell(-1).kind).toBe('erased');
    expect(tell(1, true).kind).toBe('erased');
  });

  it('comes back by a later one as somebody new; what may be in flight stays known', () => {
    expect(tell(1)).toMatchObject({
      kind: 'applied',
      after: {
        erasedAt: null,
        rev: 'r9',
        name: 'Anna',
        choiceLog: [],
        sends: [{ id: 'm1' }],
        createdAt: now,
      },
    });
  });

  it('leaves an address that a backfill does not bring back to somebody else either', () => {
    const isErasedAddress = (address: string) => address === 'gone@example.se';
    const { after, warnings } = applied({ email: 'Gone@example.se' }, null, { isErasedAddress });
    expect(after.email).toBeNull();
    expect(warnings).toMatchObject([{ path: 'data.customer.email' }]);
  });
});
