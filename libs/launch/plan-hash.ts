import type { CampaignPlan } from '#campaigns/campaign.types';
import { hashOf } from '#campaigns/content';
import type { Resolved } from '#campaigns/predicate';

/** What an approval covers: all that a marketer wrote of a campaign, its versions of content, and whom its segment means. */
export function hashOfPlan(campaign: CampaignPlan, predicate: Resolved): string {
  const { name, purpose, channel, segment, variants, holdOut, graceMinutes, pace, limits, utm } = campaign;
  const { testShare = 100, winnerRule = null } = campaign;
  // What was approved before there were tests and `utm` is approved still: what says nothing is left out.
  return hashOf({
    name,
    purpose,
    channel,
    segment,
    variants,
    holdOut,
    testShare: testShare === 100 ? undefined : testShare,
    winnerRule: winnerRule ?? undefined,
    graceMinutes,
    pace,
    limits,
    utm: utm ?? undefined,
    predicate,
  });
}
