import {
  Controller,
  ForbiddenException,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Post,
  Req,
  UseGuards,
} from '@nestjs/common';
import { readTwilioStatus } from '#channels/read-twilio-status';
import { streamOfAccount } from '#channels/receipt';
import { verifyTwilio } from '#channels/verify-twilio';
import { HearWebhook } from '#dispatch/hear-webhook';
import type { Config } from '#platform/config';
import { Metrics } from '#platform/metrics';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { Tenants } from '#tenants/tenant';
import { CONFIG } from '../wire.js';
import { AnyBodyGuard } from './any-body.guard.js';

/** Twilio's status callback: `?r=` is the ref that we put into it. 200 once the effects are written. */
@PublicRoute()
@UseGuards(AnyBodyGuard)
@Controller('webhooks/twilio')
export class TwilioWebhookController {
  constructor(
    private readonly tenants: Tenants,
    private readonly webhook: HearWebhook,
    private readonly metrics: Metrics,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post(':account/status')
  @HttpCode(200)
  async status(@Param('account') name: string, @Req() request: ReadRequest): Promise<void> {
    const known = this.tenants.account(name);
    if (known?.account.kind !== 'twilio') throw new NotFoundException('no such account');
    const { tenant, account } = known;
    const form = new URLSearchParams((request.rawBody ?? Buffer.alloc(0)).toString('utf8'));
    const url = this.config.publicUrl + request.originalUrl;
    const signature = request.get('x-twilio-signature');
    const verdict = verifyTwilio(account.authToken, { signature, url, form });
    if (verdict !== 'genuine') {
      this.metrics.webhook(name, verdict);
      throw new ForbiddenException('not signed by this account');
    }
    const ref = new URL(url).searchParams.get('r') ?? '';
    const told = readTwilioStatus(form, ref, (from) => streamOfAccount(tenant, name, from));
    if (told === null) this.metrics.webhook(name, 'unreadable');
    await this.webhook.hear(tenant.id, name, told === null ? [] : [told]);
  }
}
