import type { Pause } from '#consent/pause';
import type { PauseStore } from '#consent/pause.store';
import type { Suppression } from '#consent/suppression';
import type { SuppressionStore } from '#consent/suppression.store';
import type { BookingStore } from '#customers/booking.store';
import type { Booking } from '#customers/booking.types';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { addressesOf } from '#privacy/withdraw';
import type { LoadCampaigns, OfCampaign } from './load-campaigns.js';

/** How long another message about the same thing may be under way before the next one stops waiting for it. */
const SIBLING_WINDOW_MS = 120_000;

/** Everything the gate needs to know about a batch, read after the pass began; nothing is cached. */
export interface BatchFacts {
  customers: ReadonlyMap<string, Customer>;
  bookings: ReadonlyMap<string, Booking>;
  doneCarts: ReadonlySet<string>;
  suppressions: ReadonlyMap<string, readonly Suppression[]>;
  /** Other rows of these people that are being sent right now. */
  inFlight: readonly MessageRow[];
  /** The stop buttons that are pressed. */
  pauses: readonly Pause[];
  /** Of rows of campaigns, by row id. */
  campaigns?: ReadonlyMap<string, OfCampaign>;
}

/** Which fact that a row names was not there (PROTOCOL A2); null: all were. */
export function missingFact(row: MessageRow, facts: BatchFacts): 'customer' | 'booking' | null {
  if (!facts.customers.has(row.customer)) return 'customer';
  return row.booking !== null && !facts.bookings.has(row.booking) ? 'booking' : null;
}

/** Reads customers, bookings and carts, *then* the suppressions of the addresses just read (PROTOCOL A2). */
export class LoadFacts {
  constructor(
    private readonly customers: CustomerStore,
    private readonly bookings: BookingStore,
    private readonly suppressions: SuppressionStore,
    private readonly messages: MessageStore,
    private readonly pauses: PauseStore,
    private readonly campaigns: LoadCampaigns | null = null,
  ) {}

  async load(tenant: string, rows: readonly MessageRow[], now: Date): Promise<BatchFacts> {
    const [customers, bookings, doneCarts, pauses] = await Promise.all([
      this.customers.findMany(
        tenant,
        rows.map((row) => row.customer),
      ),
      this.bookings.findMany(
        tenant,
        rows.flatMap((row) => row.booking ?? []),
      ),
      this.bookings.findDoneCarts(
        tenant,
        rows.flatMap((row) => (row.subject.kind === 'cart' ? [row.subject.id] : [])),
      ),
      this.pauses.list(tenant),
    ]);
    const people = [...customers.values()];
    const own = new Set(rows.map((row) => row._id));
    const recent = people.flatMap((customer) =>
      customer.sends.flatMap((send) =>
        now.getTime() - send.at.getTime() < SIBLING_WINDOW_MS && !own.has(send.id) ? [send.id] : [],
      ),
    );
    const campaigns = (await this.campaigns?.load(tenant, rows, customers)) ?? new Map<string, OfCampaign>();
    const [suppressions, siblings] = await Promise.all([
      this.suppressions.findByAddresses(tenant, people.flatMap(addressesOf)),
      this.messages.findByIds(tenant, recent),
    ]);
    const inFlight = siblings.filter((row) => row.status === 'sending');
    return { customers, bookings, doneCarts, suppressions, inFlight, pauses, campaigns };
  }

  /** Takes addresses for rows of campaigns; the row that has each, by the row that asked. */
  async claimAddresses(
    tenant: string,
    permitted: readonly { row: MessageRow; address: string }[],
  ): Promise<Map<string, string>> {
    const own = permitted.filter(({ row }) => row.campaign !== null);
    return own.length === 0 ? new Map() : ((await this.campaigns?.claim(tenant, own)) ?? new Map());
  }
}
