import { randomUUID } from 'node:crypto';
import { All, Controller, Get, Param, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { LinkPayload } from '#consent/link-payload';
import { LinkTokens } from '#consent/link-token';
import { ShortCodeStore } from '#consent/short-code.store';
import { Clock } from '#platform/clock';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { Undo } from '#privacy/undo';
import { type LinkHolder, WithdrawByLink } from '#privacy/withdraw-by-link';
import { maskAddress } from '#purposes/address';
import type { PageViews } from '#rendering/page-views';
import { channelWords, purposeWords } from '#rendering/purpose-words';
import { Tenants, type Tenant } from '#tenants/tenant';
import { AnswerPages, refuseMethod } from './answer-pages.js';
import { AnyBodyGuard } from './any-body.guard.js';
import { mayStop, noesFor, type Scope, SCOPES, scopesOf } from '#privacy/noes';
import { preferencesPath } from './preferences-path.js';
import { PageFaultFilter } from './page-fault.filter.js';
import { readForm } from './read-form.js';
import { ReceiveNo } from './receive-no.js';

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
    private readonly undo: Undo,
    private readonly receiving: ReceiveNo,
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
    await this.receiving.orReceive({ token }, request, response, async () =>
      this.stop(request, response, await this.openToken(token, request)),
    );
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
    await this.receiving.orReceive({ code }, request, response, async () =>
      this.stop(request, response, await this.openCode(code, request)),
    );
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
    else this.pages.send(response, 200, 'unsubscribe', opened, this.view(opened, scopesOf(opened.link)));
  }

  private async stop(request: ReadRequest, response: Response, opened: Opened | null): Promise<void> {
    if (opened === null) {
      this.pages.sendNobodys(request, response, 404);
      return;
    }
    const { link, place, locale } = opened;
    const form = readForm(request);
    const isOneClick = form.get('List-Unsubscribe') === 'One-Click';
    const undone = isOneClick ? undefined : form.get('undo');
    if (undone !== undefined) {
      await this.restore(request, response, opened, undone);
      return;
    }
    const offered = scopesOf(link);
    // Whatever else a body says or is: the one thing that a POST here always means.
    const scope = (!isOneClick && offered.find((one) => one === form.get('stop'))) || 'purpose';
    const noes = noesFor(link, scope, {
      noticeVersion: isOneClick ? 'none' : this.pages.noticeVersion(opened.tenant),
      language: locale,
      method: isOneClick ? 'one-click' : 'page',
      place,
    });
    const { customer } = opened.holder;
    // A machine that clicks shows nobody the page.
    const losses =
      isOneClick || customer === null ? [] : await this.undo.losses(opened.tenant, customer, noes);
    const act = randomUUID();
    await this.withdraw.hear(link, noes, act);
    const wider = offered.filter((one) => SCOPES.indexOf(one) > SCOPES.indexOf(scope));
    this.pages.send(response, 200, 'unsubscribed', opened, {
      ...this.view(opened, wider),
      stoppedPurpose: scope === 'purpose',
      stoppedChannel: scope === 'channel',
      stoppedMarketing: scope === 'marketing',
      undo: this.undo.seal(link, act, losses),
    });
  }

  /** Takes back what this page has just taken; a token that is none changes nothing at all. */
  private async restore(
    request: ReadRequest,
    response: Response,
    opened: Opened,
    token: string,
  ): Promise<void> {
    const { link, place, locale } = opened;
    const done = await this.undo.restore(link, token, {
      ...{ noticeVersion: this.pages.noticeVersion(opened.tenant), language: locale, method: 'undo', place },
    });
    if (done === 'forged') this.pages.sendNobodys(request, response, 404);
    else {
      const inTime = done === 'restored';
      const preferences = this.preferences(opened);
      this.pages.send(response, inTime ? 200 : 410, 'undone', opened, { inTime, preferences });
    }
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

  private view(opened: Opened, offered: readonly Scope[]): PageViews['unsubscribe'] {
    const { link, holder, locale } = opened;
    return {
      ...purposeWords(link.purpose, locale),
      how: channelWords(link.channel, locale),
      masked: holder.current === null ? null : maskAddress(holder.current),
      mayStopMore: offered.some((scope) => scope !== 'purpose'),
      mayStopChannel: offered.includes('channel'),
      preferences: this.preferences(opened),
    };
  }

  /** Only for who is known by the very address: whom it was taken from is nobody's to choose for. */
  private preferences({ link, holder }: Opened): string | null {
    return holder.current === null ? null : preferencesPath(this.tokens, link);
  }
}
