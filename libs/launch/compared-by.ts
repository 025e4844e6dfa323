import type { Campaign, WinnerRule } from '#campaigns/campaign.types';

/** By what the variants of a test are compared: as its rule says; without one by clicks, where they are measured. Pure. */
export function comparedBy({
  winnerRule,
  channel,
}: Pick<Campaign, 'winnerRule' | 'channel'>): WinnerRule['by'] {
  return winnerRule?.by ?? (channel === 'email' ? 'clicks' : 'bookings');
}
