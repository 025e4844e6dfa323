import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import { refusedGivens, type DoubleOptIn } from '#privacy/double-opt-in';
import { addressesOf } from '#privacy/withdraw';
import { normaliseEmail } from '#purposes/address';
import type { Tenant } from '#tenants/tenant';
import { isPast, type PersonEvent } from './consider.js';

/** B6: whom an event says a yes of, against a no that no event may lift, is asked themselves. By event id. */
export async function askAgain(
  doubleOptIn: DoubleOptIn,
  tenant: Tenant,
  taken: readonly { customer: Customer; event: PersonEvent }[],
  now: Date,
): Promise<Map<string, MessageRow>> {
  const givers = taken.filter(
    ({ event }) => !isPast(event, tenant, now) && event.data.choices?.some((said) => said.state === 'given'),
  );
  const optOuts = await doubleOptIn.optOutsOf(
    tenant.id,
    givers.flatMap(({ customer }) => addressesOf(customer)),
  );
  const refused = givers.flatMap(({ customer, event }) => {
    const wishes = refusedGivens(customer, event.data.choices ?? [], event.time, optOuts);
    return wishes.length === 0 ? [] : [{ customer, wishes, event: event.id }];
  });
  return doubleOptIn.rowsFor(tenant.id, refused, now);
}

/** The email address that an event names, in its one form. */
export function emailNamed({ data }: PersonEvent): string | null {
  const read = data.customer.email ? normaliseEmail(data.customer.email) : null;
  return read?.kind === 'good' ? read.address : null;
}
