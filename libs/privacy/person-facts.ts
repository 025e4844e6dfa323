import type { CustomerFacts } from '#consent/facts';
import type { Customer, Send } from '#customers/customer.types';
import type { Prospect } from '#customers/prospect';
import { ADDRESS_KIND, type Channel } from '#purposes/channel';

/** What the gate sees of a person. */
export function customerFacts(
  customer: Customer | Prospect,
  sends: readonly Send[] = customer.sends,
): CustomerFacts {
  return {
    id: customer.customer,
    // Who is asked about with others is not erased.
    erasedAt: 'erasedAt' in customer ? customer.erasedAt : null,
    restrictedAt: customer.restrictedAt,
    birthDate: customer.birthDate,
    guardianConsentAt: customer.guardianConsent?.at ?? null,
    timeZone: customer.timeZone,
    marketingPausedUntil: customer.marketingPausedUntil ?? null,
    choices: customer.choiceLog,
    softOptIns: customer.softOptIns,
    sends,
  };
}

/** Where a channel reaches this person, or null. */
export function addressOn(channel: Channel, customer: Customer | null): string | null {
  switch (ADDRESS_KIND[channel]) {
    case 'email':
      return customer?.email ?? null;
    case 'phone':
      return customer?.phone ?? null;
    case 'device':
      return customer?.devices[0]?.token ?? null;
    case 'post':
      return customer?.address ? customer.address.lines.join(', ') : null;
  }
}
