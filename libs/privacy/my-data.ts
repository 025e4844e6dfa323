import { createHash } from 'node:crypto';
import type { HashRing } from '#consent/hash-ring';
import type { LinkPayload } from '#consent/link-payload';
import type { LinkTokens } from '#consent/link-token';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import type { Clock } from '#platform/clock';
import type { Tenant } from '#tenants/tenant';
import type { DoubleOptInStore } from './double-opt-in.store.js';
import type { MyDataLinkStore } from './my-data-link.store.js';
import { MY_DATA, ownLinkRow } from './own-link-row.js';
import { isMinor } from './retention-plan.js';
import { isSubscriber } from './subscribers.js';
import { addressesOf, type Address } from './withdraw.js';

const MINUTE_MS = 60_000;
/**
 * Whoever types an address: a link every other minute, and so many in a day. Not longer: a stranger who types it again and
 * again must not keep its owner from their data for weeks.
 */
const BY_ADDRESS = {
  ...{ use: MY_DATA, subscriber: null },
  ...{ gapMs: 2 * MINUTE_MS, most: 10, withinMs: 24 * 60 * MINUTE_MS },
};
/** What was opened goes on for so long after the last thing that was done … */
const IDLE_MS = 30 * MINUTE_MS;
/** … and ends then, however busy: nobody's page stands open overnight. */
const LONGEST_MS = 8 * 60 * MINUTE_MS;

/** Who is known by the address that a link was sent to. */
export interface MyPeople {
  address: Address;
  people: Customer[];
}

/**
 * The way to one's own data: a link to an address on file, used once, then a session that lives in the page's own forms.
 *
 * Several people may share an address, and who opens its mail holds it: each of them is shown, apart and by name, and
 * everything that is done is done to the one that is named. The proof is the same for all of them, and what was sent there
 * was theirs to read already. People who were erased, and those who have the address no more, are not shown.
 */
export class MyData {
  constructor(
    private readonly asks: DoubleOptInStore,
    private readonly links: MyDataLinkStore,
    private readonly customers: CustomerStore,
    private readonly messages: MessageStore,
    private readonly tokens: LinkTokens,
    private readonly ring: HashRing,
    private readonly clock: Clock,
  ) {}

  /** The planned row, for its release; null where nobody is known by the address, or it was asked just now. */
  async ask(tenant: Tenant, { kind, address }: Address): Promise<MessageRow | null> {
    const now = this.clock.now();
    const by = `asked/${now.toISOString()}`;
    const hashed = this.ring.current(kind, address, tenant.id);
    // Taken for every address, so that nothing tells a known one.
    const [mayAsk, holders] = await Promise.all([
      this.asks.claim(tenant.id, hashed, { ...BY_ADDRESS, by }, now),
      this.customers.findHolders(tenant.id, kind, address),
    ]);
    const to = bestOf(tenant, holders.filter(isLiving), now);
    if (!mayAsk || to === null) return null;
    const channel = kind === 'email' ? 'email' : 'sms';
    const row = ownLinkRow(tenant.id, to.customer, { journey: MY_DATA, channel, by, about: by }, now);
    return (await this.messages.insertPlanned([row])).has(row._id) ? row : null;
  }

  /** Whether a link, read already, may still be used. Changes nothing. */
  async isUnused(link: LinkPayload, token: string): Promise<boolean> {
    return !(await this.links.isUsed(link.tenant, idOf(token)));
  }

  /** Uses a link; the token of the session, null: it was used before. */
  async open(link: LinkPayload, token: string): Promise<string | null> {
    const now = this.clock.now();
    const endsAt = new Date(now.getTime() + LONGEST_MS);
    const isFirst = await this.links.use(link.tenant, idOf(token), now, endsAt);
    return isFirst ? this.session(link, token) : null;
  }

  /**
   * Goes on with what was opened by that link: what it opened, and the token for the next form. `forged`: made for another
   * link, or not by us; `over`: it was ended, or nothing was done for too long.
   */
  async goOn(
    tenant: string,
    token: string,
    session: string,
  ): Promise<{ link: LinkPayload; next: string } | 'forged' | 'over'> {
    const now = this.clock.now();
    const link = this.tokens.open('session', session, now);
    if (link === 'expired') return 'over';
    if (link === 'forged' || link.tenant !== tenant || link.subject !== idOf(token)) return 'forged';
    if (!(await this.links.isOpen(tenant, idOf(token), now))) return 'over';
    return { link, next: this.session(link, token) };
  }

  close(tenant: string, token: string): Promise<void> {
    return this.links.close(tenant, idOf(token), this.clock.now());
  }

  /** Those who have the address now; null: it is nobody's any more whom the link names. */
  async people(link: LinkPayload): Promise<MyPeople | null> {
    const { tenant } = link;
    const named = await this.customers.find(tenant, link.customer);
    const address =
      named && addressesOf(named).find((one) => this.ring.isOf(link, one.kind, one.address, tenant));
    // The one whom the link names may have been erased, or have another address now: then only they are gone.
    if (!address) return null;
    const holders = await this.customers.findHolders(tenant, address.kind, address.address);
    const people = holders.filter(isLiving).sort((a, b) => (a.name ?? '').localeCompare(b.name ?? ''));
    return people.length === 0 ? null : { address, people };
  }

  private session({ tenant, customer, purpose, channel, keyId, hash }: LinkPayload, token: string): string {
    const expiresAt = new Date(this.clock.now().getTime() + IDLE_MS);
    const about = { tenant, customer, purpose, channel, keyId, hash };
    return this.tokens.seal('session', { ...about, subject: idOf(token), expiresAt });
  }
}

const idOf = (token: string): string => createHash('sha256').update(token).digest('base64url').slice(0, 22);

const isLiving = ({ erasedAt }: Customer): boolean => erasedAt === null;

/** Of several, whom the gate lets be written to: the grown-up, whom the booking system knows; else who was known first. */
function bestOf(tenant: Tenant, holders: readonly Customer[], now: Date): Customer | null {
  const rank = (one: Customer): number =>
    (isMinor(one, tenant.policy, now) ? 2 : 0) + (isSubscriber(one.customer) ? 1 : 0);
  const [best] = [...holders].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      a.createdAt.getTime() - b.createdAt.getTime() ||
      a.customer.localeCompare(b.customer),
  );
  return best ?? null;
}
