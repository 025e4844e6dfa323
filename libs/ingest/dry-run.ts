import type { SuppressionStore } from '#consent/suppression.store';
import type { BookingStore } from '#customers/booking.store';
import type { CustomerStore } from '#customers/customer.store';
import { decide, type Decided, type Means } from '#dispatch/decide';
import { addressesOf } from '#privacy/withdraw';
import type { LoadFacts } from '#dispatch/load-facts';
import type { LagomEvent } from '#events/event';
import type { Journeys } from '#journeys/load-journeys';
import { plan } from '#journeys/plan';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import type { Clock } from '#platform/clock';
import type { Trace } from '#purposes/trace';
import type { Tenants } from '#tenants/tenant';
import { callsOff } from './call-off.js';
import { bookingIdOf, consider, isPast } from './consider.js';
import { ErasedAddresses } from './erased-addresses.js';
import type { HeardEventStore } from './heard-event.store.js';

/** What the gate would say of a message, were it due now. */
export interface DryDecision {
  message: string;
  journey: string | null;
  step: string;
  purpose: string;
  channel: string;
  dueAt: Date | null;
  outcome: 'permit' | 'refuse' | 'hold';
  reason?: string;
  until?: Date;
  trace: Trace;
}

export interface DryResult {
  planned: string[];
  cancelled: string[];
  refused: string[];
  decisions: DryDecision[];
}

/** What an event would do, by the same pure functions as `HearEvents`, and nothing written. */
export class DryRun {
  constructor(
    private readonly customers: CustomerStore,
    private readonly bookings: BookingStore,
    private readonly suppressions: SuppressionStore,
    private readonly messages: MessageStore,
    private readonly heard: HeardEventStore,
    private readonly facts: LoadFacts,
    private readonly journeys: Journeys,
    private readonly tenants: Tenants,
    private readonly means: Means,
    private readonly clock: Clock,
  ) {}

  async run(event: LagomEvent): Promise<DryResult> {
    const nothing: DryResult = { planned: [], cancelled: [], refused: [], decisions: [] };
    const tenant = this.tenants.get(event.tenant);
    if (tenant === undefined || event.type === 'product.recalled.v1') return nothing;
    if ((await this.heard.find(event.tenant, event.id)) !== null) return nothing;
    const now = this.clock.now();
    const bookingId = bookingIdOf(event);
    const [customers, bookings, erased] = await Promise.all([
      this.customers.findMany(tenant.id, [event.data.customer.id]),
      this.bookings.findMany(tenant.id, bookingId === null ? [] : [bookingId]),
      ErasedAddresses.read(this.suppressions, null, tenant, [event], now),
    ]);
    const considered = consider(
      event,
      {
        customer: customers.get(event.data.customer.id) ?? null,
        booking: bookingId === null ? null : (bookings.get(bookingId) ?? null),
        isErasedAddress: (address) => erased.has(address),
      },
      tenant,
      now,
    );
    if (considered.kind === 'erased') return nothing;
    const { booking, customer, gen } = considered;
    const doneCarts = await this.bookings.findDoneCarts(
      tenant.id,
      booking?.cart == null ? [] : [booking.cart],
    );
    const { rows, callOff } = plan(this.journeys, {
      event,
      tenant,
      customer,
      booking,
      gen,
      cartDone: booking?.status === 'started' && booking.cart !== null && doneCarts.has(booking.cart),
      now,
      past: isPast(event, tenant, now),
    });
    const known = new Set(
      (
        await this.messages.findByIds(
          tenant.id,
          rows.map((row) => row._id),
        )
      ).map((row) => row._id),
    );
    const fresh = rows.filter((row) => !known.has(row._id));
    const open =
      callOff === null
        ? []
        : await this.messages.findOpenAbout(tenant.id, {
            bookings: [callOff.booking],
            carts: callOff.cart === null ? [] : [callOff.cart],
          });
    const facts = {
      ...(await this.facts.load(tenant.id, fresh, now)),
      customers: new Map([[customer.customer, customer]]),
      bookings: new Map(booking === null ? [] : [[booking.booking, booking]]),
      suppressions: await this.suppressions.findByAddresses(tenant.id, addressesOf(customer)),
      inFlight: [],
    };
    const planned = fresh.filter((row) => row.status === 'planned');
    return {
      planned: planned.map((row) => row._id),
      refused: fresh.filter((row) => row.status === 'refused').map((row) => row._id),
      cancelled: callOff === null ? [] : open.filter((row) => callsOff(callOff, row)).map((row) => row._id),
      decisions: [
        // Dry: a permit of a pass that never began is late everywhere.
        // Each by itself: they are due at different times, and none waits for another.
        ...planned.flatMap((row) =>
          decide([row], facts, tenant.policy, this.means, now, Number.NEGATIVE_INFINITY).map(shown),
        ),
        ...fresh.filter((row) => row.status === 'refused').map(refusedAtBirth),
      ],
    };
  }
}

function about(row: MessageRow): Omit<DryDecision, 'outcome' | 'trace'> {
  const { _id, journey, step, purpose, channel, dueAt } = row;
  return { message: _id, journey, step, purpose, channel, dueAt };
}

function shown(decided: Decided): DryDecision {
  switch (decided.kind) {
    case 'send':
      return { ...about(decided.row), channel: decided.channel, outcome: 'permit', trace: decided.trace };
    case 'refuse':
      return { ...about(decided.row), outcome: 'refuse', reason: decided.reason, trace: decided.trace };
    case 'hold': {
      const { reason, until, trace } = decided;
      return { ...about(decided.row), outcome: 'hold', reason, until, trace };
    }
    case 'wait':
      return { ...about(decided.row), outcome: 'hold', until: decided.until, trace: [] };
    case 'give-back':
    case 'cancel':
      throw new Error('an event plans no row of a campaign');
  }
}

function refusedAtBirth(row: MessageRow): DryDecision {
  return { ...about(row), outcome: 'refuse', reason: row.reason ?? 'too-late', trace: row.trace };
}
