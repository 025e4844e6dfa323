import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/metadata.max';

/** Who reads a number, and whose it is. */
export interface Phoned {
  phone: string;
  /** The tenant's, ISO 3166-1 alpha-2. */
  country: string;
  timeZone: string;
}

/** What is known of where its reader is; null: nothing. */
export interface Reader {
  locale: string;
  country: string | null;
  timeZone: string | null;
}

/**
 * A tenant's number as its reader can dial it: as the tenant writes it in its own country, `+46 8 465 004 00` wherever
 * the language, the address or the clock says that they may be abroad.
 */
export function sayPhone({ phone, country, timeZone }: Phoned, reader: Reader): string {
  const isAtHome =
    languageOf(country) === reader.locale &&
    (reader.country === null || reader.country.toUpperCase() === country.toUpperCase()) &&
    (reader.timeZone === null || reader.timeZone === timeZone);
  return isAtHome ? phone : international(phone, country);
}

const MOST_KEPT = 1_000;
const numbers = new Map<string, string>();
const languages = new Map<string, string>();

/** Reading a number costs more than the rest of a message: a tenant's is read once. */
function international(phone: string, country: string): string {
  return kept(numbers, `${country} ${phone}`, () => {
    const defaultCountry = country.toUpperCase() as CountryCode;
    const read = parsePhoneNumberFromString(phone, { defaultCountry, extract: false }, metadata);
    // What is no number is said as it stands.
    return read?.formatInternational() ?? phone;
  });
}

/** The first language of a country: `sv` of `SE`. */
function languageOf(country: string): string {
  return kept(languages, country, () => {
    try {
      return new Intl.Locale('und', { region: country }).maximize().language;
    } catch {
      return 'und';
    }
  });
}

function kept(map: Map<string, string>, key: string, make: () => string): string {
  let value = map.get(key);
  if (value === undefined) {
    if (map.size >= MOST_KEPT) map.clear();
    map.set(key, (value = make()));
  }
  return value;
}
