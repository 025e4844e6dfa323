import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { moved, newCampaign, noted, SCHEDULER, toAudit } from '#campaigns/campaign-moves';
import { shownStatus, type CampaignMove, type ShownStatus } from '#campaigns/campaign-table';
import { campaignKey, type CampaignStore } from '#campaigns/campaign.store';
import type { Campaign, CampaignPlan, Schedule } from '#campaigns/campaign.types';
import { hashOf } from '#campaigns/content';
import type { PredicateFault } from '#campaigns/read-predicate';
import type { ListCursor } from '#campaigns/segment.store';
import type { TemplateStore } from '#campaigns/template.store';
import type { CampaignRows } from '#messages/campaign-rows';
import type { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import { transition } from '#messages/transition';
import type { Clock } from '#platform/clock';
import { RULES } from '#purposes/purposes';
import type { CampaignLimits } from '#purposes/campaign-limits';
import type { Tenant } from '#tenants/tenant';
import { countsOf, laxerFaults, limitsOf, TRIED } from './limits.js';
import { hashOfPlan } from './plan-hash.js';
import type { PullCampaigns } from './pull-campaigns.js';
import type { NotReady, Segments } from './segments.js';
import { launchAt } from './send-times.js';
import type { TestShares } from './test-shares.js';
import type { WatchCampaigns } from './watch-campaigns.js';

/** A provider call begins within W of its pass (PROTOCOL, W): no wait needs to be longer. */
const W_MS = 5_000;
const POLL_MS = 25;
/** More than ever are on their way of one campaign: it pulls 1,000 at once. */
const MOST_RELEASED = 10_000;
/** How often an act that lost a race for its campaign starts over. */
const TRIES = 10;

/** Who acts: a key. */
export interface Actor {
  key: string;
  name: string;
  person?: string;
  /** Whether what they had read is the campaign as it stands, where they said what they had read. */
  hasRead?: (campaign: Campaign) => boolean;
}

/** A plan as it is first written. */
export type Draft = Omit<CampaignPlan, 'limits'> & { limits?: CampaignLimits | undefined };

export type Acted =
  | { kind: 'done'; campaign: Campaign }
  /** There is none of this id. */
  | { kind: 'unknown' }
  /** It is not what who acts had read. */
  | { kind: 'changed' }
  /** Not from where it stands, or not by this person. */
  | { kind: 'refused'; detail: string }
  /** What it lacks, each with the path of its member. */
  | { kind: 'faulty'; faults: readonly PredicateFault[] }
  | NotReady;

/** What an act writes, why it writes nothing, or why what was signed is none any more: then it is a draft again. */
type Decided = { set: Partial<Campaign>; why?: string } | { stop: Acted } | { void: string };

/** The life of a campaign: every act is one move of the table, written by compare-and-set. */
export class Campaigns {
  constructor(
    private readonly campaigns: CampaignStore,
    private readonly templates: TemplateStore,
    private readonly segments: Segments,
    private readonly rows: CampaignRows,
    private readonly messages: MessageStore,
    private readonly watch: WatchCampaigns,
    private readonly pulls: PullCampaigns,
    private readonly shares: TestShares,
    private readonly clock: Clock,
  ) {}

  find(tenant: string, id: string): Promise<Campaign | null> {
    return this.campaigns.find(tenant, id);
  }

  list(
    tenant: string,
    status: ShownStatus | null,
    page: { after: ListCursor | null; limit: number },
  ): Promise<Campaign[]> {
    return this.campaigns.list(tenant, status, page);
  }

  /** A draft; what it does not say of limits are the tenant's. */
  async create(tenant: Tenant, written: Draft, by: Actor): Promise<Campaign> {
    const plan = { ...written, limits: written.limits ?? limitsOf(tenant) };
    for (;;) {
      const id = `c-${randomBytes(5).toString('hex')}`;
      const ids = { _id: campaignKey(tenant.id, id), tenant: tenant.id, campaign: id };
      const campaign = newCampaign(ids, plan, by.name, this.clock.now());
      if (await this.campaigns.add(campaign)) return campaign;
    }
  }

  /** A new draft that says what this one says. */
  async duplicate(tenant: Tenant, id: string, by: Actor): Promise<Campaign | null> {
    const known = await this.campaigns.find(tenant.id, id);
    return known && this.create(tenant, { ...planOf(known), name: `${known.name} (2)`.slice(0, 100) }, by);
  }

  /** Back to a draft, whatever was approved: what is written is another campaign. What stands already changes nothing. */
  edit(tenant: Tenant, id: string, changes: Partial<CampaignPlan>, by: Actor): Promise<Acted> {
    return this.act(tenant.id, id, 'edit', by, (campaign) => {
      const plan = planOf(campaign);
      const isSame = hashOf({ ...plan, ...changes }) === hashOf(plan);
      return Promise.resolve(isSame ? { stop: { kind: 'done', campaign } } : { set: changes });
    });
  }

  /** What it lacks is told; its plan and whom its segment means are what is approved. */
  submit(tenant: Tenant, id: string, by: Actor): Promise<Acted> {
    return this.act(tenant.id, id, 'submit', by, async (campaign, now) => {
      const faults = await this.lacks(tenant, campaign);
      if (faults.length > 0) return { stop: { kind: 'faulty', faults } };
      const stands = await this.whatStands(tenant, campaign, now);
      return 'stop' in stands ? stands : { set: { submitted: { ...signatureOf(by), at: now, ...stands } } };
    });
  }

  /** By somebody else than who submitted it, and what was submitted only. */
  approve(tenant: Tenant, id: string, by: Actor): Promise<Acted> {
    return this.act(tenant.id, id, 'approve', by, async (campaign, now) => {
      const { submitted } = campaign;
      if (submitted?.key === by.key)
        return { stop: refused('was submitted with this key: somebody else approves it') };
      if (by.person !== undefined && submitted?.person === by.person)
        return { stop: refused('was submitted by the same person: somebody else approves it') };
      const stands = await this.whatStands(tenant, campaign, now);
      if ('stop' in stands) return stands;
      if (stands.hash !== submitted?.hash) return { void: meansOthers('submitted') };
      return { set: { approved: { ...signatureOf(by), at: now, ...stands } } };
    });
  }

  reject(tenant: Tenant, id: string, why: string, by: Actor): Promise<Acted> {
    return this.act(tenant.id, id, 'reject', by, () => Promise.resolve({ set: {}, why }));
  }

  /** What was approved only: whom its segment means is looked at again at the launch. */
  schedule(tenant: Tenant, id: string, schedule: Schedule, by: Actor): Promise<Acted> {
    return this.act(tenant.id, id, 'schedule', by, async (campaign, now) => {
      const stands = await this.whatStands(tenant, campaign, now);
      if ('stop' in stands) return stands;
      if (stands.hash !== campaign.approved?.hash) return { void: meansOthers('approved') };
      const earliest = new Date(now.getTime() + campaign.graceMinutes * 60_000);
      return { set: { schedule, launchAt: launchAt(schedule, tenant.timeZone, earliest) } };
    });
  }

  unschedule(tenant: Tenant, id: string, by: Actor): Promise<Acted> {
    return this.act(tenant.id, id, 'unschedule', by, nothing);
  }

  /** Answers once it is paused: after the answer no call of it begins. */
  async pause(tenant: Tenant, id: string, why: string | null, by: Actor): Promise<Acted> {
    const begun = await this.act(tenant.id, id, 'pause', by, (_, now) =>
      Promise.resolve({
        set: { pausedFor: { why: why ?? 'by hand', at: now, by: by.name } },
        ...(why === null ? {} : { why }),
      }),
    );
    // Somebody else, or the scheduler at a limit, has begun to: whoever asks is told no sooner than they are, and not no.
    if (begun.kind !== 'done' && (await this.find(tenant.id, id))?.status !== 'pausing') return begun;
    await this.quieten(tenant.id, id);
    // What they had read was looked at when the pause began.
    const { hasRead: _seen, ...halts } = by;
    const halted = await this.act(tenant.id, id, 'halt', halts, nothing);
    // Somebody else was there: it is paused, or it has been cancelled meanwhile.
    return halted.kind === 'refused' ? this.now(tenant.id, id) : halted;
  }

  /** After a pause at a limit what had been by then was seen: from here on the limits look at what comes. */
  async resume(tenant: Tenant, id: string, by: Actor): Promise<Acted> {
    const resumed = await this.act(tenant.id, id, 'resume', by, async ({ pausedFor }) => {
      if (pausedFor?.by !== SCHEDULER) return { set: {} };
      return { set: { limitsFrom: countsOf(await this.rows.countByStatus(tenant.id, id, TRIED)) } };
    });
    if (resumed.kind === 'done') await this.pulls.begin(resumed.campaign, this.clock.now());
    return resumed;
  }

  /** For good. Answers once no call of it begins any more; what was planned is called off. */
  async cancel(tenant: Tenant, id: string, by: Actor): Promise<Acted> {
    const cancelled = await this.act(tenant.id, id, 'cancel', by, nothing);
    if (cancelled.kind !== 'done' || cancelled.campaign.launch === null) return cancelled;
    await this.quieten(tenant.id, id);
    await this.watch.sweep(cancelled.campaign, this.clock.now());
    return this.now(tenant.id, id);
  }

  archive(tenant: Tenant, id: string, by: Actor): Promise<Acted> {
    return this.act(tenant.id, id, 'archive', by, nothing);
  }

  /** A marketer names the winner: for good, with what the variants came to by then. Said again it changes nothing. */
  async win(tenant: string, id: string, variant: string, by: Actor): Promise<Acted> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const campaign = await this.campaigns.find(tenant, id);
      if (campaign === null) return { kind: 'unknown' };
      if (by.hasRead?.(campaign) === false) return { kind: 'changed' };
      const refusal = whyNoWinner(campaign, variant);
      if (refusal !== null) return refusal;
      if (campaign.winner?.variant === variant) return { kind: 'done', campaign };
      const now = this.clock.now();
      const shares = await this.shares.of(campaign, now);
      const winner = { variant, at: now, by: by.name, how: 'hand' as const, shares };
      const after = noted(campaign, 'winner', by.name, now, { winner }, `${variant}, by hand`);
      const written = await this.campaigns.write(campaign, toAudit(after, by.key));
      if (written !== null) return { kind: 'done', campaign: await this.watch.tellAudit(written) };
    }
    throw new Error(`a campaign lost ${TRIES} races in a row`);
  }

  /** One move, or the end of an approval in its place; a lost race is read again, and decided again. */
  private async act(
    tenant: string,
    id: string,
    move: CampaignMove,
    by: Actor,
    decide: (campaign: Campaign, now: Date) => Promise<Decided>,
  ): Promise<Acted> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const campaign = await this.campaigns.find(tenant, id);
      if (campaign === null) return { kind: 'unknown' };
      if (by.hasRead?.(campaign) === false) return { kind: 'changed' };
      const now = this.clock.now();
      // What cannot move is told so before what it lacks is.
      const possible = moved(campaign, move, by.name, now);
      if (possible.kind === 'refused') return refused(possible.detail);
      const decided = await decide(campaign, now);
      if ('stop' in decided) return decided.stop;
      const after =
        'void' in decided
          ? moved(campaign, 'void', by.name, now, {}, decided.void)
          : moved(campaign, move, by.name, now, decided.set, decided.why);
      if (after.kind === 'refused') return refused(after.detail);
      // The end of a pause is nobody's act: the audit has who asked for it.
      const written = await this.campaigns.write(
        campaign,
        move === 'halt' ? after.after : toAudit(after.after, by.key),
      );
      if (written === null) continue;
      const told = await this.watch.tellAudit(written);
      return 'void' in decided ? refused(decided.void) : { kind: 'done', campaign: told };
    }
    throw new Error(`a campaign lost ${TRIES} races in a row`);
  }

  private async now(tenant: string, id: string): Promise<Acted> {
    const campaign = await this.campaigns.find(tenant, id);
    return campaign === null ? { kind: 'unknown' } : { kind: 'done', campaign };
  }

  /**
   * Takes back what is released and waits for what is being sent, W at most: no pass that read the campaign before calls
   * later. A pass reads its rows before their campaign, so what is released from now on is only given back by whoever takes it
   * up, and need not be waited for.
   */
  private async quieten(tenant: string, id: string): Promise<void> {
    const began = this.clock.mono();
    let released = await this.rows.findIn(tenant, id, ['released'], MOST_RELEASED);
    for (;;) {
      released = await this.takeBack(tenant, released);
      if (released.length === 0 && (await this.rows.countIn(tenant, id, ['sending'])) === 0) return;
      if (this.clock.mono() - began >= W_MS) return;
      await wait(POLL_MS);
    }
  }

  /** Those of them that are released still: somebody wrote them meanwhile. */
  private async takeBack(tenant: string, released: readonly MessageRow[]): Promise<MessageRow[]> {
    const now = this.clock.now();
    const won = await this.messages.apply(
      released.map((row) =>
        transition(row as MessageRow & { status: 'released' }, 'planned', 'its campaign pauses', now, {
          dueAt: null,
          reason: 'paused',
        }),
      ),
    );
    const lost = released.flatMap(({ _id }) => (won.has(_id) ? [] : [_id]));
    const left = await this.messages.findByIds(tenant, lost);
    return left.filter(({ status }) => status === 'released');
  }

  /** Its plan, and whom its segment means: what is signed. */
  private async whatStands(
    tenant: Tenant,
    campaign: Campaign,
    now: Date,
  ): Promise<{ hash: string } | { stop: Acted }> {
    const asked = await this.segments.askFor(tenant, campaign.segment ?? '', now);
    if (asked?.kind === 'asked') return { hash: hashOfPlan(campaign, asked.predicate) };
    if (asked?.kind === 'not-ready') return { stop: asked };
    const detail = asked === null ? 'expected a segment that is there' : (asked.faults[0]?.detail ?? '');
    return { stop: { kind: 'faulty', faults: [{ path: ['segment'], detail }] } };
  }

  /** What keeps a draft from being submitted. */
  private async lacks(tenant: Tenant, campaign: Campaign): Promise<PredicateFault[]> {
    const faults: PredicateFault[] = [];
    if (campaign.segment === null) faults.push({ path: ['segment'], detail: 'expected a segment' });
    if (campaign.variants.length === 0)
      faults.push({ path: ['variants'], detail: 'expected a version of a template' });
    const { stream } = RULES[campaign.purpose];
    if (tenant.senders[stream][campaign.channel] === undefined) {
      const detail = `the tenant has no ${campaign.channel} sender for ${stream} messages`;
      faults.push({ path: ['channel'], detail });
    }
    faults.push(...laxerFaults(campaign.limits, tenant));
    faults.push(...testFaults(campaign));
    const versions = await this.templates.findVersions(
      tenant.id,
      campaign.variants.map(({ template, version }) => ({ template, n: version })),
    );
    campaign.variants.forEach(({ template, version: n }, index) => {
      const version = versions.find((one) => one.template === template && one.n === n);
      const path = ['variants', index, 'version'];
      if (version === undefined) faults.push({ path, detail: 'no such version is there' });
      else if (version.status !== 'published') faults.push({ path, detail: 'is a draft: publish it first' });
      else if (!Object.values(version.content).some((message) => message[campaign.channel] !== undefined)) {
        faults.push({ path, detail: `is not written for ${campaign.channel}` });
      }
    });
    return faults;
  }
}

