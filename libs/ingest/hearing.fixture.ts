import type mongoose from 'mongoose';
import { HeldTopics, Line, Provider } from '#dispatch/line.fixture';
import { openEmbeddedStore, type EmbeddedStore } from '#embedded/embedded-store';
import type { EventOf, EventType, LagomEvent } from '#events/event';
import { structured } from '#events/event.fixture';
import type { WireEvent } from '#events/example';
import { readKafkaEvent } from '#events/read-event';
import { definitionsDir, loadJourneys } from '#journeys/load-journeys';
import type { MessageRow } from '#messages/message.types';
import { StoppedClock } from '#platform/clock';
import { connectMongo } from '#platform/mongo';
import { GoneIds } from '#privacy/gone-ids';
import { DoubleOptIn } from '#privacy/double-opt-in';
import { DoubleOptInStore } from '#privacy/double-opt-in.store';
import { CLINIC, NOW } from '#privacy/ledger.fixture';
import { Subscribers } from '#privacy/subscribers';
import { HearEvents, type HearResult } from './hear-event.js';
import { OtherFacts } from './other-facts.js';
import { HeardEventStore } from './heard-event.store.js';

const journeys = loadJourneys(definitionsDir(), () => true);

/** The whole line of one process: what hears, what waits, what asks and sends. */
export class Hearing extends Line {
  readonly heard;
  readonly hearEvents;

  protected constructor(
    store: EmbeddedStore,
    connection: mongoose.Connection,
    clock: StoppedClock,
    provider: Provider,
    topics: HeldTopics,
  ) {
    super(store, connection, clock, provider, topics);
    this.heard = new HeardEventStore(connection);
    const subscribers = new Subscribers(this.customers, this.ring, clock);
    this.hearEvents = new HearEvents(
      this.customers,
      this.bookings,
      this.purchases,
      this.suppressions,
      this.messages,
      this.heard,
      journeys,
      this.tenants,
      this.withdraw,
      this.erase,
      new OtherFacts(this.purchases, this.merge, this.erase, this.waiting, this.complaints, this.register),
      new GoneIds(this.requests, this.ring),
      subscribers,
      new DoubleOptIn(
        new DoubleOptInStore(connection),
        subscribers,
        this.suppressions,
        this.messages,
        this.ring,
      ),
      this.releaseDue,
      clock,
    );
  }

  static override async open(): Promise<Hearing> {
    const store = await openEmbeddedStore({ dataDir: 'memory' });
    const connection = await connectMongo(store.uri);
    return new Hearing(store, connection, new StoppedClock(NOW), new Provider(), new HeldTopics()).first();
  }

  override async another(): Promise<Hearing> {
    const connection = await connectMongo(this.store.uri);
    return new Hearing(this.store, connection, this.clock, this.provider, this.topics).ready();
  }

  async hear(...events: LagomEvent[]): Promise<HearResult[]> {
    return this.hearEvents.hear(events);
  }

  async one(event: LagomEvent): Promise<HearResult> {
    const [result] = await this.hear(event);
    return result!;
  }

  /** Every row of a person by journey and step, with where it stands. */
  async rows(customer = 'anna', tenant = CLINIC.id): Promise<Record<string, string>> {
    const rows = await this.messages.findOfCustomer(tenant, customer, 1_000);
    return Object.fromEntries(rows.map((row) => [nameOf(row), row.status]).sort());
  }
}

/** A row's name in few words. */
const nameOf = ({ journey, step, subject, gen }: MessageRow): string =>
  `${journey} ${step} ${subject.id} ${gen}`;

let count = 0;

/** How an event is told, beside its data. */
export interface Told {
  id?: string;
  tenant?: string;
  /** Hours from now. */
  at?: number;
  backfill?: true;
}

/** An event as a booking system says it, read as the line reads it; each has an id of its own. */
export function event<T extends EventType>(
  type: T,
  data: Record<string, unknown>,
  told: Told = {},
): EventOf<T> {
  count += 1;
  const { id = `event-${count}`, tenant = CLINIC.id, at = 0, backfill } = told;
  const wire: WireEvent = {
    specversion: '1.0',
    id,
    source: `/tenants/${tenant}`,
    type,
    time: hours(at),
    datacontenttype: 'application/json',
    ...(backfill ? { backfill } : {}),
    data: { customer: person(), ...data },
  };
  const read = readKafkaEvent(structured(wire), new Set([tenant]), NOW);
  if (read.kind === 'refused')
    throw new Error(read.faults.map((fault) => `${fault.path}: ${fault.detail}`).join());
  return read.event as EventOf<T>;
}

/** RFC 3339, so many hours from now. */
export const hours = (n: number): string => new Date(NOW.getTime() + n * 3_600_000).toISOString();

/** Anna, as events name her. */
export const person = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  id: 'anna',
  email: 'anna@example.se',
  name: 'Anna Ek',
  ...changes,
});

/** An event about her booking b1 in three days; `version` null: none is told. */
export function booking<T extends Extract<EventType, `booking.${string}`>>(
  type: T,
  version: number | null,
  changes: Record<string, unknown> = {},
  told: Told & { data?: Record<string, unknown> } = {},
): EventOf<T> {
  const { data = {}, ...how } = told;
  const said = { id: 'b1', service: 'Massage', startsAt: hours(72), ...changes };
  return event(type, { booking: version === null ? said : { ...said, version }, ...data }, how);
}
