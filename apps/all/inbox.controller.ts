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
import type { MessageRow } from '#messages/message.types';
import { Problem } from '../console/problem.js';
import { readInput } from '../console/read-query.js';
import { STATES } from './inbox-entries.js';
import { InboxPage } from './inbox-page.js';
import { OwnPagesGuard } from './own-pages.guard.js';

/** Further than this a wrong unit was meant. */
const MOST_YEARS = 10;

export const filters = z.object({
  // In a query a plus is a space: `?to=+4670…` means what it looks like.
  to: z
    .string()
    .transform((to) => to.replace(/^ (?=\d)/, '+'))
    .optional(),
  purpose: z.enum(PURPOSES, { error: `expected one of ${PURPOSES.join(', ')}` }).optional(),
  channel: z.enum(CHANNELS, { error: `expected one of ${CHANNELS.join(', ')}` }).optional(),
});

/** What only the page is asked for; what makes no sense there is as if it were not asked. */
export const pageQuery = z.object({
  tenant: z.string().min(1).optional().catch(undefined),
  state: z.enum(STATES).optional().catch(undefined),
  find: z.string().max(200).optional().catch(undefined),
  page: z.coerce.number().int().min(1).catch(1),
  show: z.string().optional().catch(undefined),
  did: z.string().optional().catch(undefined),
});

/** No script at all, no style but ours, frames for mails only (each under a policy of its own). */
const PAGE_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  'img-src data:',
  "frame-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

export const replyBody = z.object({
  text: z
    .string({ error: 'expected what is answered, as text' })
    .trim()
    .min(1, 'expected what is answered, as text')
    .max(5_000, 'expected at most 5000 characters'),
});

export const clockBody = z.object({
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
    private readonly page: InboxPage,
  ) {}

  /** A person gets the page, a program the list: which of the two asks, it says itself. */
  @Get()
  async list(
    @Query() query: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<InboxMessage[] | string> {
    const filter = readInput(filters, query);
    response.vary('Accept');
    if (asksPage(request)) {
      response.type('text/html; charset=utf-8').setHeader('Content-Security-Policy', PAGE_POLICY);
      return this.page.html({ ...filter, ...readInput(pageQuery, query) });
    }
    const { to, purpose, channel } = filter;
    const found = await this.inbox.list({
      ...(to === undefined ? {} : { to }),
      ...(purpose === undefined ? {} : { purpose }),
      ...(channel === undefined ? {} : { channel }),
    });
    return found.map(asPublished);
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
    return wentBack(request, response) ? undefined : { now: arrival.now };
  }

  @Post(':id/:act')
  @HttpCode(200)
  async act(
    @Param('id') id: string,
    @Param('act') name: string,
    @Body() body: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ActAnswer | undefined> {
    const result = await this.actOnCaptured.act(id, readAct(name, body));
    switch (result.kind) {
      case 'not-found':
        throw new Problem(404, 'a captured message of this id is not known');
      case 'cannot':
        throw new Problem(409, result.why);
      case 'done':
        if (wentBack(request, response, name)) return undefined;
        return answerOf(result.captured, result.row);
    }
  }
}

function readAct(name: string, body: unknown): Act {
  switch (name) {
    case 'bounce':
    case 'complain':
    case 'stop':
      return { kind: name };
    case 'reply':
      return { kind: 'reply', text: readInput(replyBody, body).text };
    default:
      throw new Problem(404, 'it can bounce, complain, stop or reply');
  }
}

function answerOf({ id, message }: InboxMessage, row: MessageRow | null): ActAnswer {
  return {
    id,
    message,
    status: row?.status ?? 'unknown',
    ...(row?.reason == null ? {} : { reason: row.reason }),
  };
}

const asksPage = (request: Request): boolean => request.accepts(['json', 'html']) === 'html';

/** A form is led back to the page that it stood on (and to no other place), a program gets its answer. */
function wentBack(request: Request, response: Response, did?: string): boolean {
  if (!asksPage(request)) return false;
  const { back } = (request.body ?? {}) as { back?: unknown };
  const page = new URL(
    typeof back === 'string' && back.startsWith('/inbox?') ? back : '/inbox',
    'http://own',
  );
  if (did !== undefined) page.searchParams.set('did', did);
  response.redirect(303, `/inbox${page.search}`);
  return true;
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
