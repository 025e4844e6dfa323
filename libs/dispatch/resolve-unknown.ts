import type { Looked } from '#channels/sender';
import type { Senders } from '#channels/senders';
import type { WebhookStore } from '#channels/webhook.store';
import type { CustomerStore } from '#customers/customer.store';
import { digestOf, isInDoubt } from '#messages/in-doubt';
import type { Attempt, MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { transition } from '#messages/transition';
import type { Clock } from '#platform/clock';
import { RULES } from '#purposes/purposes';
import { accountsOf, type Tenants } from '#tenants/tenant';
import type { ApplyReceipt } from './apply-receipt.js';
import { addressOn } from '#privacy/person-facts';

/** A webhook tells soonest, and a list may lag: nothing is asked or said again before. */
export const PATIENCE_MS = 2 * 60_000;
/**
 * An account's webhooks flow, for a message in doubt, where one came so long after it was tried: theirs would have come
 * too. Longer than clocks of two processes may be apart.
 */
export const FLOW_MS = 15 * 60_000;
/** A list is asked again about the same message no sooner. */
const ASK_AGAIN_MS = 10 * 60_000;
const MOST_ASKED = 50;
const PAGE = 500;

type Unknown = MessageRow & { status: 'unknown' };

/**
 * Messages of which nobody knows whether they were sent (PROTOCOL C4). A webhook by `ref` may tell at any time
 * (ApplyReceipt). Here the provider's own list is asked, where it has one; then what its purpose says may be sent twice
 * goes back to `planned`, once, through the gate and by the same account, while that account's webhooks flow. All else
 * stays `unknown`: counted, for a person to decide.
 */
export class ResolveUnknown {
  private readonly asked = new Map<string, { rev: string; mono: number; looked: Looked }>();

  constructor(
    private readonly messages: MessageStore,
    private readonly customers: CustomerStore,
    private readonly webhooks: WebhookStore,
    private readonly senders: Senders,
    private readonly tenants: Tenants,
    private readonly applyReceipt: ApplyReceipt,
    private readonly clock: Clock,
  ) {}

  async runOnce(now: Date): Promise<{ found: number; resent: number }> {
    const counts = { found: 0, resent: 0 };
    const seen = new Set<string>();
    let mayAsk = MOST_ASKED;
    // Of each account, as one pass sees it.
    const lastAt = new Map<string, Date | null>();
    for (let after: string | null = null; ;) {
      const page: MessageRow[] = await this.messages.pageByStatus('unknown', after, PAGE);
      for (const row of page as Unknown[]) {
        seen.add(row._id);
        const attempt = row.attempts.at(-1);
        if (attempt === undefined || now.getTime() - attempt.at.getTime() < PATIENCE_MS) continue;
        let looked = this.remembered(row);
        if (looked === null && mayAsk > 0 && attempt.said != null) {
          mayAsk -= 1;
          looked = await this.look(row, attempt);
        }
        if (looked?.kind === 'found') {
          if (await this.take(row, attempt, looked, now)) counts.found += 1;
        } else if (await this.mayResend(row, attempt, looked, lastAt)) {
          const move = transition(row, 'planned', 'its outcome stayed unknown: once more', now, {
            dueAt: now,
          });
          counts.resent += (await this.messages.apply([move])).size;
        }
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last._id;
    }
    for (const id of this.asked.keys()) if (!seen.has(id)) this.asked.delete(id);
    return counts;
  }

  private remembered(row: Unknown): Looked | null {
    const before = this.asked.get(row._id);
    if (before?.rev !== row.rev || this.clock.mono() - before.mono >= ASK_AGAIN_MS) return null;
    return before.looked;
  }

  private async look(row: Unknown, attempt: Attempt): Promise<Looked> {
    const { tenant, stream } = row;
    const { channel, ref, at, said } = attempt;
    const customer = await this.customers.find(tenant, row.customer);
    const to = addressOn(channel, customer);
    const from = channel === 'sms' ? this.tenants.get(tenant)?.senders[stream].sms?.from : undefined;
    const looked: Looked =
      to === null || from === undefined
        ? { kind: 'cannot' }
        : await this.senders.lookUp(
            tenant,
            stream,
            channel,
            { ...{ to, from, at }, isIt: (text) => digestOf(ref, text) === said },
            attempt.account,
          );
    this.asked.set(row._id, { rev: row.rev, mono: this.clock.mono(), looked });
    return looked;
  }

  /** The provider has it: `accepted`, with its id, and then what became of it there. */
  private async take(
    row: Unknown,
    attempt: Attempt,
    { providerId, meaning }: Extract<Looked, { kind: 'found' }>,
    now: Date,
  ): Promise<boolean> {
    const index = row.attempts.indexOf(attempt);
    const set = {
      [`attempts.${index}.outcome`]: 'accepted',
      [`attempts.${index}.providerId`]: providerId,
      [`attempts.${index}.said`]: null,
    };
    const move = transition(row, 'accepted', 'found at the provider', now, {}, { set });
    if ((await this.messages.apply([move])).size === 0) return false;
    if (meaning === null || meaning.kind === 'accepted') return true;
    const address = addressOn(attempt.channel, await this.customers.find(row.tenant, row.customer));
    if (address === null) return true;
    const { ref, channel } = attempt;
    await this.applyReceipt.apply(row.tenant, { ...meaning, ref, address, channel, stream: row.stream });
    return true;
  }

  private async mayResend(
    row: Unknown,
    attempt: Attempt,
    looked: Looked | null,
    lastAt: Map<string, Date | null>,
  ): Promise<boolean> {
    if (RULES[row.purpose].unknown !== 'resend' || looked?.kind === 'unsure') return false;
    // Once: whoever sent it again, the second doubt is a person's.
    if (row.attempts.filter(isInDoubt).length > 1) return false;
    const { channel } = attempt;
    const senders = this.tenants.get(row.tenant)?.senders[row.stream];
    const accounts = channel === 'email' || channel === 'sms' ? accountsOf(senders?.[channel]) : [];
    const account = attempt.account ?? accounts[0];
    // Only who may have sent it can say it again: one that the file names no more leaves it to a person.
    if (account === undefined || !accounts.includes(account)) return false;
    if (!lastAt.has(account)) lastAt.set(account, await this.webhooks.lastAt(row.tenant, account));
    const last = lastAt.get(account);
    return last != null && last.getTime() - attempt.at.getTime() >= FLOW_MS;
  }
}
