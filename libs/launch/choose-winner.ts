import { Duration } from 'luxon';
import { noted, toAudit } from '#campaigns/campaign-moves';
import type { CampaignStore } from '#campaigns/campaign.store';
import type { Campaign, WinnerRule } from '#campaigns/campaign.types';
import type { CampaignRows } from '#messages/campaign-rows';
import { pickWinner } from './pick-winner.js';
import type { TestShares } from './test-shares.js';

const SCHEDULER = 'scheduler';

/**
 * Ends A/B tests: notes when the last message of a test had its end, and so long after it as the rule says names the
 * winner, or that there is none. Each is one compare-and-set on the campaign: whoever is killed before it decides again
 * from the ledger, and once it is written it stands. The rows are not touched: who waits gets the winner as it is pulled.
 */
export class ChooseWinner {
  constructor(
    private readonly campaigns: CampaignStore,
    private readonly rows: CampaignRows,
    private readonly shares: TestShares,
  ) {}

  async runOnce(now: Date): Promise<{ ended: number; won: number; undecided: number }> {
    const done = { ended: 0, won: 0, undecided: 0 };
    for await (const campaign of this.campaigns.inStates(['sending'])) {
      if (!isTesting(campaign)) continue;
      if (campaign.testEndedAt == null) {
        if (await this.end(campaign, now)) done.ended += 1;
      } else {
        const rule = dueRule(campaign);
        if (rule === null || rule.at > now) continue;
        const outcome = await this.decide(campaign, rule.rule, now);
        if (outcome !== null) done[outcome] += 1;
      }
    }
    return done;
  }

  /** When the next test is to be decided, up to `until` and after `after`: for who leads the clock. */
  async nextAt(until: Date, after: Date): Promise<Date | null> {
    let first: Date | null = null;
    for await (const campaign of this.campaigns.inStates(['sending'])) {
      const at = isTesting(campaign) ? dueRule(campaign)?.at : undefined;
      if (at !== undefined && at > after && at <= until && (first === null || at < first)) first = at;
    }
    return first;
  }

  private async end(campaign: Campaign, now: Date): Promise<boolean> {
    const parts = campaign.variants.map(({ name }) => name);
    if (await this.rows.isOpenIn(campaign.tenant, campaign.campaign, parts)) return false;
    return (await this.campaigns.write(campaign, { ...campaign, testEndedAt: now })) !== null;
  }

  private async decide(campaign: Campaign, rule: WinnerRule, now: Date): Promise<'won' | 'undecided' | null> {
    const shares = await this.shares.of(campaign, now);
    const picked = pickWinner(rule, shares);
    const after =
      picked.kind === 'winner'
        ? noted(
            campaign,
            'winner',
            SCHEDULER,
            now,
            { winner: { variant: picked.variant, at: now, by: SCHEDULER, how: 'rule', shares } },
            picked.why,
          )
        : noted(
            campaign,
            'undecided',
            SCHEDULER,
            now,
            { undecided: { at: now, why: picked.why, shares } },
            picked.why,
          );
    if ((await this.campaigns.write(campaign, toAudit(after))) === null) return null;
    return picked.kind === 'winner' ? 'won' : 'undecided';
  }
}

/** Whether members wait for a winner that nobody has named yet. Pure. */
export function isTesting({ testShare, winner, launch }: Campaign): boolean {
  return (testShare ?? 100) < 100 && winner == null && launch?.endedAt != null;
}

/** When a rule is to be asked; null: there is none, it was asked, or its test still runs. */
export function dueRule({
  winnerRule,
  undecided,
  testEndedAt,
}: Campaign): { rule: WinnerRule; at: Date } | null {
  if (winnerRule == null || undecided != null || testEndedAt == null) return null;
  return {
    rule: winnerRule,
    at: new Date(testEndedAt.getTime() + Duration.fromISO(winnerRule.after).toMillis()),
  };
}
