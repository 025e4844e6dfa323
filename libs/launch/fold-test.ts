import type { CampaignStatus } from '#campaigns/campaign-table';
import type { Campaign, TestShare } from '#campaigns/campaign.types';
import type { RowGroup } from '#messages/campaign-rows';
import { dueRule, lapsesAt } from './choose-winner.js';
import { comparedBy } from './compared-by.js';
import { compareShares } from './compare-shares.js';
import { figure } from './fold-report.js';
import type { TestReport } from './report.types.js';
import { WAITS } from './split.js';

/** Nobody names a winner of these any more. */
const OVER: readonly CampaignStatus[] = ['sent', 'cancelled', 'archived'];

/**
 * Where an A/B test stands; null: nobody waits for its winner. `live`: what the variants have come to while there is no
 * winner. Pure.
 */
export function foldTest(
  campaign: Campaign,
  groups: readonly RowGroup[],
  live: readonly TestShare[] | null,
): TestReport | null {
  const { testShare: share = 100, winnerRule: rule = null, winner = null } = campaign;
  if (share === 100) return null;
  const members = groups.reduce((sum, { count }) => sum + count, 0);
  const waiting = groups
    .filter(({ variant, status }) => variant === WAITS && status === 'planned')
    .reduce((sum, { count }) => sum + count, 0);
  const shares = winner === null ? live : winner.shares;
  const by = comparedBy(campaign);
  // A variant of nobody is as good as any other, and would hide which is the best.
  const [best, next] = (shares ?? [])
    .filter(({ of }) => of > 0)
    .sort((one, other) => other.count * one.of - one.count * other.of);
  const difference = best && next ? compareShares(best, next) : null;
  const isOver = OVER.includes(campaign.status);
  return {
    ...{ share, rule, by, waiting: figure(waiting, members, 'members') },
    endedAt: campaign.testEndedAt ?? null,
    decidesAt: winner === null && !isOver ? (dueRule(campaign)?.at ?? null) : null,
    lapsesAt: lapsesAt(campaign),
    winner: winner && { variant: winner.variant, at: winner.at, by: winner.by, how: winner.how },
    says: said(campaign),
    shares:
      shares &&
      shares.map(({ variant, count, of }) => ({
        variant,
        figure: figure(count, of, by === 'bookings' ? 'sent' : 'measured'),
      })),
    difference,
    isClear: difference !== null && (difference.low > 0 || difference.high < 0),
  };
}

function said(campaign: Campaign): string {
  const { status, winner, undecided, testEndedAt, winnerRule, lapsedAt } = campaign;
  const byHand = 'a marketer names the winner (POST /v1/campaigns/:id/winner)';
  if (winner != null) return `${winner.variant} has won, by ${winner.how}`;
  if (lapsedAt != null) return 'no winner was named in time; who waited for it got nothing';
  if (OVER.includes(status)) return 'the campaign is over without a winner: nobody waits for one any more';
  if (undecided != null) return `the rule named nobody: ${undecided.why}; ${byHand}`;
  if (campaign.launch === null) return 'not launched';
  if (testEndedAt == null) return 'the test is being sent';
  if (winnerRule == null) return `the test was sent; ${byHand}`;
  const once = status === 'sending' ? '' : ', or once the campaign goes on';
  return `the test was sent; the rule is asked at decidesAt${once}`;
}
