import type { Permit } from '#consent/may-send';
import type { Clock } from '#platform/clock';
import { plainAddress, type SendMode } from '#platform/send-mode';
import { ADDRESS_KIND, type Channel } from '#purposes/channel';
import { STREAMS, type Stream } from '#purposes/stream';
import { accountsOf, type Account, type Tenants } from '#tenants/tenant';
import type { BreakerState } from './breaker.js';
import { CaptureSender } from './capture.sender.js';
import { hasAnother, passesOn, route, type PassOn, type Route, type Tried } from './failover.js';
import type { InboxStore } from './inbox.store.js';
import type { Envelope, Outcome } from './outcome.js';
import { allOf, type Looked, type Sendable, type Sender, type Sought } from './sender.js';
import { SendGridSender } from './sendgrid.sender.js';
import { mayShare, shareCalls } from './share-calls.js';
import { SmtpSender } from './smtp.sender.js';
import { TwilioSender } from './twilio.sender.js';
import type { WatchCall } from './watch-calls.js';

export interface SendersOptions {
  tenants: Tenants;
  clock: Clock;
  /** LAGOM_SEND */
  mode: SendMode;
  inbox: InboxStore;
  /** Where providers can reach us, if they can: an https address. */
  publicUrl?: string | undefined;
  /** Calls at once, per account. */
  slots?: number | undefined;
  timeoutMs?: number | undefined;
  /** Told of each call as it begins and ends. */
  watch?: WatchCall | undefined;
  /** Told of each change of an account's circuit breaker. */
  onBreaker?: ((account: string, state: BreakerState) => void) | undefined;
}

/** A message on its way to a provider, as far as its accounts are concerned. */
export interface Routed {
  message: string;
  tenant: string;
  stream: Stream;
  channel: Channel;
  /** Its tries so far, on any channel. */
  tried: readonly Tried[];
}

/** What can be asked of a provider on each channel; the other channels are people's work, not a sender's. */
const CARRIES: Record<Account['kind'], Channel> = { sendgrid: 'email', smtp: 'email', twilio: 'sms' };

/** Picks who sends for a tenant, stream and channel, within what LAGOM_SEND lets out of the house. */
export class Senders {
  /** By account: their names are unique across tenants. */
  private readonly byAccount = new Map<string, Sender>();

  /** Throws where a used account cannot work at all (a wrong SMTP URL): better at boot than at the first message. */
  constructor(private readonly options: SendersOptions) {
    for (const tenant of options.tenants.all()) {
      for (const stream of STREAMS) {
        for (const channel of ['email', 'sms'] as const) this.sendersFor(tenant.id, stream, channel);
      }
    }
  }

  /** Whether LAGOM_SEND lets this address have something. Whatever it does not know, it refuses. */
  allowed(channel: Channel, address: string): boolean {
    const { mode } = this.options;
    switch (mode.mode) {
      case 'capture':
      case 'live':
        return true;
      case 'redirect':
        return fits(channel, mode.to);
      case 'allow': {
        const plain = plainAddress(address);
        return plain !== null && fits(channel, plain) && mode.to.some((one) => plainAddress(one) === plain);
      }
      default:
        return false;
    }
  }

  /** Whether the tenant can send on this channel in this stream. */
  has(tenant: string, stream: Stream, channel: Channel): boolean {
    return this.sendersFor(tenant, stream, channel).length > 0;
  }

  /** By which account a message goes now (`failover.ts`), or how long it waits for one; null: there is none. */
  route(routed: Routed): Route | null {
    const { accounts, tried, waitMs } = this.choice(routed);
    return route(accounts, tried, waitMs);
  }

  /** Whether another account may be asked, by a new pass, for what the last of `tried` surely left unsent. */
  passOn(routed: Routed, outcome: Outcome): PassOn {
    if (!passesOn(outcome)) return 'never';
    const { accounts, tried, waitMs } = this.choice(routed);
    if (accounts.length < 2) return 'never';
    const now = tried.map((one, index) =>
      index === tried.length - 1 ? { ...one, outcome: outcome.kind, passedOn: true } : one,
    );
    return hasAnother(accounts, now, waitMs) ? 'now' : 'later';
  }

  /** Sends one message, by its permit. Throws (a bug) where the permit is not this message's. */
  async send(permit: Permit, envelope: Envelope): Promise<Outcome> {
    const sender = this.senderFor(envelope);
    if (!sender) return { kind: 'rejected', reason: 'no-sender' };
    if (!this.allowed(envelope.channel, envelope.to)) return { kind: 'rejected', reason: 'not-allowed' };
    return sender.send(permit, envelope);
  }

  /** Whether mails of this stream may share a call, by every account that may be asked. */
  shares(tenant: string, stream: Stream): boolean {
    const senders = this.sendersFor(tenant, stream, 'email');
    return senders.length > 0 && senders.every((sender) => sender.shares);
  }

