import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { SurveyResults, type SurveyResult } from '#customers/survey-results';
import { Tenants } from '#tenants/tenant';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { toCsv } from './csv.js';
import { cursorOf } from './cursor.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { pageQuery } from './page-query.js';
import { readInput } from './read-query.js';
import { instantsIn, spanQuery } from './span-query.js';

const filter = {
  ...spanQuery,
  service: z.string().min(1, 'expected the name of a service').optional(),
};
export const resultsQuery = z.strictObject(filter);
export const answersQuery = z.strictObject({ ...filter, ...pageQuery });

/** An answer, with who gave it. */
interface AnswerView {
  booking: string;
  customer: string;
  service: string | null;
  score: number;
  comment: string | null;
  language: string;
  answeredAt: Date;
  changedAt: Date;
}

/** What people thought of their visits: figures for all of the staff, words and names for `privacy`. */
@Controller('v1/surveys')
export class SurveysController {
  constructor(
    private readonly results: SurveyResults,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
  ) {}

  /** By service and month; as CSV when asked. */
  @Get('results')
  @Roles('marketer', 'approver', 'privacy')
  async tally(
    @Asking() caller: Caller,
    @Query() query: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ items: SurveyResult[] } | string> {
    const { service, ...span } = readInput(resultsQuery, query);
    const zone = this.zoneOf(caller);
    const items = await this.results.tally(caller.tenant, { service, ...instantsIn(span, zone) }, zone);
    if (!wantsCsv(request)) return { items };
    response.type('text/csv; charset=utf-8');
    return toCsv(
      items.map(({ distribution, ...result }) => ({
        ...result,
        ...Object.fromEntries(distribution.map((count, score) => [`score${score}`, count])),
      })),
    );
  }

  /** The answers themselves. What people write of a treatment is about their health: reading it is audited. */
  @Get('answers')
  @Columns([
    'booking',
    'customer',
    'service',
    'score',
    'comment',
    'language',
    'answeredAt',
    'changedAt',
  ] satisfies (keyof AnswerView)[])
  @Roles('privacy')
  async answers(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<AnswerView>> {
    const { cursor, limit, service, ...span } = readInput(answersQuery, query);
    const asked = { service, ...instantsIn(span, this.zoneOf(caller)) };
    const after = cursor === undefined ? null : { answeredAt: cursor.createdAt, id: cursor.id };
    const { page, next } = await this.results.read(caller.tenant, asked, after, limit);
    await this.audit.note(caller, 'survey.comments-read', { detail: { answers: page.length } });
    const items = page.map(
      ({ booking, customer, service, score, comment, language, answeredAt, changedAt }) => ({
        ...{ booking, customer, service, score, comment, language, answeredAt, changedAt },
      }),
    );
    return {
      items,
      ...(next === null ? {} : { next: cursorOf({ createdAt: next.answeredAt, _id: next.id }) }),
    };
  }

  private zoneOf(caller: Caller): string {
    return this.tenants.get(caller.tenant)?.timeZone ?? 'UTC';
  }
}

const wantsCsv = (request: Request): boolean =>
  request.accepts(['application/json', 'text/csv']) === 'text/csv';
