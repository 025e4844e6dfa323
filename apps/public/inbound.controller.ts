import {
  BadRequestException,
  Controller,
  Header,
  HttpCode,
  Param,
  Post,
  Req,
  UseGuards,
} from '@nestjs/common';
import { readSendGridInbound } from '#channels/read-sendgrid-inbound';
import { readTwilioInbound } from '#channels/read-twilio-inbound';
import { streamOfAccount } from '#channels/receipt';
import { HearInbound } from '#dispatch/hear-inbound';
import { Metrics } from '#platform/metrics';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { AnyBodyGuard } from './any-body.guard.js';
import { readInboundForm } from './read-form.js';
import { SignedWebhooks } from './signed-webhooks.js';

/** Nothing to be said: the provider answers STOP and HELP itself (https://www.twilio.com/docs/messaging/twiml). */
const EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>';

/** What people write back, as the providers hand it over: signed, else 403. 200 once its effects are written. */
@PublicRoute()
@UseGuards(AnyBodyGuard)
@Controller('webhooks')
export class InboundController {
  constructor(
    private readonly signed: SignedWebhooks,
    private readonly inbound: HearInbound,
    private readonly metrics: Metrics,
  ) {}

  @Post('twilio/:account/inbound')
  @HttpCode(200)
  @Header('Content-Type', 'text/xml; charset=utf-8')
  async text(@Param('account') name: string, @Req() request: ReadRequest): Promise<string> {
    const { tenant, form } = this.signed.twilio(name, request);
    const read = readTwilioInbound(form, (to) => streamOfAccount(tenant, name, to));
    if (read === null) this.unreadable(name);
    await this.inbound.hear(tenant, name, read);
    return EMPTY_TWIML;
  }

  @Post('sendgrid/:account/inbound')
  @HttpCode(200)
  async mail(@Param('account') name: string, @Req() request: ReadRequest): Promise<void> {
    const { tenant } = this.signed.sendgrid(name, request);
    const read = readSendGridInbound(readInboundForm(request), streamOfAccount(tenant, name));
    if (read === null) this.unreadable(name);
    await this.inbound.hear(tenant, name, read);
  }

  private unreadable(name: string): never {
    this.metrics.webhook(name, 'unreadable');
    throw new BadRequestException('the body is no message: who sent it cannot be read');
  }
}
