import { setTimeout as pause } from 'node:timers/promises';
import { isHelpWord, isOptInWord, isOptOutWord } from '#channels/opt-out-words';
import type { Receipt } from '#channels/receipt';
import type { CapturedMessage, InboxStore } from '#channels/inbox.store';
import type { LinkTokens } from '#consent/link-token';
import type { CustomerStore } from '#customers/customer.store';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import type { Clock } from '#platform/clock';
import type { WithdrawByLink } from '#privacy/withdraw-by-link';
import { RULES } from '#purposes/purposes';
import type { AnswerText } from './answer-text.js';
import type { ApplyReceipt } from './apply-receipt.js';

/** What a person or a provider may do with a message that was captured. */
export type Act = { kind: 'bounce' | 'complain' | 'stop' } | { kind: 'reply'; text: string };

export type ActResult =
  /** `row` is null where the ledger has forgotten the message. */
  | { kind: 'done'; captured: CapturedMessage; row: MessageRow | null }
  | { kind: 'not-found' }
  | { kind: 'cannot'; why: string };

const POLL_MS = 20;
/** A captured message is recorded within milliseconds; one whose record a crash ate is not waited for. */
const RECORDED_WITHIN_MS = 5_000;

/**
 * Plays the other side of a captured message, for `/inbox`: the provider's webhook (bounce, complaint, STOP), the mail
 * program's one-click unsubscribe, the person's answer. What follows holds when it resolves.
 */
export class ActOnCaptured {
  constructor(
    private readonly inbox: InboxStore,
    private readonly messages: MessageStore,
    private readonly customers: CustomerStore,
    private readonly applyReceipt: ApplyReceipt,
    private readonly tokens: LinkTokens,
    private readonly withdraw: WithdrawByLink,
    private readonly answer: AnswerText,
    private readonly clock: Clock,
  ) {}

  async act(id: string, act: Act): Promise<ActResult> {
    const captured = await this.inbox.get(id);
    if (captured === null) return { kind: 'not-found' };
    await this.recorded(captured);
    switch (act.kind) {
      case 'bounce':
        return done(captured, await this.receive(captured, 'bounced', 'bounce'));
      case 'complain':
        return done(captured, await this.receive(captured, 'complained', 'complaint'));
      case 'stop':
        return captured.channel === 'email'
          ? this.unsubscribe(captured)
          : done(captured, await this.stop(captured));
      case 'reply':
        return done(captured, await this.reply(captured, act.text));
    }
  }

  private receive(captured: CapturedMessage, kind: Receipt['kind'], why: string): Promise<MessageRow | null> {
    return this.applyReceipt.apply(captured.tenant, {
      kind,
      ref: captured.ref,
      address: captured.to,
      channel: captured.channel,
      stream: RULES[captured.purpose].stream,
      why,
    });
  }

  /** The provider takes a STOP for its sender: the stream that the person answered. */
  private async stop(captured: CapturedMessage): Promise<MessageRow | null> {
    await this.receive(captured, 'stopped', 'stop');
    return this.note(captured, 'stopped');
  }

  /** What a mail program does with the header: the link that the message carries, in one click. */
  private async unsubscribe(captured: CapturedMessage): Promise<ActResult> {
    const { tenant, purpose, channel, ref } = captured;
    if (!RULES[purpose].stoppedByChoice) {
      return {
        kind: 'cannot',
        why: `a mail about ${purpose} has no unsubscribe link: it rests on ${BASES[RULES[purpose].basis]}, which nobody can object to`,
      };
    }
    const token = /\/u\/([^/>]+)>/.exec(captured.headers?.['List-Unsubscribe'] ?? '')?.[1] ?? '';
    const link = this.tokens.open('unsubscribe', token, this.clock.now());
    if (typeof link === 'string') {
      return { kind: 'cannot', why: 'its unsubscribe link was sealed with a secret that is not known here' };
    }
    const row = await this.messages.findByRef(tenant, ref);
    await this.withdraw.hear(link, [
      {
        ...{ purpose, channel, state: 'withdrawn' },
        // One click shows no notice.
        noticeVersion: 'none',
        language: row?.content?.locale ?? 'und',
        method: 'one-click',
        place: 'inbox',
      },
    ]);
    return done(captured, await this.note(captured, 'unsubscribed'));
  }

  /** The text itself stays in the inbox: it may be anything. On SMS the words that are one are heard as such. */
  private async reply(captured: CapturedMessage, text: string): Promise<MessageRow | null> {
    await this.inbox.keepReply(captured.id, { at: this.clock.now(), text });
    const row = await this.note(captured, 'replied');
    if (captured.channel !== 'sms') return row;
    if (isOptOutWord(text)) return this.stop(captured);
    const customer = row && (await this.customers.find(captured.tenant, row.customer));
    if (customer && isHelpWord(text)) await this.answer.help(captured.tenant, customer);
    if (customer && isOptInWord(text))
      await this.answer.start(captured.tenant, customer, captured.to, captured.id);
    return row;
  }

  /** A line in the row's history; the row as it then stands. */
  private async note(captured: CapturedMessage, why: string): Promise<MessageRow | null> {
    for (;;) {
      const row = await this.messages.findByRef(captured.tenant, captured.ref);
      if (row === null || row.status === 'sending') return row;
      if (await this.messages.note(row, why, this.clock.now())) {
        return this.messages.findByRef(captured.tenant, captured.ref);
      }
    }
  }

  /** It is in the inbox a moment before the ledger says so. */
  private async recorded(captured: CapturedMessage): Promise<void> {
    const began = this.clock.mono();
    while (this.clock.mono() - began < RECORDED_WITHIN_MS) {
      const row = await this.messages.findByRef(captured.tenant, captured.ref);
      if (row?.status !== 'sending') return;
      await pause(POLL_MS);
    }
  }
}

const done = (captured: CapturedMessage, row: MessageRow | null): ActResult => ({
  kind: 'done',
  captured,
  row,
});

const BASES = {
  contract: 'the contract',
  'legal-duty': 'a legal duty',
  consent: 'consent',
  'legitimate-interest': 'a legitimate interest',
} as const;
