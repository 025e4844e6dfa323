import { htmlJson } from '#rendering/html-json';
import { sharingOf, type Sharing } from '#rendering/shared-body';
import { LOGO_CID, LOGO_FILE } from '#rendering/rendered';
import { calendarMethod, isCalendar } from './calendar-part.js';
import type { Deadline } from './deadline.js';
import { networkFailure, rateLimited } from './provider-failure.js';
import type { Envelope, Outcome } from './outcome.js';
import { REFUSED_TOGETHER, Sender, type SenderOptions } from './sender.js';
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

/**
 * Mail through SendGrid's v3 API, with a client of its own: accounts never share a key. One person a call, but for mails
 * that have a body in common: those go as its personalizations.
 */
export class SendGridSender extends Sender {
  private readonly http: SendGridHttp;
  private readonly frames = new SendGridFrames();

  constructor(account: SendGridAccount, options: SenderOptions) {
    super(options);
    this.http = new SendGridHttp(account.apiKey, account.baseUrl, this.timeoutMs);
  }

  protected override async deliver(envelope: Envelope, deadline: Deadline): Promise<Outcome> {
    try {
      const mail = this.frames.mail(envelope, ownOf(envelope), partsOf(envelope));
      const headers = await this.http.send(mail, deadline);
      const id = headers['x-message-id'];
      return { kind: 'accepted', providerId: typeof id === 'string' ? id : null };
    } catch (error) {
      return explain(error as Refused, deadline);
    }
  }

  protected override get takesMany(): boolean {
    return true;
  }

  protected override async deliverTogether(
    envelopes: readonly Envelope[],
    deadline: Deadline,
  ): Promise<readonly Outcome[] | typeof REFUSED_TOGETHER> {
    try {
      const [first] = envelopes;
      if (first === undefined) return [];
      const headers = await this.http.send(this.frames.mail(first, ...togetherOf(envelopes)), deadline);
      const id = headers['x-message-id'];
      return envelopes.map(() => ({ kind: 'accepted', providerId: typeof id === 'string' ? id : null }));
    } catch (error) {
      const { response, code } = error as Refused;
      // Surely not sent: one of them is wrong, or all together are too large.
      if (response !== undefined && (code === 400 || code === 413)) return REFUSED_TOGETHER;
      const outcome = explain(error as Refused, deadline);
      return envelopes.map(() => outcome);
    }
  }

  override close(): void {
    this.http.close();
  }
}

function explain(error: Refused, deadline: Deadline): Outcome {
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
    ...logoOf(content),
  ];
  return {
    subject: content.subject ?? '',
    personalizations: [{ to: [{ email: to }], headers, custom_args: { r: ref, t: tenant } }],
    ...(attachments.length ? { attachments } : {}),
  };
}

function logoOf({ logo }: Envelope['content']): object[] {
  if (logo === undefined) return [];
  const file = { content: logo, filename: LOGO_FILE, type: 'image/png' };
  return [{ ...file, disposition: 'inline', content_id: LOGO_CID }];
}

/** The same of mails that have a body in common: the body once, and of each what SendGrid puts into it. */
function togetherOf(envelopes: readonly Envelope[]): [own: object, parts: MailPart[]] {
  const shared = envelopes.map((envelope) => {
    const sharing = sharingOf(envelope.content);
    if (sharing === null) throw new Error('a mail in a call that has nothing in common with the others');
    return { ...envelope, sharing };
  });
  const { sharing, content } = shared[0] as { sharing: Sharing } & Envelope;
  const { body } = sharing;
  if (shared.some((one) => one.sharing.body !== body)) throw new Error('mails of different bodies in a call');
  const logo = logoOf(content);
  const own = {
    subject: body.subject,
    personalizations: shared.map(({ to, headers, ref, tenant, sharing: { substitutions } }) => ({
      to: [{ email: to }],
      headers,
      custom_args: { r: ref, t: tenant },
      substitutions,
    })),
    ...(logo.length ? { attachments: logo } : {}),
  };
  return [
    own,
    [
      { type: 'text/plain', value: body.text },
      { type: 'text/html', value: [body.htmlJson] },
    ],
  ];
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
