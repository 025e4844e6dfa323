import type { BookingStore } from '#customers/booking.store';
import type { ComplaintStore } from '#customers/complaint.store';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { PurchaseStore } from '#customers/purchase.store';
import { groupBy } from '#platform/group-by';
import type { Tenant } from '#tenants/tenant';
import type { RequestStore } from './request.store.js';
import { fateOf, type Fate } from './retention-plan.js';

/** Somebody as they were read, and what becomes of their data. */
export interface Fated {
  customer: Customer;
  fate: Fate;
}

/** Reads what decides how long people are kept, a page of a tenant's at a time: for the loop, and for a dry run. */
export class ReadFates {
  constructor(
    private readonly customers: CustomerStore,
    private readonly bookings: BookingStore,
    private readonly purchases: PurchaseStore,
    private readonly complaints: ComplaintStore,
    private readonly requests: RequestStore,
  ) {}

  /** The page after that customer's `_id`; a short one is the last. Changes nothing. */
  async page(tenant: Tenant, after: string | null, limit: number, now: Date): Promise<Fated[]> {
    return this.of(tenant, await this.customers.page(tenant.id, after, limit), now);
  }

  /** How many people all pages have now. */
  async count(tenant: Tenant): Promise<number> {
    return this.customers.count(tenant.id);
  }

  /** Of these people as they were read. */
  async of(tenant: Tenant, people: readonly Customer[], now: Date): Promise<Fated[]> {
    const ids = people.map(({ customer }) => customer);
    const [bookings, purchases, complaints, requests] = await Promise.all([
      this.bookings.findOfCustomers(tenant.id, ids),
      this.purchases.findOfCustomers(tenant.id, ids),
      this.complaints.findOfCustomers(tenant.id, ids),
      this.requests.findOfCustomers(tenant.id, ids),
    ]);
    const by = {
      bookings: groupBy(bookings, ({ customer }) => customer),
      purchases: groupBy(purchases, ({ customer }) => customer),
      complaints: groupBy(complaints, ({ customer }) => customer),
      requests: groupBy(requests, ({ customer }) => customer ?? ''),
    };
    const isOpen = ({ status }: { status: string }): boolean => status === 'open';
    return people.map((customer) => {
      const id = customer.customer;
      const held = {
        customer,
        bookings: by.bookings.get(id) ?? [],
        purchases: by.purchases.get(id) ?? [],
        openComplaints: (by.complaints.get(id) ?? []).filter(isOpen).length,
        openRequests: (by.requests.get(id) ?? []).filter(isOpen).length,
      };
      return { customer, fate: fateOf(held, tenant.policy, now) };
    });
  }
}
