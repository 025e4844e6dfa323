import type { Campaign } from '#campaigns/campaign.types';
import type { CampaignRows } from '#messages/campaign-rows';
import type { Clock } from '#platform/clock';
import type { Tenants } from '#tenants/tenant';
import { partsToPull } from './pull-campaigns.js';
import type { RampQuota } from './ramp-quota.js';
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

  async of(campaign: Campaign): Promise<RampView | null> {
    const of = rampedDomain(this.tenants.get(campaign.tenant), campaign);
    if (of === null) return null;
    const now = this.clock.now();
    const standing = await this.ramps.standing(of, now);
    if (standing === null) return null;
    const { day, perDay, taken, fullUntil } = standing;
    const waits =
      campaign.status === 'sending' &&
      fullUntil !== null &&
      (await this.rows.findWaiting(of.tenant, campaign.campaign, partsToPull(campaign), now, 1)).length > 0;
    return { domain: of.domain, day, perDay, taken, waitsUntil: waits ? fullUntil : null };
  }
}
