import { All, Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LinkTokens } from '#consent/link-token';
import type { MeasurePayload } from '#consent/measure-payload';
import { RecordMeasures } from '#dispatch/record-measures';
import { machineBy } from '#dispatch/tell-machines';
import { Clock } from '#platform/clock';
import { PublicRoute } from '#platform/public-route';
import { linkOf } from '#rendering/content-links';
import { AnswerPages, refuseMethod } from './answer-pages.js';
import { PageFaultFilter } from './page-fault.filter.js';

/** One transparent pixel: GIF89a, 42 bytes. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/**
 * Links and the picture of mails that are measured. All that it takes stands in the token: nobody waits for a store, a link
 * leads on for ever, and only where it was sent to lead. Counting comes after (`record-measures.ts`).
 */
@PublicRoute()
@UseFilters(PageFaultFilter)
@Controller()
export class MeasureController {
  constructor(
    private readonly tokens: LinkTokens,
    private readonly measures: RecordMeasures,
    private readonly pages: AnswerPages,
    private readonly clock: Clock,
  ) {}

  @Get('r/:token')
  leadOn(@Param('token') token: string, @Req() request: Request, @Res() response: Response): void {
    const payload = this.tokens.openMeasure('click', token);
    if (payload?.block == null) {
      this.pages.sendNobodys(request, response, 404);
      return;
    }
    this.note(payload, request);
    response
      .status(302)
      .set({ ...HEADERS, Location: payload.target, 'Content-Length': '0' })
      .end();
  }

  @Get('i/:token')
  picture(@Param('token') token: string, @Req() request: Request, @Res() response: Response): void {
    const payload = this.tokens.openMeasure('open', token);
    if (payload === null) {
      this.pages.sendNobodys(request, response, 404);
      return;
    }
    this.note(payload, request);
    response
      .status(200)
      .set({ ...HEADERS, 'Content-Type': 'image/gif' })
      .send(PIXEL);
  }

  @All(['r/:token', 'i/:token'])
  other(@Req() request: Request, @Res() response: Response): void {
    refuseMethod(request, response, 'GET, HEAD, OPTIONS');
  }

  /** A link that was cut before its token. */
  @Get(['r', 'i'])
  cut(@Req() request: Request, @Res() response: Response): void {
    this.pages.sendNobodys(request, response, 404);
  }

  /** Who only asks for the head has opened nothing. */
  private note({ tenant, ref, block }: MeasurePayload, request: Request): void {
    if (request.method !== 'GET') return;
    const purposes = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].map((name) => request.get(name));
    const machine = machineBy({ userAgent: request.get('user-agent'), purposes });
    const link = block === null ? null : linkOf(block);
    this.measures.hear({ tenant, ref, link, at: this.clock.now(), machine });
  }
}

const HEADERS = {
  'Cache-Control': 'no-store, private',
  'Referrer-Policy': 'no-referrer',
  'X-Robots-Tag': 'noindex, nofollow',
};
