import { describe, expect, it } from '@jest/globals';
import { newCustomer } from '#customers/customer.types';
import { readFactsForm, readWritten, writtenFacts } from './my-data-form.js';

const anna = {
  ...newCustomer('clinic', 'anna', new Date('2026-03-02T10:00:00Z')),
  ...{ name: 'Anna', email: 'anna@example.se', phone: '+46701740605' },
};
const before = writtenFacts(anna, 'sv', 'SE');
const about = { locales: ['sv', 'en'], country: 'SE', today: '2026-03-02' };
const read = (fields: Record<string, string>) =>
  readFactsForm(readWritten(new Map(Object.entries(fields)), before), before, about);

describe('the form of one’s own details', () => {
  it('changes nothing that was not changed', () => {
    expect(read({})).toEqual({ kind: 'good', facts: {}, email: undefined, newPhone: null });
    expect(read({ name: ' Anna ', language: 'sv' })).toEqual({
      kind: 'good',
      facts: {},
      email: undefined,
      newPhone: null,
    });
  });

  it('reads each field in its one form; an address and a number apart, as they have to be confirmed', () => {
    const written = {
      ...{
        name: 'Anna Berg',
        email: 'Anna.Berg@Example.se',
        phone: '070-174 06 06',
        birthDate: '1980-05-17',
      },
      ...{
        street: 'Storgatan 1\r\nlgh 2',
        postalCode: '831 31',
        city: 'Östersund',
        country: 'se',
        language: 'en',
      },
    };
    expect(read(written)).toEqual({
      kind: 'good',
      email: 'anna.berg@example.se',
      newPhone: '+46701740606',
      facts: {
        ...{ name: 'Anna Berg', birthDate: '1980-05-17', locale: 'en' },
        address: { lines: ['Storgatan 1', 'lgh 2'], postalCode: '831 31', city: 'Östersund', country: 'SE' },
      },
    });
  });

  it('takes away what was emptied', () => {
    expect(read({ name: '', email: '', phone: '' })).toEqual({
      kind: 'good',
      facts: { name: null, phone: null },
      email: null,
      newPhone: null,
    });
  });

  it('names every field that is wrong', () => {
    const wrong = { name: 'x'.repeat(201), email: 'a@b', phone: '12', birthDate: '2026-02-30', city: 'Ås' };
    expect(read(wrong)).toEqual({
      kind: 'wrong',
      faults: ['name', 'phone', 'birthDate', 'address', 'email'],
    });
    expect(read({ birthDate: '2026-03-03' })).toMatchObject({ faults: ['birthDate'] });
    expect(read({ street: 'A', postalCode: '1', city: 'B', country: 'XX' })).toMatchObject({
      faults: ['address'],
    });
    expect(read({ language: 'de' })).toEqual({ kind: 'good', facts: {}, email: undefined, newPhone: null });
  });
});
