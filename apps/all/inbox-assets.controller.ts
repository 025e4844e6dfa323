import { Controller, Get, Header, Param, Res, StreamableFile } from '@nestjs/common';
import type { Response } from 'express';
import { InboxStore, type CapturedMessage } from '#channels/inbox.store';
import { PublicRoute } from '#platform/public-route';
import { Tenants } from '#tenants/tenant';
import { orNotFound } from '../console/problem.js';
import { framed, stylesheet } from './inbox-page.js';

/** A mail is a stranger's markup: no script, no form, nothing fetched, an origin of its own. */
const MAIL_POLICY = [
  'sandbox allow-popups allow-popups-to-escape-sandbox',
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "frame-ancestors 'self'",
].join('; ');

/** What the inbox's page is made of beside itself. */
@PublicRoute()
@Controller('inbox')
export class InboxAssetsController {
  constructor(
    private readonly inbox: InboxStore,
    private readonly tenants: Tenants,
  ) {}

  @Get('style.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  style(): string {
    return stylesheet(this.tenants);
  }

  @Get(':id/mail')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', MAIL_POLICY)
  async mail(@Param('id') id: string): Promise<string> {
    return framed(await this.captured(id));
  }

  @Get(':id/attachments/:index')
  async attachment(
    @Param('id') id: string,
    @Param('index') index: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    const { attachments = [] } = await this.captured(id);
    const { filename, contentType, content } = orNotFound(attachments[Number(index)], 'an attachment');
    response.attachment(filename).setHeader('Content-Type', contentType);
    return new StreamableFile(Buffer.from(content, 'base64'));
  }

  private async captured(id: string): Promise<CapturedMessage> {
    return orNotFound(await this.inbox.get(id), 'a captured message of this id');
  }
}
