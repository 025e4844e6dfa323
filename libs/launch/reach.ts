import { setImmediate } from 'node:timers/promises';
import type { Senders } from '#channels/senders';
import { compilePredicate } from '#campaigns/compile-predicate';
import type { Campaign } from '#campaigns/campaign.types';
import { DigestSet } from '#consent/digest-set';
import type { KnownAddresses } from '#consent/known-addresses';
import { wouldSend, type Ask, type Facts } from '#consent/may-send';
import { pausedUntil, type Pause } from '#consent/pause';
import type { PauseStore } from '#consent/pause.store';
import type { Suppression } from '#consent/suppression';
import type { SuppressionStore } from '#consent/suppression.store';
import type { CustomerStore } from '#customers/customer.store';
import { customerKey } from '#customers/customer.types';
import type { Prospect } from '#customers/prospect';
import type { ProspectPage } from '#customers/read-prospect';
import type { Clock } from '#platform/clock';
import { customerFacts } from '#privacy/person-facts';
import { ADDRESS_KIND, type AddressKind } from '#purposes/channel';
import { RULES } from '#purposes/purposes';
import type { Reason } from '#purposes/reason';
import { isWrittenFor, type CompiledContent } from '#rendering/compile-content';
import type { ContentLibrary } from '#rendering/content-library';
import type { Tenant } from '#tenants/tenant';
import { smsCost } from './contents.js';
import { campaignRowId } from './launch.js';
import { hoursFor } from './how-long.js';
import { dayIn, rampedDomain } from './ramp.js';
import type { RampQuota } from './ramp-quota.js';
import { Rehearsal, type Rehearsed } from './rehearsal.js';
import { contextOf, type NotReady, type Refused, type Segments } from './segments.js';
import { HOLD_OUT, partOf, WAITS } from './split.js';

const PAGE = 2_000;
/** Pages that are read before their turn: while one is looked at, the store is never without the next to read. */
const AHEAD = 2;
/** After so many members others have their turn in this thread: what the store has sent is taken in, requests are answered. */
const TURN = 200;
/** Of so many members what is recorded of their addresses is looked up at once. */
const LOOK_UP = 1_000;
const EXAMPLES = 5;

/** Who of a segment would get a campaign now, and who would not, reason by reason. */
export interface Reach {
  at: Date;
  /** Everybody whom the segment means: the number that `count` gives, and the launch. */
  members: number;
  heldOut: number;
  permitted: number;
  /** Of them: who waits for the winner of the test. */
  waiting: number;
  /** Who would get it later, and who would not get it at all, by reason. */
  held: Partial<Record<Reason, number>>;
  refused: Partial<Record<Reason, number>>;
  /** Some customers of each reason, by id. */
  examples: Partial<Record<Reason, string[]>>;
  /** Of those who are permitted: who is greeted without a name. */
  withoutName: number;
  sms?: { segments: number; cost?: { amount: number; currency: string } };
  /**
   * How long it takes, in hours, from its launch on: at the campaign's pace, and at what a new sending domain may send a day
   * while nobody else's campaign does. Null: as fast as the tenant's senders go.
   */
  hours: number | null;
}

export type ReachAnswer =
  | { kind: 'reached'; reach: Reach }
  | { kind: 'unready'; detail: string }
  /** Nobody waits for it any more. */
  | { kind: 'stopped' }
  | Refused
  | NotReady;

/** Who is told how far it is, and says when nobody wants to know any more. */
export interface Waiting {
  /** @param of how many there are; null: they are still being counted */
  progress?: (looked: number, of: number | null) => void;
  signal?: AbortSignal;
}

/** A member whose address on the campaign's channel is named by some record. */
interface Recorded {
  prospect: Prospect;
  address: string;
  digest: string;
}

/**
 * Puts every member to the gate, dry, as a dispatcher would: the same checks on the same facts, an address once. Page by
 * page by `_id`, the next ones read while one is asked about: its memory is three pages, those who wait until what is
 * recorded of their addresses is looked up, and 32 to 64 bytes for each address that would get something or that something
 * is recorded of.
 */
export class ReachOf {
  constructor(
    private readonly segments: Segments,
    private readonly customers: CustomerStore,
    private readonly suppressions: SuppressionStore,
    private readonly pauses: PauseStore,
    private readonly library: ContentLibrary,
    private readonly senders: Pick<Senders, 'has' | 'allowed'>,
    private readonly ramps: RampQuota,
    private readonly clock: Clock,
  ) {}

