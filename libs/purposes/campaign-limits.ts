/** Shares of what was sent above which a campaign pauses by itself, once `least` messages were. */
export interface CampaignLimits {
  complaints: number;
  bounces: number;
  errors: number;
  least: number;
}
