import {
  BadRequestException,
  Controller,
  ForbiddenException,
  Header,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Post,
  Req,
  UseGuards,
} from '@nestjs/common';
import { readSendGridInbound } from '#channels/read-sendgrid-inbound';
import { readTwilioInbound } from '#channels/read-twilio-inbound';
import { streamOfAccount } from '#channels/receipt';
import { verifySendGrid, type Verdict } from '#channels/verify-sendgrid';
import { verifyTwilio } from '#channels/verify-twilio';
import { HearInbound } from '#dispatch/hear-inbound';
import { Clock } from '#platform/clock';
import type { Config } from '#platform/config';
import { Metrics } from '#platform/metrics';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { Tenants, type Account, type Tenant } from '#tenants/tenant';
import { CONFIG } from '../wire.js';
import { AnyBodyGuard } from './any-body.guard.js';
import { readInboundForm } from './read-form.js';

/** Nothing to be said: the provider answers STOP and HELP itself (https://www.twilio.com/docs/messaging/twiml). */
const EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>';

/** What people write back, as the providers hand it over: signed, else 403. 200 once its effects are written. */
@PublicRoute()
@UseGuards(AnyBodyGuard)
@Controller('webhooks')
export class InboundController {
  constructor(
    private readonly tenants: Tenants,
    private readonly inbound: HearInbound,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post('twilio/:account/inbound')
  @HttpCode(200)
  @Header('Content-Type', 'text/xml; charset=utf-8')
  async text(@Param('account') name: string, @Req() request: ReadRequest): Promise<string> {
    const { tenant, account } = this.known(name, 'twilio');
    const form = new URLSearchParams((request.rawBody ?? Buffer.alloc(0)).toString('utf8'));
    const url = this.config.publicUrl + request.originalUrl;
    const signature = request.get('x-twilio-signature');
    this.refuseUnless(name, verifyTwilio(account.authToken, { signature, url, form }));
    const read = readTwilioInbound(form, (to) => streamOfAccount(tenant, name, to));
    if (read === null) this.unreadable(name);
    await this.inbound.hear(tenant, name, read);
    return EMPTY_TWIML;
  }

  /** SendGrid's Inbound Parse, with the security policy that signs it as its events are signed. */
  @Post('sendgrid/:account/inbound')
  @HttpCode(200)
  async mail(@Param('account') name: string, @Req() request: ReadRequest): Promise<void> {
    const { tenant, account } = this.known(name, 'sendgrid');
    const signed = {
      signature: request.get('x-twilio-email-event-webhook-signature'),
      timestamp: request.get('x-twilio-email-event-webhook-timestamp'),
      body: request.rawBody ?? Buffer.alloc(0),
    };
    const clocks = [this.clock.now(), this.clock.unled()];
    this.refuseUnless(name, verifySendGrid(account.webhookPublicKey, signed, clocks));
    const read = readSendGridInbound(readInboundForm(request), streamOfAccount(tenant, name));
    if (read === null) this.unreadable(name);
    await this.inbound.hear(tenant, name, read);
  }

  private known<Kind extends Account['kind']>(
    name: string,
    kind: Kind,
  ): { tenant: Tenant; account: Extract<Account, { kind: Kind }> } {
    const known = this.tenants.account(name);
    if (known?.account.kind !== kind) throw new NotFoundException('no such account');
    return { tenant: known.tenant, account: known.account as Extract<Account, { kind: Kind }> };
  }

  private refuseUnless(name: string, verdict: Verdict): void {
    if (verdict === 'genuine') return;
    this.metrics.webhook(name, verdict);
    throw new ForbiddenException('not signed by this account');
  }

  private unreadable(name: string): never {
    this.metrics.webhook(name, 'unreadable');
    throw new BadRequestException('the body is no message: who sent it cannot be read');
  }
}
