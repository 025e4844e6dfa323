import type { CampaignStore } from '#campaigns/campaign.store';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { transition } from '#messages/transition';
import type { Clock } from '#platform/clock';

/** What became of the wish to try again; `refused` says why, in words for the one who asked. */
export type Retried = { kind: 'planned'; row: MessageRow } | { kind: 'refused'; why: string };

/**
 * A person tries a message again that failed, or of which nobody knows whether it was sent. It becomes due now and goes
 * through the gate like any other: a fresh permit, a fresh reservation. Of a campaign that is cancelled or archived nothing
 * is retried. Nothing is promised but that it is asked about.
 */
export class RetryMessage {
  constructor(
    private readonly messages: MessageStore,
    private readonly campaigns: Pick<CampaignStore, 'find'>,
    private readonly clock: Clock,
  ) {}

  /** `by` stands in the row's history. */
  async retry(row: MessageRow, by: string): Promise<Retried> {
    if (!isRetriable(row)) {
      return {
        kind: 'refused',
        why: `only failed and unknown messages are retried, this one is ${row.status}`,
      };
    }
    const now = this.clock.now();
    if (row.expiresAt !== null && row.expiresAt <= now) {
      return {
        kind: 'refused',
        why: `it may not be sent any more: it expired ${row.expiresAt.toISOString()}`,
      };
    }
    const campaign = row.campaign === null ? null : await this.campaigns.find(row.tenant, row.campaign);
    if (campaign?.status === 'cancelled' || campaign?.status === 'archived') {
      return { kind: 'refused', why: `its campaign is ${campaign.status}: nothing of it is sent any more` };
    }
    const move = transition(row, 'planned', `retried by ${by}`, now, {
      dueAt: now,
      reason: null,
      until: null,
    });
    const won = await this.messages.apply([move]);
    return won.has(row._id)
      ? { kind: 'planned', row: move.after }
      : { kind: 'refused', why: 'it has changed meanwhile; look at it again' };
  }
}

function isRetriable(row: MessageRow): row is MessageRow & { status: 'failed' | 'unknown' } {
  return row.status === 'failed' || row.status === 'unknown';
}
