import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Duration } from 'luxon';
import { z } from 'zod';
import { Campaigns } from '#launch/campaigns';
import { ReportOf, type Window } from '#launch/report';
import type { Report } from '#launch/report.types';
import { Asking } from './asking.js';
import { reportRows } from './campaign-report-rows.js';
import { toCsv } from './csv.js';
import { Roles, type Caller } from './keys.guard.js';
import { orNotFound } from './problem.js';
import { readInput } from './read-query.js';

const LONGEST_MS = 90 * 86_400_000;
const WINDOW = 'expected an ISO 8601 duration of 90 days at most, as in P14D';
export const reportQuery = z.strictObject({
  window: z
    .string(WINDOW)
    .default('P14D')
    .transform((text, context): Window => {
      const ms = Duration.fromISO(text).toMillis();
      if (ms > 0 && ms <= LONGEST_MS) return { iso: text, ms };
      context.addIssue({ code: 'custom', message: WINDOW });
      return z.NEVER;
    }),
});

/** What became of a campaign. */
@Controller('v1/campaigns')
@Roles('marketer', 'approver')
export class CampaignReportController {
  constructor(
    private readonly campaigns: Campaigns,
    private readonly reportOf: ReportOf,
  ) {}

  /** Each figure with whom it is a share of; as CSV when asked, a figure a line. */
  @Get(':id/report')
  async report(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Query() asked: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Report | string> {
    const { window } = readInput(reportQuery, asked);
    const campaign = orNotFound(await this.campaigns.find(caller.tenant, id), 'a campaign of this id');
    const report = await this.reportOf.of(campaign, window);
    if (request.accepts(['application/json', 'text/csv']) !== 'text/csv') return report;
    response.type('text/csv; charset=utf-8');
    return toCsv(reportRows(report));
  }
}
