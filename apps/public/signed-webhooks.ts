import { ForbiddenException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import { verifySendGrid, type Verdict } from '#channels/verify-sendgrid';
import { verifyTwilio } from '#channels/verify-twilio';
import { Clock } from '#platform/clock';
import type { Config } from '#platform/config';
import { Metrics } from '#platform/metrics';
import type { ReadRequest } from '#platform/read-body';
import { Tenants, type Account, type Tenant } from '#tenants/tenant';
import { CONFIG } from '../wire.js';

/** Whose account a provider's webhook is of, once it is known to come from that provider: else 404 or 403. */
@Injectable()
export class SignedWebhooks {
  constructor(
    private readonly tenants: Tenants,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Twilio signs the URL that it called and the fields of the form. */
  twilio(name: string, request: ReadRequest): { tenant: Tenant; form: URLSearchParams; url: string } {
    const { tenant, account } = this.known(name, 'twilio');
    const form = new URLSearchParams((request.rawBody ?? Buffer.alloc(0)).toString('utf8'));
    const url = this.config.publicUrl + request.originalUrl;
    const signature = request.get('x-twilio-signature');
    this.refuseUnless(name, verifyTwilio(account.authToken, { signature, url, form }));
    return { tenant, form, url };
  }

  /** SendGrid signs a time and the raw body, its events and (by the security policy of Inbound Parse) its mails alike. */
  sendgrid(name: string, request: ReadRequest): { tenant: Tenant; body: Buffer } {
    const { tenant, account } = this.known(name, 'sendgrid');
    const body = request.rawBody ?? Buffer.alloc(0);
    const signed = {
      signature: request.get('x-twilio-email-event-webhook-signature'),
      timestamp: request.get('x-twilio-email-event-webhook-timestamp'),
      body,
    };
    const clocks = [this.clock.now(), this.clock.unled()];
    this.refuseUnless(name, verifySendGrid(account.webhookPublicKey, signed, clocks));
    return { tenant, body };
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
}
