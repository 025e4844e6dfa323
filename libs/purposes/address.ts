import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/metadata.max';
import type { AddressKind } from './channel.js';

/** An address in the one form in which it is stored, hashed and compared, or why there is none. */
export type Normalised = { kind: 'good'; address: string } | { kind: 'bad'; reason: string };

/**
 * The rules by which an address of each kind was brought to its one form: a suppression names them beside its hash key.
 * A change of the rules is a new name, since no hash can be made again from a hash.
 */
export const NORMALISER: Record<AddressKind, string> = {
  email: 'email/1',
  phone: 'e164/1',
  device: 'device/1',
  post: 'post/1',
};

const MAX_EMAIL = 254;
const MAX_LOCAL_PART = 64;
const LABEL = /^[\p{L}\p{N}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?$/u;

/** Trimmed, NFC, lower case. Kept to what mail really uses: no comments, no quoted local parts, no bare host names. */
export function normaliseEmail(raw: string): Normalised {
  const address = raw.trim().normalize('NFC').toLowerCase();
  const [local = '', domain = '', ...more] = address.split('@');
  if (more.length > 0 || local === '' || domain === '') return bad('expected one @ between name and domain');
  if (address.length > MAX_EMAIL || local.length > MAX_LOCAL_PART)
    return bad('too long for an email address');
  if (!/^[^\s\p{C}"(),:;<>[\\\]]+$/u.test(local) || /^\.|\.\.|\.$/.test(local)) {
    return bad('a character that no name before the @ has');
  }
  const labels = domain.split('.');
  if (labels.length < 2 || !labels.every((label) => label.length <= 63 && LABEL.test(label))) {
    return bad('expected a domain after the @');
  }
  return { kind: 'good', address };
}

/** E.164; a number without a country code is read as one of `country` (ISO 3166-1 alpha-2). */
export function normalisePhone(raw: string, country: string): Normalised {
  const trimmed = raw.trim();
  // Not extracted from a text around it: `call 070…` is a note, not a number.
  if (!/^[+\d\s().\-/\u00A0\u2010-\u2015]+$/.test(trimmed)) return bad('expected a phone number');
  const number = parsePhoneNumberFromString(
    trimmed,
    {
      defaultCountry: country.toUpperCase() as CountryCode,
      extract: false,
    },
    metadata,
  );
  if (!number) return bad('expected a phone number');
  if (!number.isValid()) return bad('no such phone number');
  return { kind: 'good', address: number.number };
}

/** What may be shown of an address to who holds a link: `a•••@example.se`, `+46•••••67`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@');
  if (at > 0) return `${[...address][0] ?? ''}•••${address.slice(at)}`;
  if (/^\+\d{6,}$/.test(address)) {
    const code = parsePhoneNumberFromString(address, metadata)?.countryCallingCode ?? address.slice(1, 3);
    return `+${code}•••••${address.slice(-2)}`;
  }
  return '•••';
}

/** One string for an address and its kind, to look it up in a map. */
export function addressKey(kind: AddressKind, address: string): string {
  return `${kind}:${address}`;
}

function bad(reason: string): Normalised {
  return { kind: 'bad', reason };
}