  /** @param waiting is told how many of how many have been looked at, after each page */
  async of(tenant: Tenant, campaign: Campaign, waiting: Waiting = {}): Promise<ReachAnswer> {
    const now = this.clock.now();
    if (campaign.segment === null) return { kind: 'unready', detail: 'names no segment yet' };
    const asked = await this.segments.askFor(tenant, campaign.segment, now);
    if (asked === null) return { kind: 'unready', detail: 'names a segment that is not there' };
    if (asked.kind !== 'asked') return asked;
    const filter = compilePredicate(asked.predicate, contextOf(tenant, now));
    const funnel = new Funnel(tenant, campaign, now, {
      contents: await this.contents(tenant, campaign),
      pauses: await this.pauses.list(tenant.id),
      hasSender: this.senders.has(tenant.id, RULES[campaign.purpose].stream, campaign.channel),
      allowed: (address) => this.senders.allowed(campaign.channel, address),
    });
    const known = await this.suppressions.knownAddresses(tenant.id);
    const asker = new Asker(funnel, known, this.suppressions, campaign.channel, tenant.id);
    let looked = 0;
    let of: number | null = null;
    let counting: Promise<void> | undefined;
    for await (const page of this.pages(tenant, campaign, filter, now)) {
      if (waiting.signal?.aborted) return { kind: 'stopped' };
      await asker.ask(page);
      looked += page.length;
      if (waiting.progress === undefined) continue;
      // Beside the pages: of a million it takes the store about a second.
      counting ??= this.customers.countMatching(tenant.id, filter, now).then((count) => void (of = count));
      counting.catch(() => undefined);
      // Only after an empty page comes none.
      waiting.progress(looked, page.length === 0 ? looked : of === null ? null : Math.max(of, looked));
    }
    await asker.done();
    const reach = funnel.done();
    return { kind: 'reached', reach: { ...reach, hours: await this.hours(tenant, campaign, reach, now) } };
  }

  private async hours(
    tenant: Tenant,
    campaign: Campaign,
    { permitted }: Reach,
    now: Date,
  ): Promise<number | null> {
    const begin = campaign.launchAt !== null && campaign.launchAt > now ? campaign.launchAt : now;
    const of = rampedDomain(tenant, campaign);
    const standing = of && (await this.ramps.standing(of, now));
    const ramp = of && { of, today: dayIn(of.zone, now), taken: standing?.taken ?? 0 };
    return hoursFor(permitted, begin, campaign.pace, ramp);
  }

