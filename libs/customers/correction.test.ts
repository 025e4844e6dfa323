import { describe, expect, it } from '@jest/globals';
import { withCorrection, withoutCorrected } from './correction.js';
import { newCustomer, type Customer } from './customer.types.js';

const at = new Date('2026-03-02T10:00:00Z');
const address = { lines: ['Storgatan 1'], postalCode: '831 31', city: 'Östersund', country: 'SE' };
const anna: Customer = {
  ...newCustomer('clinic', 'anna', at),
  ...{ name: 'Ana', email: 'ana@example.se', phone: '+46701740605', address },
};

describe('a correction', () => {
  it('keeps no wrong value, only a trace of it', () => {
    const after = withCorrection(anna, { name: 'Anna', email: 'anna@example.se' }, at);
    expect([after.name, after.email, after.phone]).toEqual(['Anna', 'anna@example.se', '+46701740605']);
    expect(Object.keys(after.corrected ?? {})).toEqual(['name', 'email']);
    expect(JSON.stringify(after)).not.toContain('Ana"');
    expect(JSON.stringify(after)).not.toContain('ana@');
  });

  it('marks nothing that stays as it was', () => {
    expect(withCorrection(anna, { name: 'Ana', address: { ...address } }, at).corrected).toEqual({});
  });

  it('of the language stands before what the booking system guesses', () => {
    expect(withCorrection(anna, { locale: 'en' }, at)).toMatchObject({ locale: 'en', localeChosenAt: at });
  });
});

describe('an event after a correction', () => {
  const after = withCorrection(anna, { name: 'Anna', phone: '+46701740606', address: null }, at);
  const told = (part: object) => withoutCorrected(after, { id: 'anna', ...part }, 'SE');

  it('that only repeats what was wrong, in whatever form, says nothing of it', () => {
    const { city, country, lines, postalCode } = address;
    const { part, corrected } = told({
      ...{ name: 'Ana', phone: '070-174 06 05', email: 'ana@example.se' },
      address: { country, city, postalCode, lines },
    });
    expect(part).toEqual({ id: 'anna', email: 'ana@example.se' });
    expect(Object.keys(corrected ?? {})).toEqual(['name', 'phone', 'address']);
  });

  it('that says something new is taken, and may say the old again later', () => {
    const { part, corrected } = told({ name: 'Anna Berg' });
    expect(part).toEqual({ id: 'anna', name: 'Anna Berg' });
    expect(corrected).not.toHaveProperty('name');
  });

  it('of one who had nothing corrected is taken as it is', () => {
    const part = { id: 'anna', name: 'Ana' };
    expect(withoutCorrected(anna, part, 'SE').part).toBe(part);
  });
});
