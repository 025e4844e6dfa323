import type { CampaignStore } from '#campaigns/campaign.store';
import type { Campaign } from '#campaigns/campaign.types';
import type { CampaignRows } from '#messages/campaign-rows';
import { RULES } from '#purposes/purposes';
import type { Tenants } from '#tenants/tenant';
import type { RampQuota } from './ramp-quota.js';
import { rampedDomain, rampOf, type RampedDomain } from './ramp.js';
import { WAITS } from './split.js';

/** How many rows of one campaign may be on their way at once: what was not pulled needs no calling back. */
const WINDOW = 1_000;
/** A pace that was kept waiting makes up for this much at once. */
const CATCH_UP_MS = 60_000;
const HOUR = 3_600_000;

/** How often the places that campaigns of one domain left to each other are shared out again. */
const SHARINGS = 8;

/**
 * Gives rows their `dueAt` at their campaign's pace: until then they wait without one, and a campaign that pauses has
 * nothing to call back. The pace's own clock moves first, by compare-and-set on the campaign: a crash afterwards lets a
 * few places go unused, never twice. Before that each mail has its place in the day of a sending domain that is warmed up
 * (`ramp-quota.ts`); campaigns of one domain share its places evenly.
 */
export class PullCampaigns {
  constructor(
    private readonly campaigns: CampaignStore,
    private readonly rows: CampaignRows,
    private readonly ramps: RampQuota,
    private readonly tenants: Tenants,
  ) {}

  async runOnce(now: Date): Promise<{ pulled: number }> {
    let pulled = 0;
    const ramped = new Map<string, { of: RampedDomain; campaigns: Campaign[] }>();
    for await (const campaign of this.campaigns.inStates(['sending'])) {
      const of = rampedDomain(this.tenants.get(campaign.tenant), campaign);
      if (of === null) {
        pulled += (await this.pull(campaign, now, null)).pulled;
        continue;
      }
      const key = JSON.stringify([of.tenant, of.domain]);
      const others = ramped.get(key)?.campaigns ?? [];
      ramped.set(key, { of, campaigns: [...others, campaign] });
    }
    for (const { of, campaigns } of ramped.values()) pulled += await this.share(of, campaigns, now);
    return { pulled };
  }

  /** What a campaign that goes on may pull at once: it waits for no look of the scheduler. Of a new domain that one shares out. */
  async begin(campaign: Campaign, now: Date): Promise<void> {
    if (rampedDomain(this.tenants.get(campaign.tenant), campaign) === null)
      await this.pull(campaign, now, null);
  }

  /** When there is something to pull again, up to `until` and after `after`: for who leads the clock. */
  async nextAt(until: Date, after: Date): Promise<Date | null> {
    const times: Date[] = [];
    for await (const campaign of this.campaigns.inStates(['scheduled', 'sending'])) {
      const { tenant, campaign: id, status, launchAt } = campaign;
      if (status === 'scheduled') {
        if (launchAt !== null) times.push(launchAt);
        continue;
      }
      const parts = partsToPull(campaign);
      const hour = await this.rows.nextHour(tenant, id, parts, after);
      if (hour !== null) times.push(hour);
      const of = rampedDomain(this.tenants.get(tenant), campaign);
      if (campaign.pace === null && of === null) continue;
      if ((await this.rows.findWaiting(tenant, id, parts, after, 1)).length === 0) continue;
      const fullUntil = of === null ? null : ((await this.ramps.standing(of, after))?.fullUntil ?? null);
      if (fullUntil !== null) times.push(fullUntil);
      else if (campaign.pace !== null && campaign.pulledTo !== null)
        times.push(new Date(campaign.pulledTo.getTime() + Math.ceil(HOUR / campaign.pace.perHour)));
    }
    const ahead = times.filter((at) => at > after && at <= until).sort((a, b) => a.getTime() - b.getTime());
    return ahead[0] ?? null;
  }

