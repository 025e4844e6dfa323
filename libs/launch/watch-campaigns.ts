import { createHash } from 'node:crypto';
import { moved, SCHEDULER, toAudit } from '#campaigns/campaign-moves';
import type { AddressClaimStore } from '#campaigns/address-claim.store';
import type { CampaignMove } from '#campaigns/campaign-table';
import type { CampaignStore } from '#campaigns/campaign.store';
import type { Campaign, UnauditedLine } from '#campaigns/campaign.types';
import type { CampaignRows } from '#messages/campaign-rows';
import type { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import { transition } from '#messages/transition';
import type { AuditEntry, AuditStore } from '#privacy/audit.store';
import { endRows } from './end-rows.js';
import { AMISS, countsOf, limitReached, TRIED } from './limits.js';

const MOST = 100;
const PAGE = 1_000;
/** A call begins within W of its pass: so long after `pausing` none does any more (PROTOCOL, W). */
const W_MS = 5_000;
/**
 * A launcher that died between a page of rows and its second look at the campaign has long done the first by then; one
 * that only slept looks, and has them swept (`launch.ts`).
 */
const SWEEP_FOR_MS = 10 * 60_000;
/** After its end a message may still be tried again by staff until it expires, 7 days at most: then nobody asks any more. */
const KEEP_CLAIMS_MS = 14 * 86_400_000;
/** Pages of claims that one pass deletes. */
const CLAIM_PAGES = 20;

/** Looks after campaigns under way: pauses at their limits, ends what has ended, finishes what a crash broke off. */
export class WatchCampaigns {
  /** By campaign, how many of its messages had been tried when they were last counted: by now they are no fewer. */
  private readonly tried = new Map<string, number>();

  constructor(
    private readonly campaigns: CampaignStore,
    private readonly rows: CampaignRows,
    private readonly messages: MessageStore,
    private readonly claims: AddressClaimStore,
    private readonly audit: AuditStore,
  ) {}

  async runOnce(now: Date): Promise<{ paused: number; ended: number; cancelled: number }> {
    const done = { paused: 0, ended: 0, cancelled: 0 };
    const watched = new Set<string>();
    for await (const campaign of this.campaigns.inStates(['sending', 'pausing'])) {
      watched.add(campaign._id);
      const { tenant, campaign: id } = campaign;
      if (campaign.status === 'pausing') {
        const since = now.getTime() - campaign.updatedAt.getTime();
        if (since > W_MS && (await this.move(campaign, 'halt', now))) done.paused += 1;
        continue;
      }
      const why = await this.limitReached(campaign);
      if (why !== null) {
        const pausedFor = { why, at: now, by: SCHEDULER };
        if (await this.move(campaign, 'pause', now, { pausedFor }, why)) done.paused += 1;
      } else if (campaign.launch?.endedAt && !(await this.rows.isOpen(tenant, id))) {
        if (await this.move(campaign, 'end', now)) done.ended += 1;
      }
    }
    for (const id of this.tried.keys()) if (!watched.has(id)) this.tried.delete(id);
    for (const campaign of await this.campaigns.findUnswept(MOST))
      done.cancelled += await this.sweep(campaign, now);
    for (const campaign of await this.campaigns.findUnaudited(MOST)) await this.tellAudit(campaign);
    return done;
  }

  /**
   * Which limit it has come to. What is amiss is little, and counted each time; what was sent may be a million rows, of
   * which a count holds up whoever sends: it is counted anew only where a limit would be reached had no more been sent since.
   */
  private async limitReached(campaign: Campaign): Promise<string | null> {
    const { _id, tenant, campaign: id, limits, limitsFrom } = campaign;
    const known = this.tried.get(_id);
    if (known !== undefined && known - (limitsFrom?.sent ?? 0) >= limits.least) {
      const amiss = countsOf(await this.rows.countByStatus(tenant, id, AMISS));
      if (limitReached(campaign, { ...amiss, sent: known }) === null) return null;
    }
    const all = countsOf(await this.rows.countByStatus(tenant, id, TRIED));
    this.tried.set(_id, all.sent);
    return limitReached(campaign, all);
  }

  /**
   * Each line has an id of its own: who dies in between, or loses the race, tells it again, and it stands there once. The
   * campaign as it stands then.
   */
  async tellAudit(campaign: Campaign): Promise<Campaign> {
    const { unaudited = [] } = campaign;
    if (unaudited.length === 0) return campaign;
    await this.audit.addMissing(unaudited.map((line) => auditEntry(campaign, line)));
    return (await this.campaigns.write(campaign, { ...campaign, unaudited: [] })) ?? campaign;
  }

  /** Deletes who had which address in campaigns that are long over; how many claims. */
  async deleteOldClaims(now: Date): Promise<number> {
    let count = 0;
    const endedBefore = new Date(now.getTime() - KEEP_CLAIMS_MS);
    for (const campaign of await this.campaigns.findRemembering(endedBefore, MOST))
      count += await this.forget(campaign, now);
    return count;
  }

  /**
   * Looks once after each campaign's end for rows that were left waiting for it, which nobody pulls any more: what staff
   * tried again goes out while there is time, the rest has its end. How many rows.
   */
  async moveLeftBehind(now: Date): Promise<number> {
    let count = 0;
    const endedBefore = new Date(now.getTime() - SWEEP_FOR_MS);
    for (const campaign of await this.campaigns.findUnlooked(endedBefore, MOST)) {
      const rows = await this.rows.findLeft(campaign.tenant, campaign.campaign, null, PAGE);
      const isPutAway = campaign.status === 'archived';
      const goes = rows.filter(({ expiresAt }) => !isPutAway && expiresAt !== null && expiresAt > now);
      const over = rows.filter((row) => !goes.includes(row)) as (MessageRow & { status: 'planned' })[];
      for (const row of goes) if (await this.messages.makeDue(row, now)) count += 1;
      const why = 'its campaign had ended without it';
      count += (
        await this.messages.apply(
          over.map((row) => transition(row, 'expired', why, now, { reason: 'expired' })),
        )
      ).size;
      if (rows.length === 0) await this.campaigns.write(campaign, { ...campaign, lookedThroughAt: now });
    }
    return count;
  }

  private async forget(campaign: Campaign, now: Date): Promise<number> {
    let count = 0;
    for (let pages = 0; pages < CLAIM_PAGES; pages += 1) {
      const deleted = await this.claims.deleteSome(campaign.tenant, campaign.campaign, PAGE);
      count += deleted;
      if (deleted === PAGE) continue;
      await this.campaigns.write(campaign, { ...campaign, claimsDeletedAt: now });
      break;
    }
    return count;
  }

  /** Calls off what a cancelled campaign had planned; how many rows. */
  async sweep(campaign: Campaign, now: Date): Promise<number> {
    const { tenant, campaign: id } = campaign;
    const { count, isThrough } = await endRows(
      this.messages,
      () => this.rows.findIn(tenant, id, ['planned', 'released'], PAGE),
      (row) =>
        transition(
          row as MessageRow & { status: 'planned' | 'released' },
          'cancelled',
          'its campaign was cancelled',
          now,
        ),
    );
    const isOver = now.getTime() - campaign.updatedAt.getTime() > SWEEP_FOR_MS;
    if (isThrough && isOver && !(await this.rows.isOpen(tenant, id))) {
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
    return after.kind === 'moved' && (await this.campaigns.write(campaign, toAudit(after.after))) !== null;
  }
}

/** As the moves of staff stand in the audit, and why it moved. */
function auditEntry(
  { _id, tenant, campaign, winner }: Campaign,
  { at, move, why, by, key = SCHEDULER, n }: UnauditedLine,
): AuditEntry {
  const line = [_id, move, at.toISOString(), ...(n === undefined ? [] : [n])];
  const digest = createHash('sha256').update(JSON.stringify(line));
  const variant = move === 'winner' ? winner?.variant : undefined;
  return {
    _id: digest.digest('hex').slice(0, 32),
    ...{ tenant, at, by: { key, name: by }, what: 'campaign.moved' },
    about: {
      campaign,
      detail: {
        move,
        ...(variant === undefined ? {} : { variant }),
        ...(why === undefined ? {} : { why }),
      },
    },
  };
}
