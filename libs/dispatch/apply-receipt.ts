import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { canMove, type Status } from '#messages/moves';
import { transition } from '#messages/transition';
import type { Clock } from '#platform/clock';
import type { Withdraw } from '#privacy/withdraw';
import { normaliseEmail, normalisePhone } from '#purposes/address';
import { ADDRESS_KIND, type Channel } from '#purposes/channel';
import type { Stream } from '#purposes/stream';

/** What became of a message after the provider took it. Only a lasting bounce is one. */
export interface Receipt {
  kind: 'accepted' | 'delivered' | 'bounced' | 'complained' | 'failed' | 'stopped';
  ref: string;
  /** Where it was sent, as the provider says. */
  address: string;
  channel: Channel;
  /** Of the sender that it answers; used where no row is found. */
  stream: Stream;
  why?: string;
}

/** A late or weaker word never moves a row back (PROTOCOL E2). */
const RANK: Partial<Record<Status, number>> = {
  sending: 0,
  unknown: 0,
  accepted: 1,
  delivered: 2,
  failed: 3,
  bounced: 3,
  complained: 4,
};
const TRIES = 5;

/** Applies what providers tell: the row moves by rank, the address is suppressed, whether a row is found or not. */
export class ApplyReceipt {
  constructor(
    private readonly messages: MessageStore,
    private readonly withdraw: Withdraw,
    private readonly clock: Clock,
  ) {}

  /** The row as it stands afterwards; null where the ref is not known. */
  async apply(tenant: string, receipt: Receipt): Promise<MessageRow | null> {
    const row = await this.move(tenant, receipt);
    const kind = ADDRESS_KIND[receipt.channel];
    const { scope, cause } = suppressionBy(receipt, row?.stream ?? receipt.stream);
    if (cause !== null && (kind === 'email' || kind === 'phone')) {
      await this.withdraw.suppressAddress(tenant, {
        kind,
        address: normalised(kind, receipt.address),
        channel: receipt.channel,
        scope,
        cause,
        ...(row === null ? {} : { except: row._id }),
      });
    }
    return row;
  }

  private async move(tenant: string, receipt: Receipt): Promise<MessageRow | null> {
    for (let tries = 0; tries < TRIES; tries++) {
      const row = await this.messages.findByRef(tenant, receipt.ref);
      if (row === null || receipt.kind === 'stopped') return row;
      const to: Status = receipt.kind;
      // Of an earlier attempt only that it did arrive still counts: the row has gone another way since.
      const isLatest = row.attempts.at(-1)?.ref === receipt.ref;
      if (!isLatest && receipt.kind !== 'accepted' && receipt.kind !== 'delivered') return row;
      const isLater = (RANK[to] ?? 0) > (RANK[row.status] ?? Number.POSITIVE_INFINITY);
      if (!isLater || !canMove(row.status, to)) return row;
      const move = transition(row, to as never, receipt.why ?? 'receipt', this.clock.now());
      if ((await this.messages.apply([move])).size > 0) return move.after;
    }
    throw new Error(`a row was written by others ${TRIES} times in a row`);
  }
}

/** Providers write addresses as they please; suppressions are hashes of the normalised form. */
function normalised(kind: 'email' | 'phone', address: string): string {
  const read = kind === 'email' ? normaliseEmail(address) : normalisePhone(address, 'SE');
  return read.kind === 'good' ? read.address : address;
}

function suppressionBy(
  { kind }: Receipt,
  stream: Stream,
): { scope: 'all' | Stream; cause: 'bounce' | 'complaint' | 'stop' | null } {
  switch (kind) {
    case 'bounced':
      return { scope: 'all', cause: 'bounce' };
    case 'complained':
      return { scope: stream, cause: 'complaint' };
    case 'stopped':
      return { scope: stream, cause: 'stop' };
    case 'accepted':
    case 'delivered':
    case 'failed':
      return { scope: stream, cause: null };
  }
}
