import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import type { Pause, PauseScope } from '#consent/pause';
import { StopButton } from '#dispatch/stop-button';
import { CHANNELS } from '#purposes/channel';
import { PURPOSES } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import { STREAMS } from '#purposes/stream';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { pageOfWhole, wholeQuery } from './page-of-whole.js';
import { Problem } from './problem.js';
import { readInput } from './read-query.js';

export const scopeBody = z
  .strictObject({
    stream: z
      .enum(STREAMS, { error: `expected one of ${STREAMS.join(', ')}` })
      .nullable()
      .default(null),
    channel: z
      .enum(CHANNELS, { error: `expected one of ${CHANNELS.join(', ')}` })
      .nullable()
      .default(null),
    purpose: z
      .enum(PURPOSES, { error: `expected one of ${PURPOSES.join(', ')}` })
      .nullable()
      .default(null),
  })
  .superRefine(({ stream, purpose }, context) => {
    if (purpose === null) return;
    const rules = RULES[purpose];
    if (rules.basis === 'legal-duty') {
      context.addIssue({
        code: 'custom',
        path: ['purpose'],
        message: `a legal duty (${purpose}) is not paused`,
      });
    } else if (stream !== null && stream !== rules.stream) {
      context.addIssue({
        code: 'custom',
        path: ['stream'],
        message: `expected ${rules.stream}, the stream of ${purpose}`,
      });
    }
  });

interface PauseView {
  stream?: string;
  channel?: string;
  purpose?: string;
  at: Date;
  by: string;
}

interface PausedAnswer {
  items: PauseView[];
}

/** The stop button: what is not named is stopped whatever it is; a legal duty never is. */
@Controller('v1')
@Roles('marketer', 'approver', 'privacy')
export class PauseController {
  constructor(
    private readonly button: StopButton,
    private readonly audit: AuditLog,
  ) {}

  @Get('pause')
  @Columns(['stream', 'channel', 'purpose', 'at', 'by'] satisfies (keyof PauseView)[])
  async list(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<PauseView>> {
    const asked = readInput(wholeQuery, query);
    const { items } = shown(await this.button.list(caller.tenant));
    return pageOfWhole(items, asked, ({ stream, channel, purpose }) => [stream, channel, purpose].join('/'));
  }

  /** After the answer no call begins that it concerns. */
  @Post('pause')
  @HttpCode(200)
  async pause(@Asking() caller: Caller, @Body() body: unknown): Promise<PausedAnswer> {
    const scope: PauseScope = readInput(scopeBody, body);
    const paused = await this.button.press(caller.tenant, scope, caller.name);
    await this.audit.note(caller, 'stop-button.pressed', { detail: inWords(scope) });
    return shown(paused);
  }

  /** Ends every pause within what is named; named nothing, all of them. */
  @Post('resume')
  @HttpCode(200)
  async resume(@Asking() caller: Caller, @Body() body: unknown): Promise<PausedAnswer> {
    const scope: PauseScope = readInput(scopeBody, body);
    const { kind, paused } = await this.button.letGo(caller.tenant, scope);
    if (kind === 'held')
      throw new Problem(409, 'a wider pause holds this too: resume that one (GET /v1/pause)');
    await this.audit.note(caller, 'stop-button.let-go', { detail: inWords(scope) });
    return shown(paused);
  }
}

function shown(pauses: readonly Pause[]): PausedAnswer {
  return {
    items: pauses.map(({ stream, channel, purpose, at, by }) => ({
      ...(stream === null ? {} : { stream }),
      ...(channel === null ? {} : { channel }),
      ...(purpose === null ? {} : { purpose }),
      at,
      by,
    })),
  };
}

/** `all`: not narrowed by it. */
const inWords = ({ stream, channel, purpose }: PauseScope): Record<string, string> => ({
  stream: stream ?? 'all',
  channel: channel ?? 'all',
  purpose: purpose ?? 'all',
});
