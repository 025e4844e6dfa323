import type { Channel } from '#purposes/channel';
import type { ChoiceState, ChoiceVia } from '#purposes/choice';
import type { Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { Stream } from '#purposes/stream';

/** What both kinds of record say: an address, as a keyed hash, and when it was spoken of. */
interface AboutAddress {
  tenant: string;
  /** The key of the ring that made `hash`; the address itself is never kept. */
  keyId: string;
  hash: string;
  channel: Channel | 'all';
  /** When it happened. */
  at: Date;
  /** When we heard of it: opt-outs are folded in this order. */
  recordedAt: Date;
}

/** Why an address must not be used. `bad-address` is a number or mailbox that cannot exist: as final as a bounce. */
export const SUPPRESSION_CAUSES = [
  'bounce',
  'complaint',
  'stop',
  'bad-address',
  'import',
  'erasure',
] as const;
export type SuppressionCause = (typeof SUPPRESSION_CAUSES)[number];

/** An address that must not be used: for anything (`all`: a hard bounce) or for the stream that it answered. */
export interface SuppressedAddress extends AboutAddress {
  kind: 'suppressed';
  scope: 'all' | Stream;
  cause: SuppressionCause;
}

/** A no that was said about an address: it holds for every customer of the tenant who has that address. */
export interface OptOut extends AboutAddress {
  kind: 'opt-out';
  purpose: Purpose | 'marketing';
  state: Exclude<ChoiceState, 'given'>;
  /** The customer who said it; empty once that person is erased. */
  by: string;
  via: ChoiceVia;
  version?: number | undefined;
}

export type Suppression = SuppressedAddress | OptOut;

const HARD: readonly SuppressionCause[] = ['bounce', 'bad-address'];

/**
 * Whether this suppression stops a purpose on a channel. A legal duty is stopped by a hard bounce on that channel only:
 * no complaint, STOP, import or erasure stands before a product recall.
 */
export function stops(suppression: SuppressedAddress, purpose: Purpose, channel: Channel): boolean {
  if (suppression.channel !== 'all' && suppression.channel !== channel) return false;
  const { basis, stream } = RULES[purpose];
  if (basis === 'legal-duty') return suppression.scope === 'all' && HARD.includes(suppression.cause);
  return suppression.scope === 'all' || suppression.scope === stream;
}

/** The addresses' own suppressions, apart from what people said. */
export function suppressedOnly(all: readonly Suppression[]): SuppressedAddress[] {
  return all.filter((one) => one.kind === 'suppressed');
}

/** What people said about the address, apart from its suppressions. */
export function optOutsOnly(all: readonly Suppression[]): OptOut[] {
  return all.filter((one) => one.kind === 'opt-out');
}
