import type { Customer, Send } from '#customers/customer.types';
import { RULES } from '#purposes/purposes';
import type { Tenant } from '#tenants/tenant';
import type { Composed } from './compose.js';

/** Places are kept for the longest cap window, and at least this long (PROTOCOL A4). */
const KEEP_SENDS_MS = 3_600_000;

/** The new `sends` of each person whom these messages go to: what is still counted, and a place for each of them. */
export function placesOf(
  composed: readonly Composed[],
  { policy }: Tenant,
  now: Date,
): { seen: Customer; sends: Send[] }[] {
  const byCustomer = new Map<string, { seen: Customer; sends: Send[] }>();
  const oldest = now.getTime() - Math.max(KEEP_SENDS_MS, policy.caps.marketing.withinMs);
  for (const { permitted } of composed) {
    const { customer, row } = permitted;
    const place = byCustomer.get(customer.customer) ?? {
      seen: customer,
      sends: customer.sends.filter((send) => send.at.getTime() > oldest),
    };
    place.sends = [
      ...place.sends.filter((send) => send.id !== row._id),
      { id: row._id, at: now, group: RULES[row.purpose].capGroup },
    ];
    byCustomer.set(customer.customer, place);
  }
  return [...byCustomer.values()];
}
