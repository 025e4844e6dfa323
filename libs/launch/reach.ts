import { renderInput } from '#channels/render-input';
import type { Senders } from '#channels/senders';
import { compilePredicate } from '#campaigns/compile-predicate';
import type { Campaign } from '#campaigns/campaign.types';
import { maySend } from '#consent/may-send';
import { pausedUntil, type Pause } from '#consent/pause';
import type { PauseStore } from '#consent/pause.store';
import type { Suppression } from '#consent/suppression';
import type { SuppressionStore } from '#consent/suppression.store';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { Clock } from '#platform/clock';
import { addressOn, customerFacts } from '#privacy/person-facts';
import { ADDRESS_KIND } from '#purposes/channel';
import { RULES } from '#purposes/purposes';
import type { Reason } from '#purposes/reason';
import { isWrittenFor, renderContent, type CompiledContent } from '#rendering/compile-content';
import type { ContentLibrary } from '#rendering/content-library';
import type { Tenant } from '#tenants/tenant';
import { smsCost } from './contents.js';
import { campaignRowId } from './launch.js';
import { contextOf, type NotReady, type Refused, type Segments } from './segments.js';
import { HOLD_OUT, partOf } from './split.js';

const PAGE = 2_000;
const EXAMPLES = 5;

/** Who of a segment would get a campaign now, and who would not, reason by reason. */
export interface Reach {
  at: Date;
  /** Everybody whom the segment means: the number that `count` gives, and the launch. */
  members: number;
  heldOut: number;
  permitted: number;
  /** Who would get it later, and who would not get it at all, by reason. */
  held: Partial<Record<Reason, number>>;
  refused: Partial<Record<Reason, number>>;
  /** Some customers of each reason, by id. */
  examples: Partial<Record<Reason, string[]>>;
  /** Of those who are permitted: who is greeted without a name. */
  withoutName: number;
  sms?: { segments: number; cost?: { amount: number; currency: string } };
  /** How long it takes at the campaign's pace, in hours; null: as fast as the tenant's senders go. */
  hours: number | null;
}

export type ReachAnswer =
  { kind: 'reached'; reach: Reach } | { kind: 'unready'; detail: string } | Refused | NotReady;

/**
 * Puts every member to the gate, dry, as a dispatcher would: the same function on the same facts, an address once. Page by
 * page by `_id`, so that its memory is bounded but for the addresses it has seen.
 */
export class ReachOf {
  constructor(
    private readonly segments: Segments,
    private readonly customers: CustomerStore,
    private readonly suppressions: SuppressionStore,
    private readonly pauses: PauseStore,
    private readonly library: ContentLibrary,
    private readonly senders: Pick<Senders, 'has' | 'allowed'>,
    private readonly clock: Clock,
  ) {}

  /** @param progress is told how many of how many have been looked at, after each page */
  async of(
    tenant: Tenant,
    campaign: Campaign,
    progress: (looked: number, of: number) => void = () => undefined,
  ): Promise<ReachAnswer> {
    const now = this.clock.now();
    if (campaign.segment === null) return { kind: 'unready', detail: 'names no segment yet' };
    const asked = await this.segments.askFor(tenant, campaign.segment, now);
    if (asked === null) return { kind: 'unready', detail: 'names a segment that is not there' };
    if (asked.kind !== 'asked') return asked;
    const filter = compilePredicate(asked.predicate, contextOf(tenant, now));
    const of = await this.customers.countMatching(tenant.id, filter, now);
    const funnel = new Funnel(tenant, campaign, now, {
      contents: await this.contents(tenant, campaign),
      pauses: await this.pauses.list(tenant.id),
      hasSender: this.senders.has(tenant.id, RULES[campaign.purpose].stream, campaign.channel),
      allowed: (address) => this.senders.allowed(campaign.channel, address),
    });
    for (let after: string | null = null; ;) {
      const people: Customer[] = await this.customers.pageMatching(tenant.id, filter, now, {
        after,
        limit: PAGE,
      });
      const kind = ADDRESS_KIND[campaign.channel];
      const addresses = people.flatMap((customer) => {
        const address = addressOn(campaign.channel, customer);
        return address === null ? [] : [{ kind, address }];
      });
      const suppressions = await this.suppressions.findByAddresses(tenant.id, addresses);
      for (const customer of people) funnel.add(customer, suppressions);
      progress(funnel.reach.members, Math.max(of, funnel.reach.members));
      const last = people.at(-1);
      if (last === undefined || people.length < PAGE) break;
      after = last._id;
    }
    return { kind: 'reached', reach: funnel.done() };
  }

