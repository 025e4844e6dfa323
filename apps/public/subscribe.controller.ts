import { setTimeout as pause } from 'node:timers/promises';
import { All, Controller, Get, Param, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ReleaseDue } from '#dispatch/release-due';
import { Clock } from '#platform/clock';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { DoubleOptIn } from '#privacy/double-opt-in';
import { FormLimits } from '#privacy/form-limits';
import { Tenants, type Tenant } from '#tenants/tenant';
import { AnswerPages, refuseMethod } from './answer-pages.js';
import { AnyBodyGuard } from './any-body.guard.js';
import { ClientIp } from './client-ip.js';
import { PageFaultFilter } from './page-fault.filter.js';
import { readForm } from './read-form.js';
import { readSubscribeForm } from './subscribe-form.js';

/** Every answer takes at least this long, so that its time does not tell whether an address was asked before. */
const ANSWER_MS = 300;

/**
 * Newsletters by double opt-in. The answer is the same for every address, known or not; nothing is consented to until the
 * person says yes by the link in their inbox (confirm.controller.ts).
 */
@PublicRoute()
@UseFilters(PageFaultFilter)
@UseGuards(AnyBodyGuard)
@Controller()
export class SubscribeController {
  constructor(
    private readonly tenants: Tenants,
    private readonly limits: FormLimits,
    private readonly clientIp: ClientIp,
    private readonly doubleOptIn: DoubleOptIn,
    private readonly releaseDue: ReleaseDue,
    private readonly pages: AnswerPages,
    private readonly clock: Clock,
  ) {}

  @Get('subscribe/:tenant')
  show(@Param('tenant') id: string, @Req() request: Request, @Res() response: Response): void {
    const whose = this.whose(id, request);
    if (whose === null) this.pages.sendNobodys(request, response, 404);
    else
      this.pages.send(response, 200, 'subscribe', whose, {
        ...{ email: '', name: '', offers: false, emailFault: false },
      });
  }

  @Post('subscribe/:tenant')
  async subscribe(
    @Param('tenant') id: string,
    @Req() request: ReadRequest & Request,
    @Res() response: Response,
  ): Promise<void> {
    const whose = this.whose(id, request);
    if (whose === null) {
      this.pages.sendNobodys(request, response, 404);
      return;
    }
    const form = readSubscribeForm(readForm(request));
    if (form.kind === 'wrong') {
      const { email, name, offers } = form;
      this.pages.send(response, 422, 'subscribe', whose, { email, name, offers, emailFault: true });
      return;
    }
    const wait = await this.limits.take('subscribe', whose.tenant.id, this.clientIp.of(request));
    if (wait !== null) {
      response.set('Retry-After', String(wait));
      this.pages.send(response, 429, 'try-later', whose, {});
      return;
    }
    const began = this.clock.mono();
    if (form.kind === 'good') {
      const { address: email, printable: name, wishes } = form;
      const now = this.clock.now();
      const ask = { email, name, locale: whose.locale, wishes };
      const row = await this.doubleOptIn.subscribe(whose.tenant.id, ask, now);
      // The row is written, which is what was promised; where the topics are away, the scheduler releases what is due.
      if (row !== null) await this.releaseDue.release([row], now).catch(() => undefined);
    }
    const left = ANSWER_MS - (this.clock.mono() - began);
    if (left > 0) await pause(left);
    this.pages.send(response, 200, 'subscribe-sent', whose, {});
  }

  @All('subscribe/:tenant')
  other(@Req() request: Request, @Res() response: Response): void {
    refuseMethod(request, response);
  }

  private whose(id: string, request: Request): { tenant: Tenant; locale: string } | null {
    const tenant = this.tenants.get(id);
    return tenant === undefined ? null : { tenant, locale: this.pages.localeFor(request, tenant, null) };
  }
}
