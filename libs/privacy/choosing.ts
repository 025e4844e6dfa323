import { isMissingHashKey } from '#consent/hash-ring';
import { type OptOut, optOutsOnly, type Suppression } from '#consent/suppression';
import type { SuppressionStore } from '#consent/suppression.store';
import { isWanted } from '#consent/wanted';
import type { Customer } from '#customers/customer.types';
import { ADDRESS_KIND, CHANNELS, type Channel } from '#purposes/channel';
import { type Purpose, PURPOSES } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { Tenant } from '#tenants/tenant';
import { addressesOf } from './withdraw.js';

/** One box of the preference centre. */
export interface Box {
  purpose: Purpose;
  channel: Channel;
}

/** Answers, for one person as read, whether a purpose may come by a channel. */
export type Wants = (purpose: Purpose, channel: Channel) => boolean;

/** What a person can choose, in the order of the table; what needs no choice (legal duties, disclosures) is not theirs. */
const CHOOSABLE = PURPOSES.filter(
  (purpose) => RULES[purpose].basis !== 'legal-duty' && RULES[purpose].recipient === 'person',
);

/** Whether every channel of it may not be closed at once: what a contract needs has to reach the person somehow. */
export const needsOneChannel = (purpose: Purpose): boolean => !RULES[purpose].stoppedByChoice;

/** What one person may choose with a tenant: each purpose on each channel by which it could come to them. Pure. */
export function boxesFor(tenant: Tenant, customer: Customer): Box[] {
  const kinds = new Set<string>(addressesOf(customer).map(({ kind }) => kind));
  return CHOOSABLE.flatMap((purpose) =>
    CHANNELS.filter((channel) => isOffered(purpose, channel, tenant, kinds)).map((channel) => ({
      purpose,
      channel,
    })),
  );
}

function isOffered(purpose: Purpose, channel: Channel, tenant: Tenant, kinds: ReadonlySet<string>): boolean {
  const { stream, channels } = RULES[purpose];
  // Opening and clicking is measured in mail; an audience needs an address to be matched by.
  if (purpose === 'measurement') return channel === 'email' && kinds.has('email');
  if (channel === 'audience') return channels.includes(channel) && kinds.has('email');
  if (!channels.includes(channel) || !kinds.has(ADDRESS_KIND[channel])) return false;
  // Staff call themselves.
  if (channel === 'call') return true;
  return (channel === 'email' || channel === 'sms') && tenant.senders[stream][channel] !== undefined;
}

/**
 * Reads what others have said about a person's addresses, once, and answers from it. For pages on which people choose: it
 * answers also while the gates are closed, by what is known, so that a no finds its page. Nothing is sent by it.
 */
export async function wantsOf(
  suppressions: SuppressionStore,
  { id, policy }: Tenant,
  customer: Customer,
): Promise<Wants> {
  const addresses = addressesOf(customer);
  const found = await suppressions
    .findByAddresses(id, addresses, { evenClosed: true })
    .catch((error: unknown): Map<string, Suppression[]> => {
      if (isMissingHashKey(error)) return new Map();
      throw error;
    });
  const person = {
    id: customer.customer,
    choices: customer.choiceLog,
    softOptIns: customer.softOptIns,
  };
  return (purpose, channel) => {
    const address = addresses.find(({ kind }) => kind === ADDRESS_KIND[channel])?.address ?? null;
    const optOuts: OptOut[] = address === null ? [] : optOutsOnly(found.get(address) ?? []);
    return isWanted(purpose, channel, { customer: person, address, optOuts }, policy);
  };
}
