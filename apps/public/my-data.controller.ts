import { All, Controller, Get, Param, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { LinkPayload } from '#consent/link-payload';
import type { Customer } from '#customers/customer.types';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { MyData, type MyPeople } from '#privacy/my-data';
import { maskAddress } from '#purposes/address';
import { Tenants, type Tenant } from '#tenants/tenant';
import { AnswerPages, refuseMethod } from './answer-pages.js';
import { AnyBodyGuard } from './any-body.guard.js';
import { MyDataActs, type OnPage } from './my-data-acts.js';
import { PageFaultFilter } from './page-fault.filter.js';
import { readForm } from './read-form.js';
import { ReadLink } from './read-link.js';

interface Whose {
  tenant: Tenant;
  locale: string;
}

/**
 * One's own data, by a link that works once. GET shows a button, as scanners open links; POST uses the link and opens a
 * session, which is a sealed token in the page's own forms: no cookie, no script, nothing in the address.
 */
@PublicRoute()
@UseFilters(PageFaultFilter)
@UseGuards(AnyBodyGuard)
@Controller()
export class MyDataController {
  constructor(
    private readonly links: ReadLink,
    private readonly tenants: Tenants,
    private readonly myData: MyData,
    private readonly acts: MyDataActs,
    private readonly pages: AnswerPages,
  ) {}

  @Get('me/:tenant/:token')
  async show(
    @Param('tenant') id: string,
    @Param('token') token: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const opened = await this.unused(id, token, request, response);
    if (opened === null) return;
    const masked = maskAddress(opened.mine.address.address);
    this.pages.send(response, 200, 'me-open', opened, { masked });
  }

  @Post('me/:tenant/:token')
  async act(
    @Param('tenant') id: string,
    @Param('token') token: string,
    @Req() request: ReadRequest & Request,
    @Res() response: Response,
  ): Promise<void> {
    const fields = readForm(request);
    const session = fields.get('session');
    const page = await (session === undefined
      ? this.open(id, token, request, response)
      : this.goOn(id, token, session, request, response));
    if (page !== null) await this.acts.act(page, fields, response);
  }

  @All('me/:tenant/:token')
  other(@Req() request: Request, @Res() response: Response): void {
    refuseMethod(request, response);
  }

  /** Uses the link. Null: it was answered already. */
  private async open(
    id: string,
    token: string,
    request: Request,
    response: Response,
  ): Promise<OnPage | null> {
    const opened = await this.unused(id, token, request, response);
    if (opened === null) return null;
    const session = await this.myData.open(opened.link, token);
    if (session !== null) return { ...opened, token, session };
    this.pages.send(response, 410, 'me-gone', opened, {});
    return null;
  }

  /** By the form of a page that was opened before. Null: it was answered already. */
  private async goOn(
    id: string,
    token: string,
    session: string,
    request: Request,
    response: Response,
  ): Promise<OnPage | null> {
    const whose = this.whose(id, request, null);
    const went = whose === null ? 'forged' : await this.myData.goOn(id, token, session);
    if (whose === null || went === 'forged') {
      this.pages.sendNobodys(request, response, 404);
      return null;
    }
    const mine = went === 'over' ? null : await this.myData.people(went.link);
    if (went === 'over' || mine === null) {
      this.pages.send(response, 410, 'me-gone', whose, {});
      return null;
    }
    const locale = this.pages.localeFor(request, whose.tenant, spokenBy(mine));
    return { tenant: whose.tenant, locale, link: went.link, mine, token, session: went.next };
  }

  /** A link that was read and may be used. Null: it was answered already that it may not. */
  private async unused(
    id: string,
    token: string,
    request: Request,
    response: Response,
  ): Promise<(Whose & { link: LinkPayload; mine: MyPeople }) | null> {
    const whose = this.whose(id, request, null);
    const link = await this.links.read('me', token);
    // Another tenant's link is none here.
    if (whose === null || link === 'forged' || (link !== 'expired' && link.tenant !== id)) {
      this.pages.sendNobodys(request, response, 404);
      return null;
    }
    const isUsable = link !== 'expired' && (await this.myData.isUnused(link, token));
    const mine = isUsable ? await this.myData.people(link) : null;
    if (link === 'expired' || mine === null) {
      this.pages.send(response, 410, 'me-gone', whose, {});
      return null;
    }
    return {
      tenant: whose.tenant,
      locale: this.pages.localeFor(request, whose.tenant, spokenBy(mine)),
      link,
      mine,
    };
  }

  private whose(id: string, request: Request, customer: Customer | null): Whose | null {
    const tenant = this.tenants.get(id);
    return tenant === undefined ? null : { tenant, locale: this.pages.localeFor(request, tenant, customer) };
  }
}

/** Of one person their own language; of several nobody's. */
const spokenBy = ({ people }: MyPeople): Customer | null =>
  people.length === 1 ? (people[0] ?? null) : null;
