import { MailService, type MailDataRequired } from '@sendgrid/mail';
import { Client } from '@sendgrid/client';
import type { Envelope } from './outcome.js';

/** What an account's own switches may add is switched off in every call. */
const UNTRACKED = {
  clickTracking: { enable: false, enableText: false },
  openTracking: { enable: false },
  subscriptionTracking: { enable: false },
  ganalytics: { enable: false },
};

/** Senders and reply addresses are the tenants' few; what is beyond is made anew. */
const MOST_FRAMES = 1_000;

/** A part of a mail's body; bytes, in pieces, are JSON already. */
export interface MailPart {
  type: string;
  value: string | readonly Buffer[];
}

/** Posts nothing: keeps what the library would have posted. */
class Draft extends Client {
  body: Record<string, unknown> | null = null;

  override request(asked: Parameters<Client['request']>[0]): ReturnType<Client['request']> {
    this.body = asked.body as Record<string, unknown>;
    return Promise.resolve([{ statusCode: 202, headers: {}, body: {} }, {}]);
  }
}

/**
 * What the mails of one sender have in common, as SendGrid's library writes it. The library copies each mail twice, by JSON
 * and field by field, which takes longer than the call (bench/README.md): it is asked once for a sender, not for each mail.
 */
export class SendGridFrames {
  private readonly known = new Map<string, string>();

  /** The whole mail as JSON: the frame, what is this mail's own, in the API's names, and what it says. */
  mail(envelope: Envelope, own: object, parts: readonly MailPart[]): Buffer {
    const pieces: Buffer[] = [];
    let text = `${this.frameOf(envelope)},${JSON.stringify(own).slice(1, -1)},"content":[`;
    for (const [at, { type, value }] of parts.entries()) {
      text += `${at === 0 ? '' : ','}{"type":${JSON.stringify(type)},"value":`;
      if (typeof value === 'string') text += `${JSON.stringify(value)}}`;
      else {
        pieces.push(Buffer.from(text), ...value);
        text = '}';
      }
    }
    pieces.push(Buffer.from(`${text}]}`));
    return Buffer.concat(pieces);
  }

  /** An object's JSON without its closing brace; it is never empty. */
  private frameOf(envelope: Envelope): string {
    const { from, fromName, replyTo, purpose } = envelope;
    const key = JSON.stringify([from, fromName, replyTo, purpose === 'recall']);
    let frame = this.known.get(key);
    if (frame === undefined) {
      if (this.known.size >= MOST_FRAMES) this.known.clear();
      frame = JSON.stringify(written(envelope)).slice(0, -1);
      this.known.set(key, frame);
    }
    return frame;
  }
}

/** What the library makes of a mail's sender and settings. */
function written({ from, fromName, replyTo, to, purpose }: Envelope): object {
  const draft = new Draft();
  const mail = new MailService();
  mail.setClient(draft);
  const asked = mail.send({
    from: { email: from, ...(fromName ? { name: fromName } : {}) },
    ...(replyTo ? { replyTo: { email: replyTo } } : {}),
    // It writes no mail to nobody.
    personalizations: [{ to: [{ email: to }] }],
    // Only the personal safety of a recall outranks SendGrid's own lists; the gate has already asked ours.
    ...(purpose === 'recall' ? { mailSettings: { bypassListManagement: { enable: true } } } : {}),
    trackingSettings: UNTRACKED,
  } as unknown as MailDataRequired);
  const { body } = draft;
  // It writes at once, or says why not by the promise.
  asked.catch(() => undefined);
  if (body === null) throw new Error('the library wrote no mail for this sender');
  const { personalizations: _, subject: _none, ...frame } = body;
  return frame;
}
