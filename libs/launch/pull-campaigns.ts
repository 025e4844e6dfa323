import type { CampaignStore } from '#campaigns/campaign.store';
import type { Campaign } from '#campaigns/campaign.types';
import type { CampaignRows } from '#messages/campaign-rows';
import { RULES } from '#purposes/purposes';
import { WAITS } from './split.js';

/** How many rows of one campaign may be on their way at once: what was not pulled needs no calling back. */
const WINDOW = 1_000;
/** A pace that was kept waiting makes up for this much at once. */
const CATCH_UP_MS = 60_000;
const HOUR = 3_600_000;

/**
 * Gives rows their `dueAt` at their campaign's pace: until then they wait without one, and a campaign that pauses has
 * nothing to call back. The pace's own clock moves first, by compare-and-set on the campaign: a crash afterwards lets a
 * few places go unused, never twice.
 */
export class PullCampaigns {
  constructor(
    private readonly campaigns: CampaignStore,
    private readonly rows: CampaignRows,
  ) {}

  async runOnce(now: Date): Promise<{ pulled: number }> {
    let pulled = 0;
    for await (const campaign of this.campaigns.inStates(['sending'])) {
      pulled += await this.pull(campaign, now);
    }
    return { pulled };
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
      const waits =
        campaign.pace !== null && (await this.rows.findWaiting(tenant, id, parts, after, 1)).length > 0;
      if (waits && campaign.pulledTo !== null) {
        times.push(new Date(campaign.pulledTo.getTime() + Math.ceil(HOUR / campaign.pace!.perHour)));
      }
    }
    const ahead = times.filter((at) => at > after && at <= until).sort((a, b) => a.getTime() - b.getTime());
    return ahead[0] ?? null;
  }

  private async pull(campaign: Campaign, now: Date): Promise<number> {
    const { tenant, campaign: id, purpose } = campaign;
    const room = WINDOW - (await this.rows.countOnTheWay(tenant, id, now));
    const places = paced(campaign, now);
    const parts = partsToPull(campaign);
    const waiting = await this.rows.findWaiting(tenant, id, parts, now, Math.min(room, places.count));
    if (waiting.length === 0) return 0;
    if (places.intervalMs !== null) {
      const pulledTo = new Date(places.from + waiting.length * places.intervalMs);
      if ((await this.campaigns.write(campaign, { ...campaign, pulledTo })) === null) return 0;
    }
    return this.rows.pull(
      waiting,
      now,
      new Date(now.getTime() + RULES[purpose].expiryMs),
      winnerFor(campaign),
    );
  }
}

/** Whose rows may go: the variants', and once there is a winner theirs who waited for it. Pure. */
function partsToPull({ variants, winner }: Campaign): string[] {
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
