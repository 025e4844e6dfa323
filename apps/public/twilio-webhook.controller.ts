import { Controller, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import { readTwilioStatus } from '#channels/read-twilio-status';
import { streamOfAccount } from '#channels/receipt';
import { HearWebhook } from '#dispatch/hear-webhook';
import { Metrics } from '#platform/metrics';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { AnyBodyGuard } from './any-body.guard.js';
import { SignedWebhooks } from './signed-webhooks.js';

/** Twilio's status callback: `?r=` is the ref that we put into it. 200 once the effects are written. */
@PublicRoute()
@UseGuards(AnyBodyGuard)
@Controller('webhooks/twilio')
export class TwilioWebhookController {
  constructor(
    private readonly signed: SignedWebhooks,
    private readonly webhook: HearWebhook,
    private readonly metrics: Metrics,
  ) {}

  @Post(':account/status')
  @HttpCode(200)
  async status(@Param('account') name: string, @Req() request: ReadRequest): Promise<void> {
    const { tenant, form, url } = this.signed.twilio(name, request);
    const ref = new URL(url).searchParams.get('r') ?? '';
    const told = readTwilioStatus(form, ref, (from) => streamOfAccount(tenant, name, from));
    if (told === null) this.metrics.webhook(name, 'unreadable');
    await this.webhook.hear(tenant.id, name, told === null ? [] : [told]);
  }
}
