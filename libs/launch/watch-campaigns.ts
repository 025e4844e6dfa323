import { moved } from '#campaigns/campaign-moves';
import type { CampaignMove } from '#campaigns/campaign-table';
import type { CampaignStore } from '#campaigns/campaign.store';
import type { Campaign } from '#campaigns/campaign.types';
import type { CampaignRows } from '#messages/campaign-rows';
import type { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import { transition } from '#messages/transition';
import type { Status } from '#messages/moves';

const MOST = 100;
const PAGE = 1_000;
/** A call begins within W of its pass: so long after `pausing` none does any more (PROTOCOL, W). */
const W_MS = 5_000;
const SCHEDULER = 'scheduler';

/** Looks after campaigns under way: pauses at their limits, ends what has ended, finishes what a crash broke off. */
export class WatchCampaigns {
  constructor(
    private readonly campaigns: CampaignStore,
    private readonly rows: CampaignRows,
    private readonly messages: MessageStore,
  ) {}

  async runOnce(now: Date): Promise<{ paused: number; ended: number; cancelled: number }> {
    const done = { paused: 0, ended: 0, cancelled: 0 };
    for (const campaign of await this.campaigns.findInStates(['sending', 'pausing'], MOST)) {
      const { tenant, campaign: id } = campaign;
      if (campaign.status === 'pausing') {
        const since = now.getTime() - campaign.updatedAt.getTime();
        if (since > W_MS && (await this.move(campaign, 'halt', now))) done.paused += 1;
        continue;
      }
      const why = limitReached(campaign, await this.rows.countByStatus(tenant, id));
      if (why !== null) {
        const pausedFor = { why, at: now, by: SCHEDULER };
        if (await this.move(campaign, 'pause', now, { pausedFor }, why)) done.paused += 1;
      } else if (campaign.launch?.endedAt && !(await this.rows.isOpen(tenant, id))) {
        if (await this.move(campaign, 'end', now)) done.ended += 1;
      }
    }
    for (const campaign of await this.campaigns.findUnswept(MOST))
      done.cancelled += await this.sweep(campaign, now);
    return done;
  }

  /** Calls off what a cancelled campaign had planned; how many rows. */
  async sweep(campaign: Campaign, now: Date): Promise<number> {
    let count = 0;
    for (;;) {
      const rows = await this.rows.findIn(campaign.tenant, campaign.campaign, ['planned', 'released'], PAGE);
      if (rows.length === 0) break;
      const won = await this.messages.apply(
        rows.map((row) =>
          transition(
            row as MessageRow & { status: 'planned' | 'released' },
            'cancelled',
            'its campaign was cancelled',
            now,
          ),
        ),
      );
      count += won.size;
      // What a dispatcher has just taken is looked for with the next pass.
      if (won.size === 0) return count;
    }
    if (!(await this.rows.isOpen(campaign.tenant, campaign.campaign))) {
      await this.campaigns.write(campaign, { ...campaign, sweptAt: now });
    }
    return count;
  }

  private async move(
    campaign: Campaign,
    move: CampaignMove,
    now: Date,
    set: Partial<Campaign> = {},
    why?: string,
  ): Promise<boolean> {
    const after = moved(campaign, move, SCHEDULER, now, set, why);
    return after.kind === 'moved' && (await this.campaigns.write(campaign, after.after)) !== null;
  }
}

/** What reached a provider or would have: of these the limits are shares. */
const SENT: readonly Status[] = ['accepted', 'delivered', 'bounced', 'complained', 'failed', 'unknown'];

/** Which limit a campaign has come to, in words; null: none. Pure. */
export function limitReached(
  { limits }: Pick<Campaign, 'limits'>,
  counts: readonly { status: Status; count: number }[],
): string | null {
  const of = (...statuses: Status[]): number =>
    counts.reduce((sum, { status, count }) => sum + (statuses.includes(status) ? count : 0), 0);
  const sent = of(...SENT);
  if (sent < limits.least) return null;
  const shares = [
    ['complaints', of('complained'), limits.complaints],
    ['bounces', of('bounced'), limits.bounces],
    ['errors', of('failed', 'unknown'), limits.errors],
  ] as const;
  const over = shares.find(([, count, limit]) => count / sent > limit);
  if (over === undefined) return null;
  const [what, count, limit] = over;
  return `${what}: ${count} of ${sent} sent, more than ${Math.round(limit * 10_000) / 100} per cent`;
}
