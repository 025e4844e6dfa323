import { createHash } from 'node:crypto';
import EmailReplyParser from 'email-reply-parser';
import addresses from 'email-addresses';
import { convert } from 'html-to-text';
import { maskCardNumbers } from '#platform/masking';
import type { Stream } from '#purposes/stream';
import { type Inbound, MOST_TEXT } from './inbound.js';
import { isOptOutWord } from './opt-out-words.js';

/** As long as one of our tokens may be; anything shorter is a word. */
const TOKEN = /(?<![\w-])[\w-]{64,512}(?![\w-])/;
/** What mail programs and ticket systems answer by themselves, beside the headers that say so. */
const AUTOMATIC_SUBJECT =
  /^\s*(?:(?:re|sv|aw|fw|fwd|vb)\s*:\s*)*(?:auto(?:matic(?:ally)?)?[- ]?(?:reply|response|svar)|automatiskt (?:svar|meddelande)|out[- ]of[- ](?:the[- ])?office|ooo\b|away from (?:the |my )?office|on (?:vacation|holiday|leave)\b|frånvaro|frånvarande|ej på plats|inte på (?:plats|kontoret)|borta från kontoret|semester(?:meddelande|svar|ledig)|abwesen|undeliver(?:ed|able)|oleverer|kunde inte levereras|delivery (?:status|failure)|mail delivery|returned mail|failure notice)/i;

/**
 * A mail that came to us through SendGrid's Inbound Parse (the parsed form: `headers`, `from`, `to`, `subject`, `text`,
 * `html`, `envelope`); null where the form is none. Attachments are not looked at and not kept.
 */
export function readSendGridInbound(fields: ReadonlyMap<string, string>, stream: Stream): Inbound | null {
  const head = headersIn(fields.get('headers') ?? '');
  const sender = addresses.parseOneAddress(fields.get('from') ?? '');
  const from = sender?.type === 'mailbox' ? sender.address : null;
  if (from === null) return null;
  const subject = fields.get('subject') ?? '';
  const whole = fields.get('text') ?? convert(fields.get('html') ?? '', { wordwrap: false });
  const text = new EmailReplyParser().read(whole).getVisibleText().trim();
  const id =
    head.get('message-id') ??
    createHash('sha256')
      .update(JSON.stringify([from, subject, whole]))
      .digest('hex');
  const token = TOKEN.exec(`${subject} ${recipients(fields)}`)?.[0];
  return {
    id,
    channel: 'email',
    from,
    stream,
    text: maskCardNumbers(text).text.slice(0, MOST_TEXT),
    kind: kindOf(head, fields, subject, text),
    ...(token === undefined ? {} : { token }),
  };
}

function kindOf(
  head: ReadonlyMap<string, string>,
  fields: ReadonlyMap<string, string>,
  subject: string,
  text: string,
): Inbound['kind'] {
  if (isAutomatic(head, fields) || AUTOMATIC_SUBJECT.test(subject)) return 'automatic';
  // The whole of it, or a subject with nothing below.
  const says = text === '' ? subject.replace(/^\s*(?:re|sv|fw|vb)\s*:\s*/i, '') : text;
  return isOptOutWord(says) ? 'stop' : 'text';
}

/** RFC 3834 §5, and what is in use beside it. */
function isAutomatic(head: ReadonlyMap<string, string>, fields: ReadonlyMap<string, string>): boolean {
  const said = (name: string): string => (head.get(name) ?? '').trim().toLowerCase();
  const submitted = said('auto-submitted');
  return (
    (submitted !== '' && !submitted.startsWith('no')) ||
    /^(?:bulk|junk|auto[_-]reply|list)\b/.test(said('precedence')) ||
    ['x-autoreply', 'x-autorespond', 'x-auto-response-suppress', 'list-id'].some((name) => head.has(name)) ||
    /^<\s*>$/.test(said('return-path')) ||
    said('content-type').startsWith('multipart/report') ||
    /"from"\s*:\s*""/.test(fields.get('envelope') ?? '')
  );
}

const recipients = (fields: ReadonlyMap<string, string>): string =>
  `${fields.get('to') ?? ''} ${fields.get('envelope') ?? ''}`;

/** RFC 5322 §2.2, unfolded; the first of a name counts. */
function headersIn(text: string): ReadonlyMap<string, string> {
  const lines = text.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  return new Map(
    lines.toReversed().flatMap((line): [string, string][] => {
      const [, name, value] = /^([!-9;-~]+):\s*(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value]];
    }),
  );
}
