import { createHash } from 'node:crypto';
import type { OptOut } from '#consent/suppression';
import type { Customer } from '#customers/customer.types';

/**
 * The ETag of a customer: changes with facts and choices only, so that a message that is sent, or an event that says
 * nothing new, does not void what staff have just read. What others said about the person's address is a choice too: a
 * given that lifts it must have seen it.
 */
export function etagOf(customer: Customer, optOuts: readonly OptOut[]): string {
  const { rev: _rev, gen: _gen, sends: _sends, updatedAt: _updatedAt, ...facts } = customer;
  const said = optOuts
    .map(({ by, purpose, channel, state, at }) => JSON.stringify([by, purpose, channel, state, at]))
    .sort();
  const digest = createHash('sha256').update(JSON.stringify([facts, said]));
  return `"${digest.digest('base64url').slice(0, 22)}"`;
}

/** The entity tags of an `If-Match` header (RFC 9110, 13.1.1): a weak one never matches. */
export function etagsIn(ifMatch: string): string[] {
  return ifMatch
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => /^"[^"]*"$/.test(tag));
}
