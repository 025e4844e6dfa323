import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { AUDITED, AuditStore, type AuditEntry } from '#privacy/audit.store';
import { Tenants } from '#tenants/tenant';
import { Asking } from './asking.js';
import { toCsv } from './csv.js';
import { cursorOf } from './cursor.js';
import { Roles, type Caller } from './keys.guard.js';
import { pageQuery } from './page-query.js';
import { orNotFound } from './problem.js';
import { readInput } from './read-query.js';
import { instantsIn, spanQuery } from './span-query.js';

export const listQuery = z.strictObject({
  customer: z.string().min(1).optional(),
  what: z.enum(AUDITED, { error: `expected one of ${AUDITED.join(', ')}` }).optional(),
  ...spanQuery,
  ...pageQuery,
});

type AuditView = Omit<AuditEntry, '_id' | 'tenant'> & { id: string };

/** An entry as a line of a table; which key it was about stands beside whose key did it. */
const lineOf = ({ by, about: { detail, key: aboutKey, ...about }, ...rest }: AuditView) => ({
  ...rest,
  ...{ key: by.key, name: by.name, ...about, aboutKey },
  detail: detail === undefined ? '' : JSON.stringify(detail),
});
const COLUMNS = [
  ...['id', 'at', 'what', 'key', 'name', 'customer', 'message', 'request', 'task'],
  ...['aboutKey', 'segment', 'template', 'campaign', 'detail'],
];

/** Who of the staff did what, when, about whom: ids only. */
@Controller('v1/audit')
@Roles('privacy')
export class AuditController {
  constructor(
    private readonly store: AuditStore,
    private readonly tenants: Tenants,
  ) {}

  @Get()
  async list(
    @Asking() caller: Caller,
    @Query() query: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ items: AuditView[]; next?: string } | string> {
    const { cursor, limit, customer, what, ...span } = readInput(listQuery, query);
    const { timeZone } = orNotFound(this.tenants.get(caller.tenant), 'the tenant of this key');
    const filter = { customer, what, ...instantsIn(span, timeZone) };
    const after = cursor === undefined ? null : { at: cursor.createdAt, id: cursor.id };
    const found = await this.store.list(caller.tenant, filter, { after, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const next =
      found.length > limit && last !== undefined
        ? cursorOf({ createdAt: last.at, _id: last._id })
        : undefined;
    const items = page.map(({ _id, at, by, what, about }) => ({ id: _id, at, by, what, about }));
    if (request.accepts(['application/json', 'text/csv']) === 'text/csv') {
      response.type('text/csv; charset=utf-8');
      if (next !== undefined) response.setHeader('Lagom-Next', next);
      return toCsv(items.map(lineOf), COLUMNS);
    }
    return { items, ...(next === undefined ? {} : { next }) };
  }
}
