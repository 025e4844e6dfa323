import { groupBy } from '#platform/group-by';
import type { BookingStore } from './booking.store.js';
import type { CustomerStore } from './customer.store.js';
import { bookedDealings, boughtDealings, NO_DEALINGS, sameDealings } from './dealings.js';
import type { PurchaseStore } from './purchase.store.js';

/** How often dealings that lost a race are worked out again. */
const TRIES = 20;

/** Whose bookings, and whose purchases, have changed: customer ids. */
export interface Changed {
  bookings: Iterable<string>;
  purchases: Iterable<string>;
}

/**
 * Works out people's dealings anew after a change of their bookings or purchases was written. The dealings' own nonce is
 * read before the bookings are: who read them earlier and writes later loses, and reads again. A crash before the write
 * leaves an event that is heard again.
 */
export class DeriveDealings {
  constructor(
    private readonly customers: CustomerStore,
    private readonly bookings: BookingStore,
    private readonly purchases: PurchaseStore,
  ) {}

  async of(tenant: string, changed: Changed, now: Date): Promise<void> {
    let [booked, bought] = [new Set(changed.bookings), new Set(changed.purchases)];
    for (let tries = 0; booked.size + bought.size > 0; tries += 1) {
      if (tries >= TRIES) throw new Error(`dealings lost ${TRIES} races in a row`);
      const lost = await this.pass(tenant, booked, bought, now);
      booked = new Set([...booked].filter((customer) => lost.has(customer)));
      bought = new Set([...bought].filter((customer) => lost.has(customer)));
    }
  }

  private async pass(
    tenant: string,
    booked: ReadonlySet<string>,
    bought: ReadonlySet<string>,
    now: Date,
  ): Promise<Set<string>> {
    const known = await this.customers.findDealings(tenant, [...booked, ...bought]);
    const [allBookings, allPurchases] = await Promise.all([
      this.bookings.findOfCustomers(tenant, [...booked]),
      this.purchases.findOfCustomers(tenant, [...bought]),
    ]);
    const bookings = groupBy(allBookings, ({ customer }) => customer);
    const purchases = groupBy(allPurchases, ({ customer }) => customer);
    const changes = known.flatMap(({ customer, dealings: before }) => {
      const after = {
        ...(before ?? NO_DEALINGS),
        ...(booked.has(customer) ? bookedDealings(bookings.get(customer) ?? [], now) : {}),
        ...(bought.has(customer) ? boughtDealings(purchases.get(customer) ?? []) : {}),
      };
      return before !== null && sameDealings(before, after)
        ? []
        : [{ customer, seen: before?.rev ?? null, after }];
    });
    const won = await this.customers.writeDealings(tenant, changes);
    return new Set(changes.map(({ customer }) => customer).filter((customer) => !won.has(customer)));
  }
}