  /** The members; each page is asked for as soon as the one before it has come, whether or not that has been looked at. */
  private async *pages(
    tenant: Tenant,
    { channel }: Campaign,
    filter: Record<string, unknown>,
    now: Date,
  ): AsyncGenerator<ProspectPage> {
    const read = (after: string | null): Promise<ProspectPage> =>
      this.customers.pageProspects(tenant.id, filter, now, channel, { after, limit: PAGE });
    const following = async (before: Promise<ProspectPage | null>): Promise<ProspectPage | null> => {
      const last = await before.then((page) => page?.last);
      return last === undefined ? null : read(customerKey(tenant.id, last.customer));
    };
    const coming: Promise<ProspectPage | null>[] = [read(null)];
    const take = (): Promise<ProspectPage | null> => {
      while (coming.length <= AHEAD) {
        const next = following(coming.at(-1)!);
        // Whoever stops listening leaves it unawaited.
        next.catch(() => undefined);
        coming.push(next);
      }
      return coming.shift()!;
    };
    for (let page = await take(); page !== null; page = await take()) yield page;
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

/** Puts people to the gate page by page; later than the others those whose address is named by some record. */
class Asker {
  private readonly kind: AddressKind;
  private recorded: Recorded[] = [];
  private asking = Promise.resolve();

  constructor(
    private readonly funnel: Funnel,
    private readonly known: KnownAddresses,
    private readonly suppressions: SuppressionStore,
    private readonly channel: Campaign['channel'],
    private readonly tenant: string,
  ) {
    this.kind = ADDRESS_KIND[channel];
  }

  async ask(page: ProspectPage): Promise<void> {
    let turn = 0;
    for (const prospect of page) {
      if ((turn += 1) % TURN === 0) await setImmediate();
      const address = (this.channel === 'email' ? prospect.email : prospect.phone) ?? null;
      if (address === null) {
        this.funnel.add(prospect, null, null, []);
        continue;
      }
      const { digest, isRecorded } = this.known.look(this.kind, address);
      if (isRecorded) this.recorded.push({ prospect, address, digest });
      else this.funnel.add(prospect, address, digest, []);
    }
    if (this.recorded.length < LOOK_UP) return;
    // One after the other, as their order decides who of them gets an address; nobody else has it.
    await this.asking;
    this.asking = this.askRecorded(this.recorded);
    this.recorded = [];
    // Whoever stops listening leaves it unawaited.
    this.asking.catch(() => undefined);
  }

  async done(): Promise<void> {
    await this.asking;
    await this.askRecorded(this.recorded);
  }

  private async askRecorded(members: readonly Recorded[]): Promise<void> {
    const wanted = members.map(({ address }) => ({ kind: this.kind, address }));
    const found = await this.suppressions.findByAddresses(this.tenant, wanted);
    for (const { prospect, address, digest } of members)
      this.funnel.add(prospect, address, digest, found.get(address) ?? []);
  }
}

/** Counts one person after the other. */
class Funnel {
  readonly reach: Reach;
  private readonly taken = new DigestSet();
  private readonly rehearsal: Rehearsal;
  private readonly paused: Date | null;
  /** The variants that something is written for, of those that somebody of a part may get. */
  private readonly written = new Map<string, readonly string[]>();
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
    const counts = { members: 0, heldOut: 0, permitted: 0, waiting: 0, withoutName: 0 };
    this.reach = { at: now, ...counts, held: {}, refused: {}, examples: {}, hours: null };
    this.rehearsal = new Rehearsal(tenant, campaign, house.contents, now);
    this.paused = pausedUntil(house.pauses, campaign, now);
    const names = campaign.variants.map(({ name }) => name);
    // Who waits may get any of them.
    for (const part of [...names, WAITS]) {
      const may = part === WAITS ? names : [part];
      this.written.set(
        part,
        may.filter((one) => {
          const content = house.contents.get(one);
          return content !== undefined && isWrittenFor(content, campaign.channel, tenant.locales);
        }),
      );
    }
  }

  add(
    prospect: Prospect,
    address: string | null,
    digest: string | null,
    suppressions: readonly Suppression[],
  ): void {
    const { campaign, tenant, now, house, reach } = this;
    const { campaign: id, purpose, channel, holdOut, variants, testShare } = campaign;
    const { customer, sends } = prospect;
    reach.members += 1;
    const part = partOf(id, customer, holdOut, variants, testShare);
    if (part === HOLD_OUT && holdOut > 0) {
      reach.heldOut += 1;
      return;
    }
    const written = this.written.get(part) ?? [];
    const ask: Ask = {
      tenant: tenant.id,
      customer,
      ref: 'none',
      purpose,
      channel,
      // Only places that were taken before are compared with it.
      message: sends.length === 0 ? '' : campaignRowId(tenant.id, customer, id),
      startedMono: Number.NEGATIVE_INFINITY,
      expiresAt: null,
    };
    const facts: Facts = {
      customer: customerFacts(prospect),
      address,
      suppressions,
      hasSender: house.hasSender,
      otherChannelUsable: false,
      duplicateOf: digest !== null && this.taken.has(digest) ? 'another' : null,
      tooLate: null,
      contentProblem: written.length > 0 ? null : 'nothing is written for it',
      allowed: address !== null && house.allowed(address),
      paused: this.paused,
    };
    const verdict = wouldSend(ask, facts, tenant.policy, now);
    if (verdict.kind !== 'permit') {
      this.stopped(verdict.kind === 'hold' ? reach.held : reach.refused, verdict.reason, customer);
      return;
    }
    const said = this.rehearse(written, prospect);
    if (said.kind === 'invalid') {
      this.stopped(reach.refused, 'invalid-template', customer);
      return;
    }
    this.taken.add(digest!);
    reach.permitted += 1;
    if (part === WAITS) reach.waiting += 1;
    if (prospect.name === null) reach.withoutName += 1;
    this.segments += said.segments;
  }

  done(): Reach {
    const { channel } = this.campaign;
    const price = this.tenant.senders[RULES[this.campaign.purpose].stream].sms?.pricePerSegment;
    const cost = price === undefined ? {} : { cost: smsCost(price, this.segments) };
    return {
      ...this.reach,
      ...(channel === 'sms' ? { sms: { segments: this.segments, ...cost } } : {}),
    };
  }

  /** As long as the longest that it may come to: which one wins nobody knows yet. */
  private rehearse(written: readonly string[], prospect: Prospect): Rehearsed {
    let longest: Rehearsed = { kind: 'invalid' };
    for (const variant of written) {
      const said = this.rehearsal.of(variant, prospect);
      if (said.kind === 'said' && (longest.kind === 'invalid' || said.segments > longest.segments))
        longest = said;
    }
    return longest;
  }

  private stopped(counts: Partial<Record<Reason, number>>, reason: Reason, customer: string): void {
    counts[reason] = (counts[reason] ?? 0) + 1;
    const examples = (this.reach.examples[reason] ??= []);
    if (examples.length < EXAMPLES) examples.push(customer);
  }
}
