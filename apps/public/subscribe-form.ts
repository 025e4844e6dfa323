import type { Pair } from '#consent/pairs';
import { normaliseEmail } from '#purposes/address';

const MOST_NAME = 60;
const MOST_EMAIL = 254;

/** What a subscribe form said; what was written is kept to be shown again. */
export type SubscribeForm = { email: string; name: string; offers: boolean } & (
  | { kind: 'good'; address: string; printable: string | null; wishes: Pair[] }
  /** The field that no person sees was filled in. */
  | { kind: 'machine' }
  | { kind: 'wrong' }
);

/** Reads the fields: an address, a name that may be absent, and whether offers are wished for too. */
export function readSubscribeForm(fields: ReadonlyMap<string, string>): SubscribeForm {
  const email = (fields.get('email') ?? '').trim();
  const name = (fields.get('name') ?? '').trim();
  const said = {
    email: email.slice(0, MOST_EMAIL),
    name: name.slice(0, MOST_NAME),
    offers: fields.has('offers'),
  };
  if ((fields.get('website') ?? '') !== '') return { kind: 'machine', ...said };
  const read = normaliseEmail(email);
  if (read.kind === 'bad') return { kind: 'wrong', ...said };
  const wishes: Pair[] = [{ purpose: 'newsletter', channel: 'email' }];
  if (said.offers) wishes.push({ purpose: 'offers', channel: 'email' });
  return { kind: 'good', ...said, address: read.address, printable: printableName(name), wishes };
}

/** Anybody can write anything to anybody through this field: what leads somewhere, or is no name, is not kept at all. */
export function printableName(name: string): string | null {
  if (name === '' || [...name].length > MOST_NAME) return null;
  // A dot between two letters is a host to many a mail program.
  if (/[\p{L}\p{N}]\.[\p{L}\p{N}]|:|\/|@|www|http|[<>[\]{}|\\\p{C}\p{S}]|\d{4}/iu.test(name)) return null;
  return /\p{L}/u.test(name) ? name : null;
}
