import type { CampaignStore } from '#campaigns/campaign.store';
import type { WebhookStore } from '#channels/webhook.store';
import type { PauseStore } from '#consent/pause.store';
import type { MessageStore } from '#messages/message.store';
import type { DeadLetterStore } from '#messaging/dead-letter.store';
import type { OutBacklog } from '#messaging/out-backlog';
import type { Metrics } from '#platform/metrics';
import { DUE_CLASSES } from '#purposes/stream';
import type { RequestStore } from '#privacy/request.store';
import type { Tenants } from '#tenants/tenant';

/** States that a row passes within seconds, or that somebody has to look at. */
const COUNTED = ['released', 'sending', 'unknown'] as const;

/** Reads from the ledger and its neighbours what an operator watches. Only the leader counts: see `Metrics.ledger`. */
export class CountLedger {
  constructor(
    private readonly messages: MessageStore,
    private readonly deadLetters: DeadLetterStore,
    private readonly webhooks: WebhookStore,
    private readonly pauses: PauseStore,
    private readonly requests: Pick<RequestStore, 'countOverdue'>,
    private readonly campaigns: Pick<CampaignStore, 'countUndecided'>,
    private readonly outboxes: readonly { outBacklog(): Promise<OutBacklog> }[],
    private readonly tenants: Tenants,
    private readonly metrics: Metrics,
  ) {}

  async runOnce(now: Date): Promise<void> {
    const since = (at: Date | null): number =>
      at === null ? 0 : Math.max(0, (now.getTime() - at.getTime()) / 1_000);
    const tenants = this.tenants.all().map(({ id }) => id);
    const [oldestDue, rows, deadLettersOpen, out, silent, pauses, requestsOverdue, testsUndecided] =
      await Promise.all([
        figures(DUE_CLASSES, async (one) => since(await this.messages.oldestDueAt(one, now))),
        figures(COUNTED, (one) => this.messages.countByStatus([one])),
        this.deadLetters.countOpen(),
        Promise.all(this.outboxes.map((outbox) => outbox.outBacklog())),
        this.webhooks.silentSince(),
        figures(tenants, async (id) => (await this.pauses.list(id)).length),
        figures(tenants, (id) => this.requests.countOverdue(id, now)),
        figures(tenants, (id) => this.campaigns.countUndecided(id)),
      ]);
    this.metrics.ledger({
      oldestDue,
      rows,
      deadLettersOpen,
      outboxWaiting: out.reduce((sum, { documents }) => sum + documents, 0),
      outboxOldestSeconds: Math.max(0, ...out.map(({ oldest }) => since(oldest))),
      webhookSilence: Object.fromEntries(silent.map((one) => [one.account, since(one.since)])),
      pauses,
      requestsOverdue,
      testsUndecided,
    });
  }

  /** Another process leads. */
  forget(): void {
    this.metrics.ledger(null);
  }
}

async function figures<Name extends string>(
  names: readonly Name[],
  read: (name: Name) => Promise<number>,
): Promise<Record<string, number>> {
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
}
