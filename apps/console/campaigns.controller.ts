import {
  Body,
  Controller,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { utmOf } from '#campaigns/utm-of';
import { SHOWN_STATUSES } from '#campaigns/campaign-table';
import type { Campaign } from '#campaigns/campaign.types';
import type { PredicateFault } from '#campaigns/read-predicate';
import { CustomerStore } from '#customers/customer.store';
import { Campaigns, type Acted, type Actor } from '#launch/campaigns';
import { laxerFaults } from '#launch/limits';
import { Contents, type Preview } from '#launch/contents';
import { ReachOf, type Reach, type ReachAnswer } from '#launch/reach';
import { RampViews } from '#launch/ramp-view';
import { TestSend, type Tested } from '#launch/test-send';
import type { CampaignLimits } from '#purposes/campaign-limits';
import { Tenants, type Tenant } from '#tenants/tenant';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import {
  pauseBody,
  planBody,
  planChanges,
  reasonBody,
  scheduleBody,
  testBody,
  winnerBody,
} from './campaign-body.js';
import { Acting, CampaignTag } from './campaign-etag.js';
import { CAMPAIGN_COLUMNS, campaignView, type CampaignView } from './campaign-view.js';
import { cursorOf } from './cursor.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { pageQuery } from './page-query.js';
import { orNotFound, Problem } from './problem.js';
import { pointerOf, readInput } from './read-query.js';
import { refuse } from './segments.controller.js';
import { previewBody } from './templates.controller.js';

export const listQuery = z.strictObject({
  status: z.enum(SHOWN_STATUSES, { error: `expected one of ${SHOWN_STATUSES.join(', ')}` }).optional(),
  ...pageQuery,
});

/** Campaigns: written, approved by somebody else, scheduled, paused, called off. */
@Controller('v1/campaigns')
@Roles('marketer', 'approver')
@UseInterceptors(CampaignTag)
export class CampaignsController {
  constructor(
    private readonly campaigns: Campaigns,
    private readonly reachOf: ReachOf,
    private readonly contents: Contents,
    private readonly tests: TestSend,
    private readonly ramps: RampViews,
    private readonly customers: CustomerStore,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
  ) {}

  @Get()
  @Columns(CAMPAIGN_COLUMNS)
  async list(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<CampaignView>> {
    const { status, cursor, limit } = readInput(listQuery, query);
    const page = { after: cursor ?? null, limit: limit + 1 };
    const found = await this.campaigns.list(caller.tenant, status ?? null, page);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const ramps = await this.ramps.of(items);
    return {
      items: items.map((campaign, index) => campaignView(campaign, ramps[index] ?? null)),
      ...(found.length > limit && last !== undefined ? { next: cursorOf(last) } : {}),
    };
  }

  @Post()
  @HttpCode(201)
  @Roles('marketer')
  async create(@Asking() caller: Caller, @Body() body: unknown): Promise<CampaignView> {
    const tenant = this.tenant(caller);
    const plan = readInput(planBody, body);
    refuseLaxer(plan.limits, tenant);
    const made = await this.campaigns.create(tenant, plan, caller);
    await this.audit.note(caller, 'campaign.created', { campaign: made.campaign });
    return this.view(made);
  }

  @Get(':id')
  async one(@Asking() caller: Caller, @Param('id') id: string): Promise<CampaignView> {
    return this.view(orNotFound(await this.campaigns.find(caller.tenant, id), 'a campaign of this id'));
  }

  @Patch(':id')
  @Roles('marketer')
  async edit(
    @Acting() caller: Caller & Actor,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<CampaignView> {
    const tenant = this.tenant(caller);
    const changes = readInput(planChanges, body);
    refuseLaxer(changes.limits as CampaignLimits | undefined, tenant);
    return this.done('edit', await this.campaigns.edit(tenant, id, changes, caller));
  }

  /**
   * Who would get it now, and who would not, reason by reason. Asked for `application/x-ndjson` it tells its progress, a
   * line after each page of people, and the reach last. Who hangs up stops it.
   */
  @Post(':id/reach')
  @HttpCode(200)
  async reach(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Reach | undefined> {
    const campaign = orNotFound(await this.campaigns.find(caller.tenant, id), 'a campaign of this id');
    const tenant = this.tenant(caller);
    const asksForLines =
      request.accepts(['application/json', 'application/x-ndjson']) === 'application/x-ndjson';
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    if (!asksForLines) return reached(await this.reachOf.of(tenant, campaign, { signal: gone.signal }));
    const progress = (looked: number, of: number | null): void => {
      if (!response.headersSent) response.type('application/x-ndjson');
      response.write(`${JSON.stringify({ progress: { looked, of } })}\n`);
    };
    try {
      const answer = await this.reachOf.of(tenant, campaign, { progress, signal: gone.signal });
      response.end(`${JSON.stringify({ reach: reached(answer) })}\n`);
    } catch (error) {
      // Once a line is written there is no other status to answer with: a cut answer is not taken for a whole one.
      if (response.headersSent) response.destroy();
      throw error;
    }
    return undefined;
  }

  /** As a sample person would get it, or a customer would, in each variant; its links lead nowhere. */
  @Post(':id/preview')
  @HttpCode(200)
  async preview(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<{ items: (Preview & { variant: string })[]; problems: string[] }> {
    const { customer, ...asked } = readInput(previewBody, body);
    const campaign = orNotFound(await this.campaigns.find(caller.tenant, id), 'a campaign of this id');
    const { channel, variants, purpose } = campaign;
    refuseUnwritten(campaign);
    const person =
      customer === undefined
        ? null
        : orNotFound(await this.customers.find(caller.tenant, customer), 'a customer of this id');
    if (customer !== undefined)
      await this.audit.note(caller, 'customer.previewed', { customer, campaign: id });
    const items: (Preview & { variant: string })[] = [];
    const problems: string[] = [];
    for (const { name, template, version: n } of variants) {
      const version = orNotFound(
        await this.contents.findVersion(caller.tenant, template, n),
        `version ${n} of ${template}`,
      );
      const wanted = { person, ...asked, channel: asked.channel ?? channel };
      const by = [purpose, utmOf(campaign, name)] as const;
      const shown = await this.contents.preview(this.tenant(caller), version, wanted, ...by);
      items.push(...shown.items.map((item) => ({ variant: name, ...item })));
      problems.push(...shown.problems.map((problem) => `variant ${name}: ${problem}`));
    }
    return { items, problems };
  }

  /** To staff whom the tenant's file names, through the gate, marked, with links that lead nowhere. */
  @Post(':id/test-send')
  @HttpCode(200)
  async testSend(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<{ items: Tested[] }> {
    const { to, locale } = readInput(testBody, body);
    const campaign = orNotFound(await this.campaigns.find(caller.tenant, id), 'a campaign of this id');
    refuseUnwritten(campaign);
    const tested = await this.tests.send(this.tenant(caller), campaign, to, locale ?? null);
    if (tested.kind === 'strangers') {
      throw new Problem(
        422,
        'a test goes to staff only',
        tested.indices.map((index) => ({
          pointer: pointerOf(['to', index]),
          detail: `is no ${campaign.channel === 'email' ? 'address' : 'number'} of approval.people in the tenant's file`,
        })),
      );
    }
    const outcomes = tested.items.map(({ outcome }) => outcome);
    await this.audit.note(caller, 'campaign.test-sent', { campaign: id, detail: { outcomes } });
    return { items: tested.items };
  }

  @Post(':id/submit')
  @HttpCode(200)
  @Roles('marketer')
  async submit(@Acting() caller: Caller & Actor, @Param('id') id: string): Promise<CampaignView> {
    return this.done('submit', await this.campaigns.submit(this.tenant(caller), id, caller));
  }

  @Post(':id/approve')
  @HttpCode(200)
  @Roles('approver')
  async approve(@Acting() caller: Caller & Actor, @Param('id') id: string): Promise<CampaignView> {
    return this.done('approve', await this.campaigns.approve(this.tenant(caller), id, caller));
  }

  @Post(':id/reject')
  @HttpCode(200)
  @Roles('approver')
  async reject(
    @Acting() caller: Caller & Actor,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<CampaignView> {
    const { reason } = readInput(reasonBody, body);
    return this.done('reject', await this.campaigns.reject(this.tenant(caller), id, reason, caller));
  }

  @Post(':id/schedule')
  @HttpCode(200)
  @Roles('marketer')
  async schedule(
    @Acting() caller: Caller & Actor,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<CampaignView> {
    const schedule = readInput(scheduleBody, body);
    return this.done('schedule', await this.campaigns.schedule(this.tenant(caller), id, schedule, caller));
  }

  @Post(':id/unschedule')
  @HttpCode(200)
  @Roles('marketer', 'approver')
  async unschedule(@Acting() caller: Caller & Actor, @Param('id') id: string): Promise<CampaignView> {
    return this.done('unschedule', await this.campaigns.unschedule(this.tenant(caller), id, caller));
  }

  /** Answers once it is paused: no call of it begins after that. */
  @Post(':id/pause')
  @HttpCode(200)
  async pause(
    @Acting() caller: Caller & Actor,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<CampaignView> {
    const { reason } = readInput(pauseBody, body);
    return this.done('pause', await this.campaigns.pause(this.tenant(caller), id, reason ?? null, caller));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @Roles('marketer')
  async resume(@Acting() caller: Caller & Actor, @Param('id') id: string): Promise<CampaignView> {
    return this.done('resume', await this.campaigns.resume(this.tenant(caller), id, caller));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  async cancel(@Acting() caller: Caller & Actor, @Param('id') id: string): Promise<CampaignView> {
    return this.done('cancel', await this.campaigns.cancel(this.tenant(caller), id, caller));
  }

  /** Which variant who still waits gets, for good. */
  @Post(':id/winner')
  @HttpCode(200)
  @Roles('marketer')
  async winner(
    @Acting() caller: Caller & Actor,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<CampaignView> {
    const { variant } = readInput(winnerBody, body);
    return this.done('winner', await this.campaigns.win(caller.tenant, id, variant, caller));
  }

  @Post(':id/duplicate')
  @HttpCode(201)
  @Roles('marketer')
  async duplicate(@Asking() caller: Caller, @Param('id') id: string): Promise<CampaignView> {
    const made = orNotFound(
      await this.campaigns.duplicate(this.tenant(caller), id, caller),
      'a campaign of this id',
    );
    await this.audit.note(caller, 'campaign.created', { campaign: made.campaign, detail: { from: id } });
    return this.view(made);
  }

  @Post(':id/archive')
  @HttpCode(200)
  @Roles('marketer')
  async archive(@Acting() caller: Caller & Actor, @Param('id') id: string): Promise<CampaignView> {
    return this.done('archive', await this.campaigns.archive(this.tenant(caller), id, caller));
  }

  private async done(move: string, acted: Acted): Promise<CampaignView> {
    switch (acted.kind) {
      case 'done':
        return this.view(acted.campaign);
      case 'unknown':
        throw new Problem(404, 'a campaign of this id is not known');
      case 'refused':
        throw new Problem(409, `this campaign ${acted.detail}`);
      case 'changed':
        throw new Problem(
          412,
          'this campaign has changed since this ETag was read; read it again and decide anew',
        );
      case 'faulty':
        throw new Problem(
          422,
          move === 'winner' ? 'no such variant' : 'this campaign is not ready to be submitted',
          pointed(acted.faults),
        );
      case 'not-ready':
        throw new Problem(503, 'what people are found by is still being worked out; ask again', [], {
          'Retry-After': '30',
        });
    }
  }

  private async view(campaign: Campaign): Promise<CampaignView> {
    return campaignView(campaign, (await this.ramps.of([campaign]))[0] ?? null, true);
  }

  private tenant(caller: Caller): Tenant {
    return orNotFound(this.tenants.get(caller.tenant), 'this tenant');
  }
}

function refuseLaxer(limits: CampaignLimits | undefined, tenant: Tenant): void {
  const faults = limits === undefined ? [] : laxerFaults(limits, tenant);
  if (faults.length === 0) return;
  throw new Problem(422, "these limits let more pass than the tenant's", pointed(faults));
}

/** There is nothing to show or to send yet. */
function refuseUnwritten({ variants }: Campaign): void {
  if (variants.length === 0) throw new Problem(409, 'this campaign names no version of a template yet');
}

const pointed = (faults: readonly PredicateFault[]) =>
  faults.map(({ path, detail }) => ({ pointer: pointerOf(path), detail }));

function reached(answer: ReachAnswer): Reach {
  switch (answer.kind) {
    case 'reached':
      return answer.reach;
    case 'unready':
      throw new Problem(409, `this campaign ${answer.detail}`);
    case 'stopped':
      // Nobody hears it.
      throw new Problem(499, 'whoever asked has hung up');
    case 'refused':
    case 'not-ready':
      return refuse(answer);
  }
}
