import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { BreakerState } from '#channels/breaker';
import { Senders } from '#channels/senders';
import { WebhookStore } from '#channels/webhook.store';
import type { Config } from '#platform/config';
import { STREAMS, type Stream } from '#purposes/stream';
import { accountsOf, isConfigured, Tenants, type Account } from '#tenants/tenant';
import { CONFIG } from '../wire.js';
import { Asking } from './asking.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { pageOfWhole, wholeQuery } from './page-of-whole.js';
import { orNotFound } from './problem.js';
import { readInput } from './read-query.js';

/** An account by which a sender's messages go; none of its credentials. */
interface AccountView {
  name: string;
  kind: Account['kind'];
  /** Whether it has the credentials that it takes to send. */
  configured: boolean;
  /** Only where this process sends itself: else `lagom_breaker_state` of the dispatcher tells. */
  breaker?: BreakerState;
  /** When its provider last told us anything; absent: never. */
  lastWebhookAt?: Date;
}

/** What a stream sends from on a channel. */
interface SenderView {
  stream: Stream;
  channel: 'email' | 'sms';
  from: string;
  fromName?: string;
  replyTo?: string;
  listId?: string;
  perSecond?: number;
  /** What a segment of SMS costs, as the tenant's file has it. */
  pricePerSegment?: { amount: number; currency: string };
  /** In the order in which they are tried. */
  accounts: AccountView[];
  /** Whether messages can go out here as things are. */
  usable: boolean;
}

/** What the tenant's messages are sent from, and by which accounts. No secrets. */
@Controller('v1/senders')
@Roles('marketer', 'approver', 'privacy')
export class SendersController {
  constructor(
    private readonly tenants: Tenants,
    private readonly senders: Senders,
    private readonly webhooks: WebhookStore,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @Columns([
    'stream',
    'channel',
    'from',
    'fromName',
    'replyTo',
    'listId',
    'perSecond',
    'pricePerSegment',
    'accounts',
    'usable',
  ] satisfies (keyof SenderView)[])
  async list(
    @Asking() caller: Caller,
    @Query() query: unknown,
  ): Promise<Page<SenderView> & { sends: string }> {
    const asked = readInput(wholeQuery, query);
    const tenant = orNotFound(this.tenants.get(caller.tenant), 'the tenant of this key');
    const items: SenderView[] = [];
    for (const stream of STREAMS) {
      for (const channel of ['email', 'sms'] as const) {
        const sender = tenant.senders[stream][channel];
        if (sender === undefined) continue;
        const { account: _account, fallback: _fallback, ...shown } = sender;
        const accounts = accountsOf(sender).flatMap((name) => {
          const account = tenant.accounts[name];
          return account === undefined ? [] : [this.account(tenant.id, name, account)];
        });
        items.push({
          ...{ stream, channel, ...shown },
          accounts: await Promise.all(accounts),
          usable: this.senders.has(tenant.id, stream, channel),
        });
      }
    }
    const page = pageOfWhole(items, asked, (one) => `${one.stream}/${one.channel}`);
    return { sends: this.config.send.mode, ...page };
  }

  private async account(tenant: string, name: string, account: Account): Promise<AccountView> {
    const lastAt = await this.webhooks.lastAt(tenant, name);
    const breaker = this.config.app === 'all' ? this.senders.breakerOf(name) : null;
    return {
      ...{ name, kind: account.kind, configured: isConfigured(account) },
      ...(breaker === null ? {} : { breaker }),
      ...(lastAt === null ? {} : { lastWebhookAt: lastAt }),
    };
  }
}
