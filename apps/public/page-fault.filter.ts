import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import type { Request, Response } from 'express';
import { isLostServer } from '#platform/mongo';
import type { Log } from '#platform/telemetry';
import { LOG } from '../wire.js';
import { AnswerPages } from './answer-pages.js';

/** A person gets words, never a fault: nothing is called done that may not hold. */
@Catch()
export class PageFaultFilter implements ExceptionFilter {
  constructor(
    private readonly pages: AnswerPages,
    @Inject(LOG) private readonly log: Log,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    if (response.headersSent) return;
    const status = thrown instanceof HttpException ? thrown.getStatus() : 503;
    if (status < 500) {
      this.pages.sendNobodys(http.getRequest<Request>(), response, 404);
      return;
    }
    if (isLostServer(thrown)) this.log.warn({ err: thrown }, 'a server is lost, a page was not answered');
    else this.log.error({ err: thrown }, 'a page failed');
    response.set('Retry-After', '30');
    this.pages.sendNobodys(http.getRequest<Request>(), response, 503);
  }
}
