import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { CustomerStore } from '#customers/customer.store';
import { Clock } from '#platform/clock';
import {
  isOverdue,
  REQUEST_KINDS,
  REQUEST_STATES,
  REQUEST_WAYS,
  type PrivacyRequest,
} from '#privacy/request';
import { RequestStore } from '#privacy/request.store';
import { Requests, type RequestChanged } from '#privacy/requests';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { cursorOf } from './cursor.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { pageQuery, time } from './page-query.js';
import { orNotFound, Problem } from './problem.js';
import { readInput } from './read-query.js';

const MOST_WORDS = 2_000;
/** Nobody finds out later than this that somebody asked. */
const LONGEST_AGO_MS = 366 * 86_400_000;

const kind = z.enum(REQUEST_KINDS, { error: `expected one of ${REQUEST_KINDS.join(', ')}` });
const words = (what: string) =>
  z
    .string({ error: `expected ${what}` })
    .trim()
    .min(1, `expected ${what}`)
    .max(MOST_WORDS, `at most ${MOST_WORDS} characters`);

export const listQuery = z.strictObject({
  customer: z.string().min(1).optional(),
  kind: kind.optional(),
  status: z.enum(REQUEST_STATES, { error: `expected one of ${REQUEST_STATES.join(', ')}` }).optional(),
  overdue: z.enum(['true', 'false'], { error: 'expected true or false' }).optional(),
  ...pageQuery,
});
export const openBody = z.strictObject({
  customer: z.string({ error: 'expected a customer id' }).min(1, 'expected a customer id').optional(),
  kind,
  way: z.enum(REQUEST_WAYS, { error: `expected one of ${REQUEST_WAYS.join(', ')}` }).default('phone'),
  receivedAt: time.optional(),
  note: words('what was asked for').optional(),
});
export const doneBody = z.strictObject({ reason: words('what was answered').optional() });
export const reasonBody = z.strictObject({ reason: words('the reason, as the person was told it') });

interface RequestView extends Omit<PrivacyRequest, '_id' | 'tenant' | 'customer' | 'note' | 'endedAt'> {
  id: string;
  customer?: string;
  note?: string;
  overdue: boolean;
  endedAt?: Date;
}

/** What people asked for about their data, each with its month's clock (GDPR 12(3)), and how staff answers it. */
@Controller('v1/requests')
@Roles('privacy')
export class RequestsController {
  constructor(
    private readonly store: RequestStore,
    private readonly requests: Requests,
    private readonly customers: CustomerStore,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Columns([
    'id',
    'customer',
    'note',
    'kind',
    'way',
    'receivedAt',
    'dueAt',
    'extended',
    'status',
    'log',
    'overdue',
    'endedAt',
  ] satisfies (keyof RequestView)[])
  async list(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<RequestView>> {
    const { cursor, limit, overdue, ...filter } = readInput(listQuery, query);
    const now = this.clock.now();
    const after = cursor === undefined ? null : { receivedAt: cursor.createdAt, id: cursor.id };
    const found = await this.store.list(
      caller.tenant,
      { ...filter, ...(overdue === undefined ? {} : { overdue: { is: overdue === 'true', at: now } }) },
      { after, limit: limit + 1 },
    );
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map((one) => shown(one, now)),
      ...(found.length > limit && last !== undefined
        ? { next: cursorOf({ createdAt: last.receivedAt, _id: last._id }) }
        : {}),
    };
  }

  @Get(':id')
  async one(@Asking() caller: Caller, @Param('id') id: string): Promise<RequestView> {
    const request = orNotFound(await this.store.find(caller.tenant, id), 'a request of this id');
    return shown(request, this.clock.now());
  }

  /** One that staff was told: by phone, by mail, in person. */
  @Post()
  @HttpCode(201)
  async open(@Asking() caller: Caller, @Body() body: unknown): Promise<RequestView> {
    const { customer, receivedAt, note, ...asked } = readInput(openBody, body);
    const now = this.clock.now();
    const faults = [
      ...(customer !== undefined && (await this.customers.find(caller.tenant, customer)) === null
        ? [
            {
              pointer: '#/customer',
              detail: 'nobody is known by this id; leave it out and say who in `note`',
            },
          ]
        : []),
      ...(customer === undefined && note === undefined
        ? [{ pointer: '#/note', detail: 'expected who asked, and for what, where no customer is named' }]
        : []),
      ...(receivedAt !== undefined &&
      (receivedAt > now || now.getTime() - receivedAt.getTime() > LONGEST_AGO_MS)
        ? [{ pointer: '#/receivedAt', detail: 'expected a time in the last year, not ahead' }]
        : []),
    ];
    if (faults.length > 0) throw new Problem(422, 'some members are not as they should be', faults);
    const request = await this.requests.open(caller.tenant, {
      ...asked,
      customer: customer ?? null,
      note: note ?? null,
      ...(receivedAt === undefined ? {} : { receivedAt }),
      by: caller.name,
    });
    await this.audited(caller, 'request.opened', request);
    return shown(request, now);
  }

  @Post(':id/done')
  @HttpCode(200)
  async done(@Asking() caller: Caller, @Param('id') id: string, @Body() body: unknown): Promise<RequestView> {
    const { reason } = readInput(doneBody, body);
    return this.changed(caller, 'done', await this.requests.done(caller.tenant, id, caller.name, reason));
  }

  /** Two months more; the person is told why within the first (GDPR 12(3)). */
  @Post(':id/extend')
  @HttpCode(200)
  async extend(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<RequestView> {
    return this.reasoned(caller, 'extend', id, body);
  }

  /** A refusal says why (GDPR 12(4)), and that the person may complain to the authority. */
  @Post(':id/refuse')
  @HttpCode(200)
  async refuse(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<RequestView> {
    return this.reasoned(caller, 'refuse', id, body);
  }

  /** What the person is told a reason for: without one it is not done. */
  private async reasoned(
    caller: Caller,
    act: 'extend' | 'refuse',
    id: string,
    body: unknown,
  ): Promise<RequestView> {
    const { reason } = readInput(reasonBody, body);
    const changed = await this.requests[act](caller.tenant, id, caller.name, reason);
    return this.changed(caller, act === 'extend' ? 'extended' : 'refused', changed);
  }

  private async changed(
    caller: Caller,
    what: 'done' | 'extended' | 'refused',
    changed: RequestChanged,
  ): Promise<RequestView> {
    switch (changed.kind) {
      case 'unknown':
        throw new Problem(404, 'a request of this id is not known');
      case 'cannot':
        throw new Problem(409, changed.why);
      case 'changed':
        await this.audited(caller, `request.${what}`, changed.request);
        return shown(changed.request, this.clock.now());
    }
  }

  private audited(
    caller: Caller,
    what: 'request.opened' | 'request.done' | 'request.extended' | 'request.refused',
    { _id, customer, kind: asked }: PrivacyRequest,
  ): Promise<void> {
    const about = { request: _id, detail: { kind: asked } };
    return this.audit.note(caller, what, customer === null ? about : { ...about, customer });
  }
}

function shown(request: PrivacyRequest, now: Date): RequestView {
  const { _id, tenant: _tenant, customer, note, endedAt, ...rest } = request;
  return {
    id: _id,
    ...(customer === null ? {} : { customer }),
    ...(note === null ? {} : { note }),
    ...rest,
    overdue: isOverdue(request, now),
    ...(endedAt === null ? {} : { endedAt }),
  };
}
