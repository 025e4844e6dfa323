import { All, Controller, Get, Param, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { LinkPayload } from '#consent/link-payload';
import { LinkTokens } from '#consent/link-token';
import { PublicRoute } from '#platform/public-route';
import { Confirm, type Confirmable } from '#privacy/confirm';
import { isShared } from '#privacy/withdraw';
import { maskAddress } from '#purposes/address';
import type { PageViews } from '#rendering/page-views';
import { channelWords, purposeWords } from '#rendering/purpose-words';
import type { Tenant } from '#tenants/tenant';
import { AnswerPages, refuseMethod } from './answer-pages.js';
import { AnyBodyGuard } from './any-body.guard.js';
import { PageFaultFilter } from './page-fault.filter.js';
import { preferencesPath } from './preferences-path.js';
import { ReadLink } from './read-link.js';

interface Opened {
  link: LinkPayload;
  tenant: Tenant;
  locale: string;
  yes: Confirmable & { kind: 'open' };
}

/** The yes of a double opt-in. GET shows what it is about and a button: scanners open links. Each link works once. */
@PublicRoute()
@UseFilters(PageFaultFilter)
@UseGuards(AnyBodyGuard)
@Controller()
export class ConfirmController {
  constructor(
    private readonly tokens: LinkTokens,
    private readonly links: ReadLink,
    private readonly confirms: Confirm,
    private readonly pages: AnswerPages,
  ) {}

  @Get('c/:token')
  async show(
    @Param('token') token: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const opened = await this.open(token, request, response);
    if (opened !== null) this.pages.send(response, 200, 'confirm', opened, viewOf(opened));
  }

  @Post('c/:token')
  async confirm(
    @Param('token') token: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const opened = await this.open(token, request, response);
    if (opened === null) return;
    const { link, locale, tenant, yes } = opened;
    const proof = { noticeVersion: this.pages.noticeVersion(tenant), language: locale };
    const isTaken = await this.confirms.confirm(link, yes, {
      ...proof,
      method: 'double opt-in',
      place: '/c',
    });
    if (!isTaken) {
      this.pages.send(response, 410, 'gone', opened, {});
      return;
    }
    this.pages.send(response, 200, 'confirmed', opened, {
      ...viewOf(opened),
      blocked: await this.confirms.isBlocked(tenant.id, yes),
      preferences: preferencesPath(this.tokens, { ...link, customer: yes.giver.customer }),
    });
  }

  @All('c/:token')
  other(@Req() request: Request, @Res() response: Response): void {
    refuseMethod(request, response);
  }

  /** A link that was cut before its token. */
  @Get('c')
  cut(@Req() request: Request, @Res() response: Response): void {
    this.pages.sendNobodys(request, response, 404);
  }

  /** Null: it was answered already that there is nothing to say yes to. */
  private async open(token: string, request: Request, response: Response): Promise<Opened | null> {
    const whose = await this.links.open('confirm', token, request, response);
    if (whose === null) return null;
    const { link, tenant } = whose;
    const yes = await this.confirms.look(link);
    const locale = this.pages.localeFor(request, tenant, yes.kind === 'open' ? yes.giver : null);
    if (yes.kind === 'open') return { link, tenant, locale, yes };
    this.pages.send(response, 410, 'gone', { tenant, locale }, {});
    return null;
  }
}

function viewOf({ locale, yes }: Opened): PageViews['confirm'] {
  return {
    isNews: yes.wishes.some(isShared),
    wishes: yes.wishes.map(({ purpose, channel }) => ({
      what: purposeWords(purpose, locale).what,
      how: channelWords(channel, locale),
    })),
    masked: maskAddress(yes.address.address),
  };
}
