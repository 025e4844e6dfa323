import type { ComplaintStore } from '#customers/complaint.store';
import type { Customer } from '#customers/customer.types';
import type { PurchaseStore } from '#customers/purchase.store';
import type { WaitingEventStore } from '#customers/waiting-event.store';
import type { EventOf } from '#events/event';
import type { Erase } from '#privacy/erase';
import type { Merge } from '#privacy/merge';
import type { SafetyRegister } from '#privacy/safety-register.store';
import type { PersonEvent } from './consider.js';
import { aboutOnward } from './merged-people.js';

/** What has no journey but changes facts: purchases, erasures, merged people. Heard again, each changes nothing more. */
export class OtherFacts {
  constructor(
    private readonly purchases: PurchaseStore,
    private readonly merge: Merge,
    private readonly erase: Erase,
    private readonly waiting: WaitingEventStore,
    private readonly complaints: ComplaintStore,
    private readonly register: SafetyRegister,
  ) {}

  /** Recalls have no customer: kept until somebody plans them. */
  async takeRecalls(events: readonly EventOf<'product.recalled.v1'>[], now: Date): Promise<void> {
    await this.waiting.add(
      events.map(({ tenant, id, type, time, data }) => ({
        ...{ tenant, event: id, type, customer: null, time },
        data: JSON.stringify(data),
        heardAt: now,
      })),
    );
  }

  /** `customer` is the person as the event left them. */
  async take(
    tenant: string,
    taken: readonly { event: PersonEvent; customer: Customer }[],
    now: Date,
  ): Promise<void> {
    await this.purchases.add(
      taken.flatMap(({ event }) =>
        event.type === 'purchase.completed.v1' ? [purchaseOf(tenant, event, now)] : [],
      ),
    );
    await this.register.add(
      taken.flatMap(({ event, customer: { customer, email, phone, address } }) => {
        if (event.type !== 'purchase.completed.v1') return [];
        const { _id, items, at } = purchaseOf(tenant, event, now);
        const bought = items.map(({ id, batch }) => ({ id, batch }));
        return [{ _id, tenant, customer, items: bought, contact: { email, phone, address }, boughtAt: at }];
      }),
    );
    await this.complaints.hear(
      taken.flatMap(({ event }) =>
        event.type === 'complaint.received.v1' || event.type === 'complaint.resolved.v1'
          ? [complaintOf(tenant, event, now)]
          : [],
      ),
    );
    await this.waiting.add(
      taken.flatMap(({ event }) =>
        event.type === 'handoff.requested.v1'
          ? [
              {
                ...{ tenant, event: event.id, type: event.type, time: event.time },
                customer: event.data.customer.id,
                data: JSON.stringify(event.data),
                heardAt: now,
              },
            ]
          : [],
      ),
    );
    for (const { event, customer } of taken) {
      if (event.type === 'customer.deleted.v1') {
        await this.erase.erase(tenant, customer.customer, 'booking-system', event.time);
      }
      if (event.type === 'customer.merged.v1') {
        const told = { event: event.id, at: event.time };
        await this.merge.merge(tenant, customer.customer, event.data.into, told);
      }
    }
  }

  /**
   * Events about people who were merged, with who goes on for them. `lost`: they start over as that person's. `again`: the
   * very events that merged them, heard again after a crash, and the deletion of an id that was merged: all that they ask
   * for is done.
   */
  async onward<T extends { event: PersonEvent }>(
    merged: readonly { item: T; into: string }[],
  ): Promise<{ again: T[]; lost: T[] }> {
    const again: T[] = [];
    const lost: T[] = [];
    for (const { item, into } of merged) {
      const { tenant, id, time, type, data } = item.event;
      const from = data.customer.id;
      if (type === 'customer.merged.v1' && (await this.merge.isBy(tenant, from, id))) {
        await this.merge.merge(tenant, from, data.into, { event: id, at: time });
        again.push(item);
        continue;
      }
      if (type === 'customer.deleted.v1') {
        // A booking system that tidies up after its merge: the id is gone already, and who goes on asked for nothing.
        again.push(item);
        continue;
      }
      item.event = aboutOnward(item.event, into);
      lost.push(item);
    }
    return { again, lost };
  }

  /** What was written under an id while it was being merged. */
  moveBehind(tenant: string, from: string, into: string): Promise<void> {
    return this.merge.move(tenant, from, into);
  }
}

function complaintOf(
  tenant: string,
  { type, time, data }: EventOf<'complaint.received.v1' | 'complaint.resolved.v1'>,
  heardAt: Date,
) {
  const { id, warranty } = data.complaint;
  const status = type === 'complaint.resolved.v1' ? ('resolved' as const) : ('open' as const);
  return {
    ...{ tenant, complaint: id, customer: data.customer.id, status },
    ...{ warranty: warranty === true, at: time, heardAt },
  };
}

function purchaseOf(tenant: string, { data, time }: EventOf<'purchase.completed.v1'>, heardAt: Date) {
  const { id, items } = data.purchase;
  return {
    _id: `${encodeURIComponent(tenant)}/${encodeURIComponent(id)}`,
    tenant,
    purchase: id,
    customer: data.customer.id,
    items: items.map(({ id: item, name, batch, quantity }) => ({
      id: item,
      name,
      batch: batch ?? null,
      quantity,
    })),
    at: time,
    heardAt,
  };
}