/** What a test lacks. */
function testFaults({
  variants,
  channel,
  testShare = 100,
  winnerRule = null,
}: CampaignPlan): PredicateFault[] {
  if (testShare < 100 && variants.length < 2)
    return [{ path: ['testShare'], detail: 'a test compares two variants at least' }];
  if (winnerRule === null) return [];
  if (testShare === 100)
    return [{ path: ['winnerRule'], detail: 'nobody waits for a winner: expected a testShare below 100' }];
  return winnerRule.by === 'clicks' && channel !== 'email'
    ? [{ path: ['winnerRule', 'by'], detail: 'clicks are measured in mail only: expected bookings' }]
    : [];
}

/** Why somebody may not name this winner; null: they may. */
function whyNoWinner(
  { status, variants, testShare = 100, winner, lapsedAt }: Campaign,
  variant: string,
): Acted | null {
  if (!['sending', 'pausing', 'paused'].includes(status))
    return refused(`is ${shownStatus(status)}; a winner is named while it is sending or paused`);
  if (testShare === 100) return refused('has nobody waiting for a winner: its testShare is 100');
  if (lapsedAt != null) return refused('has nobody waiting any more: no winner was named in time');
  if (!variants.some(({ name }) => name === variant)) {
    const detail = `expected one of ${variants.map(({ name }) => name).join(', ')}`;
    return { kind: 'faulty', faults: [{ path: ['variant'], detail }] };
  }
  return winner != null && winner.variant !== variant
    ? refused(`has its winner: ${winner.variant}, for good`)
    : null;
}

const signatureOf = ({ key, name, person }: Actor) => ({
  ...{ key, by: name },
  ...(person === undefined ? {} : { person }),
});

const refused = (detail: string): Acted => ({ kind: 'refused', detail });

const meansOthers = (since: 'submitted' | 'approved'): string =>
  `means other people since it was ${since}, as its segment was changed: it is a draft again, to be submitted again`;

const nothing = (): Promise<{ set: Partial<Campaign> }> => Promise.resolve({ set: {} });

const planOf = (campaign: Campaign): CampaignPlan => {
  const { name, purpose, channel, segment, variants, holdOut, graceMinutes, pace, limits } = campaign;
  const { testShare = 100, winnerRule = null, utm = null } = campaign;
  return {
    ...{ name, purpose, channel, segment, variants, holdOut, testShare, winnerRule },
    ...{ graceMinutes, pace, limits, utm },
  };
};
