import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { stringify } from 'csv-stringify/sync';
import type { Request, Response } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { Clock } from '#platform/clock';
import { ReadFates, type Fated } from '#privacy/read-fates';
import { Tenants, type Tenant } from '#tenants/tenant';
import { Asking } from './asking.js';
import { Roles, type Caller } from './keys.guard.js';
import { orNotFound } from './problem.js';
import { readInput } from './read-query.js';

const PAGE = 500;
export const fatesQuery = z.strictObject({
  fate: z.enum(['delete', 'keep'], { error: 'expected delete or keep' }).optional(),
});

/** What becomes of one person's data, and why. */
interface FateView {
  customer: string;
  fate: 'delete' | 'keep';
  why: string;
  /** Of what goes: since when its time was over. Of what stays: until when, if nothing happens; null: not by itself. */
  at: Date | null;
}
const COLUMNS = ['customer', 'fate', 'why', 'at'];

/** What the loop of retention would do now. It changes nothing: deleting is the scheduler's. */
@Controller('v1/retention')
@Roles('privacy')
export class RetentionController {
  constructor(
    private readonly fates: ReadFates,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** Everybody, one a line: JSON lines, or CSV where it is asked for. */
  @Get()
  async list(
    @Asking() caller: Caller,
    @Query() asked: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { fate } = readInput(fatesQuery, asked);
    const tenant = orNotFound(this.tenants.get(caller.tenant), 'the tenant of this key');
    const isCsv = request.accepts(['application/x-ndjson', 'text/csv']) === 'text/csv';
    response.type(isCsv ? 'text/csv; charset=utf-8' : 'application/x-ndjson');
    if (fate === undefined) response.setHeader('Lagom-Total', await this.fates.count(tenant));
    await pipeline(Readable.from(this.lines(tenant, fate, isCsv)), response);
  }

  private async *lines(tenant: Tenant, fate: FateView['fate'] | undefined, isCsv: boolean) {
    if (isCsv) yield csv([], true);
    const now = this.clock.now();
    for (let after: string | null = null; ;) {
      const page: Fated[] = await this.fates.page(tenant, after, PAGE, now);
      const found = page.map(shown).filter((one) => fate === undefined || one.fate === fate);
      if (found.length > 0)
        yield isCsv ? csv(found, false) : found.map((one) => `${JSON.stringify(one)}\n`).join('');
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last.customer._id;
    }
  }
}

function shown({ customer: { customer }, fate }: Fated): FateView {
  return { customer, fate: fate.kind, why: fate.why, at: fate.kind === 'delete' ? fate.since : fate.until };
}

function csv(rows: readonly FateView[], header: boolean): string {
  const cast = { date: (value: Date) => value.toISOString() };
  return stringify([...rows], {
    header,
    columns: COLUMNS,
    record_delimiter: 'windows',
    escape_formulas: true,
    cast,
  });
}
