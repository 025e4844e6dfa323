import type { Campaign } from '#campaigns/campaign.types';
import type { CampaignRows } from '#messages/campaign-rows';
import type { Clock } from '#platform/clock';
import type { Tenants } from '#tenants/tenant';
import { partsToPull } from './pull-campaigns.js';
import type { RampQuota, RampStanding } from './ramp-quota.js';
import { rampedDomain } from './ramp.js';

/** Where the new sending domain of a campaign stands today. */
export interface RampView {
  domain: string;
  /** The day in the tenant's zone. */
  day: string;
  /** How many mails of all campaigns may go from there on this day. */
  perDay: number;
  /** Of them: sent, or on their way. */
  taken: number;
  /** Until when this campaign waits, the day's places being taken; null: it does not wait for them. */
  waitsUntil: Date | null;
}

/** Why a campaign waits though its hour has come: its domain is new, and the day's places are taken. */
export class RampViews {
  constructor(
    private readonly ramps: RampQuota,
    private readonly rows: CampaignRows,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** Of each campaign, in their order; null: its domain is not warmed up. A domain that several share is read once. */
  async of(campaigns: readonly Campaign[]): Promise<(RampView | null)[]> {
    const now = this.clock.now();
    const standings = new Map<string, Promise<RampStanding | null>>();
    return Promise.all(
      campaigns.map(async (campaign) => {
        const of = rampedDomain(this.tenants.get(campaign.tenant), campaign);
        if (of === null) return null;
        const key = JSON.stringify([of.tenant, of.domain]);
        const standing = standings.get(key) ?? this.ramps.standing(of, now);
        standings.set(key, standing);
        return this.view(campaign, of.domain, await standing, now);
      }),
    );
  }

  private async view(
    campaign: Campaign,
    domain: string,
    standing: RampStanding | null,
    now: Date,
  ): Promise<RampView | null> {
    if (standing === null) return null;
    const { day, perDay, taken, fullUntil } = standing;
    const { tenant, campaign: id, status } = campaign;
    const waits =
      status === 'sending' &&
      fullUntil !== null &&
      (await this.rows.findWaiting(tenant, id, partsToPull(campaign), now, 1)).length > 0;
    return { domain, day, perDay, taken, waitsUntil: waits ? fullUntil : null };
  }
}
