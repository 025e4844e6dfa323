import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { Tenants } from '#tenants/tenant';
import { EXPORT_FORMATS, EXPORTS, ExportRecords, type ExportFormat } from '#transfer/export-records';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { Roles, type Caller } from './keys.guard.js';
import { orNotFound, Problem } from './problem.js';
import { readInput } from './read-query.js';

export const exportQuery = z.strictObject({
  format: z.enum(EXPORT_FORMATS, { error: `expected one of ${EXPORT_FORMATS.join(', ')}` }).optional(),
});

const TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
};

/** All that the ledger has of a tenant, by kind, as a file that is written while it is read. */
@Controller('v1/exports')
@Roles('privacy')
export class ExportsController {
  constructor(
    private readonly exporting: ExportRecords,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
  ) {}

  @Get(':kind')
  async all(
    @Asking() caller: Caller,
    @Param('kind') name: string,
    @Query() asked: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const kind = EXPORTS.find((one) => one === name);
    if (kind === undefined) throw new Problem(404, `there are exports of ${EXPORTS.join(', ')}`);
    const wanted = request.accepts(['text/csv', 'application/x-ndjson', 'application/jsonl']);
    const format =
      readInput(exportQuery, asked).format ?? (wanted === 'text/csv' || wanted === false ? 'csv' : 'jsonl');
    const tenant = orNotFound(this.tenants.get(caller.tenant), 'the tenant of this key');
    await this.audit.note(caller, 'records.exported', { detail: { kind, format } });
    response.type(TYPES[format]);
    response.setHeader('Content-Disposition', `attachment; filename="${tenant.id}-${kind}.${format}"`);
    response.setHeader('Cache-Control', 'no-store');
    // As it stands now: what changes while it is read may be in it or not.
    response.setHeader('Lagom-Total', await this.exporting.count(tenant, kind));
    // An answer that breaks off has no end of its chunks, so that nobody takes the half for the whole.
    await pipeline(Readable.from(this.exporting.text(tenant, kind, format)), response);
  }
}
