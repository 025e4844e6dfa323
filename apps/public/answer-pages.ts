import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Customer } from '#customers/customer.types';
import { Notices } from '#privacy/notices';
import { pageTenant } from '#privacy/page-tenant';
import { Pages } from '#rendering/pages';
import type { PageName, PageOwner, PageViews } from '#rendering/page-views';
import { Tenants, type Tenant } from '#tenants/tenant';

/** No script at all, nothing from elsewhere, in nobody's frame; the one inline style is named by its hash. */
const policy = (styleSource: string): string =>
  [
    "default-src 'none'",
    `style-src 'self' ${styleSource}`,
    // The tenant's logo, from our own origin.
    "img-src 'self' data:",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');

const NOBODYS = { 202: 'received', 404: 'not-found', 410: 'gone', 503: 'unavailable' } as const;

/** Answers with pages: whose, in which language, under which headers. */
@Injectable()
export class AnswerPages {
  constructor(
    private readonly pages: Pages,
    private readonly tenants: Tenants,
    private readonly notices: Notices,
  ) {}

  /** The customer's language, else the browser's, else the tenant's first. */
  localeFor(request: Request, tenant: Tenant | null, customer: Customer | null): string {
    const wanted = [customer?.locale ?? null, ...request.acceptsLanguages()];
    const spoken = tenant?.locales ?? this.tenants.all().flatMap(({ locales }) => locales);
    return this.pages.chooseLocale(wanted, spoken);
  }

  /** The first of these languages that the tenant's pages are in. */
  chooseFor(tenant: Tenant, wanted: readonly string[]): string {
    return this.pages.chooseLocale(wanted, tenant.locales);
  }

  /** The languages that a person may choose from. */
  localesOf(tenant: Tenant): string[] {
    return this.pages.localesOf(tenant.locales);
  }

  /** Of the privacy notice that every page of the tenant leads to: a choice that is made on one names it. */
  noticeVersion(tenant: Tenant): string {
    return this.notices.version(tenant.id);
  }

  /** Answers with a page of a tenant. */
  send<Name extends PageName>(
    response: Response,
    status: number,
    name: Name,
    whose: { tenant: Tenant; locale: string },
    view: PageViews[Name],
    caching: 'no-store' | 'no-cache' = 'no-store',
  ): void {
    const { tenant, locale } = whose;
    this.answer(response, status, name, locale, pageTenant(tenant, locale), view, caching);
  }

  /** Answers a link that nothing can be said about but that it works or does not. */
  sendNobodys(request: Request, response: Response, status: 202 | 404 | 410 | 503): void {
    const name = NOBODYS[status];
    this.answer(response, status, name, this.localeFor(request, null, null), null, {});
  }

  private answer<Name extends PageName>(
    response: Response,
    status: number,
    name: Name,
    locale: string,
    tenant: PageOwner<Name>,
    view: PageViews[Name],
    caching: 'no-store' | 'no-cache' = 'no-store',
  ): void {
    const { html, styleSource } = this.pages.render(name, locale, tenant, view, rootFrom(response.req));
    response
      .status(status)
      .set({
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Language': locale,
        'Content-Security-Policy': policy(styleSource),
        'X-Frame-Options': 'DENY',
        'Referrer-Policy': 'no-referrer',
        'X-Robots-Tag': 'noindex, nofollow',
        'Cache-Control': caching,
        // By which a cache asks whether what it has is in force still: Express answers a 304.
        ...(caching === 'no-cache' ? { ETag: etagOf(html) } : {}),
      })
      .send(html);
  }
}

const etagOf = (html: string): string =>
  `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`;

/** The way from a request's path to `/`: `/p/abc` lies one level down, `/privacy/wellbe/sv` two. */
export function rootFrom({ path }: Pick<Request, 'path'>): string {
  const levels = path.split('/').length - 2;
  return levels === 0 ? '.' : Array<string>(levels).fill('..').join('/');
}

/** Says which methods a page has; OPTIONS asks just that. */
export function refuseMethod(request: Request, response: Response, allow = 'GET, HEAD, POST, OPTIONS'): void {
  response
    .status(request.method === 'OPTIONS' ? 204 : 405)
    .set('Allow', allow)
    .type('text/plain')
    .send(request.method === 'OPTIONS' ? '' : 'Method not allowed\n');
}
