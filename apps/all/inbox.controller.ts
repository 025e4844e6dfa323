import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { Duration } from 'luxon';
import { z } from 'zod';
import { InboxStore, type InboxMessage } from '#channels/inbox.store';
import { ActOnCaptured, type Act } from '#dispatch/act-on-captured';
import { AdvanceClock } from '#dispatch/advance-clock';
import { PublicRoute } from '#platform/public-route';
import { CHANNELS } from '#purposes/channel';
import { PURPOSES } from '#purposes/purpose';
import { Problem } from '../console/problem.js';
import { readInput } from '../console/read-query.js';
import { OwnPagesGuard } from './own-pages.guard.js';

/** Further than this a wrong unit was meant. */
const MOST_YEARS = 10;

const filters = z.object({
  // In a query a plus is a space: `?to=+4670…` means what it looks like.
  to: z
    .string()
    .transform((to) => to.replace(/^ (?=\d)/, '+'))
    .optional(),
  purpose: z.enum(PURPOSES, { error: `expected one of ${PURPOSES.join(', ')}` }).optional(),
  channel: z.enum(CHANNELS, { error: `expected one of ${CHANNELS.join(', ')}` }).optional(),
});

const replyBody = z.object({
  text: z
    .string({ error: 'expected what is answered, as text' })
    .trim()
    .min(1, 'expected what is answered, as text')
    .max(5_000, 'expected at most 5000 characters'),
});

const clockBody = z.object({
  advance: z.string({ error: 'expected an ISO 8601 duration, as in PT24H' }).transform((text, context) => {
    const duration = Duration.fromISO(text.trim());
    const ms = duration.toMillis();
    if (duration.isValid && ms >= 0 && duration.as('years') <= MOST_YEARS) return ms;
    context.addIssue({
      code: 'custom',
      message: !duration.isValid
        ? 'expected an ISO 8601 duration, as in PT24H'
        : ms < 0
          ? 'expected no negative duration: the clock goes forward only'
          : `expected at most ${MOST_YEARS} years`,
    });
    return z.NEVER;
  }),
});

interface ActAnswer {
  id: string;
  /** The ledger's row. */
  message: string;
  status: string;
  reason?: string;
}

/** The developer's window: what would have been sent, the other side of it, and the clock (CONTRACTS, HTTP). */
@PublicRoute()
@UseGuards(OwnPagesGuard)
@Controller('inbox')
export class InboxController {
  constructor(
    private readonly inbox: InboxStore,
    private readonly actOnCaptured: ActOnCaptured,
    private readonly advanceClock: AdvanceClock,
  ) {}

  @Get()
  async list(@Query() query: unknown): Promise<InboxMessage[]> {
    const { to, purpose, channel } = readInput(filters, query);
    return (
      await this.inbox.list({
        ...(to === undefined ? {} : { to }),
        ...(purpose === undefined ? {} : { purpose }),
        ...(channel === undefined ? {} : { channel }),
      })
    ).map(asPublished);
  }

  @Delete()
  async empty(): Promise<{ deleted: number }> {
    return { deleted: await this.inbox.clear() };
  }

  @Post('clock')
  @HttpCode(200)
  async clock(
    @Body() body: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ now: Date } | undefined> {
    const { advance } = readInput(clockBody, body);
    const arrival = await this.advanceClock.advance(advance);
    if (arrival.kind === 'stopped') throw new Problem(503, 'the process ends; the clock stopped on its way');
    return backOr(request, response, { now: arrival.now });
  }

  @Post(':id/bounce')
  @HttpCode(200)
  bounce(@Param('id') id: string): Promise<ActAnswer> {
    return this.act(id, { kind: 'bounce' });
  }

  @Post(':id/complain')
  @HttpCode(200)
  complain(@Param('id') id: string): Promise<ActAnswer> {
    return this.act(id, { kind: 'complain' });
  }

  @Post(':id/stop')
  @HttpCode(200)
  stop(@Param('id') id: string): Promise<ActAnswer> {
    return this.act(id, { kind: 'stop' });
  }

  @Post(':id/reply')
  @HttpCode(200)
  reply(@Param('id') id: string, @Body() body: unknown): Promise<ActAnswer> {
    return this.act(id, { kind: 'reply', text: readInput(replyBody, body).text });
  }

  private async act(id: string, act: Act): Promise<ActAnswer> {
    const result = await this.actOnCaptured.act(id, act);
    switch (result.kind) {
      case 'not-found':
        throw new Problem(404, 'a captured message of this id is not known');
      case 'cannot':
        throw new Problem(409, result.why);
      case 'done': {
        const { captured, row } = result;
        const reason = row?.reason ?? null;
        return {
          id,
          message: captured.message,
          status: row?.status ?? 'unknown',
          ...(reason === null ? {} : { reason }),
        };
      }
    }
  }
}

/** To a form the page again, to a program the answer. */
function backOr<T>(request: Request, response: Response, answer: T): T | undefined {
  void request;
  void response;
  return answer;
}

/** What CONTRACTS names, and no more. */
function asPublished(message: InboxMessage): InboxMessage {
  const { id, tenant, at, channel, purpose, from, to, subject, text, html, headers, attachments } = message;
  return {
    ...{ id, message: message.message, tenant, at, channel, purpose, from, to },
    ...(subject === undefined ? {} : { subject }),
    text,
    ...(html === undefined ? {} : { html }),
    ...(headers === undefined ? {} : { headers }),
    ...(attachments === undefined ? {} : { attachments }),
  };
}