  /** Lets go of the rows of days that are over, and forgets domains that are not warmed up any more; how many it looked at. */
  async closeDays(now: Date): Promise<number> {
    return this.ramps.closeDays((tenant, domain) => rampOf(this.tenants.get(tenant), domain), now);
  }

  /** What is left of a domain's day, evenly among its campaigns; what one leaves of its share the others get. */
  private async share(of: RampedDomain, campaigns: readonly Campaign[], now: Date): Promise<number> {
    let pulled = 0;
    let wanting = campaigns;
    for (let sharings = 0; wanting.length > 0 && sharings < SHARINGS; sharings += 1) {
      const cut: Campaign[] = [];
      for (const [index, campaign] of wanting.entries()) {
        const room = await this.ramps.room(of, now);
        if (room === 0) return pulled;
        const most = room === null ? null : Math.ceil(room / (wanting.length - index));
        const done = await this.pull(campaign, now, most === null ? null : { of, most });
        pulled += done.pulled;
        if (done.isCut) cut.push(campaign);
      }
      wanting = cut;
    }
    return pulled;
  }

  /** `isCut`: it would have pulled more, had its share been greater. */
  private async pull(
    campaign: Campaign,
    now: Date,
    share: { of: RampedDomain; most: number } | null,
  ): Promise<{ pulled: number; isCut: boolean }> {
    const { tenant, campaign: id, purpose } = campaign;
    const room = WINDOW - (await this.rows.countOnTheWay(tenant, id, now));
    const places = paced(campaign, now);
    const parts = partsToPull(campaign);
    const wanted = Math.min(room, places.count);
    const most = share?.most ?? wanted;
    const found = await this.rows.findWaiting(tenant, id, parts, now, Math.min(wanted, most));
    const waiting = share === null ? found : await this.ramps.reserve(share.of, found, now);
    // At a pace there is nothing more to be had in this pass.
    const isCut = most < wanted && waiting.length === most && campaign.pace === null;
    if (waiting.length === 0) return { pulled: 0, isCut };
    if (places.intervalMs !== null) {
      const pulledTo = new Date(places.from + waiting.length * places.intervalMs);
      if ((await this.campaigns.write(campaign, { ...campaign, pulledTo })) === null)
        return { pulled: 0, isCut: false };
    }
    const pulled = await this.rows.pull(
      waiting,
      now,
      new Date(now.getTime() + RULES[purpose].expiryMs),
      winnerFor(campaign),
    );
    return { pulled, isCut };
  }
}

/** Whose rows may go: the variants', and once there is a winner theirs who waited for it. Pure. */
export function partsToPull({ variants, winner }: Campaign): string[] {
  return [...variants.map(({ name }) => name), ...(winner == null ? [] : [WAITS])];
}

/** What who waited gets. A winner never changes: whoever pulls, and whenever, gives the same. */
function winnerFor({
  variants,
  winner,
}: Campaign): { waits: string; variant: string; template: string } | null {
  const variant = variants.find(({ name }) => name === winner?.variant);
  return variant === undefined ? null : { waits: WAITS, variant: variant.name, template: variant.template };
}

/** How many a pace lets go now; without one, as many as there is room for. Pure. */
export function paced(
  { pace, pulledTo }: Pick<Campaign, 'pace' | 'pulledTo'>,
  now: Date,
): { count: number; from: number; intervalMs: number | null } {
  if (pace === null) return { count: Number.MAX_SAFE_INTEGER, from: now.getTime(), intervalMs: null };
  const intervalMs = HOUR / pace.perHour;
  // The first goes at once; what waited longer than a moment does not all go at once.
  const earliest = now.getTime() - Math.max(CATCH_UP_MS, intervalMs);
  const from = Math.max(pulledTo?.getTime() ?? now.getTime() - intervalMs, earliest);
  return { count: Math.floor((now.getTime() - from) / intervalMs + 1e-9), from, intervalMs };
}
