import type { Inbound } from '#channels/inbound';
import type { WebhookStore } from '#channels/webhook.store';
import type { LinkTokens } from '#consent/link-token';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { ReplyStore } from '#customers/reply.store';
import { taskId, type TaskStore } from '#customers/task.store';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import type { Clock } from '#platform/clock';
import type { Metrics } from '#platform/metrics';
import type { Withdraw } from '#privacy/withdraw';
import type { WithdrawByLink } from '#privacy/withdraw-by-link';
import { normaliseEmail, normalisePhone } from '#purposes/address';
import type { ChoiceStatement } from '#purposes/choice';
import type { Tenant } from '#tenants/tenant';
import type { AnswerText } from './answer-text.js';

/** Of the messages a person got, how far back the one is looked for that they answered. */
const LOOK_BACK = 50;
const SAID: ReadonlySet<string> = new Set(['accepted', 'delivered', 'complained', 'unknown', 'sending']);

/** The person who answered, as far as can be told. */
interface Answered {
  customer: Customer | null;
  row: MessageRow | null;
}

/**
 * Hears what people write back: a word that means no holds when it resolves (PROTOCOL B), what nobody wrote is dropped,
 * the rest is a task for staff. Told twice it is one: everything is written under the provider's id of it, which is
 * noted last. START lifts nothing (PROTOCOL B6): the provider lets texts through again, the person's no stands until they
 * have said yes by the link that they are sent.
 */
export class HearInbound {
  constructor(
    private readonly webhooks: WebhookStore,
    private readonly customers: CustomerStore,
    private readonly messages: MessageStore,
    private readonly tasks: TaskStore,
    private readonly replies: ReplyStore,
    private readonly withdraw: Withdraw,
    private readonly byLink: WithdrawByLink,
    private readonly tokens: LinkTokens,
    private readonly answer: AnswerText,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  async hear(tenant: Tenant, account: string, inbound: Inbound): Promise<void> {
    const id = `inbound:${inbound.id}`;
    if ((await this.webhooks.findHeard(tenant.id, account, [id])).size > 0) {
      this.metrics.webhook(account, 'duplicate');
      return;
    }
    this.metrics.webhook(account, await this.take(tenant, inbound));
    await this.webhooks.remember(tenant.id, account, [id], this.clock.now());
  }

  /** What came of it, in a word. */
  private async take(tenant: Tenant, inbound: Inbound): Promise<string> {
    const { channel, kind, token } = inbound;
    if (token !== undefined && (await this.stopByToken(tenant, token))) return 'unsubscribed';
    if (kind === 'automatic') return 'ignored';
    const address = normalised(inbound, tenant);
    if (address === null) return 'unreadable';
    if (kind === 'start' || kind === 'help') {
      // Who is not known by the number is nobody's customer: the gate would say no, and the provider has answered.
      const { customer } = await this.answered(tenant.id, channel, address);
      if (customer !== null && kind === 'help') await this.answer.help(tenant.id, customer);
      if (customer !== null && kind === 'start')
        await this.answer.start(tenant.id, customer, address, inbound.id);
      return kind;
    }
    if (kind === 'stop') {
      if (channel === 'sms') await this.stopText(tenant, address, inbound);
      else await this.stopMail(tenant, address, inbound);
      return 'stop';
    }
    await this.reply(tenant, address, inbound);
    return 'replied';
  }

  /** The token is what the mail's own header carries: who has it may say no, whatever address they write from. */
  private async stopByToken(tenant: Tenant, token: string): Promise<boolean> {
    const link = this.tokens.open('unsubscribe', token, this.clock.now());
    if (typeof link === 'string' || link.tenant !== tenant.id) return false;
    const { purpose, channel } = link;
    await this.byLink.hear(link, [{ ...no('mailto'), purpose, channel }]);
    return true;
  }

  /** The stream that was answered is stopped for the number, whoever has it. */
  private async stopText({ id }: Tenant, address: string, { stream }: Inbound): Promise<void> {
    const about = { kind: 'phone', address } as const;
    await this.withdraw.suppressAddress(id, { ...about, channel: 'sms', scope: stream, cause: 'stop' });
  }

  /** All marketing by mail to that address. A mail's sender can be made up: it stops, and can never start anything. */
  private async stopMail({ id: tenant }: Tenant, address: string, inbound: Inbound): Promise<void> {
    const now = this.clock.now();
    const how = { at: now, recordedAt: now, via: 'inbound' } as const;
    const noes: ChoiceStatement[] = [{ ...no('reply'), purpose: 'marketing', channel: 'email' }];
    await this.withdraw.hearAbout(tenant, { kind: 'email', address }, noes, { ...how, by: '' });
    for (const { customer } of await this.customers.findHolders(tenant, 'email', address)) {
      await this.withdraw.hearChoices(tenant, customer, noes, { ...how, id: `inbound:${inbound.id}` });
    }
  }

  private async reply({ id: tenant }: Tenant, address: string, inbound: Inbound): Promise<void> {
    const { channel, text } = inbound;
    const { customer, row } = await this.answered(tenant, channel, address);
    const now = this.clock.now();
    const who = { customer: customer?.customer ?? null, message: row?._id ?? null };
    const of = `${channel}/${inbound.id}`;
    const task = taskId(tenant, { kind: 'reply', of });
    await this.replies.add({ _id: task, tenant, ...who, channel, text, at: now });
    await this.tasks.open(tenant, [{ kind: 'reply', purpose: row?.purpose ?? null, ...who, of }], now);
    if (row !== null) await this.tell(row, task, now);
  }

  /** Of those who have the address, whoever was written to last; and what they were told. */
  private async answered(tenant: string, channel: Inbound['channel'], address: string): Promise<Answered> {
    const kind = channel === 'email' ? 'email' : 'phone';
    const holders = await this.customers.findHolders(tenant, kind, address);
    const found = await Promise.all(
      holders.map(async (customer): Promise<Answered> => {
        const rows = await this.messages.findOfCustomer(tenant, customer.customer, LOOK_BACK);
        const said = rows.filter((row) => row.channel === channel && SAID.has(row.status));
        return { customer, row: latest(said) };
      }),
    );
    const byTime = found.sort((a, b) => saidAt(b.row) - saidAt(a.row));
    return byTime[0] ?? { customer: null, row: null };
  }

  /** A line in the row's history, and `message.replied.v1` in the same write. */
  private async tell(row: MessageRow, task: string, now: Date): Promise<void> {
    for (let current: MessageRow | null = row; current !== null && current.status !== 'sending';) {
      const told = { id: `replied:${task}`, type: 'message.replied.v1', at: now, data: { task } };
      if (await this.messages.note(current, 'replied', now, told)) return;
      current = (await this.messages.findByIds(row.tenant, [row._id]))[0] ?? null;
    }
  }
}

const no = (method: string): Omit<ChoiceStatement, 'purpose' | 'channel'> => ({
  ...{ state: 'withdrawn', noticeVersion: 'none', language: 'und', method, place: 'inbound' },
});

const saidAt = (row: MessageRow | null): number => row?.attempts.at(-1)?.at.getTime() ?? 0;
const latest = (rows: readonly MessageRow[]): MessageRow | null =>
  rows.toSorted((a, b) => saidAt(b) - saidAt(a))[0] ?? null;

function normalised({ channel, from }: Inbound, { country }: Tenant): string | null {
  const read = channel === 'email' ? normaliseEmail(from) : normalisePhone(from, country);
  return read.kind === 'good' ? read.address : null;
}
