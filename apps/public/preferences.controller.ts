import { All, Controller, Get, Param, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { LinkPayload } from '#consent/link-payload';
import { LinkTokens } from '#consent/link-token';
import type { Customer } from '#customers/customer.types';
import { Clock } from '#platform/clock';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { type Asked, Preferences } from '#privacy/preferences';
import { WithdrawByLink } from '#privacy/withdraw-by-link';
import { maskAddress } from '#purposes/address';
import type { Purpose } from '#purposes/purpose';
import { languageName } from '#rendering/language-name';
import { Tenants, type Tenant } from '#tenants/tenant';
import { AnswerPages, refuseMethod } from './answer-pages.js';
import { AnyBodyGuard } from './any-body.guard.js';
import { dayIn } from './day-in.js';
import { noesFor } from '#privacy/noes';
import { PageFaultFilter } from './page-fault.filter.js';
import { preferenceRows, readPreferences } from './preferences-form.js';
import { readFields } from './read-form.js';

/** A link that was read. `known`: the person, while the address is still theirs. */
interface Opened {
  link: LinkPayload;
  tenant: Tenant;
  locale: string;
  known: { customer: Customer; address: string } | null;
}

/** The preference centre: purposes by channels, a pause, a language. Its link never runs out and changes nothing else. */
@PublicRoute()
@UseFilters(PageFaultFilter)
@UseGuards(AnyBodyGuard)
@Controller()
export class PreferencesController {
  constructor(
    private readonly tokens: LinkTokens,
    private readonly tenants: Tenants,
    private readonly preferences: Preferences,
    private readonly withdraw: WithdrawByLink,
    private readonly pages: AnswerPages,
    private readonly clock: Clock,
  ) {}

  @Get('p/:token')
  async show(
    @Param('token') token: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const opened = await this.open(token, request);
    if (opened === null) this.pages.sendNobodys(request, response, 404);
    else if (opened.known === null)
      this.pages.send(response, 200, 'stop-address', opened, { stopped: false });
    else await this.answer(response, 200, opened, opened.known, {});
  }

  @Post('p/:token')
  async choose(
    @Param('token') token: string,
    @Req() request: ReadRequest & Request,
    @Res() response: Response,
  ): Promise<void> {
    const opened = await this.open(token, request);
    if (opened === null) {
      this.pages.sendNobodys(request, response, 404);
      return;
    }
    const { link, tenant, locale, known } = opened;
    const fields = readFields(request);
    const proof = { noticeVersion: this.pages.noticeVersion(tenant), language: locale, place: '/p' };
    if (fields.get('do') === 'stop') {
      await this.withdraw.hear(link, noesFor(link, 'marketing', { ...proof, method: 'page' }));
      if (known === null) this.pages.send(response, 200, 'stop-address', opened, { stopped: true });
      else await this.again(response, token, request);
      return;
    }
    if (known === null) {
      this.pages.send(response, 200, 'stop-address', opened, { stopped: false });
      return;
    }
    const chosen = await this.preferences.chosen(tenant, known.customer);
    const asked = readPreferences(fields, chosen, this.pages.localesOf(tenant));
    // Nothing that this page sends: nothing is taken from it.
    if (asked === null) {
      await this.answer(response, 422, opened, known, {});
      return;
    }
    const mine = { ...asked, locale: asked.locale === locale ? null : asked.locale };
    const saved = await this.preferences.save(link, chosen, mine, { ...proof, method: 'page' });
    if (saved.kind === 'saved') await this.again(response, token, request);
    else await this.answer(response, 422, opened, known, { asked: mine, missing: saved.purposes });
  }

  @All('p/:token')
  other(@Req() request: Request, @Res() response: Response): void {
    refuseMethod(request, response);
  }

  /** A link that was cut before its token. */
  @Get('p')
  cut(@Req() request: Request, @Res() response: Response): void {
    this.pages.sendNobodys(request, response, 404);
  }

  /** What stands now, as it was read after the write. */
  private async again(response: Response, token: string, request: Request): Promise<void> {
    const opened = await this.open(token, request);
    if (opened?.known) await this.answer(response, 200, opened, opened.known, { saved: true });
    else this.pages.sendNobodys(request, response, 404);
  }

  private async answer(
    response: Response,
    status: number,
    opened: Opened,
    { customer, address }: NonNullable<Opened['known']>,
    {
      saved = false,
      asked = null,
      missing = [],
    }: { saved?: boolean; asked?: Asked | null; missing?: readonly Purpose[] },
  ): Promise<void> {
    const { tenant, locale } = opened;
    const chosen = await this.preferences.chosen(tenant, customer);
    const locales = this.pages.localesOf(tenant);
    this.pages.send(response, status, 'preferences', opened, {
      masked: maskAddress(address),
      saved,
      hasFaults: missing.length > 0,
      ...preferenceRows(chosen, locale, asked, missing),
      pausedUntil: chosen.pausedUntil && dayIn(tenant.timeZone, locale, chosen.pausedUntil),
      pauses: {
        as: asked === null || asked.pause === null,
        end: asked?.pause === 'end',
        days30: asked?.pause === 30,
        days90: asked?.pause === 90,
      },
      languages:
        locales.length < 2
          ? []
          : locales.map((value) => ({
              value,
              name: languageName(value),
              chosen: value === (asked?.locale ?? locale),
            })),
    });
  }

  private async open(token: string, request: Request): Promise<Opened | null> {
    const link = this.tokens.open('preferences', token, this.clock.now());
    const tenant = typeof link === 'string' ? undefined : this.tenants.get(link.tenant);
    if (typeof link === 'string' || tenant === undefined) return null;
    const { customer, current } = await this.preferences.lookUp(link);
    const locale = this.pages.localeFor(request, tenant, customer);
    const known = customer === null || current === null ? null : { customer, address: current };
    return { link, tenant, locale, known };
  }
}
