import { Duration } from 'luxon';
import { noted, SCHEDULER, toAudit } from '#campaigns/campaign-moves';
import type { CampaignStore } from '#campaigns/campaign.store';
import type { Campaign, WinnerRule } from '#campaigns/campaign.types';
import type { CampaignRows } from '#messages/campaign-rows';
import type { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import { transition } from '#messages/transition';
import { endRows } from './end-rows.js';
import { pickWinner } from './pick-winner.js';
import { WAITS } from './split.js';
import type { TestShares } from './test-shares.js';

/** How long people wait for a winner that a person has to name: over a holiday, and what it says is still news. */
const WAIT_DAYS = 7;
const PAGE = 1_000;

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
    private readonly messages: MessageStore,
  ) {}

  async runOnce(now: Date): Promise<{ ended: number; won: number; undecided: number; lapsed: number }> {
    const done = { ended: 0, won: 0, undecided: 0, lapsed: 0 };
    for await (const campaign of this.campaigns.inStates(['sending'])) {
      if (campaign.lapsedAt != null) done.lapsed += await this.expire(campaign, now);
      if (!isTesting(campaign)) continue;
      if (campaign.testEndedAt == null) {
        if (await this.end(campaign, now)) done.ended += 1;
      } else {
        const rule = dueRule(campaign);
        if (rule === null) {
          const lapsed = lapsesAt(campaign)! <= now ? await this.lapse(campaign, now) : null;
          if (lapsed !== null) done.lapsed += await this.expire(lapsed, now);
          continue;
        }
        if (rule.at > now) continue;
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
      const at = isTesting(campaign) ? (dueRule(campaign)?.at ?? lapsesAt(campaign)) : null;
      if (at !== null && at > after && at <= until && (first === null || at < first)) first = at;
    }
    return first;
  }

  private async end(campaign: Campaign, now: Date): Promise<boolean> {
    const parts = campaign.variants.map(({ name }) => name);
    if (await this.rows.isOpenIn(campaign.tenant, campaign.campaign, parts)) return false;
    return (await this.campaigns.write(campaign, { ...campaign, testEndedAt: now })) !== null;
  }

  /** From here on no winner can be named any more. null: somebody was faster. */
  private async lapse(campaign: Campaign, now: Date): Promise<Campaign | null> {
    const why = `nobody named a winner within ${WAIT_DAYS} days`;
    const after = noted(campaign, 'lapse', SCHEDULER, now, { lapsedAt: now }, why);
    return this.campaigns.write(campaign, toAudit(after));
  }

  /** Ends who waited; a crash in between leaves some to the next pass. How many. */
  private async expire({ tenant, campaign }: Campaign, now: Date): Promise<number> {
    const why = 'no winner was named in time';
    const { count } = await endRows(
      this.messages,
      () => this.rows.findLeft(tenant, campaign, WAITS, PAGE),
      (row) =>
        transition(row as MessageRow & { status: 'planned' }, 'expired', why, now, { reason: 'expired' }),
    );
    return count;
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
export function isTesting({ testShare, winner, lapsedAt, launch }: Campaign): boolean {
  return (testShare ?? 100) < 100 && winner == null && lapsedAt == null && launch?.endedAt != null;
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

/**
 * When a test that no rule will decide any more ends without a winner; null: it still runs, its rule is to be asked, or its
 * campaign is not under way. What is paused has its days from when it goes on.
 */
export function lapsesAt(campaign: Campaign): Date | null {
  const { status, testEndedAt, undecided, winner, lapsedAt, history } = campaign;
  if (status !== 'sending') return null;
  if (testEndedAt == null || winner != null || lapsedAt != null || dueRule(campaign) !== null) return null;
  const resumed = history.filter(({ move }) => move === 'resume').at(-1)?.at ?? null;
  const from = Math.max(...[undecided?.at ?? testEndedAt, resumed ?? testEndedAt].map((at) => at.getTime()));
  return new Date(from + WAIT_DAYS * 86_400_000);
}
