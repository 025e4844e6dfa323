import type { Mark, Receipt } from '#channels/receipt';
import type { CampaignRows } from '#messages/campaign-rows';
import { isInDoubt } from '#messages/in-doubt';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { canMove, type Status } from '#messages/moves';
import { transition, type Transition } from '#messages/transition';
import type { Clock } from '#platform/clock';
import type { Address, Withdraw } from '#privacy/withdraw';
import { normaliseEmail, normalisePhone } from '#purposes/address';
import { ADDRESS_KIND } from '#purposes/channel';
import type { ChoiceStatement } from '#purposes/choice';
import { RULES } from '#purposes/purposes';

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

/** What stands of a try that the provider took and could not deliver just then. */
const UNDELIVERED = 'undelivered';
/** A phone that was off, or a fault that nobody named, is given this long. */
const LATE_RETRY_MS = 30 * 60_000;

/** Applies what providers tell: the row moves by rank, the address is suppressed, whether a row is found or not. */
export class ApplyReceipt {
  constructor(
    private readonly messages: MessageStore,
    private readonly withdraw: Withdraw,
    private readonly campaigns: Pick<CampaignRows, 'noteUnsubscribed'>,
    private readonly clock: Clock,
  ) {}

  /** The row as it stands afterwards; null where the ref is not known. */
  async apply(tenant: string, receipt: Receipt): Promise<MessageRow | null> {
    const row = await this.retryLate(await this.move(tenant, receipt), receipt);
    const kind = ADDRESS_KIND[receipt.channel];
    if (kind !== 'email' && kind !== 'phone') return row;
    const about = { kind, address: normalised(kind, receipt.address) };
    const mark = receipt.mark ?? MARK_OF[receipt.kind];
    switch (mark) {
      case null:
        break;
      case 'unsubscribed':
        await this.unsubscribe(tenant, receipt, about, row);
        break;
      case 'bounce':
      case 'bad-address':
      case 'complaint':
      case 'stop':
        await this.withdraw.suppressAddress(tenant, {
          ...about,
          channel: receipt.channel,
          // What cannot be reached cannot be reached by any stream; what a person said was said to one.
          scope: mark === 'bounce' || mark === 'bad-address' ? 'all' : (row?.stream ?? receipt.stream),
          cause: mark,
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
      const repeat = this.spareRepeat(row, receipt);
      if (repeat !== null) {
        if ((await this.messages.apply([repeat])).size > 0) return repeat.after;
        continue;
      }
      // Of an earlier attempt only that it did arrive still counts: the row has gone another way since.
      const isLatest = row.attempts.at(-1)?.ref === receipt.ref;
      if (!isLatest && receipt.kind !== 'accepted' && receipt.kind !== 'delivered') return row;
      const isLater = (RANK[to] ?? 0) > (RANK[row.status] ?? Number.POSITIVE_INFINITY);
      if (!isLater || !canMove(row.status, to)) return row;
      const why = receipt.why ?? 'receipt';
      const move = transition(row, to as never, why, this.clock.now(), {}, { set: settled(row, receipt) });
      if ((await this.messages.apply([move])).size > 0) return move.after;
    }
    throw new Error(`a row was written by others ${TRIES} times in a row`);
  }

  /**
   * What failed for a while only is due once more, later, and asked about like everything else: once, and only where its
   * purpose may be said twice (an unknown fault may have delivered it). All other such messages wait for a person.
   */
  private async retryLate(row: MessageRow | null, receipt: Receipt): Promise<MessageRow | null> {
    if (row?.status !== 'failed' || receipt.mayRetry !== true) return row;
    if (RULES[row.purpose].unknown !== 'resend' || row.attempts.at(-1)?.ref !== receipt.ref) return row;
    if (row.attempts.some(({ ref, outcome }) => ref !== receipt.ref && outcome === UNDELIVERED)) return row;
    const now = this.clock.now();
    const dueAt = new Date(now.getTime() + LATE_RETRY_MS);
    if (row.expiresAt !== null && row.expiresAt <= dueAt) return row;
    const failed = row as MessageRow & { status: 'failed' };
    const why = 'could not be delivered just then: once more';
    const again = transition(failed, 'planned', why, now, { dueAt, reason: null, until: null });
    return (await this.messages.apply([again])).size > 0 ? again.after : row;
  }

  /** A try that was in doubt has arrived after all, and the next has not begun: it must not be said again. */
  private spareRepeat(row: MessageRow, receipt: Receipt): Transition | null {
    const { kind, ref } = receipt;
    if (row.status !== 'planned' && row.status !== 'released') return null;
    if (kind !== 'accepted' && kind !== 'delivered') return null;
    const attempt = row.attempts.find((one) => one.ref === ref);
    const mayArrive = attempt?.outcome === UNDELIVERED && kind === 'delivered';
    if (attempt === undefined || !(isInDoubt(attempt) || mayArrive)) return null;
    const why = `an earlier try was ${kind}`;
    return transition(
      row as MessageRow & { status: 'planned' },
      'refused',
      why,
      this.clock.now(),
      { reason: 'duplicate' },
      { set: settled(row, receipt) },
    );
  }

  /**
   * The provider's own way out: all marketing by this channel, and what this message was about. It holds for the address
   * that it was said of and, where the message tells who it was, for that person whatever their address is now.
   */
  private async unsubscribe(
    tenant: string,
    { kind, channel, told }: Receipt,
    about: Address,
    row: MessageRow | null,
  ): Promise<void> {
    const no = (purpose: ChoiceStatement['purpose']): ChoiceStatement => ({
      ...{ purpose, channel, state: 'withdrawn', noticeVersion: 'none' },
      ...{ language: row?.content?.locale ?? 'und', method: 'unsubscribe', place: 'provider' },
    });
    const isOwn = row !== null && row.stream === 'service' && RULES[row.purpose].stoppedByChoice;
    const noes = [no('marketing'), ...(isOwn ? [no(row.purpose)] : [])];
    const recordedAt = this.clock.now();
    const how = { at: told?.at ?? recordedAt, recordedAt, via: 'inbound' as const };
    await this.withdraw.hearAbout(tenant, about, noes, { ...how, by: row?.customer ?? '' });
    if (row === null) return;
    const id = `provider:${told?.id ?? row._id}`;
    await this.withdraw.hearChoices(tenant, row.customer, noes, { ...how, id });
    // What was dropped for a no of before has made nobody leave.
    if (row.campaign === null || kind !== 'stopped') return;
    await this.campaigns.noteUnsubscribed(tenant, { _id: row._id }, how.at, 'unsubscribed at its provider');
  }
}

/** What a receipt says of a try that was in doubt, or whose own record is still to come. */
function settled(row: MessageRow, { ref, kind, mayRetry }: Receipt): Record<string, unknown> {
  const index = row.attempts.findIndex((one) => one.ref === ref);
  const attempt = row.attempts[index];
  if (attempt === undefined) return {};
  const outcome = kind === 'delivered' ? 'accepted' : mayRetry === true ? UNDELIVERED : kind;
  if (!isInDoubt(attempt) && outcome !== UNDELIVERED && attempt.outcome !== UNDELIVERED) return {};
  return {
    [`attempts.${index}.outcome`]: outcome,
    ...(attempt.said == null ? {} : { [`attempts.${index}.said`]: null }),
  };
}

/** Providers write addresses as they please; suppressions are hashes of the normalised form. */
function normalised(kind: 'email' | 'phone', address: string): string {
  const read = kind === 'email' ? normaliseEmail(address) : normalisePhone(address, 'SE');
  return read.kind === 'good' ? read.address : address;
}

/** What the kind alone says of the address. */
const MARK_OF: Record<Receipt['kind'], Mark | null> = {
  accepted: null,
  delivered: null,
  bounced: 'bounce',
  complained: 'complaint',
  failed: null,
  stopped: 'stop',
};
