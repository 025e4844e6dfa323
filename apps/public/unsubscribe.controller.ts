import { All, Controller, Get, Param, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { LinkPayload } from '#consent/link-payload';
import { LinkTokens } from '#consent/link-token';
import { ShortCodeStore } from '#consent/short-code.store';
import { Clock } from '#platform/clock';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { type LinkHolder, WithdrawByLink } from '#privacy/withdraw-by-link';
import { maskAddress } from '#purposes/address';
import type { PageViews } from '#rendering/page-views';
import { channelWords, purposeWords } from '#rendering/purpose-words';
import { Tenants, type Tenant } from '#tenants/tenant';
import { AnswerPages, refuseMethod } from './answer-pages.js';
import { AnyBodyGuard } from './any-body.guard.js';
import { mayStop, noesFor, type Scope, SCOPES, scopesOf } from './noes.js';
import { PageFaultFilter } from './page-fault.filter.js';
import { readForm } from './read-form.js';

/** A link that was read: what it stops, whose it is, who holds it today. */
interface Opened {
  link: LinkPayload;
  tenant: Tenant;
  holder: LinkHolder;
  place: '/u' | '/o';
  locale: string;
}

/**
 * One-click unsubscribe (RFC 8058) and its page, by the token of a mail or the code of an SMS. GET and HEAD change
 * nothing: scanners open links. POST answers once the no holds.
 */
@PublicRoute()
@UseFilters(PageFaultFilter)
@UseGuards(AnyBodyGuard)
@Controller()
export class UnsubscribeController {
  constructor(
    private readonly tokens: LinkTokens,
    private readonly codes: ShortCodeStore,
    private readonly tenants: Tenants,
    private readonly withdraw: WithdrawByLink,
    private readonly pages: AnswerPages,
    private readonly clock: Clock,
  ) {}

  @Get('u/:token')
  async askByToken(
    @Param('token') token: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    this.ask(request, response, await this.openToken(token, request));
  }

  @Post('u/:token')
  async stopByToken(
    @Param('token') token: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.stop(request, response, await this.openToken(token, request));
  }

  @Get('o/:code')
  async askByCode(
    @Param('code') code: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    this.ask(request, response, await this.openCode(code, request));
  }

  @Post('o/:code')
  async stopByCode(
    @Param('code') code: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.stop(request, response, await this.openCode(code, request));
  }

  @All(['u/:token', 'o/:code'])
  other(@Req() request: Request, @Res() response: Response): void {
    refuseMethod(request, response);
  }

  /** A link that was cut before its token. */
  @Get(['u', 'o'])
  cut(@Req() request: Request, @Res() response: Response): void {
    this.pages.sendNobodys(request, response, 404);
  }

  private ask(request: Request, response: Response, opened: Opened | null): void {
    if (opened === null) this.pages.sendNobodys(request, response, 404);
    else this.pages.send(response, 200, 'unsubscribe', opened, stopView(opened, scopesOf(opened.link)));
  }

  private async stop(request: ReadRequest, response: Response, opened: Opened | null): Promise<void> {
    if (opened === null) {
      this.pages.sendNobodys(request, response, 404);
      return;
    }
    const { link, place, locale } = opened;
    const form = readForm(request);
    const isOneClick = form.get('List-Unsubscribe') === 'One-Click';
    const offered = scopesOf(link);
    // Whatever else a body says or is: the one thing that a POST here always means.
    const scope = (!isOneClick && offered.find((one) => one === form.get('stop'))) || 'purpose';
    await this.withdraw.hear(
      link,
      noesFor(link, scope, {
        noticeVersion: isOneClick ? 'none' : `pages ${this.pages.version}`,
        language: locale,
        method: isOneClick ? 'one-click' : 'page',
        place,
      }),
    );
    const wider = offered.filter((one) => SCOPES.indexOf(one) > SCOPES.indexOf(scope));
    this.pages.send(response, 200, 'unsubscribed', opened, {
      ...stopView(opened, wider),
      stoppedPurpose: scope === 'purpose',
      stoppedChannel: scope === 'channel',
      stoppedMarketing: scope === 'marketing',
    });
  }

  private async openToken(token: string, request: Request): Promise<Opened | null> {
    const link = this.tokens.open('unsubscribe', token, this.clock.now());
    return typeof link === 'string' ? null : this.opened(link, '/u', request);
  }

  private async openCode(code: string, request: Request): Promise<Opened | null> {
    const found = await this.codes.find('unsubscribe', code);
    return found && this.opened({ ...found.payload, tenant: found.tenant }, '/o', request);
  }

  private async opened(link: LinkPayload, place: Opened['place'], request: Request): Promise<Opened | null> {
    const tenant = this.tenants.get(link.tenant);
    if (tenant === undefined || !mayStop(link)) return null;
    const holder = await this.withdraw.lookUp(link);
    const locale = this.pages.localeFor(request, tenant, holder.customer);
    return { link, tenant, holder, place, locale };
  }
}

function stopView(
  { link, holder: { current }, locale }: Opened,
  offered: readonly Scope[],
): PageViews['unsubscribe'] {
  return {
    ...purposeWords(link.purpose, locale),
    how: channelWords(link.channel, locale),
    masked: current === null ? null : maskAddress(current),
    mayStopMore: offered.some((scope) => scope !== 'purpose'),
    mayStopChannel: offered.includes('channel'),
  };
}
