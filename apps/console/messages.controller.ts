import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { RetryMessage } from '#dispatch/retry-message';
import { SayAgain, type SaidAgain } from '#dispatch/say-again';
import { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import { STATUSES } from '#messages/moves';
import { CHANNELS } from '#purposes/channel';
import { PURPOSES } from '#purposes/purpose';
import { Tenants } from '#tenants/tenant';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { cursorOf } from './cursor.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { LISTED_COLUMNS, listed, whole, type ListedMessage, type WholeMessage } from './message-view.js';
import { pageQuery } from './page-query.js';
import { orNotFound, Problem } from './problem.js';
import { readInput } from './read-query.js';
import { instantsIn, spanQuery } from './span-query.js';

export const listQuery = z.strictObject({
  customer: z.string().min(1).optional(),
  booking: z.string().min(1).optional(),
  campaign: z.string().min(1).optional(),
  status: z.enum(STATUSES, { error: `expected one of ${STATUSES.join(', ')}` }).optional(),
  purpose: z.enum(PURPOSES, { error: `expected one of ${PURPOSES.join(', ')}` }).optional(),
  channel: z.enum(CHANNELS, { error: `expected one of ${CHANNELS.join(', ')}` }).optional(),
  ...spanQuery,
  ...pageQuery,
});

/** The ledger: who got what, and why, or why not; and what may be tried again. */
@Controller('v1/messages')
@Roles('ingest', 'marketer', 'approver', 'privacy')
export class MessagesController {
  constructor(
    private readonly messages: MessageStore,
    private readonly retrying: RetryMessage,
    private readonly sayAgain: SayAgain,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
  ) {}

  @Get()
  @Columns(LISTED_COLUMNS)
  async list(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<ListedMessage>> {
    const { cursor, limit, from, to, ...filter } = readInput(listQuery, query);
    const { timeZone } = orNotFound(this.tenants.get(caller.tenant), 'the tenant of this key');
    const given = {
      ...Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)),
      ...instantsIn({ from, to }, timeZone),
    };
    const rows = await this.messages.list(caller.tenant, given, { after: cursor ?? null, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(listed),
      ...(rows.length > limit && last !== undefined ? { next: cursorOf(last) } : {}),
    };
  }

  /** What was said, by the template's version that the row pins; that it was read is written down first. */
  @Get('*id/content')
  @Roles('privacy')
  async content(
    @Asking() caller: Caller,
    @Param('id') id: string | string[],
  ): Promise<SaidAgain & { message: string }> {
    const row = await this.find(caller, id);
    const { _id: message, customer } = row;
    await this.audit.note(caller, 'message.content-read', { message, customer });
    const tenant = orNotFound(this.tenants.get(caller.tenant), 'the tenant of this key');
    const again = await this.sayAgain.say(tenant, row);
    if (again.kind === 'said') return { message, ...again.said };
    if (again.why === 'unsaid') throw new Problem(409, `nothing has been said yet: it is ${row.status}`);
    throw new Problem(410, 'what was said is not kept any more');
  }

  @Get('*id')
  async one(@Asking() caller: Caller, @Param('id') id: string | string[]): Promise<WholeMessage> {
    return whole(await this.find(caller, id));
  }

  /** Failed and unknown ones: due now, through the gate again. */
  @Post('*id/retry')
  @HttpCode(200)
  @Roles('marketer', 'privacy')
  async retry(@Asking() caller: Caller, @Param('id') id: string | string[]): Promise<WholeMessage> {
    const retried = await this.retrying.retry(await this.find(caller, id), caller.name);
    if (retried.kind === 'refused') throw new Problem(409, retried.why);
    const { _id: message, customer } = retried.row;
    await this.audit.note(caller, 'message.retried', { message, customer });
    return whole(retried.row);
  }

  /** A row's id holds slashes: it may come encoded or as it is. */
  private async find(caller: Caller, id: string | string[]): Promise<MessageRow> {
    const asked = [id].flat();
    const candidates = [...new Set([asked.join('/'), asked.map(encodeURIComponent).join('/')])];
    const [row] = await this.messages.findByIds(caller.tenant, candidates);
    return orNotFound(row, 'a message of this id');
  }
}
