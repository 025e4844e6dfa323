import type { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import { calendarMethod, isCalendar } from './calendar-part.js';
import type { Deadline } from './deadline.js';
import { codeOf, down, networkFailure, unreachable } from './provider-failure.js';
import type { Envelope, Outcome } from './outcome.js';
import { LOGO_CID, LOGO_FILE } from '#rendering/rendered';
import { Sender, type SenderOptions } from './sender.js';
import { smtpServer } from './smtp-server-url.js';

export interface SmtpAccount {
  url: string;
}

/** Mail servers count connections, not requests: a wide pool is turned away. */
const SMTP_SLOTS = 8;
const IDLE_MS = 20_000;
const BUSY_MS = 60_000;
const LOST_IDLE_MS = 1_000;
/** RFC 5321 4.2.2: the server says no to everybody and closes. */
const NO_SERVICE = 421;

/** Travels with a mail through nodemailer: while its body is unread, nothing was sent. */
interface Passage {
  body?: Readable;
}

type Mail = ReturnType<typeof mailOf> & { signal: AbortSignal };

interface SmtpFailure {
  code?: string;
  command?: string;
  responseCode?: number | false;
  response?: string;
}

/** Mail through any SMTP server, over kept connections. Signing (DKIM) is the server's work. */
export class SmtpSender extends Sender {
  private readonly transport;

  constructor(account: SmtpAccount, options: SenderOptions) {
    super({ ...options, slots: Math.min(options.slots ?? SMTP_SLOTS, SMTP_SLOTS) });
    this.transport = createTransport({
      ...smtpServer(account.url),
      pool: true,
      maxConnections: this.width,
      // A permit is never used twice: what a lost connection stopped goes back to the ledger.
      maxRequeues: 0,
      idleTimeout: IDLE_MS,
      connectionTimeout: Math.min(5_000, this.timeoutMs),
      greetingTimeout: this.timeoutMs,
      socketTimeout: this.timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      logger: false,
    });
    this.transport.use('stream', (mail, done) => {
      const create = mail.message.createReadStream.bind(mail.message);
      mail.message.createReadStream = (...args) => {
        const body = create(...args);
        (mail.data as { passage: Passage }).passage.body = body;
        return body;
      };
      done();
    });
  }

  protected override async deliver(envelope: Envelope, deadline: Deadline): Promise<Outcome> {
    const messageId = envelope.headers['Message-ID'] ?? `<${envelope.ref}@lagom>`;
    const passage: Passage = {};
    try {
      await this.transport.sendMail({
        ...mailOf(envelope, messageId),
        signal: deadline.signal,
        passage,
      } as Mail);
      return { kind: 'accepted', providerId: messageId };
    } catch (error) {
      return explain(error as SmtpFailure, passage.body?.readableDidRead === true, deadline);
    }
  }

  override close(): void {
    this.transport.close();
  }
}

function explain(error: SmtpFailure, begun: boolean, deadline: Deadline): Outcome {
  const status = error.responseCode;
  if (!status) {
    // Once the body is on its way, only the server knows whether it took the mail.
    if (begun) return networkFailure(error, deadline);
    return unreachable(error) ?? lost(error);
  }
  const reason = `smtp-${status}`;
  if (status === NO_SERVICE) return { kind: 'retry-at', afterMs: BUSY_MS, reason, trouble: 'unreachable' };
  if (status < 500) return { kind: 'retry-at', afterMs: BUSY_MS, reason };
  if (error.code === 'EAUTH') return { kind: 'rejected', reason, trouble: 'refused' };
  if (error.command === 'RCPT TO' && refusesRecipient(status, error.response ?? '')) {
    return { kind: 'bad-address', reason };
  }
  return { kind: 'rejected', reason };
}

/** No answer, and nothing of the mail was written. */
function lost(error: SmtpFailure): Outcome {
  const reason = codeOf(error) ?? 'smtp';
  if (error.code === 'EENVELOPE' || error.code === 'EMESSAGE' || error.code === 'ENOAUTH') {
    return { kind: 'rejected', reason };
  }
  return error.code === 'ECONNECTION' ? { kind: 'retry-at', afterMs: LOST_IDLE_MS, reason } : down(reason);
}

/**
 * Whether a 5xx at RCPT is about the mailbox (RFC 3463: 5.1.x, 5.2.1). A policy (5.7.x: our reputation, relaying) or
 * a full mailbox (5.2.2) must not brand the address.
 */
function refusesRecipient(status: number, response: string): boolean {
  const enhanced = /^\d{3}[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  if (enhanced === undefined) return [550, 551, 553].includes(status);
  return enhanced === '5.2.1' || (enhanced.startsWith('5.1.') && !['5.1.7', '5.1.8'].includes(enhanced));
}

function mailOf(envelope: Envelope, messageId: string) {
  const { content } = envelope;
  const calendar = content.attachments.find(isCalendar);
  const headers = Object.entries(envelope.headers).filter(([name]) => name !== 'Message-ID');
  return {
    messageId,
    envelope: { from: envelope.from, to: [envelope.to] },
    from: { name: envelope.fromName ?? '', address: envelope.from },
    to: { name: '', address: envelope.to },
    ...(envelope.replyTo ? { replyTo: { name: '', address: envelope.replyTo } } : {}),
    subject: content.subject ?? '',
    text: content.text,
    ...(content.html ? { html: content.html } : {}),
    // Prepared: a folded List-Unsubscribe URL breaks DKIM at some signers.
    headers: Object.fromEntries(headers.map(([name, value]) => [name, { prepared: true, value }])),
    // Makes both: a part beside text and HTML, and an attachment.
    ...(calendar
      ? {
          icalEvent: {
            method: calendarMethod(calendar),
            filename: calendar.filename,
            content: calendar.content,
          },
        }
      : {}),
    attachments: [
      ...content.attachments
        .filter((attachment) => attachment !== calendar)
        .map(({ filename, contentType, content: text }) => ({ filename, contentType, content: text })),
      ...(content.logo === undefined
        ? []
        : [
            {
              ...{ cid: LOGO_CID, filename: LOGO_FILE, contentType: 'image/png' },
              ...{ content: content.logo, encoding: 'base64', contentDisposition: 'inline' as const },
            },
          ]),
    ],
  };
}
