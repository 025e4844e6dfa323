import { standing, covers, isNo } from '#consent/choices';
import type { HashRing } from '#consent/hash-ring';
import { packPairs, type Pair } from '#consent/pairs';
import { optOutsOnly, suppressedOnly, type OptOut } from '#consent/suppression';
import type { SuppressionStore } from '#consent/suppression.store';
import { stopping } from '#consent/taken-back';
import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { ADDRESS_KIND, CHANNELS } from '#purposes/channel';
import type { ChoiceStatement } from '#purposes/choice';
import { PURPOSES } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import { doubleOptInRow } from './double-opt-in-row.js';
import type { DoubleOptInStore } from './double-opt-in.store.js';
import type { Subscribers } from './subscribers.js';
import { addressesOf, type Address } from './withdraw.js';

const DAY_MS = 86_400_000;
/** Whoever types an address into a form: once a day, and three times in 30 days. */
const BY_FORM = { gapMs: DAY_MS, most: 3 };
/** A booking system that repeats a yes (PROTOCOL B6), a person who texts START again and again: once in 30 days. */
const RARELY = { gapMs: 30 * DAY_MS, most: 1 };
/** What a STOP to the service stream stops of texts. */
const SERVICE_WISHES = PURPOSES.filter(
  (purpose) => RULES[purpose].basis === 'contract' && RULES[purpose].recipient === 'person',
);
const FORGET_AT_ONCE = 500;

/** What a form asked for: an address (normalised) and what a yes would give. */
export interface SubscribeAsk {
  email: string;
  name: string | null;
  locale: string;
  wishes: readonly Pair[];
}

/** A given that an event told and that may not lift what stands. */
export interface RefusedGiven {
  customer: Customer;
  wishes: readonly Pair[];
  /** The event's id. */
  event: string;
}

/**
 * Asks people for their yes once more, by a message that goes through the gate as `support` (PROTOCOL G): who subscribed on
 * our page, and whose yes an event told against a no of theirs (B6). First the right to ask the address, by compare-and-set,
 * then the row, under an id that the same ask always has: a crash in between is taken up by the same ask heard again.
 */
export class DoubleOptIn {
  constructor(
    private readonly asks: DoubleOptInStore,
    private readonly subscribers: Subscribers,
    private readonly suppressions: SuppressionStore,
    private readonly messages: MessageStore,
    private readonly ring: HashRing,
  ) {}

  /** The planned row, for its release; null where the address was asked already. Known or not, the same is done. */
  async subscribe(tenant: string, ask: SubscribeAsk, now: Date): Promise<MessageRow | null> {
    const { subscriber, hashed } = await this.subscribers.ensure(tenant, ask.email, ask);
    // By the day, so that a form sent again after a fault goes on with what the first began.
    const by = `form/${now.toISOString().slice(0, 10)}`;
    const claim = { by, subscriber: subscriber.customer, ...BY_FORM };
    if (!(await this.asks.claim(tenant, hashed, claim, now))) return null;
    const row = doubleOptInRow(
      tenant,
      subscriber.customer,
      { by, wishes: packed(ask.wishes), event: null },
      now,
    );
    const inserted = await this.messages.insertPlanned([row]);
    return inserted.has(row._id) ? row : null;
  }

  /**
   * For the givens of events: by event id the row to be planned, where the person may be asked. Told again it is the same.
   */
  async rowsFor(
    tenant: string,
    refused: readonly RefusedGiven[],
    now: Date,
  ): Promise<Map<string, MessageRow>> {
    const rows = new Map<string, MessageRow>();
    for (const { customer, wishes, event } of refused) {
      const [to] = addressesOf(customer);
      if (to === undefined) continue;
      const hashed = this.ring.current(to.kind, to.address, tenant);
      const claim = { by: `event/${event}`, subscriber: null, ...RARELY };
      if (!(await this.asks.claim(tenant, hashed, claim, now))) continue;
      const said = { by: event, wishes: packed(wishes), event };
      rows.set(event, doubleOptInRow(tenant, customer.customer, said, now));
    }
    return rows;
  }

