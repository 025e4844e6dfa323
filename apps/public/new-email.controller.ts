import { All, Controller, Get, Param, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { LinkPayload } from '#consent/link-payload';
import { PublicRoute } from '#platform/public-route';
import { NewEmail, type EmailChange } from '#privacy/new-email';
import { maskAddress } from '#purposes/address';
import type { Tenant } from '#tenants/tenant';
import { AnswerPages, refuseMethod } from './answer-pages.js';
import { AnyBodyGuard } from './any-body.guard.js';
import { PageFaultFilter } from './page-fault.filter.js';
import { ReadLink } from './read-link.js';

interface Opened {
  link: LinkPayload;
  tenant: Tenant;
  locale: string;
  change: EmailChange & { kind: 'open' };
}

/** Confirms a new email address by a link that was sent to it. GET shows a button: scanners open links. */
@PublicRoute()
@UseFilters(PageFaultFilter)
@UseGuards(AnyBodyGuard)
@Controller()
export class NewEmailController {
  constructor(
    private readonly links: ReadLink,
    private readonly newEmail: NewEmail,
    private readonly pages: AnswerPages,
  ) {}

  @Get('e/:token')
  async show(
    @Param('token') token: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const opened = await this.open(token, request, response);
    if (opened !== null) this.pages.send(response, 200, 'new-email', opened, viewOf(opened));
  }

  @Post('e/:token')
  async confirm(
    @Param('token') token: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const opened = await this.open(token, request, response);
    if (opened === null) return;
    if (await this.newEmail.confirm(opened.link, opened.change))
      this.pages.send(response, 200, 'new-email-confirmed', opened, viewOf(opened));
    else this.pages.send(response, 410, 'gone', opened, {});
  }

  @All('e/:token')
  other(@Req() request: Request, @Res() response: Response): void {
    refuseMethod(request, response);
  }

  /** A link that was cut before its token. */
  @Get('e')
  cut(@Req() request: Request, @Res() response: Response): void {
    this.pages.sendNobodys(request, response, 404);
  }

  /** Null: it was answered already that there is nothing to confirm. */
  private async open(token: string, request: Request, response: Response): Promise<Opened | null> {
    const whose = await this.links.open('email', token, request, response);
    if (whose === null) return null;
    const { link, tenant } = whose;
    const change = await this.newEmail.look(link);
    const locale = this.pages.localeFor(request, tenant, change.kind === 'open' ? change.customer : null);
    if (change.kind === 'open') return { link, tenant, locale, change };
    this.pages.send(response, 410, 'gone', { tenant, locale }, {});
    return null;
  }
}

const viewOf = ({ change }: Opened): { masked: string } => ({ masked: maskAddress(change.email) });
