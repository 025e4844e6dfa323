import type { Correction } from '#customers/correction';
import type { Customer, PostalAddress } from '#customers/customer.types';
import { isCalendarDate, isCountry } from '#events/formats';
import { normaliseEmail, normalisePhone } from '#purposes/address';

const MOST_LINE = 200;

/** The fields of the form by which a person corrects their details, as they were written. */
export interface WrittenFacts {
  name: string;
  email: string;
  phone: string;
  birthDate: string;
  language: string;
  street: string;
  postalCode: string;
  city: string;
  country: string;
}
export type FactFault = 'name' | 'email' | 'phone' | 'birthDate' | 'address';

export type FactsForm =
  | {
      kind: 'good';
      facts: Omit<Correction, 'email'>;
      email: string | null | undefined;
      /** A new number, to be looked into: whoever types it may not be who has it. */
      newPhone: string | null;
    }
  | { kind: 'wrong'; faults: FactFault[] };

/** What stands in the form before anything is written in it. */
export function writtenFacts(customer: Customer, locale: string, country: string): WrittenFacts {
  const { name, email, phone, birthDate, address } = customer;
  return {
    name: name ?? '',
    email: email ?? '',
    phone: phone ?? '',
    birthDate: birthDate ?? '',
    language: locale,
    street: address?.lines.join('\n') ?? '',
    postalCode: address?.postalCode ?? '',
    city: address?.city ?? '',
    country: address?.country ?? country,
  };
}

export function readWritten(fields: ReadonlyMap<string, string>, before: WrittenFacts): WrittenFacts {
  const written = Object.keys(before).map((name): [string, string] => [
    name,
    plain(fields.get(name) ?? before[name as keyof WrittenFacts]),
  ]);
  return Object.fromEntries(written) as unknown as WrittenFacts;
}

/**
 * What was changed in the form. `email` apart: it holds only once it is confirmed, but can be taken away at once;
 * undefined: as it was. A new phone number apart too: what is known about a number, and what is said no to there, is for
 * who has it, and nobody has shown that yet; taken away it is at once.
 */
export function readFactsForm(
  written: WrittenFacts,
  before: WrittenFacts,
  { locales, country, today }: { locales: readonly string[]; country: string; today: string },
): FactsForm {
  const isChanged = (...names: (keyof WrittenFacts)[]): boolean =>
    names.some((name) => written[name] !== before[name]);
  const faults: FactFault[] = [];
  const facts: Omit<Correction, 'email'> = {};
  let newPhone: string | null = null;

  if (isChanged('name')) {
    if (written.name.length > MOST_LINE) faults.push('name');
    else facts.name = written.name || null;
  }
  if (isChanged('phone')) {
    const read = normalisePhone(written.phone, country);
    if (written.phone === '') facts.phone = null;
    else if (read.kind === 'bad') faults.push('phone');
    else if (read.address !== before.phone) newPhone = read.address;
  }
  if (isChanged('birthDate')) {
    const { birthDate } = written;
    if (birthDate === '') facts.birthDate = null;
    else if (!isCalendarDate(birthDate) || birthDate > today || birthDate < '1900-01-01')
      faults.push('birthDate');
    else facts.birthDate = birthDate;
  }
  if (isChanged('street', 'postalCode', 'city', 'country')) {
    const address = readAddress(written);
    if (address === 'wrong') faults.push('address');
    else facts.address = address;
  }
  if (isChanged('language') && locales.includes(written.language)) facts.locale = written.language;
  let email: string | null | undefined;
  if (isChanged('email')) {
    const read = normaliseEmail(written.email);
    if (written.email === '') email = null;
    else if (read.kind === 'bad') faults.push('email');
    else email = read.address === before.email ? undefined : read.address;
  }
  return faults.length > 0 ? { kind: 'wrong', faults } : { kind: 'good', facts, email, newPhone };
}

function readAddress({ street, postalCode, city, country }: WrittenFacts): PostalAddress | null | 'wrong' {
  const lines = street
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 0 && postalCode === '' && city === '') return null;
  const isWhole = lines.length > 0 && lines.length <= 10 && postalCode !== '' && city !== '';
  const fits =
    lines.every((line) => line.length <= MOST_LINE) && postalCode.length <= 20 && city.length <= 100;
  const land = country.toUpperCase();
  return isWhole && fits && isCountry(land) ? { lines, postalCode, city, country: land } : 'wrong';
}

// eslint-disable-next-line no-control-regex -- these are what is looked for
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

const plain = (text: string): string =>
  text.replace(/\r\n?/g, '\n').replace(UNPRINTABLE, '').normalize('NFC').trim();
