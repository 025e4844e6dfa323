import { sharingOf, substitute } from '#rendering/shared-body';
import { inboxId, type CapturedMessage, type InboxStore } from './inbox.store.js';
import type { Deadline } from './deadline.js';
import { codeOf } from './provider-failure.js';
import type { Envelope, Outcome } from './outcome.js';
import { Sender, type SenderOptions } from './sender.js';

/** No sockets here: as wide as a batch, so that it is written in one go. */
const CAPTURE_SLOTS = 256;

interface Pending {
  message: Omit<CapturedMessage, 'id'>;
  tell: (outcome: Outcome) => void;
}

/** Keeps what would have been sent for `/inbox` (LAGOM_SEND=capture). Nothing leaves the house. */
export class CaptureSender extends Sender {
  private pending: Pending[] = [];
  private readonly sharing: boolean;

  /** `shares`: the provider in whose place it stands takes several mails a call. */
  constructor(
    private readonly inbox: InboxStore,
    options: SenderOptions & { shares?: boolean },
  ) {
    super({ slots: CAPTURE_SLOTS, ...options });
    this.sharing = options.shares === true;
  }

  protected override get takesMany(): boolean {
    return this.sharing;
  }

  /** Each as its person would get it: what they have in common with the slots filled as the provider fills them. */
  protected override deliverTogether(
    envelopes: readonly Envelope[],
    deadline: Deadline,
  ): Promise<readonly Outcome[]> {
    return Promise.all(
      envelopes.map((envelope) => this.deliver({ ...envelope, content: receivedOf(envelope) }, deadline)),
    );
  }

  /** What arrives in one turn of the event loop is one write. */
  protected override deliver(envelope: Envelope, deadline: Deadline): Promise<Outcome> {
    const message = captured(envelope, this.clock.now());
    return new Promise((tell) => {
      deadline.whenPassed(() => tell({ kind: 'unknown', reason: 'timeout' }));
      if (this.pending.push({ message, tell }) === 1) setImmediate(() => void this.flush());
    });
  }

  private async flush(): Promise<void> {
    const batch = this.pending;
    this.pending = [];
    try {
      await this.inbox.keep(batch.map(({ message }) => message));
      // Shown to staff: the ref is nobody's but ours and the provider's.
      for (const { message, tell } of batch) tell({ kind: 'accepted', providerId: inboxId(message.ref) });
    } catch (error) {
      // The write may have been made: the same answer as a provider's that was lost.
      for (const { tell } of batch) tell({ kind: 'unknown', reason: codeOf(error) ?? 'inbox' });
    }
  }
}

function receivedOf({ content }: Envelope): Envelope['content'] {
  const sharing = sharingOf(content);
  if (sharing === null) throw new Error('a mail in a call that has nothing in common with the others');
  const { body, substitutions } = sharing;
  const { attachments, template, version, locale, logo } = content;
  return {
    subject: substitute(body.subject, substitutions),
    text: substitute(body.text, substitutions),
    html: substitute(body.html, substitutions),
    ...{ attachments, template, version, locale },
    ...(logo === undefined ? {} : { logo }),
  };
}

function captured(envelope: Envelope, at: Date): Pending['message'] {
  const { content } = envelope;
  return {
    ref: envelope.ref,
    message: envelope.message,
    tenant: envelope.tenant,
    at,
    channel: envelope.channel,
    purpose: envelope.purpose,
    from: envelope.from,
    ...(envelope.fromName ? { fromName: envelope.fromName } : {}),
    ...(envelope.replyTo ? { replyTo: envelope.replyTo } : {}),
    to: envelope.to,
    ...(content.subject === undefined ? {} : { subject: content.subject }),
    text: content.text,
    ...(content.html === undefined ? {} : { html: content.html }),
    ...(Object.keys(envelope.headers).length ? { headers: envelope.headers } : {}),
    ...(content.attachments.length
      ? {
          attachments: content.attachments.map((attachment) => ({
            filename: attachment.filename,
            contentType: attachment.contentType,
            content: Buffer.from(attachment.content, 'utf8').toString('base64'),
          })),
        }
      : {}),
  };
}
