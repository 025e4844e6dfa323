import { BadRequestException, Controller, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import { readSendGridEvents } from '#channels/read-sendgrid-events';
import { streamOfAccount } from '#channels/receipt';
import { HearWebhook } from '#dispatch/hear-webhook';
import { Metrics } from '#platform/metrics';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { AnyBodyGuard } from './any-body.guard.js';
import { SignedWebhooks } from './signed-webhooks.js';

/** SendGrid's event webhook. 200 once the effects are written; anything else, and SendGrid tells it again for a day. */
@PublicRoute()
@UseGuards(AnyBodyGuard)
@Controller('webhooks/sendgrid')
export class SendGridWebhookController {
  constructor(
    private readonly signed: SignedWebhooks,
    private readonly webhook: HearWebhook,
    private readonly metrics: Metrics,
  ) {}

  @Post(':account/events')
  @HttpCode(200)
  async events(@Param('account') name: string, @Req() request: ReadRequest): Promise<void> {
    const { tenant, body } = this.signed.sendgrid(name, request);
    const read = readSendGridEvents(body, streamOfAccount(tenant, name));
    if (read === null) {
      this.metrics.webhook(name, 'unreadable');
      throw new BadRequestException('the body is no list of events');
    }
    for (let count = 0; count < read.unreadable; count += 1) this.metrics.webhook(name, 'unreadable');
    await this.webhook.hear(tenant.id, name, read.told);
  }
}
