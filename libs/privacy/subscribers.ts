import type { HashedAddress, HashRing } from '#consent/hash-ring';
import type { CustomerStore } from '#customers/customer.store';
import { newCustomer, type Customer } from '#customers/customer.types';
import type { Clock } from '#platform/clock';
import { maskCardsDeep } from '#platform/masking';

/** No booking system names a customer so. */
const PREFIX = 'subscriber-';
const TRIES = 20;

/** A person of whom only an address is known: they asked for news before any booking system named them. */
export function isSubscriber(customer: string): boolean {
  return customer.startsWith(PREFIX);
}

/**
 * People who subscribed on our page (`/subscribe`), each under an id that is made of the address: asked again it is the
 * same person. Once a booking system names the address, what they said goes over to its customer.
 */
export class Subscribers {
  constructor(
    private readonly customers: CustomerStore,
    private readonly ring: HashRing,
    private readonly clock: Clock,
  ) {}

  /** By email (normalised): who is known by it as a subscriber only, and has said something. */
  async findMany(tenant: string, emails: readonly string[]): Promise<Map<string, Customer>> {
    const emailOf = new Map(
      [...new Set(emails)].flatMap((email) => this.idsOf(tenant, email).map((id) => [id, email] as const)),
    );
    const found = await this.customers.findMany(tenant, [...emailOf.keys()]);
    return new Map(
      [...found.values()].flatMap((one) =>
        one.erasedAt === null && one.email !== null && one.choiceLog.length > 0
          ? [[emailOf.get(one.customer) ?? '', one] as const]
          : [],
      ),
    );
  }

  /** The subscriber of an address, made where there is none; nothing is changed of one that is there. */
  async ensure(
    tenant: string,
    email: string,
    { name, locale }: { name: string | null; locale: string },
  ): Promise<{ subscriber: Customer; hashed: HashedAddress }> {
    const hashed = this.ring.current('email', email, tenant);
    const ids = this.idsOf(tenant, email);
    for (let tries = 0; tries < TRIES; tries++) {
      const known = await this.customers.findMany(tenant, ids);
      const there = ids.flatMap((id) => known.get(id) ?? []);
      const subscriber = there.find((one) => one.erasedAt === null && one.email === email);
      if (subscriber !== undefined) return { subscriber, hashed };
      const before = there[0] ?? null;
      const now = this.clock.now();
      const fresh = newCustomer(tenant, before?.customer ?? ids[0]!, now);
      // Who was erased, or went over to a customer of the booking system, begins anew.
      const again = before && {
        sends: before.sends,
        erasedBefore: before.erasedAt ?? before.erasedBefore,
      };
      const after = { ...fresh, ...again, email, name: maskCardsDeep(name).value, locale };
      const won = await this.customers.write([{ before, after }]);
      const made = won.get(after.customer);
      if (made !== undefined) return { subscriber: made, hashed };
    }
    throw new Error(`a subscriber was written by others ${TRIES} times in a row`);
  }

  /** What went over to a customer is theirs: the subscriber keeps neither address nor choices. */
  async handOver(subscribers: readonly Customer[]): Promise<void> {
    const now = this.clock.now();
    // A lost race leaves it for the next event that names the address.
    await this.customers.write(
      subscribers.map((before) => ({
        before,
        after: {
          ...newCustomer(before.tenant, before.customer, now),
          sends: before.sends,
          createdAt: before.createdAt,
        },
      })),
    );
  }

  /** Takes off those that never said yes; how many. */
  async dropSilent(tenant: string, customers: readonly string[]): Promise<number> {
    const known = await this.customers.findMany(tenant, customers.filter(isSubscriber));
    const silent = [...known.values()].filter((one) => one.choiceLog.length === 0 && one.erasedAt === null);
    return this.customers.drop(silent);
  }

  private idsOf(tenant: string, email: string): string[] {
    return this.ring.every('email', email, tenant).map(({ hash }) => PREFIX + hash);
  }
}

/** A customer with what they said as a subscriber, each thing in the order in which it was heard. Pure; twice is once. */
export function withSubscriber(customer: Customer, subscriber: Customer): Customer {
  const known = new Set(customer.choiceLog.map(({ id }) => id));
  const theirs = subscriber.choiceLog.filter(({ id }) => !known.has(id));
  if (theirs.length === 0) return customer;
  const choiceLog = [...customer.choiceLog, ...theirs].sort(
    (one, other) => one.recordedAt.getTime() - other.recordedAt.getTime(),
  );
  const { localeChosenAt = null, marketingPausedUntil = null } = subscriber;
  const paused = customer.marketingPausedUntil ?? marketingPausedUntil;
  return {
    ...customer,
    choiceLog,
    ...(localeChosenAt && !customer.localeChosenAt ? { locale: subscriber.locale, localeChosenAt } : {}),
    ...(paused === null ? {} : { marketingPausedUntil: paused }),
  };
}
