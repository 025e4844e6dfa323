import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Customer } from '#customers/customer.types';
import { Pages } from '#rendering/pages';
import type { PageName, PageOwner, PageTenant, PageViews } from '#rendering/page-views';
import { sayPhone } from '#rendering/say-phone';
import { Tenants, type Tenant } from '#tenants/tenant';

/** No script at all, nothing from elsewhere, in nobody's frame; the one inline style is named by its hash. */
const policy = (styleSource: string): string =>
  [
    "default-src 'none'",
    `style-src 'self' ${styleSource}`,
    'img-src data:',
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
  ) {}

  /** The customer's language, else the browser's, else the tenant's first. */
  localeFor(request: Request, tenant: Tenant | null, customer: Customer | null): string {
    const wanted = [customer?.locale ?? null, ...request.acceptsLanguages()];
    const spoken = tenant?.locales ?? this.tenants.all().flatMap(({ locales }) => locales);
    return this.pages.chooseLocale(wanted, spoken);
  }

  /** The languages that a person may choose from. */
  localesOf(tenant: Tenant): string[] {
    return this.pages.localesOf(tenant.locales);
  }

  /** Of what the pages say: a choice that is made on one names it. */
  get version(): string {
    return this.pages.version;
  }

  /** Answers with a page of a tenant. */
  send<Name extends PageName>(
    response: Response,
    status: number,
    name: Name,
    whose: { tenant: Tenant; locale: string },
    view: PageViews[Name],
  ): void {
    this.answer(response, status, name, whose.locale, pageTenant(whose), view);
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
        'Cache-Control': 'no-store',
      })
      .send(html);
  }
}

/** The way from a request's path to `/`: `/p/abc` lies one level down, `/privacy/wellbe/sv` two. */
function rootFrom({ path }: Pick<Request, 'path'>): string {
  const levels = path.split('/').length - 2;
  return levels === 0 ? '.' : Array<string>(levels).fill('..').join('/');
}

function pageTenant({ tenant, locale }: { tenant: Tenant; locale: string }): PageTenant {
  const { id, name, legalName, email, address, look } = tenant;
  // Who opens a link may be anybody, anywhere: only their language is known.
  const phone = sayPhone(tenant, { locale, country: null, timeZone: null });
  const addressLines = [...address.lines, `${address.postalCode} ${address.city}`];
  return { id, name, legalName, email, phone, addressLines, colour: look.colour };
}

/** Says which methods a page has; OPTIONS asks just that. */
export function refuseMethod(request: Request, response: Response): void {
  response
    .status(request.method === 'OPTIONS' ? 204 : 405)
    .set('Allow', 'GET, HEAD, POST, OPTIONS')
    .type('text/plain')
    .send(request.method === 'OPTIONS' ? '' : 'Method not allowed\n');
}
