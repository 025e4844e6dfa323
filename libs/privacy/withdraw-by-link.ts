import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { covers, hear } from '#consent/choices';
import { type HashRing, isMissingHashKey } from '#consent/hash-ring';
import type { LinkPayload } from '#consent/link-payload';
import { PERMIT_MS } from '#consent/may-send';
import { optOutsOnly, type Suppression } from '#consent/suppression';
import type { OptOutSaid, SuppressionStore, Target } from '#consent/suppression.store';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { CampaignRows } from '#messages/campaign-rows';
import type { Clock } from '#platform/clock';
import { ADDRESS_KIND, type AddressKind } from '#purposes/channel';
import type { Choice, ChoiceStatement } from '#purposes/choice';
import { addressesOf, effectOf, isShared, optOutsFor, type Address, type Withdraw } from './withdraw.js';

const POLL_MS = 20;

/** What is known today of who a link speaks for. */
export interface LinkHolder {
  /** The customer that the link names; null where nobody is known by that id, or the person was erased. */
  customer: Customer | null;
  /** Where the link was sent, if that is still an address of this customer: what a page may show, masked. */
  current: string | null;
}

/** The same with what only a withdrawal needs. */
interface Holder extends LinkHolder {
  kind: AddressKind;
  /** Where the link was sent, also if it is a former address of the customer; null: only its hash is known. */
  sentTo: Address | null;
}

/**
 * A no that came by a link in a message (PROTOCOL B): about the very address that the link was sent to, whoever has it
 * now, and for the customer whom it names, whatever their address is now. It needs neither to be known any more.
 *
 * An address that is known only as a hash (its customer is gone or has another one) cannot be looked up: customers are
 * indexed by address, and no address can be made from a hash. Its other holders then get no new `rev`, and their planned
 * rows stay, until the gate refuses each at its release for the record of 1. What may be between its reading and its
 * call just then is waited out: every call begins within W of its reading, so none begins after the answer.
 */
export class WithdrawByLink {
  constructor(
    private readonly withdraw: Withdraw,
    private readonly suppressions: SuppressionStore,
    private readonly customers: CustomerStore,
    private readonly ring: HashRing,
    private readonly campaigns: Pick<CampaignRows, 'noteUnsubscribed'>,
    private readonly clock: Clock,
  ) {}

  /** Who a link speaks for. Changes nothing. */
  async lookUp(link: LinkPayload): Promise<LinkHolder> {
    const { customer, current } = await this.find(link);
    return { customer, current };
  }

  /**
   * Takes noes; resolves once they hold. Said again they change nothing, unless somebody has opted in since. `act` names
   * this saying in the log: an undo takes back no other (undo.ts).
   */
  async hear(
    link: LinkPayload,
    noes: readonly ChoiceStatement[],
    act: string = randomUUID(),
    /** When it was said, where that was before (PROTOCOL B5). */
    at = this.clock.now(),
  ): Promise<void> {
    const { tenant } = link;
    const holder = await this.find(link);
    const { customer, kind, sentTo } = holder;
    const how = { at, recordedAt: this.clock.now(), via: 'page' as const };
    const by = customer?.customer ?? '';
    // "Every channel" reaches the person's other addresses too; a no on one channel is not about them.
    const others = customer === null ? [] : addressesOf(customer).filter((one) => one.kind !== kind);
    const about = [{ target: this.target(link, holder), address: sentTo }].concat(
      others.map((address) => ({ target: address, address })),
    );
    const said = await Promise.all(
      about.map(async ({ target, address }) => {
        const optOuts = target === null ? [] : optOutsFor(by, noes, [target], how);
        return address === null ? optOuts : this.notYetHeard(tenant, optOuts, address);
      }),
    );
    await this.suppressions.optOut(tenant, said.flat());
    const recorded = this.clock.mono();

    const effect = effectOf(noes, by);
    const shared = noes.some(isShared);
    const addresses = shared ? about.flatMap(({ address }) => address ?? []) : [];
    const id = actId(act);
    const after =
      customer &&
      (await this.withdraw.change(
        tenant,
        customer.customer,
        // A tombstone holds nothing about what the person chose.
        (before) =>
          before.erasedAt
            ? before
            : { ...before, choiceLog: withNoes(before.choiceLog, noes, { ...how, id }) },
        effect,
        { addresses },
      ));
    if (after === null) await this.withdraw.settle(tenant, [], effect, { addresses });
    if (shared && sentTo === null) await this.waitUntil(recorded + PERMIT_MS);
    // Last: it is for a report, and must keep nobody from being heard.
    const { purpose, channel, subject } = link;
    const isOwn =
      purpose !== 'marketing' && channel !== 'all' && noes.some((no) => covers(no, purpose, channel));
    if (subject !== undefined && isOwn) {
      const who = customer?.customer ?? link.customer;
      await this.campaigns.noteUnsubscribed(tenant, { customer: who, campaign: subject }, at);
    }
  }

