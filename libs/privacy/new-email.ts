import type { LinkPayload } from '#consent/link-payload';
import type { HashRing } from '#consent/hash-ring';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import type { Clock } from '#platform/clock';
import type { DoubleOptInStore } from './double-opt-in.store.js';
import type { Rectify } from './rectify.js';
import { askedAt, NEW_EMAIL, NEW_EMAIL_FROM, ownLinkRow } from './own-link-row.js';
import type { Requests } from './requests.js';
import type { Subscribers } from './subscribers.js';

/** Whoever types an address: three times in 30 days. */
const BY_ADDRESS = { use: NEW_EMAIL, gapMs: 60_000, most: 3 };
/** Whatever one person types: so many addresses in 30 days. */
const BY_PERSON = { use: NEW_EMAIL_FROM, gapMs: 0, most: 5 };

/** What a link to a new address would change; `gone`: it has, or cannot any more. */
export type EmailChange = { kind: 'open'; customer: Customer; email: string } | { kind: 'gone' };

/**
 * A new email address holds once it has been confirmed by a link to it: until then nobody's mail goes there. The message
 * goes to a person of whom only that address is known (subscribers.ts), who is forgotten once it has served.
 */
export class NewEmail {
  constructor(
    private readonly asks: DoubleOptInStore,
    private readonly subscribers: Subscribers,
    private readonly customers: CustomerStore,
    private readonly messages: MessageStore,
    private readonly rectification: Rectify,
    private readonly requests: Requests,
    private readonly ring: HashRing,
    private readonly clock: Clock,
  ) {}

  /** The planned row, for its release; null where that address was asked too often. `email` is normalised. */
  async ask(tenant: string, customer: Customer, email: string, locale: string): Promise<MessageRow | null> {
    const now = this.clock.now();
    const by = `${customer.customer}/${now.toISOString()}`;
    // Before anything is made for the address: one person has few, and a stranger's is not to be written to at will.
    const own = customer.email ?? customer.phone;
    if (own === null) return null;
    const asker = this.ring.current(customer.email === null ? 'phone' : 'email', own, tenant);
    if (!(await this.asks.claim(tenant, asker, { ...BY_PERSON, by, subscriber: null }, now))) return null;
    const { subscriber, hashed } = await this.subscribers.ensure(tenant, email, { name: null, locale });
    const claim = { ...BY_ADDRESS, by, subscriber: subscriber.customer };
    if (!(await this.asks.claim(tenant, hashed, claim, now))) return null;
    const asked = { journey: NEW_EMAIL, channel: 'email', by, about: customer.customer } as const;
    const row = ownLinkRow(tenant, subscriber.customer, asked, now);
    return (await this.messages.insertPlanned([row])).has(row._id) ? row : null;
  }

  /** Changes nothing. */
  async look(link: LinkPayload): Promise<EmailChange> {
    const { tenant, subject } = link;
    if (subject === undefined) return { kind: 'gone' };
    const known = await this.customers.findMany(tenant, [link.customer, subject]);
    const [holder, customer] = [known.get(link.customer), known.get(subject)];
    const email = holder?.email ?? null;
    if (!customer || customer.erasedAt !== null || email === null || customer.email === email)
      return { kind: 'gone' };
    // Corrected since it was asked, by whomever: the newer word holds.
    const asked = link.expiresAt === undefined ? null : askedAt(link.expiresAt);
    const corrected = customer.corrected?.email;
    if (asked === null || (corrected && corrected.at >= asked)) return { kind: 'gone' };
    return this.ring.isOf(link, 'email', email, tenant)
      ? { kind: 'open', customer, email }
      : { kind: 'gone' };
  }

  /** The new address holds when it resolves (PROTOCOL B). False: it was confirmed meanwhile, or the person is gone. */
  async confirm(link: LinkPayload, { customer, email }: EmailChange & { kind: 'open' }): Promise<boolean> {
    const { tenant } = link;
    const was = customer.email;
    const done = await this.rectification.rectify(
      tenant,
      customer.customer,
      { email },
      { onlyAt: (current) => current.email === was },
    );
    if (done.kind !== 'rectified') return false;
    await this.requests.note(tenant, customer.customer, 'rectification', 'page', 'person');
    await this.subscribers.dropSilent(tenant, [link.customer]);
    return true;
  }
}
