import type { Customer } from '#customers/customer.types';
import type { Plan } from '#journeys/plan';
import { underId } from '#messages/readdress';
import type { MessageStore } from '#messages/message.store';
import type { PersonEvent } from './consider.js';

/**
 * An event about one who was merged, as one about who goes on. The versions of the two ids count apart: without one the
 * event's time decides. Two ids that are merged tell nothing about a third: of such an event the facts are left out.
 */
export function aboutOnward(event: PersonEvent, onward: string): PersonEvent {
  const { version: _, ...part } = event.data.customer;
  const customer = event.type === 'customer.merged.v1' ? { id: onward } : { ...part, id: onward };
  return { ...event, data: { ...event.data, customer } } as PersonEvent;
}

/**
 * Of people who were known under other ids: a row that was planned under one of them keeps its `_id`, so that an event told
 * again under the new one plans nothing twice. Asks the ledger only where there are such people.
 */
export async function asFormerly<T extends { taken: { customer: Customer }; plan: Plan }>(
  messages: Pick<MessageStore, 'findByIds'>,
  tenant: string,
  plans: readonly T[],
): Promise<T[]> {
  const aliases = plans.flatMap(({ taken: { customer }, plan: { rows } }) =>
    (customer.formerIds ?? []).flatMap((id) =>
      rows.flatMap((row) => {
        const formerly = underId(row, id);
        return formerly === null ? [] : [[row._id, formerly] as const];
      }),
    ),
  );
  if (aliases.length === 0) return [...plans];
  const found = await messages.findByIds(
    tenant,
    aliases.map(([, formerly]) => formerly),
  );
  const there = new Set(found.map(({ _id }) => _id));
  const known = new Map(aliases.filter(([, formerly]) => there.has(formerly)));
  return plans.map((one) => ({
    ...one,
    plan: { ...one.plan, rows: one.plan.rows.map((row) => ({ ...row, _id: known.get(row._id) ?? row._id })) },
  }));
}
