import { inForce } from '#consent/choices';
import type { CustomerStore } from '#customers/customer.store';
import { newCustomer, type Customer } from '#customers/customer.types';
import type { PurchaseStore } from '#customers/purchase.store';
import type { WaitingEventStore } from '#customers/waiting-event.store';
import type { EventOf } from '#events/event';
import type { Erase } from '#privacy/erase';
import type { Withdraw } from '#privacy/withdraw';
import type { Choice } from '#purposes/choice';
import type { PersonEvent } from './consider.js';

/** What has no journey but changes facts: purchases, erasures, merged people. Heard again, each changes nothing more. */
export class OtherFacts {
  constructor(
    private readonly customers: CustomerStore,
    private readonly purchases: PurchaseStore,
    private readonly withdraw: Withdraw,
    private readonly erase: Erase,
    private readonly waiting: WaitingEventStore,
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
      if (event.type === 'customer.merged.v1') await this.merge(tenant, event, customer, now);
    }
  }

  /** The stricter choice wins: what stands against writing to the one stands against writing to the other. */
  private async merge(
    tenant: string,
    event: EventOf<'customer.merged.v1'>,
    from: Customer,
    now: Date,
  ): Promise<void> {
    const noes = standingNoes(from.choiceLog);
    if (noes.length === 0) return;
    const { into } = event.data;
    // Heard before anything else of the one who goes on: their first event finds these noes.
    if ((await this.customers.find(tenant, into)) === null) {
      await this.customers.write([{ before: null, after: newCustomer(tenant, into, now) }]);
    }
    await this.withdraw.hearChoices(tenant, into, noes, {
      id: `${event.id}#merge`,
      // Now: a given of the one who goes on, later than the merge but heard before, does not outdate them.
      at: now,
      recordedAt: now,
      via: 'merge',
    });
  }
}

/** The noes that still decide something. */
function standingNoes(log: readonly Choice[]): Choice[] {
  const standing = inForce(log);
  return log.filter(
    (choice) =>
      choice.state !== 'given' &&
      standing.some(
        (one) =>
          one.purpose === choice.purpose &&
          one.channel === choice.channel &&
          one.state === choice.state &&
          one.at.getTime() === choice.at.getTime(),
      ),
  );
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
