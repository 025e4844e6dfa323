import { compilePredicate } from '#campaigns/compile-predicate';
import { moved, SCHEDULER, toAudit } from '#campaigns/campaign-moves';
import type { CampaignStore } from '#campaigns/campaign.store';
import type { Campaign } from '#campaigns/campaign.types';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import { nonce } from '#platform/mongo';
import { RULES } from '#purposes/purposes';
import type { Tenant, Tenants } from '#tenants/tenant';
import { hashOfPlan } from './plan-hash.js';
import { contextOf, type Segments } from './segments.js';
import { sendTime } from './send-times.js';
import { HOLD_OUT, partOf } from './split.js';

/** Members whose rows are inserted at once. */
const PAGE = 1_000;

/** `_id` of a member's row (PROTOCOL C7): planning it twice inserts it once. */
export const campaignRowId = (tenant: string, customer: string, campaign: string): string =>
  [tenant, customer, campaign].map(encodeURIComponent).join('/');

/**
 * Makes rows of members (PROTOCOL C7). Who is meant was approved and is frozen with the launch; the customers are paged by
 * `_id`, which never changes, those known by the instant of the launch. A page's rows are inserted, then the checkpoint
 * moves by compare-and-set: a crash in between inserts nothing twice. The campaign is read again before each page: paused
 * or cancelled, it stops there, and resumed, goes on from there.
 */
export class Launch {
  constructor(
    private readonly campaigns: CampaignStore,
    private readonly segments: Segments,
    private readonly customers: CustomerStore,
    private readonly messages: MessageStore,
    private readonly tenants: Tenants,
    private readonly page = PAGE,
  ) {}

  async runOnce(now: Date): Promise<{ launched: number; members: number }> {
    let launched = 0;
    let members = 0;
    for await (const campaign of this.campaigns.inStates(['scheduled', 'sending'])) {
      const tenant = this.tenants.get(campaign.tenant);
      if (tenant === undefined) continue;
      const due = campaign.status === 'scheduled' && campaign.launchAt !== null && campaign.launchAt <= now;
      const started = due ? await this.start(tenant, campaign, now) : campaign;
      if (due && started !== null) launched += 1;
      if (started?.status === 'sending') members += await this.fill(tenant, started, now);
    }
    return { launched, members };
  }

  /** null: somebody else was faster, or what was approved is not what stands any more. */
  private async start(tenant: Tenant, campaign: Campaign, now: Date): Promise<Campaign | null> {
    const asked =
      campaign.segment === null ? null : await this.segments.askFor(tenant, campaign.segment, now);
    if (asked?.kind === 'not-ready') return null;
    if (asked?.kind !== 'asked' || hashOfPlan(campaign, asked.predicate) !== campaign.approved?.hash) {
      const why = 'whom its segment means was changed after it was approved';
      const voided = moved(campaign, 'void', SCHEDULER, now, {}, why);
      if (voided.kind === 'moved') await this.campaigns.write(campaign, toAudit(voided.after));
      return null;
    }
    const launch = { at: now, predicate: asked.predicate, after: null, members: 0, endedAt: null };
    const started = moved(campaign, 'launch', SCHEDULER, now, { launch, pulledTo: null });
    return started.kind === 'moved' ? this.campaigns.write(campaign, toAudit(started.after)) : null;
  }

  /** Page after page while it is sending; how many rows were new. */
  private async fill(tenant: Tenant, { campaign: id }: Campaign, now: Date): Promise<number> {
    let count = 0;
    for (;;) {
      const campaign = await this.campaigns.find(tenant.id, id);
      const launch = campaign?.launch;
      if (!campaign || campaign.status !== 'sending' || !launch || launch.endedAt !== null) return count;
      const people = await this.customers.pageMatching(
        tenant.id,
        compilePredicate(launch.predicate, contextOf(tenant, launch.at)),
        launch.at,
        { after: launch.after, limit: this.page },
      );
      const inserted = await this.messages.insertPlanned(
        people.map((customer) => rowOf(tenant, campaign, customer, launch.at)),
      );
      count += inserted.size;
      const after = {
        ...launch,
        after: people.at(-1)?._id ?? launch.after,
        members: launch.members + people.length,
        endedAt: people.length < this.page ? now : null,
      };
      if ((await this.campaigns.write(campaign, { ...campaign, launch: after })) === null) {
        await this.reopenSweep(tenant, id);
      }
    }
  }

  /** Who was cancelled while a page was on its way, and swept before it was there, is swept again. */
  private async reopenSweep(tenant: Tenant, id: string): Promise<void> {
    for (;;) {
      const campaign = await this.campaigns.find(tenant.id, id);
      const isCancelled = campaign?.history.some(({ move }) => move === 'cancel');
      if (campaign === null || !isCancelled || campaign.sweptAt === null) return;
      if ((await this.campaigns.write(campaign, { ...campaign, sweptAt: null })) !== null) return;
    }
  }
}

/** A member's row. Pure: the same again after a crash. */
export function rowOf(tenant: Tenant, campaign: Campaign, customer: Customer, launchedAt: Date): MessageRow {
  const { purpose, channel, campaign: id, variants, holdOut, testShare } = campaign;
  const { stream, dueClass } = RULES[purpose];
  const part = partOf(id, customer.customer, holdOut, variants, testShare);
  const variant = variants.find(({ name }) => name === part) ?? variants[0];
  const schedule = campaign.schedule ?? { at: null, zone: 'tenant', ifPassed: 'send' };
  const time = sendTime(schedule, customer.timeZone, tenant.timeZone, launchedAt);
  const stands =
    part === HOLD_OUT
      ? { status: 'cancelled' as const, reason: null, why: 'held out for comparison' }
      : time.kind === 'passed'
        ? {
            status: 'refused' as const,
            reason: 'too-late' as const,
            why: 'its hour had passed at the launch',
          }
        : { status: 'planned' as const, reason: null, why: 'a member of the campaign' };
  return {
    _id: campaignRowId(tenant.id, customer.customer, id),
    ...{ tenant: tenant.id, customer: customer.customer, rev: nonce(), status: stands.status },
    ...{ reason: stands.reason, until: null, journey: null, step: 'campaign', campaign: id },
    subject: { kind: 'campaign', id },
    ...{ booking: null, cart: null, gen: '0', generation: null },
    ...{ purpose, stream, dueClass, template: variant?.template ?? '', channel },
    // What was written and approved for one channel says nothing on another.
    fixedChannel: true,
    ...{ dueAt: null, expiresAt: null, usefulUntil: null, release: 0, attempts: [] },
    history: [{ at: launchedAt, status: stands.status, why: stands.why }],
    ...{ trace: [], content: null, event: null, createdAt: launchedAt },
    ...{ variant: part, notBefore: time.kind === 'from' ? time.at : launchedAt },
  };
}
