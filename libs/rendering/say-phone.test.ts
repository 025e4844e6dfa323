import { expect, it } from '@jest/globals';
import { sayPhone } from './say-phone.js';

const swedish = { phone: '08-465 004 00', country: 'SE', timeZone: 'Europe/Stockholm' };
const abroad = '+46 8 465 004 00';

it.each<[string, string | null, string | null, string]>([
  ['sv', null, null, swedish.phone],
  ['sv', 'SE', 'Europe/Stockholm', swedish.phone],
  ['sv', 'se', null, swedish.phone],
  ['en', null, null, abroad],
  ['en', 'SE', 'Europe/Stockholm', abroad],
  ['sv', 'NO', null, abroad],
  ['sv', null, 'Europe/Oslo', abroad],
])('says a number so that it can be dialled: %s, %s, %s', (locale, country, timeZone, said) => {
  expect(sayPhone(swedish, { locale, country, timeZone })).toBe(said);
});

it('leaves as it is what is no number, and what is international already', () => {
  const english = { locale: 'en', country: null, timeZone: null };
  expect(sayPhone({ ...swedish, phone: 'växeln' }, english)).toBe('växeln');
  expect(sayPhone({ ...swedish, phone: '+44 20 7946 0958' }, english)).toBe('+44 20 7946 0958');
  expect(sayPhone({ ...swedish, country: 'Sverige' }, english)).toBe(swedish.phone);
});
