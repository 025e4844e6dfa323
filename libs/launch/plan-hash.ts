import type { CampaignPlan } from '#campaigns/campaign.types';
import { hashOf } from '#campaigns/content';
import type { Resolved } from '#campaigns/predicate';

/** What an approval covers: all that a marketer wrote of a campaign, its versions of content, and whom its segment means. */
export function hashOfPlan(campaign: CampaignPlan, predicate: Resolved): string {
  const { name, purpose, channel, segment, variants, holdOut, graceMinutes, pace, limits, utm } = campaign;
  return hashOf({
    name,
    purpose,
    channel,
    segment,
    variants,
    holdOut,
    graceMinutes,
    pace,
    limits,
    // What was approved before there were any is approved still.
    utm: utm ?? undefined,
    predicate,
  });
}