  private async contents(tenant: Tenant, campaign: Campaign): Promise<Map<string, CompiledContent>> {
    const contents = new Map<string, CompiledContent>();
    for (const { name, template, version } of campaign.variants) {
      const compiled = await this.library.get(tenant.id, template, version, campaign.purpose);
      if (compiled !== null) contents.set(name, compiled);
    }
    return contents;
  }
}

/** Counts one person after the other. */
class Funnel {
  readonly reach: Reach;
  private readonly taken = new Map<string, string>();
  private segments = 0;

  constructor(
    private readonly tenant: Tenant,
    private readonly campaign: Campaign,
    private readonly now: Date,
    private readonly house: {
      contents: ReadonlyMap<string, CompiledContent>;
      pauses: readonly Pause[];
      hasSender: boolean;
      allowed: (address: string) => boolean;
    },
  ) {
    const counts = { members: 0, heldOut: 0, permitted: 0, withoutName: 0 };
    this.reach = { at: now, ...counts, held: {}, refused: {}, examples: {}, hours: null };
  }

  add(customer: Customer, suppressions: ReadonlyMap<string, readonly Suppression[]>): void {
    const { campaign, tenant, now, house, reach } = this;
    const { campaign: id, purpose, channel, holdOut, variants } = campaign;
    reach.members += 1;
    const part = partOf(id, customer.customer, holdOut, variants);
    if (part === HOLD_OUT && holdOut > 0) {
      reach.heldOut += 1;
      return;
    }
    const content = house.contents.get(part);
    const address = addressOn(channel, customer);
    const decision = maySend(
      {
        ...{ tenant: tenant.id, customer: customer.customer, ref: 'none', purpose, channel },
        message: campaignRowId(tenant.id, customer.customer, id),
        ...{ startedMono: Number.NEGATIVE_INFINITY, expiresAt: null },
      },
      {
        customer: customerFacts(customer),
        address,
        suppressions: address === null ? [] : suppressions.get(address),
        ...{ hasSender: house.hasSender, otherChannelUsable: false },
        duplicateOf: address === null ? null : (this.taken.get(address) ?? null),
        tooLate: null,
        contentProblem:
          content && isWrittenFor(content, channel, tenant.locales) ? null : 'nothing is written for it',
        allowed: address !== null && house.allowed(address),
        paused: pausedUntil(house.pauses, { purpose, channel }, now),
      },
      tenant.policy,
      now,
    );
    if (decision.kind !== 'permit') {
      this.stopped(decision.kind === 'hold' ? reach.held : reach.refused, decision.reason, customer);
      return;
    }
    const said = renderContent(content!, this.input(part, customer));
    if (said.kind === 'invalid') {
      this.stopped(reach.refused, 'invalid-template', customer);
      return;
    }
    this.taken.set(address!, customer.customer);
    reach.permitted += 1;
    if (customer.name === null) reach.withoutName += 1;
    this.segments += said.content.sms?.segments ?? 0;
  }

  done(): Reach {
    const { channel, pace } = this.campaign;
    const price = this.tenant.senders.marketing.sms?.pricePerSegment;
    const cost = price === undefined ? {} : { cost: smsCost(price, this.segments) };
    return {
      ...this.reach,
      ...(channel === 'sms' ? { sms: { segments: this.segments, ...cost } } : {}),
      hours: pace === null ? null : Math.round((this.reach.permitted / pace.perHour) * 100) / 100,
    };
  }

  private stopped(counts: Partial<Record<Reason, number>>, reason: Reason, { customer }: Customer): void {
    counts[reason] = (counts[reason] ?? 0) + 1;
    const examples = (this.reach.examples[reason] ??= []);
    if (examples.length < EXAMPLES) examples.push(customer);
  }

  private input(part: string, customer: Customer) {
    const { tenant, campaign, now } = this;
    const template = campaign.variants.find(({ name }) => name === part)?.template ?? '';
    const base = `https://${tenant.host}`;
    // As long as the real ones, so that an SMS has as many segments.
    const links = { unsubscribe: `${base}/u/${'x'.repeat(80)}`, optOut: `${base}/o/${'x'.repeat(10)}` };
    return renderInput(tenant, { template, isLast: false }, campaign.channel, customer, null, links, now);
  }
}