  /**
   * Sends many, as many calls at once as each account has slots, and tells each outcome as it comes. What can share a call
   * does (`share-calls.ts`). A bug in one throws after the others have ended.
   * @param onRoom is called once none of the calls waits for a slot and each account has a free one
   */
  async sendAll<T extends Sendable>(
    items: readonly T[],
    onOutcome: (item: T, outcome: Outcome) => void | Promise<void>,
    onRoom: () => void = () => undefined,
  ): Promise<void> {
    const [sharing, singly] = [[] as T[], [] as T[]];
    for (const item of items) (this.goesWithOthers(item.envelope) ? sharing : singly).push(item);
    const sent = allOf([...shareCalls(sharing), ...singly.map((item) => [item])], async (call) => {
      const [item, ...others] = call;
      if (item === undefined) return;
      if (others.length === 0) await onOutcome(item, await this.send(item.permit, item.envelope));
      else await this.senderFor(item.envelope)?.sendTogether(call, onOutcome);
    });
    // All of them hold a slot by now, or wait for one.
    const asked = new Set(items.flatMap(({ envelope }) => this.senderFor(envelope) ?? []));
    void Promise.all([...asked].map((sender) => sender.whenFree())).then(onRoom);
    await sent;
  }

  private goesWithOthers(envelope: Envelope): boolean {
    return (
      mayShare(envelope) &&
      this.senderFor(envelope)?.shares === true &&
      this.allowed(envelope.channel, envelope.to)
    );
  }

  /** What the provider's own list says, of the account that was tried; only where it was really sent. */
  async lookUp(
    tenant: string,
    stream: Stream,
    channel: Channel,
    sought: Sought,
    account?: string,
  ): Promise<Looked> {
    const sender = this.options.mode.mode === 'live' ? this.senderOf(tenant, stream, channel, account) : null;
    return sender === null ? { kind: 'cannot' } : sender.lookUp(sought);
  }

  /** How the circuit breaker of an account stands in this process; null: nothing is sent by it here. */
  breakerOf(account: string): BreakerState | null {
    return this.byAccount.get(account)?.breakerState ?? null;
  }

  /** Lets go of all sockets. */
  close(): void {
    for (const sender of this.byAccount.values()) sender.close();
    this.byAccount.clear();
  }

  private choice({ message, tenant, stream, channel, tried }: Routed) {
    const senders = this.sendersFor(tenant, stream, channel);
    return {
      accounts: senders.map(({ account }) => account),
      tried: tried.filter((one) => one.channel === channel),
      waitMs: (name: string) => senders.find(({ account }) => account === name)?.waitMs(message) ?? 0,
    };
  }

  /** The one by that account, if it is one of this sender's; without a name the first. */
  private senderOf(tenant: string, stream: Stream, channel: Channel, account?: string): Sender | null {
    const senders = this.sendersFor(tenant, stream, channel);
    return (account === undefined ? senders[0] : senders.find((one) => one.account === account)) ?? null;
  }

  private senderFor({ tenant, stream, channel, account }: Envelope): Sender | null {
    return this.senderOf(tenant, stream, channel, account);
  }

  /** By the sender's accounts, in order; those that cannot send for want of credentials are left out. */
  protected sendersFor(tenantId: string, stream: Stream, channel: Channel): Sender[] {
    const tenant = this.options.tenants.get(tenantId);
    if (!tenant || (channel !== 'email' && channel !== 'sms')) return [];
    return accountsOf(tenant.senders[stream][channel]).flatMap((name) => {
      const known = this.byAccount.get(name);
      if (known) return [known];
      const account = tenant.accounts[name];
      if (!account || CARRIES[account.kind] !== channel) return [];
      const made = this.make(name, account);
      if (made) this.byAccount.set(name, made);
      return made ? [made] : [];
    });
  }

  /** Null: its credentials are absent, which is no fault unless LAGOM_SEND is `live`. */
  private make(account: string, config: Account): Sender | null {
    const { mode, inbox, clock, publicUrl, slots, timeoutMs, watch } = this.options;
    const options = {
      account,
      clock,
      watch,
      onBreaker: (state: BreakerState) => this.options.onBreaker?.(account, state),
      ...(slots === undefined ? {} : { slots }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    if (mode.mode === 'capture')
      return new CaptureSender(inbox, {
        ...{ account, clock, watch, onBreaker: options.onBreaker },
        shares: config.kind === 'sendgrid',
      });
    const outward = { ...options, redirectTo: mode.mode === 'redirect' ? mode.to : undefined };
    try {
      switch (config.kind) {
        case 'sendgrid': {
          const { apiKey } = config;
          return apiKey ? new SendGridSender({ ...config, apiKey }, outward) : null;
        }
        case 'smtp': {
          const { url } = config;
          return url ? new SmtpSender({ url }, outward) : null;
        }
        case 'twilio': {
          const { accountSid, authToken } = config;
          if (!accountSid || !authToken) return null;
          // Twilio refuses a message whose StatusCallback it could not call.
          const reachable = publicUrl?.startsWith('https:') ? publicUrl : undefined;
          return new TwilioSender({ ...config, accountSid, authToken }, { ...outward, publicUrl: reachable });
        }
        default:
          return config satisfies never;
      }
    } catch (cause) {
      throw new Error(`the account ${account} cannot be used`, { cause });
    }
  }
}

function fits(channel: Channel, address: string): boolean {
  const kind = ADDRESS_KIND[channel];
  return kind === 'email' ? address.includes('@') : kind === 'phone' && address.startsWith('+');
}
