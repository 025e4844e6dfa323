import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { MOST_REDRIVEN, Redrive, type Redriven } from '#ingest/redrive';
import { DeadLetterStore, type DeadLetter, type Whose } from '#messaging/dead-letter.store';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { cursorOf } from './cursor.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { pageQuery } from './page-query.js';
import { orNotFound } from './problem.js';
import { readInput } from './read-query.js';

export const listQuery = z.strictObject({
  status: z.enum(['open', 'redriven'], { error: 'expected open or redriven' }).optional(),
  ...pageQuery,
});
export const redriveBody = z.union(
  [
    z.strictObject({ ids: z.array(z.string()).min(1).max(MOST_REDRIVEN) }),
    z.strictObject({ all: z.literal(true) }),
  ],
  { error: `expected {ids: [...]}, at most ${MOST_REDRIVEN}, or {all: true}` },
);

/** Of a dead letter, where it came from and why: what it holds is personal data and stays where it is. */
interface LetterView {
  id: string;
  topic: string;
  partition: number;
  offset: string;
  key?: string;
  type?: string;
  reason: string;
  path?: string;
  at: Date;
  status: DeadLetter['status'];
}

/** A letter with what it holds, as text. */
interface WholeLetter extends LetterView {
  headers: Record<string, string>;
  value: string;
}

/** What could not be handled, and the way back for it once the cause is mended. */
@Controller('v1/dead-letters')
@Roles('privacy')
export class DeadLettersController {
  constructor(
    private readonly letters: DeadLetterStore,
    private readonly driving: Redrive,
    private readonly audit: AuditLog,
  ) {}

  @Get()
  @Columns([
    'id',
    'topic',
    'partition',
    'offset',
    'key',
    'type',
    'reason',
    'path',
    'at',
    'status',
  ] satisfies (keyof LetterView)[])
  async list(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<LetterView>> {
    const { cursor, limit, status } = readInput(listQuery, query);
    const found = await this.letters.list(ownOf(caller), {
      limit: limit + 1,
      status,
      after: cursor === undefined ? undefined : { at: cursor.createdAt, _id: cursor.id },
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(shown),
      ...(found.length > limit && last !== undefined
        ? { next: cursorOf({ createdAt: last.at, _id: last._id }) }
        : {}),
    };
  }

  /** All of one: what it says is personal data, so it is written down that it was read. Card numbers were masked before. */
  @Get('*id')
  async one(@Asking() caller: Caller, @Param('id') id: string | string[]): Promise<WholeLetter> {
    const asked = [id].flat().join('/');
    const [letter] = await this.letters.findByIds(ownOf(caller), [asked]);
    const found = orNotFound(letter, 'a dead letter of this id');
    await this.audit.note(caller, 'dead-letter.read', { detail: { letter: found._id } });
    return {
      ...shown(found),
      headers: Object.fromEntries(found.headers),
      value: Buffer.from(found.value, 'base64').toString('utf8'),
    };
  }

  @Post('redrive')
  @HttpCode(200)
  async redrive(@Asking() caller: Caller, @Body() body: unknown): Promise<Redriven> {
    const asked = readInput(redriveBody, body);
    const done =
      'ids' in asked
        ? await this.driving.redrive(ownOf(caller), asked.ids, caller.name)
        : await this.driving.redriveAll(ownOf(caller), caller.name);
    await this.audit.note(caller, 'dead-letters.redriven', { detail: { letters: done.redriven } });
    return done;
  }
}

/** A letter of which no tenant can be told is for the first key, which is every tenant's. */
function ownOf({ tenant, isFirst }: Caller): Whose {
  return isFirst ? [tenant, null] : [tenant];
}

function shown({
  _id,
  topic,
  partition,
  offset,
  key,
  type,
  reason,
  path,
  at,
  status,
}: DeadLetter): LetterView {
  return {
    id: _id,
    topic,
    partition,
    offset,
    ...(key === null ? {} : { key }),
    ...(type === null ? {} : { type }),
    reason,
    ...(path === null ? {} : { path }),
    at,
    status,
  };
}
