import type { Campaign, LimitCounts } from '#campaigns/campaign.types';
import type { PredicateFault } from '#campaigns/read-predicate';
import type { Status } from '#messages/moves';
import type { CampaignLimits } from '#purposes/campaign-limits';
import type { Tenant } from '#tenants/tenant';
import { SENT } from './fold-report.js';

/** Where complaints and bounces would harm the sender's name: https://support.google.com/a/answer/81126 (0.3 per cent). */
const HOUSE_LIMITS: CampaignLimits = { complaints: 0.003, bounces: 0.05, errors: 0.2, least: 100 };

/** The tenant's own limits, or the house's where its file names none. */
export const limitsOf = ({ campaigns }: Pick<Tenant, 'campaigns'>): CampaignLimits =>
  campaigns?.limits ?? HOUSE_LIMITS;

/** What in a campaign's limits would let more pass than the tenant does: a campaign may only be stricter. */
export function laxerFaults(limits: CampaignLimits, tenant: Pick<Tenant, 'campaigns'>): PredicateFault[] {
  const most = limitsOf(tenant);
  return (['complaints', 'bounces', 'errors', 'least'] as const).flatMap((name) =>
    limits[name] > most[name]
      ? [{ path: ['limits', name], detail: `expected at most ${most[name]}, which is the tenant's` }]
      : [],
  );
}

/** What reached a provider or would have: of these the limits are shares. */
export const TRIED: readonly Status[] = [...SENT, 'failed', 'unknown'];
/** Of these, what limits are about. */
export const AMISS = ['complained', 'bounced', 'failed', 'unknown'] as const satisfies readonly Status[];

type StatusCount = { status: Status; count: number };

/** What of a campaign counts towards its limits. Pure. */
export function countsOf(counts: readonly StatusCount[]): LimitCounts {
  const of = (...statuses: Status[]): number =>
    counts.reduce((sum, { status, count }) => sum + (statuses.includes(status) ? count : 0), 0);
  return {
    ...{ sent: of(...TRIED), complaints: of('complained'), bounces: of('bounced') },
    errors: of('failed', 'unknown'),
  };
}

const NONE: LimitCounts = { sent: 0, complaints: 0, bounces: 0, errors: 0 };

/**
 * Which limit a campaign has come to, in words; null: none. Whoever resumed it after such a pause has seen what had been
 * by then (`limitsFrom`): only what came since is looked at. Pure.
 */
export function limitReached(
  { limits, limitsFrom }: Pick<Campaign, 'limits' | 'limitsFrom'>,
  all: LimitCounts,
): string | null {
  const seen = limitsFrom ?? NONE;
  const since = (name: keyof LimitCounts): number => Math.max(0, all[name] - seen[name]);
  const sent = since('sent');
  if (sent === 0 || sent < limits.least) return null;
  const over = (['complaints', 'bounces', 'errors'] as const).find(
    (name) => since(name) / sent > limits[name],
  );
  if (over === undefined) return null;
  const share = Math.round(limits[over] * 10_000) / 100;
  const what = `${over}: ${since(over)} of ${sent} sent`;
  return `${what}${limitsFrom ? ' since it was resumed' : ''}, more than ${share} per cent`;
}
