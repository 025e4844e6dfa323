import {
  BadRequestException,
  Controller,
  ForbiddenException,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Req,
  UseGuards,
} from '@nestjs/common';
import { readSendGridEvents } from '#channels/read-sendgrid-events';
import { streamOfAccount } from '#channels/receipt';
import { verifySendGrid } from '#channels/verify-sendgrid';
import { HearWebhook } from '#dispatch/hear-webhook';
import { Clock } from '#platform/clock';
import { Metrics } from '#platform/metrics';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { Tenants } from '#tenants/tenant';
import { AnyBodyGuard } from './any-body.guard.js';

/** SendGrid's event webhook. 200 once the effects are written; anything else, and SendGrid tells it again for a day. */
@PublicRoute()
@UseGuards(AnyBodyGuard)
@Controller('webhooks/sendgrid')
export class SendGridWebhookController {
  constructor(
    private readonly tenants: Tenants,
    private readonly webhook: HearWebhook,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  @Post(':account/events')
  @HttpCode(200)
  async events(@Param('account') name: string, @Req() request: ReadRequest): Promise<void> {
    const known = this.tenants.account(name);
    if (known?.account.kind !== 'sendgrid') throw new NotFoundException('no such account');
    const { tenant, account } = known;
    const body = request.rawBody ?? Buffer.alloc(0);
    const signed = {
      signature: request.get('x-twilio-email-event-webhook-signature'),
      timestamp: request.get('x-twilio-email-event-webhook-timestamp'),
      body,
    };
    const clocks = [this.clock.now(), this.clock.unled()];
    const verdict = verifySendGrid(account.webhookPublicKey, signed, clocks);
    if (verdict !== 'genuine') {
      this.metrics.webhook(name, verdict);
      throw new ForbiddenException('not signed by this account');
    }
    const read = readSendGridEvents(body, streamOfAccount(tenant, name));
    if (read === null) {
      this.metrics.webhook(name, 'unreadable');
      throw new BadRequestException('the body is no list of events');
    }
    for (let count = 0; count < read.unreadable; count += 1) this.metrics.webhook(name, 'unreadable');
    await this.webhook.hear(tenant.id, name, read.told);
  }
}
