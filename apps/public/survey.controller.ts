import { All, Controller, Get, Param, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AnswerSurvey, openUntil, type Survey, type Visit } from '#customers/answer-survey';
import type { SurveyAnswer } from '#customers/survey-answer.store';
import { PublicRoute } from '#platform/public-route';
import type { PageViews } from '#rendering/page-views';
import type { Tenant } from '#tenants/tenant';
import { AnswerPages, refuseMethod } from './answer-pages.js';
import { AnyBodyGuard } from './any-body.guard.js';
import { dayIn } from './day-in.js';
import { PageFaultFilter } from './page-fault.filter.js';
import { readForm } from './read-form.js';
import { ReadLink } from './read-link.js';
import { readSurveyForm } from './survey-form.js';

type OpenSurvey = Extract<Survey, { kind: 'open' }>;

/** A link that was read, and the survey that it opens. */
interface Opened {
  visit: Visit;
  tenant: Tenant;
  locale: string;
  survey: OpenSurvey;
}

const SCORES = Array.from({ length: 11 }, (_, score) => String(score));

/** The survey after a visit: a number, and words if one likes. An answer can be changed for a week. */
@PublicRoute()
@UseFilters(PageFaultFilter)
@UseGuards(AnyBodyGuard)
@Controller()
export class SurveyController {
  constructor(
    private readonly links: ReadLink,
    private readonly surveys: AnswerSurvey,
    private readonly pages: AnswerPages,
  ) {}

  @Get('s/:token')
  async ask(
    @Param('token') token: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const opened = await this.open(token, request, response);
    if (opened === null) return;
    const { answer } = opened.survey;
    this.show(response, 200, opened, {
      chosen: answer === null ? '' : String(answer.score),
      comment: answer?.comment ?? '',
    });
  }

  @Post('s/:token')
  async answer(
    @Param('token') token: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const opened = await this.open(token, request, response);
    if (opened === null) return;
    const { visit, tenant, locale } = opened;
    const form = readSurveyForm(readForm(request));
    if (form.kind === 'wrong') {
      this.show(response, 422, opened, { chosen: form.score, comment: form.comment }, form);
      return;
    }
    const kept = await this.surveys.answer(visit, { ...form.answer, language: locale });
    if (kept === null) this.pages.send(response, 410, 'gone', opened, {});
    else {
      const changeableUntil = lastDayOf(kept, tenant, locale);
      this.pages.send(response, 200, 'survey-thanks', opened, { changeableUntil });
    }
  }

  @All('s/:token')
  other(@Req() request: Request, @Res() response: Response): void {
    refuseMethod(request, response);
  }

  @Get('s')
  cut(@Req() request: Request, @Res() response: Response): void {
    this.pages.sendNobodys(request, response, 404);
  }

  /** Null: it was answered already that there is nothing to open. */
  private async open(token: string, request: Request, response: Response): Promise<Opened | null> {
    const whose = await this.links.open('survey', token, request, response);
    if (whose === null) return null;
    const { link, tenant } = whose;
    if (link.subject === undefined) {
      this.pages.sendNobodys(request, response, 404);
      return null;
    }
    const visit = { tenant: tenant.id, customer: link.customer, booking: link.subject };
    const survey = await this.surveys.look(visit);
    const locale = this.pages.localeFor(request, tenant, survey.customer);
    if (survey.kind === 'open') return { visit, tenant, locale, survey };
    this.pages.send(response, 410, 'gone', { tenant, locale }, {});
    return null;
  }

  private show(
    response: Response,
    status: number,
    opened: Opened,
    said: { chosen: string; comment: string },
    faults: { scoreFault: boolean; commentFault: boolean } = { scoreFault: false, commentFault: false },
  ): void {
    const { tenant, locale, survey } = opened;
    const { scoreFault, commentFault } = faults;
    this.pages.send(response, status, 'survey', opened, {
      scores: SCORES.map((value) => ({
        value,
        chosen: value === said.chosen,
        lowest: value === '0',
        highest: value === '10',
      })),
      comment: said.comment,
      changeableUntil: survey.answer && lastDayOf(survey.answer, tenant, locale),
      hasFaults: scoreFault || commentFault,
      scoreFault,
      commentFault: commentFault ? new Intl.NumberFormat(locale).format(said.comment.length) : null,
    } satisfies PageViews['survey']);
  }
}

const DAY_MS = 86_400_000;

/** The last whole day on which an answer can be changed, in the tenant's zone: `29 november`, never broken in two. */
function lastDayOf({ answeredAt }: SurveyAnswer, { timeZone }: Tenant, locale: string): string {
  return dayIn(timeZone, locale, new Date(openUntil(answeredAt).getTime() - DAY_MS));
}
