import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { pageTenant } from '#privacy/page-tenant';
import { recordOfProcessing, recordPage, recordRows } from '#privacy/record-of-processing';
import { Pages } from '#rendering/pages';
import { Tenants } from '#tenants/tenant';
import { Asking } from './asking.js';
import { toCsv } from './csv.js';
import { Roles, type Caller } from './keys.guard.js';
import { orNotFound } from './problem.js';
import { readInput } from './read-query.js';

const FORMS = ['application/json', 'text/csv', 'text/html'];

/** The tenant's record of processing activities (GDPR 30): as JSON, as a table, or as a page that can be kept and printed. */
@Controller('v1/record-of-processing')
@Roles('marketer', 'approver', 'privacy')
export class RecordController {
  constructor(
    private readonly tenants: Tenants,
    private readonly pages: Pages,
  ) {}

  @Get()
  read(
    @Asking() caller: Caller,
    @Query() query: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): void {
    const tenant = orNotFound(this.tenants.get(caller.tenant), 'this tenant');
    const spoken = this.pages.localesOf(tenant.locales);
    const known = spoken.length > 0 ? spoken : [...this.pages.locales];
    const { language } = readInput(
      z.strictObject({
        language: z
          .string()
          .refine((one) => known.includes(one), `expected one of ${known.join(', ')}`)
          .default(known[0] ?? 'en'),
      }),
      query,
    );
    const record = recordOfProcessing(tenant, language);
    response.vary('Accept').set('Content-Language', language);
    switch (request.accepts(FORMS)) {
      case 'text/csv':
        response.type('text/csv; charset=utf-8').send(toCsv(recordRows(record)));
        return;
      case 'text/html': {
        // Whole by itself, so that it can be kept as a file: nothing in it is fetched.
        const whose = { ...pageTenant(tenant, language), logo: null };
        const { html, styleSource } = this.pages.render('record', language, whose, recordPage(record), null);
        response
          .type('text/html; charset=utf-8')
          .set(
            'Content-Security-Policy',
            `default-src 'none'; style-src ${styleSource}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
          )
          .send(html);
        return;
      }
      default:
        response.json(record);
    }
  }
}