  private async find(link: LinkPayload): Promise<Holder> {
    const known = link.customer === '' ? null : await this.customers.find(link.tenant, link.customer);
    const customer = known?.erasedAt ? null : known;
    const isIt = ({ kind, address }: Address): boolean =>
      (link.channel === 'all' || ADDRESS_KIND[link.channel] === kind) &&
      this.ring.isOf(link, kind, address, link.tenant);
    const current = customer ? addressesOf(customer).find(isIt) : undefined;
    // Addresses that the person has had are remembered where they met the soft opt-in.
    const former = customer?.softOptIns
      .map(({ channel, address }) => ({ kind: channel, address }))
      .find(isIt);
    const sentTo = current ?? former ?? null;
    return {
      customer,
      current: current?.address ?? null,
      sentTo,
      kind: sentTo?.kind ?? (link.channel === 'all' ? 'email' : ADDRESS_KIND[link.channel]),
    };
  }

  /**
   * The address as the record names it: to the letter as the link does. A key that was dropped from the ring would close
   * every gate at the next boot (PROTOCOL F4), and find no address: then the customer's present one stands in.
   */
  private target(link: LinkPayload, { customer, kind }: Holder): Target | null {
    const { keyId, hash } = link;
    if (this.ring.ids.includes(keyId)) return { kind, keyId, hash };
    return (customer && addressesOf(customer).find((one) => one.kind === kind)) ?? null;
  }

  /** Without what stands already, word for word, and nobody with the address has opted in since: clicks pile up nothing. */
  private async notYetHeard(tenant: string, said: OptOutSaid[], about: Address): Promise<OptOutSaid[]> {
    if (said.length === 0) return said;
    const [records, holders] = await Promise.all([
      // A no is heard also while the gates are closed; where what stands cannot all be read, it is said anew.
      this.suppressions.findByAddresses(tenant, [about], { evenClosed: true }).catch((error: unknown) => {
        if (isMissingHashKey(error)) return new Map<string, Suppression[]>();
        throw error;
      }),
      this.customers.findHolders(tenant, about.kind, about.address),
    ]);
    const optedInSince = (since: Date): boolean =>
      holders.some(({ choiceLog }) =>
        choiceLog.some((choice) => choice.state === 'given' && choice.recordedAt >= since),
      );
    const standing = optOutsOnly(records.get(about.address) ?? []);
    return said.filter(
      (one) =>
        !standing.some((old) => isSameNo(old, one) && old.via === 'page' && !optedInSince(old.recordedAt)),
    );
  }

  private async waitUntil(mono: number): Promise<void> {
    while (this.clock.mono() < mono) await pause(POLL_MS);
  }
}

/** The beginning of the ids that an act's entries have in the log. */
export const actId = (act: string): string => `link:${act}`;

/** The log with these noes, less those that stand in it already with nothing given since. */
function withNoes(
  log: readonly Choice[],
  noes: readonly ChoiceStatement[],
  how: Parameters<typeof hear>[2],
): Choice[] {
  return noes.reduce(
    (heard: Choice[], no, index) => {
      const last = heard.findLastIndex((choice) => isSameNo(choice, no) && choice.via === 'page');
      const stands = last >= 0 && heard.slice(last).every((choice) => choice.state !== 'given');
      return stands ? heard : hear(heard, no, { ...how, id: `${how.id}#${index}` }).log;
    },
    [...log],
  );
}

function isSameNo(
  one: Pick<ChoiceStatement, 'purpose' | 'channel' | 'state'>,
  other: Pick<ChoiceStatement, 'purpose' | 'channel' | 'state'>,
): boolean {
  return one.purpose === other.purpose && one.channel === other.channel && one.state === other.state;
}
