import { createHash } from 'node:crypto';
import type { Hearing } from '#consent/choices';
import type { HashRing } from '#consent/hash-ring';
import type { LinkPayload } from '#consent/link-payload';
import { unpackPairs, type Pair } from '#consent/pairs';
import { suppressedOnly } from '#consent/suppression';
import type { SuppressionStore } from '#consent/suppression.store';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { Clock } from '#platform/clock';
import type { ChoiceStatement } from '#purposes/choice';
import { isSubscriber, type Subscribers } from './subscribers.js';
import { addressesOf, isShared, type Address, type Withdraw } from './withdraw.js';

/** What a link of a double opt-in opens; `gone`: it was used, or the address is nobody's any more whom it names. */
export type Confirmable =
  { kind: 'open'; giver: Customer; address: Address; wishes: Pair[] } | { kind: 'gone' };

/** The proof of a yes (GDPR 7(1)): the text that was shown, in which language, how and where; the time is the clock's. */
export type Proof = Pick<ChoiceStatement, 'noticeVersion' | 'language' | 'method' | 'place'>;

/** The yes of a double opt-in (PROTOCOL B6): once for each link, and for the giver only. */
export class Confirm {
  constructor(
    private readonly withdraw: Withdraw,
    private readonly customers: CustomerStore,
    private readonly subscribers: Subscribers,
    private readonly suppressions: SuppressionStore,
    private readonly ring: HashRing,
    private readonly clock: Clock,
  ) {}

  /** Changes nothing. */
  async look(link: LinkPayload): Promise<Confirmable> {
    const { tenant } = link;
    const wishes = unpackPairs(link.subject ?? '') ?? [];
    const named = await this.customers.find(tenant, link.customer);
    const address =
      named && addressesOf(named).find((one) => this.ring.isOf(link, one.kind, one.address, tenant));
    if (!named || named.erasedAt !== null || !address || wishes.length === 0) return { kind: 'gone' };
    const others = (await this.customers.findHolders(tenant, address.kind, address.address)).filter(
      (one) => one.erasedAt === null && !isSubscriber(one.customer),
    );
    const id = idOf(link);
    const isUsed = [named, ...others].some(({ choiceLog }) =>
      choiceLog.some((said) => said.id.startsWith(id)),
    );
    if (isUsed) return { kind: 'gone' };
    // Whom the booking system knows by this address says it themselves, unless there are several to choose from.
    const [only, ...more] = others;
    const giver = isSubscriber(named.customer) && only !== undefined && more.length === 0 ? only : named;
    return { kind: 'open', giver, address, wishes };
  }

  /** Takes the yes. False: the link was used meanwhile, or the person is gone. */
  async confirm(
    link: LinkPayload,
    { giver, wishes }: Confirmable & { kind: 'open' },
    proof: Proof,
  ): Promise<boolean> {
    const id = idOf(link);
    const at = this.clock.now();
    const said = await this.withdraw.hearChoices(
      link.tenant,
      giver.customer,
      wishes.map((wish) => ({ ...wish, state: 'given' as const, ...proof })),
      { id, at, recordedAt: at, via: 'double-opt-in', mayLift: true, addresses: this.hashedOf(giver) },
      { onlyAt: ({ choiceLog }) => !choiceLog.some((known) => known.id.startsWith(id)) },
    );
    if (said === null || said === 'changed') return false;
    // Whom the form made for the address has served.
    if (link.customer !== giver.customer) await this.subscribers.dropSilent(link.tenant, [link.customer]);
    return true;
  }

  /**
   * Whether the address is closed by what no yes may lift: a bounce, a complaint, an erasure. A STOP is taken back by a
   * yes that names texts.
   */
  async isBlocked(tenant: string, { address, wishes }: Confirmable & { kind: 'open' }): Promise<boolean> {
    const found = await this.suppressions.findByAddresses(tenant, [address]);
    const own = CHANNEL_OF[address.kind];
    const isNews = wishes.some(isShared);
    return suppressedOnly(found.get(address.address) ?? []).some(
      ({ scope, channel, cause }) =>
        (channel === 'all' || channel === own) &&
        (scope === 'all' || scope === (isNews ? 'marketing' : 'service')) &&
        (cause !== 'stop' || !wishes.some((wish) => wish.channel === own)),
    );
  }

  /** The addresses that a yes of the giver is said for. */
  private hashedOf(giver: Customer): Hearing['addresses'] {
    return Object.fromEntries(
      addressesOf(giver).map(({ kind, address }) => [
        CHANNEL_OF[kind],
        this.ring.current(kind, address, giver.tenant),
      ]),
    );
  }
}

const CHANNEL_OF = { email: 'email', phone: 'sms' } as const;

/** One link is one act: it adds to the log once. */
function idOf({ tenant, customer, hash, subject, expiresAt }: LinkPayload): string {
  const what = JSON.stringify([tenant, customer, hash, subject, expiresAt?.getTime()]);
  return `confirm:${createHash('sha256').update(what).digest('base64url').slice(0, 22)}`;
}