  /**
   * After START from a number that said STOP: the planned row of the question whether they want texts again, for its
   * release; null where no STOP of theirs stands, or they were asked in the last 30 days. START itself lifts nothing.
   */
  async afterStart(
    tenant: string,
    { customer, choiceLog }: Customer,
    phone: string,
    heard: string,
    now: Date,
  ): Promise<MessageRow | null> {
    const found = await this.suppressions.findByAddresses(tenant, [{ kind: 'phone', address: phone }]);
    const stops = suppressedOnly(found.get(phone) ?? []).filter(({ cause }) => cause === 'stop');
    const wished = [...SERVICE_WISHES, 'marketing' as const].filter((purpose) => {
      const example = purpose === 'marketing' ? 'newsletter' : purpose;
      return stopping(stops, choiceLog, example, 'sms') !== undefined;
    });
    if (wished.length === 0) return null;
    const by = `start/${heard}`;
    const hashed = this.ring.current('phone', phone, tenant);
    if (!(await this.asks.claim(tenant, hashed, { by, subscriber: null, ...RARELY }, now))) return null;
    const wishes = packed(wished.map((purpose) => ({ purpose, channel: 'sms' as const })));
    const row = doubleOptInRow(tenant, customer, { by, wishes, event: null, heardOn: 'sms' }, now);
    await this.messages.insertPlanned([row]);
    return row;
  }

  /** What others (and they themselves) said about addresses, for `refusedGivens`. */
  async optOutsOf(tenant: string, addresses: readonly Address[]): Promise<Map<string, OptOut[]>> {
    if (addresses.length === 0) return new Map();
    const found = await this.suppressions.findByAddresses(tenant, addresses);
    return new Map([...found].map(([address, records]) => [address, optOutsOnly(records)]));
  }

  /** Forgets asks that count no more, with those whom they made and who never said yes. */
  async runOnce(now: Date): Promise<number> {
    const old = await this.asks.findForgettable(now, FORGET_AT_ONCE);
    let dropped = 0;
    for (const tenant of new Set(old.map((one) => one.tenant))) {
      const theirs = old.flatMap((one) => (one.tenant === tenant ? (one.subscriber ?? []) : []));
      dropped += await this.subscribers.dropSilent(tenant, theirs);
    }
    await this.asks.forget(
      old.map(({ id }) => id),
      now,
    );
    return dropped;
  }
}

/** The givens (later than the no that they met) that leave a no standing: of the person, or about their address. Pure. */
export function refusedGivens(
  customer: Customer,
  statements: readonly ChoiceStatement[],
  saidAt: Date,
  optOuts: ReadonlyMap<string, readonly OptOut[]>,
): Pair[] {
  const addresses = addressesOf(customer);
  const aboutKind = (kind: string): readonly OptOut[] =>
    addresses.flatMap((one) => (one.kind === kind ? (optOuts.get(one.address) ?? []) : []));
  const isRefused = (given: ChoiceStatement): boolean =>
    PURPOSES.some((purpose) =>
      CHANNELS.some((channel) => {
        if (!covers(given, purpose, channel)) return false;
        const about = { customer: customer.customer, optOuts: aboutKind(ADDRESS_KIND[channel]) };
        const stands = standing(customer.choiceLog, purpose, channel, about);
        // Who said no since has answered already.
        return isNo(stands) && stands.entry !== null && stands.entry.at < saidAt;
      }),
    );
  return statements
    .filter((one) => one.state === 'given' && isRefused(one))
    .map(({ purpose, channel }) => ({ purpose, channel }));
}

function packed(wishes: readonly Pair[]): string {
  // More than a link holds is asked for as one.
  return packPairs(wishes) ?? packPairs([{ purpose: 'marketing', channel: 'all' }])!;
}
