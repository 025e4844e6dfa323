import { htmlJson } from '#rendering/html-json';
import { LOGO_CID, LOGO_FILE } from '#rendering/rendered';
import { calendarMethod, isCalendar } from './calendar-part.js';
import { networkFailure, rateLimited } from './provider-failure.js';
import type { Envelope, Outcome } from './outcome.js';
import { Sender, type SenderOptions } from './sender.js';
import { SendGridFrames, type MailPart } from './sendgrid-frame.js';
import { SendGridHttp } from './sendgrid-http.js';

export interface SendGridAccount {
  apiKey: string;
  baseUrl?: string | undefined;
}

interface Refused {
  code?: unknown;
  response?: { headers?: Record<string, unknown>; body?: { errors?: unknown } };
}

/** Mail through SendGrid's v3 API, one person a call, with a client of its own: accounts never share a key. */
export class SendGridSender extends Sender {
  private readonly http: SendGridHttp;
  private readonly frames = new SendGridFrames();

  constructor(account: SendGridAccount, options: SenderOptions) {
    super(options);
    this.http = new SendGridHttp(account.apiKey, account.baseUrl, this.width, this.timeoutMs);
  }

  protected override async deliver(envelope: Envelope, deadline: AbortSignal): Promise<Outcome> {
    try {
      const mail = this.frames.mail(envelope, ownOf(envelope), partsOf(envelope));
      const headers = await this.http.send(mail, deadline);
      const id = headers['x-message-id'];
      return { kind: 'accepted', providerId: typeof id === 'string' ? id : null };
    } catch (error) {
      return explain(error as Refused, deadline);
    }
  }

  override close(): void {
    this.http.close();
  }
}

function explain(error: Refused, deadline: AbortSignal): Outcome {
  const answer = error.response;
  if (!answer) return networkFailure(error, deadline);
  const status = Number(error.code);
  const reason = `sendgrid-${status}`;
  if (status === 429) return rateLimited(answer.headers ?? {}, reason);
  if (status >= 500 || !Number.isInteger(status)) return { kind: 'unknown', reason };
  if (status === 400 && namesRecipient(answer.body?.errors)) return { kind: 'bad-address', reason };
  // The key, or the account, whatever the message.
  if (status === 401 || status === 403) return { kind: 'rejected', reason, trouble: 'refused' };
  return { kind: 'rejected', reason };
}

/** A 400 whose every complaint is about the recipient's address. */
function namesRecipient(errors: unknown): boolean {
  if (!Array.isArray(errors) || errors.length === 0) return false;
  return errors.every((error: { field?: unknown } | null) =>
    /^personalizations\.\d+\.to(\.|$)/.test(String(error?.field)),
  );
}

/**
 * What is one mail's own, as the API names it, but for what it says. List-* and the other headers go into the
 * personalization: the client sends top-level ones to the API as HTTP headers too. `custom_args` come back on every webhook
 * and are kept for long: the ref and the tenant, no more.
 */
function ownOf({ content, to, headers, ref, tenant }: Envelope): object {
  const attachments = [
    ...content.attachments.map((attachment) => ({
      content: Buffer.from(attachment.content, 'utf8').toString('base64'),
      filename: attachment.filename,
      // A ';' in an attachment's type is refused.
      type: isCalendar(attachment) ? 'application/ics' : attachment.contentType.replace(/;.*/s, '').trim(),
      disposition: 'attachment',
    })),
    ...(content.logo === undefined
      ? []
      : [
          {
            ...{ content: content.logo, filename: LOGO_FILE, type: 'image/png' },
            ...{ disposition: 'inline', content_id: LOGO_CID },
          },
        ]),
  ];
  return {
    subject: content.subject ?? '',
    personalizations: [{ to: [{ email: to }], headers, custom_args: { r: ref, t: tenant } }],
    ...(attachments.length ? { attachments } : {}),
  };
}

/** The parts of the body: type and value, which is JSON already where it is bytes. */
function partsOf({ content }: Envelope): MailPart[] {
  const html = htmlJson(content);
  const calendar = content.attachments.find(isCalendar);
  return [
    { type: 'text/plain', value: content.text },
    ...(html ? [{ type: 'text/html', value: html }] : []),
    // Calendars offer to accept an invitation only where it is a part of the body; no other parameter is taken.
    ...(calendar
      ? [{ type: `text/calendar; method=${calendarMethod(calendar)}`, value: calendar.content }]
      : []),
  ];
}
