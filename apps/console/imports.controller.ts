import { Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { Clock } from '#platform/clock';
import { CHANNELS } from '#purposes/channel';
import { Tenants } from '#tenants/tenant';
import { isFileFault } from '#transfer/file-fault';
import { ImportStore } from '#transfer/import.store';
import { FORMATS, IMPORT_KINDS, isEnded, type Import } from '#transfer/import.types';
import { ReceiveImport } from '#transfer/receive-import';
import { IMPORTABLE_CAUSES, SCOPES } from '#transfer/suppression-row';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { cursorOf } from './cursor.js';
import { openUpload, type Upload } from './import-upload.js';
import {
  errorLines,
  errorView,
  listedImport,
  wholeImport,
  type ListedImport,
  type WholeImport,
} from './import-view.js';
import { ImportsService } from './imports.service.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { pageQuery } from './page-query.js';
import { orNotFound, Problem } from './problem.js';
import { readInput } from './read-query.js';

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `expected one of ${values.join(', ')}` });
export const listQuery = z.strictObject(pageQuery);
export const formatQuery = z.looseObject({ format: oneOf(FORMATS).optional() });
export const importQuery = z.strictObject({
  kind: oneOf(IMPORT_KINDS),
  // Taken for a no, a slip of the hand would write.
  dryRun: oneOf(['true', 'false']).default('false'),
  format: oneOf(FORMATS).optional(),
  cause: oneOf(IMPORTABLE_CAUSES as [(typeof IMPORTABLE_CAUSES)[number]]).optional(),
  scope: oneOf(SCOPES).optional(),
  channel: oneOf([...CHANNELS, 'all']).optional(),
});

/** How long an answer waits for the end of the import, unless it is told: most files are small. */
const PATIENCE_S = 20;
const MOST_PATIENCE_S = 300;
const SHOWN_ERRORS = 100;
const ERRORS_PAGE = 1_000;

/** Files of customers, choices and suppressions: put into the ledger row by row, tightening only. */
@Controller('v1/imports')
@Roles('privacy')
export class ImportsController {
  constructor(
    private readonly imports: ImportStore,
    private readonly receiving: ReceiveImport,
    private readonly service: ImportsService,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {}

  /** 200 once it has ended; 202 where that takes longer than the caller would wait (`Prefer: wait=60`, `respond-async`). */
  @Post()
  async take(
    @Asking() caller: Caller,
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const one = await this.receive(caller, query, request);
    const { kind, dryRun, rows } = one;
    await this.audit.note(caller, 'import.begun', { detail: { import: one.import, kind, dryRun, rows } });
    const seen = await this.service.work(one, patienceMs(request.headers['prefer']));
    response.setHeader('Location', `/v1/imports/${seen.import}`);
    response.status(isEnded(seen) ? 200 : 202);
    if (wantsCsv(request)) {
      await this.sendErrors(seen, response);
      return;
    }
    response.json(await this.whole(seen));
  }

  @Get()
  @Columns([
    'id',
    'kind',
    'status',
    'dryRun',
    'by',
    'format',
    'rows',
    'done',
    'counts',
    'errorCount',
    'createdAt',
    'startedAt',
    'endedAt',
    'why',
  ] satisfies (keyof ListedImport)[])
  async list(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<ListedImport>> {
    const { cursor, limit } = readInput(listQuery, query);
    const found = await this.imports.list(caller.tenant, { after: cursor ?? null, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const next = found.length > limit && last !== undefined ? cursorOf(last) : undefined;
    return { items: page.map(listedImport), ...(next === undefined ? {} : { next }) };
  }

  @Get(':id')
  async one(@Asking() caller: Caller, @Param('id') id: string): Promise<WholeImport> {
    return this.whole(await this.find(caller, id));
  }

  /** Every fault that was kept, as CSV; as JSON lines where these are asked for. */
  @Get(':id/errors')
  async errors(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const one = await this.find(caller, id);
    await this.sendErrors(
      one,
      response,
      request.accepts(['text/csv', 'application/x-ndjson']) === 'application/x-ndjson',
    );
  }

  /** What is done stays done; the rest is not begun. */
  @Post(':id/cancel')
  @HttpCode(200)
  async cancel(@Asking() caller: Caller, @Param('id') id: string): Promise<WholeImport> {
    for (;;) {
      const one = await this.find(caller, id);
      if (isEnded(one)) throw new Problem(409, `the import has ended: it is ${one.status}`);
      const after = await this.imports.advance(one, {
        ...{ status: 'cancelled', worker: null, endedAt: this.clock.now() },
      });
      if (after === null) continue;
      await this.imports.dropChunks(after);
      await this.audit.note(caller, 'import.cancelled', { detail: { import: id } });
      return this.whole(after);
    }
  }

  private async receive(caller: Caller, query: Record<string, unknown>, request: Request): Promise<Import> {
    const tenant = orNotFound(this.tenants.get(caller.tenant), 'the tenant of this key');
    let upload: Upload | undefined;
    try {
      const { format: told } = readInput(formatQuery, query);
      upload = await openUpload(request, told);
      const { kind, dryRun, cause, scope, channel } = readInput(importQuery, { ...upload.fields, ...query });
      const { format, charset, bytes } = upload;
      return await this.receiving.receive(
        tenant,
        {
          ...{ kind, dryRun: dryRun === 'true', by: caller.name, format, charset },
          defaults: {
            ...(cause === undefined ? {} : { cause }),
            ...(scope === undefined ? {} : { scope }),
            ...(channel === undefined ? {} : { channel }),
          },
        },
        bytes,
      );
    } catch (error) {
      if (upload === undefined) request.resume();
      upload?.drain();
      if (!isFileFault(error)) throw error;
      throw new Problem(error.status, error.detail, error.faults);
    }
  }

  private async find(caller: Caller, id: string): Promise<Import> {
    return orNotFound(await this.imports.find(caller.tenant, id), 'an import of this id');
  }

  private async whole(one: Import): Promise<WholeImport> {
    return wholeImport(one, await this.imports.pageErrors(one, null, SHOWN_ERRORS));
  }

  private async sendErrors(one: Import, response: Response, asLines = false): Promise<void> {
    response.type(asLines ? 'application/x-ndjson' : 'text/csv; charset=utf-8');
    await pipeline(Readable.from(this.errorText(one, asLines)), response);
  }

  private async *errorText(one: Import, asLines: boolean): AsyncGenerator<string> {
    if (!asLines) yield errorLines([], true);
    for (let after: string | null = null; ;) {
      const page = await this.imports.pageErrors(one, after, ERRORS_PAGE);
      if (page.length > 0) {
        yield asLines
          ? page.map((error) => `${JSON.stringify(errorView(error))}\n`).join('')
          : errorLines(page, false);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < ERRORS_PAGE) return;
      after = last._id;
    }
  }
}

const wantsCsv = (request: Request): boolean =>
  request.accepts(['application/json', 'text/csv']) === 'text/csv';

/** RFC 7240. */
function patienceMs(prefer: string | string[] | undefined): number {
  const wishes = [prefer ?? []].flat().join(',').toLowerCase();
  if (/\brespond-async\b/.test(wishes)) return 0;
  const told = Number(/\bwait=(\d{1,6})\b/.exec(wishes)?.[1] ?? PATIENCE_S);
  return Math.min(told, MOST_PATIENCE_S) * 1_000;
}
