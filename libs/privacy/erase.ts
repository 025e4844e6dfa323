import type { InboxStore } from '#channels/inbox.store';
import type { ShortCodeStore } from '#consent/short-code.store';
import type { SuppressionStore } from '#consent/suppression.store';
import type { BookingStore } from '#customers/booking.store';
import type { CustomerStore } from '#customers/customer.store';
import { newCustomer } from '#customers/customer.types';
import type { PurchaseStore } from '#customers/purchase.store';
import type { MessageStore } from '#messages/message.store';
import type { Clock } from '#platform/clock';
import type { ErasureRequest, ErasureStore } from './erasure.store.js';
import { addressesOf, type Withdraw } from './withdraw.js';

/** What an erasure left standing, under which law, and until when (GDPR 17(3)). */
export interface Kept {
  what: string;
  ground: string;
  /** RFC 3339, or null: as long as the ground lasts. */
  until: string | null;
}

export interface Erasure {
  erased: string[];
  kept: Kept[];
}

/**
 * Erases a person (GDPR 17, PROTOCOL F1): the request is noted, the addresses are suppressed for marketing, the customer
 * becomes a tombstone by compare-and-set, what is open is cancelled, the rest is deleted or scrubbed. The tombstone
 * refuses events older than it; a crash in between is taken up by `resume`.
 */
export class Erase {
  constructor(
    private readonly requests: ErasureStore,
    private readonly customers: CustomerStore,
    private readonly bookings: BookingStore,
    private readonly purchases: PurchaseStore,
    private readonly messages: MessageStore,
    private readonly suppressions: SuppressionStore,
    private readonly codes: ShortCodeStore,
    private readonly inbox: InboxStore,
    private readonly withdraw: Withdraw,
    private readonly clock: Clock,
  ) {}

  /** `null`: nobody is known by this id. Answers once the tombstone stands and nothing more is sent. */
  async erase(tenant: string, customer: string, from: ErasureRequest['from']): Promise<Erasure | null> {
    const known = await this.customers.find(tenant, customer);
    if (known === null) return null;
    const now = this.clock.now();
    await this.requests.open(tenant, customer, from, now);
    const addresses = addressesOf(known);
    await this.suppressions.suppress(
      tenant,
      addresses.map(({ kind, address }) => ({
        kind,
        address,
        channel: 'all' as const,
        scope: 'marketing' as const,
        cause: 'erasure' as const,
        at: now,
        recordedAt: now,
      })),
    );
    await this.withdraw.change(
      tenant,
      customer,
      (before) => ({
        ...newCustomer(tenant, customer, now),
        rev: before.rev,
        // In flight is found by these, then nothing needs them: see `sweep`.
        sends: before.sends,
        createdAt: before.createdAt,
        erasedAt: before.erasedAt ?? now,
      }),
      { ends: () => 'erased', concerns: () => true },
    );
    return this.sweep(tenant, customer, addresses.length > 0);
  }

  /** Takes up what a crash broke off; how many requests were finished. */
  async resume(): Promise<number> {
    const open = await this.requests.findOpen(100);
    for (const { tenant, customer, from } of open) {
      if ((await this.erase(tenant, customer, from)) === null) {
        await this.requests.done(tenant, customer, this.clock.now());
      }
    }
    return open.length;
  }

  private async sweep(tenant: string, customer: string, hadAddress: boolean): Promise<Erasure> {
    const rows = await this.messages.findOfCustomer(tenant, customer, Number.MAX_SAFE_INTEGER);
    const [bookings, purchases, scrubbed] = await Promise.all([
      this.bookings.deleteOfCustomer(tenant, customer),
      this.purchases.deleteOfCustomer(tenant, customer),
      this.messages.scrubCustomer(tenant, customer),
      this.inbox.forget(
        tenant,
        rows.map((row) => row._id),
      ),
      this.suppressions.forgetGiver(tenant, customer),
      this.codes.forgetCustomer(tenant, customer),
    ]);
    await this.requests.done(tenant, customer, this.clock.now());
    return {
      erased: [
        'customer',
        ...(bookings > 0 ? ['bookings'] : []),
        ...(purchases > 0 ? ['purchases'] : []),
        ...(scrubbed > 0 ? ['messages'] : []),
      ],
      kept: [
        ...(hadAddress
          ? [
              {
                what: 'keyed hash of the address, on the list of those who get no marketing',
                ground: 'GDPR 17(3)(b) and 21(3): an objection must go on being heard',
                until: null,
              },
            ]
          : []),
        ...(scrubbed > 0
          ? [
              {
                what: 'that messages were sent, without address or content',
                ground: 'GDPR 17(3)(e) and 5(2): to show that the rules were kept',
                until: null,
              },
            ]
          : []),
      ],
    };
  }
}
