import { All, Controller, Get, Param, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { PublicRoute } from '#platform/public-route';
import { type Notice, NoticeStore } from '#privacy/notice.store';
import { languageName } from '#rendering/language-name';
import { Pages } from '#rendering/pages';
import { Tenants, type Tenant } from '#tenants/tenant';
import { AnswerPages, refuseMethod, rootFrom } from './answer-pages.js';
import { PageFaultFilter } from './page-fault.filter.js';

/** The privacy notice of a tenant: the version in force, and every one before it. Nothing here is about a person. */
@PublicRoute()
@UseFilters(PageFaultFilter)
@Controller()
export class NoticeController {
  constructor(
    private readonly tenants: Tenants,
    private readonly store: NoticeStore,
    private readonly texts: Pages,
    private readonly pages: AnswerPages,
  ) {}

  @Get(['privacy/:tenant', 'privacy/:tenant/:language'])
  async show(
    @Param('tenant') id: string,
    @Param('language') language: string | undefined,
    @Query('version') asked: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const tenant = this.tenants.get(id);
    if (tenant === undefined) {
      this.pages.sendNobodys(request, response, 404);
      return;
    }
    if (language === undefined) response.vary('Accept-Language');
    const locale = this.localeOf(tenant, language, request);
    const version = typeof asked === 'string' ? asked : this.pages.noticeVersion(tenant);
    const notice = locale === null ? null : await this.store.find(tenant.id, version);
    const text = locale === null ? undefined : notice?.texts[locale];
    if (locale === null || notice === null || text === undefined) this.refuse(request, response, tenant);
    else await this.answer(request, response, { tenant, locale }, notice, text);
  }

  @All(['privacy/:tenant', 'privacy/:tenant/:language'])
  other(@Req() request: Request, @Res() response: Response): void {
    refuseMethod(request, response, 'GET, HEAD, OPTIONS');
  }

  /** A link that was cut before the tenant. */
  @Get('privacy')
  cut(@Req() request: Request, @Res() response: Response): void {
    this.pages.sendNobodys(request, response, 404);
  }

  private async answer(
    request: Request,
    response: Response,
    whose: { tenant: Tenant; locale: string },
    { version, since }: Notice,
    text: string,
  ): Promise<void> {
    const { tenant, locale } = whose;
    const root = rootFrom(request);
    const own = `${root}/privacy/${tenant.id}`;
    const inForce = this.pages.noticeVersion(tenant);
    const query = version === inForce ? '' : `?version=${version}`;
    const all = await this.store.list(tenant.id);
    this.pages.send(
      response,
      200,
      'notice',
      whose,
      {
        text: this.texts.keptNotice(text, root),
        version,
        since: dateIn(tenant.timeZone, locale, since),
        newest: version === inForce ? null : `${own}/${locale}`,
        languages: this.languages(tenant, own, query).filter(({ lang }) => lang !== locale),
        others: all.flatMap((other) =>
          other.version === version
            ? []
            : {
                path: `${own}/${locale}?version=${other.version}`,
                version: other.version,
                since: dateIn(tenant.timeZone, locale, other.since),
              },
        ),
      },
      // Nobody's, but each time asked whether it is in force still: the answer is then a 304.
      'no-cache',
    );
  }

  private refuse(request: Request, response: Response, tenant: Tenant): void {
    const locale = this.pages.localeFor(request, tenant, null);
    const own = `${rootFrom(request)}/privacy/${tenant.id}`;
    const paths = this.languages(tenant, own, '');
    this.pages.send(response, 404, 'no-notice', { tenant, locale }, { paths });
  }

  /** `sv-SE` is read as `sv`; null: the notice is not written in it. */
  private localeOf(tenant: Tenant, language: string | undefined, request: Request): string | null {
    if (language === undefined) return this.pages.localeFor(request, tenant, null);
    const [spoken] = this.texts.localesOf([language]);
    return this.pages.localesOf(tenant).find((one) => one === spoken) ?? null;
  }

  private languages(
    tenant: Tenant,
    own: string,
    query: string,
  ): { path: string; lang: string; name: string }[] {
    return this.pages
      .localesOf(tenant)
      .map((lang) => ({ path: `${own}/${lang}${query}`, lang, name: languageName(lang) }));
  }
}

/** A day in words, with its year. */
function dateIn(timeZone: string, locale: string, at: Date): string {
  const words = locale === 'en' ? 'en-GB' : locale;
  return new Intl.DateTimeFormat(words, { dateStyle: 'long', timeZone }).format(at);
}
