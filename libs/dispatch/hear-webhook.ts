import type { Receipt, Told } from '#channels/receipt';
import type { WebhookStore } from '#channels/webhook.store';
import type { Clock } from '#platform/clock';
import type { Metrics } from '#platform/metrics';
import type { ApplyReceipt } from './apply-receipt.js';

/** What is about a message of the tenant's, and changes something. */
interface Own {
  id: string | null;
  receipt: Receipt;
}

/** Messages whose receipts are applied at once; those of one message go one after the other. */
const CONCURRENCY = 16;

/**
 * Hears what a provider told of an account's messages (PROTOCOL E), up to a thousand things at once. When it resolves
 * their effects are written. It throws where one could not be: the provider tells all of it again, and what was written
 * is known by its id, or moves nothing twice by its rank.
 */
export class HearWebhook {
  constructor(
    private readonly webhooks: WebhookStore,
    private readonly applyReceipt: ApplyReceipt,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  async hear(tenant: string, account: string, told: readonly Told[]): Promise<void> {
    const fresh = await this.fresh(tenant, account, this.own(tenant, account, told));
    const queue = byMessage(fresh).values();
    const written: Own[] = [];
    const failures: unknown[] = [];
    const work = async (): Promise<void> => {
      for (const group of queue) {
        try {
          const said = new Set<string>();
          for (const one of group) {
            const { kind, mark = '', address } = one.receipt;
            const words = JSON.stringify([kind, mark, address]);
            // Deferred five times is deferred once.
            if (!said.has(words)) await this.applyReceipt.apply(tenant, one.receipt);
            said.add(words);
            this.metrics.webhook(account, one.receipt.alarm ?? one.receipt.mark ?? one.receipt.kind);
            written.push(one);
          }
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, fresh.length) }, work));
    const now = this.clock.now();
    await this.webhooks.remember(
      tenant,
      account,
      written.flatMap(({ id }) => id ?? []),
      now,
    );
    await this.webhooks.noteLast(tenant, account, now);
    if (failures.length > 0) throw failures[0];
  }

  /** What changes something of this tenant's. Tenants may share a provider's account, which tells each of them everything. */
  private own(tenant: string, account: string, told: readonly Told[]): Own[] {
    return told.flatMap(({ id, tenant: whose, receipt }) => {
      if (receipt !== null && (whose ?? tenant) === tenant) return [{ id, receipt }];
      this.metrics.webhook(account, receipt === null ? 'ignored' : 'foreign');
      return [];
    });
  }

  /** Without what was heard before, and what one call says twice. */
  private async fresh(tenant: string, account: string, told: readonly Own[]): Promise<Own[]> {
    const heard = await this.webhooks.findHeard(
      tenant,
      account,
      told.flatMap(({ id }) => id ?? []),
    );
    return told.filter(({ id }) => {
      if (id === null) return true;
      if (heard.has(id)) {
        this.metrics.webhook(account, 'duplicate');
        return false;
      }
      heard.add(id);
      return true;
    });
  }
}

/** By address where no message is named: two records of one address need not race. */
function byMessage(told: readonly Own[]): Map<string, Own[]> {
  const groups = new Map<string, Own[]>();
  for (const one of told) {
    const key = one.receipt.ref || one.receipt.address;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}
