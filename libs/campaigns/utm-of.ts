import type { Campaign, CampaignUtm } from './campaign.types.js';

/** What the links of a variant tell; null: nothing. Which variant it was is told where the campaign says no other content. */
export function utmOf({ utm }: Pick<Campaign, 'utm'>, variant: string): CampaignUtm | null {
  return utm ? { ...utm, content: utm.content ?? variant } : null;
}
