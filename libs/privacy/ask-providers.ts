import { createHash } from 'node:crypto';
import { askDeletion, type Asked } from '#channels/ask-deletion';
import type { ProviderDeletion, ProviderDeletionStore } from '#channels/provider-deletion.store';
import type { SealedText } from '#channels/sealed-text';
import type { CustomerStore } from '#customers/customer.store';
import type { MessageRow } from '#messages/message.types';
import type { Clock } from '#platform/clock';
import type { Metrics } from '#platform/metrics';
import { accountsOf, type Account, type Tenants } from '#tenants/tenant';
import type { Address } from './withdraw.js';

const AT_ONCE = 50;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Asked no longer: by then a person has to. */
const PATIENCE_MS = 30 * DAY_MS;
/** An erasure is swept behind for 30 days, and asks again for what it finds. */
const REMEMBERED_MS = 40 * DAY_MS;

/**
 * Asks the providers to delete what they keep of a person who was erased (PROTOCOL F1): noted first, then asked, again and
 * again, at most for 30 days. What they were given can be found by their own ids and by the address; the address waits
 * sealed, and is gone when it has been asked for.
 */
export class AskProviders {
  constructor(
    private readonly store: ProviderDeletionStore,
    private readonly customers: Pick<CustomerStore, 'findHolders'>,
    private readonly tenants: Tenants,
    private readonly sealed: SealedText,
    private readonly clock: Clock,
    private readonly metrics: Pick<Metrics, 'providerDeletion'>,
    /** Whether anything was given to a provider at all (LAGOM_SEND). */
    private readonly isReal: boolean,
    private readonly ask: (account: Account, what: string) => Promise<Asked> = askDeletion,
  ) {}

  /** Mail addresses, before they are forgotten; not those that somebody else has too. */
  async queueAddresses(tenant: string, customer: string, addresses: readonly Address[]): Promise<void> {
    const accounts = this.accounts(tenant, 'sendgrid');
    if (accounts.length === 0) return;
    const wanted = [];
    for (const { kind, address } of addresses) {
      if (kind !== 'email') continue;
      const holders = await this.customers.findHolders(tenant, kind, address);
      if (holders.some((holder) => holder.customer !== customer && holder.erasedAt === null)) continue;
      for (const account of accounts) {
        const _id = idOf(tenant, account, `${customer} ${address}`);
        wanted.push({ _id, tenant, account, what: this.sealed.seal(address) });
      }
    }
    await this.store.queue(wanted, this.clock.now());
  }

  /** Texts that went out through an account which keeps them, by the provider's own ids. */
  async queueMessages(tenant: string, rows: readonly MessageRow[]): Promise<void> {
    if (!this.isReal) return;
    const senders = this.tenants.get(tenant)?.senders;
    const wanted = rows.flatMap(({ stream, attempts }) =>
      attempts.flatMap(({ account, channel, providerId }) => {
        if (channel !== 'sms' || providerId === null) return [];
        const by = account ?? senders?.[stream].sms?.account;
        if (by === undefined || this.tenants.account(by)?.account.kind !== 'twilio') return [];
        return [{ _id: idOf(tenant, by, providerId), tenant, account: by, what: providerId }];
      }),
    );
    await this.store.queue(wanted, this.clock.now());
  }

  /** Asks for what is due; how many were done, and given up. */
  async runOnce(now: Date): Promise<{ askedFor: number; givenUp: number }> {
    let [askedFor, givenUp] = [0, 0];
    for (const one of await this.store.findDue(now, AT_ONCE)) {
      const asked = await this.askFor(one);
      this.metrics.providerDeletion(one.account, asked.kind);
      if (asked.kind === 'done') {
        await this.store.end(one, 'done');
        askedFor += 1;
      } else if (asked.kind === 'refused' || now.getTime() - one.queuedAt.getTime() >= PATIENCE_MS) {
        await this.store.end(one, 'given-up', asked.why);
        this.metrics.providerDeletion(one.account, 'given-up');
        givenUp += 1;
      } else {
        const wait = Math.min(DAY_MS, MINUTE_MS * 2 ** Math.min(one.tries, 20));
        await this.store.again(one, new Date(now.getTime() + wait));
      }
    }
    await this.store.deleteEndedBefore(new Date(now.getTime() - REMEMBERED_MS));
    return { askedFor, givenUp };
  }

  private askFor({ account: name, what }: ProviderDeletion): Promise<Asked> | Asked {
    const account = this.tenants.account(name)?.account;
    if (account === undefined) return { kind: 'refused', why: 'the account is named in no file any more' };
    const about = account.kind === 'sendgrid' ? this.sealed.open(what ?? '') : what;
    if (about === null) return { kind: 'refused', why: 'sealed with a secret that is not here any more' };
    return this.ask(account, about);
  }

  private accounts(tenant: string, kind: Account['kind']): string[] {
    const senders = this.isReal ? this.tenants.get(tenant)?.senders : undefined;
    if (senders === undefined) return [];
    const named = [...accountsOf(senders.service.email), ...accountsOf(senders.marketing.email)];
    return [...new Set(named)].filter((name) => this.tenants.account(name)?.account.kind === kind);
  }
}

/** Fit for an id, and tells nothing. */
function idOf(tenant: string, account: string, what: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([tenant, account, what]))
    .digest('base64url');
  return `${encodeURIComponent(tenant)}/${encodeURIComponent(account)}/${digest.slice(0, 22)}`;
}
