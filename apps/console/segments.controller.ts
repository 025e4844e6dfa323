import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { z } from 'zod';
import type { Predicate } from '#campaigns/predicate';
import type { Segment } from '#campaigns/segment.store';
import { Segments, type NotReady, type Refused } from '#launch/segments';
import { Tenants, type Tenant } from '#tenants/tenant';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { cursorOf } from './cursor.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { nameInput } from './name-input.js';
import { pageQuery } from './page-query.js';
import { orNotFound, Problem } from './problem.js';
import { pointerOf, readInput } from './read-query.js';

const PREDICATE = 'expected a predicate, like {"visits": {"atLeast": 1}}';
const predicate = z.unknown().refine((input) => input !== undefined, PREDICATE);
export const segmentBody = z.strictObject({
  name: nameInput,
  predicate,
});
export const countBody = z.strictObject({ predicate });
export const listQuery = z.strictObject(pageQuery);

/** A segment as the API shows it. */
interface SegmentView {
  id: string;
  name: string;
  predicate: Predicate;
  createdAt: Date;
  createdBy: string;
  updatedAt: Date;
  updatedBy: string;
}

/** Who a campaign may be for: predicates by a name, and how many people they mean. */
@Controller('v1/segments')
@Roles('marketer', 'approver', 'privacy')
export class SegmentsController {
  constructor(
    private readonly segments: Segments,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
  ) {}

  @Get()
  @Columns([
    'id',
    'name',
    'predicate',
    'createdAt',
    'createdBy',
    'updatedAt',
    'updatedBy',
  ] satisfies (keyof SegmentView)[])
  async list(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<SegmentView>> {
    const { cursor, limit } = readInput(listQuery, query);
    const found = await this.segments.list(caller.tenant, { after: cursor ?? null, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(shown),
      ...(found.length > limit && last !== undefined ? { next: cursorOf(last) } : {}),
    };
  }

  @Post()
  @HttpCode(201)
  @Roles('marketer')
  async create(@Asking() caller: Caller, @Body() body: unknown): Promise<SegmentView> {
    const made = await this.segments.create(this.tenant(caller), readInput(segmentBody, body), caller.name);
    if (made.kind !== 'created') return refuse(made);
    await this.audit.note(caller, 'segment.created', { segment: made.segment.segment });
    return shown(made.segment);
  }

  @Post('count')
  @HttpCode(200)
  async count(@Asking() caller: Caller, @Body() body: unknown): Promise<{ count: number; at: Date }> {
    const { predicate } = readInput(countBody, body);
    const counted = await this.segments.count(this.tenant(caller), predicate);
    return counted.kind === 'counted' ? { count: counted.count, at: counted.at } : refuse(counted);
  }

  @Get(':id')
  async one(@Asking() caller: Caller, @Param('id') id: string): Promise<SegmentView> {
    return shown(orNotFound(await this.segments.find(caller.tenant, id), 'a segment of this id'));
  }

  @Put(':id')
  @Roles('marketer')
  async change(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<SegmentView> {
    const wanted = readInput(segmentBody, body);
    const made = orNotFound(
      await this.segments.change(this.tenant(caller), id, wanted, caller.name),
      'a segment of this id',
    );
    if (made.kind === 'raced')
      throw new Problem(
        409,
        'somebody else has just written this segment, or one that it does not go with: read it again',
      );
    if (made.kind !== 'changed') return refuse(made);
    await this.audit.note(caller, 'segment.changed', { segment: id });
    return shown(made.segment);
  }

  private tenant(caller: Caller): Tenant {
    return orNotFound(this.tenants.get(caller.tenant), 'this tenant');
  }
}

/** A predicate's faults, each pointed at. */
export function refuse(refused: Refused | NotReady): never {
  if (refused.kind === 'not-ready') {
    throw new Problem(503, 'what people are found by is still being worked out; ask again', [], {
      'Retry-After': '30',
    });
  }
  throw new Problem(
    422,
    'the predicate is not as it should be',
    refused.faults.map(({ path, detail }) => ({ pointer: pointerOf(['predicate', ...path]), detail })),
  );
}

function shown(segment: Segment): SegmentView {
  const { segment: id, name, predicate, createdAt, createdBy, updatedAt, updatedBy } = segment;
  return { id, name, predicate, createdAt, createdBy, updatedAt, updatedBy };
}
