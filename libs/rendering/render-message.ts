import type { CompiledMessage } from './compile-message.js';
import { calendarInvite } from './calendar-invite.js';
import { messageView, type View } from './message-view.js';
import { firstMissing } from './needed-variables.js';
import { fitSms, MAX_SMS_LENGTH } from './sms-text.js';
import { sourceOf } from './template-variables.js';

/** What a message is made of. Facts only: nothing here is formatted yet. */
export interface RenderInput {
  /** A folder's name under `templates/email` and `templates/sms`. */
  template: string;
  channel: 'email' | 'sms';
  /** What the person wants, BCP 47 (`sv-SE` is read as `sv`); unknown: the first of the tenant's. */
  locale: string | null;
  tenant: {
    id: string;
    name: string;
    legalName: string;
    email: string;
    phone: string;
    addressLines: string[];
    host: string;
    locales: string[];
    timeZone: string;
    colour: string;
    logo?: string | undefined;
    showServiceNames: boolean;
  };
  person: {
    name: string | null;
    timeZone: string | null;
    /** The invitation's attendee (RFC 5546 wants one); without it the invitation has none. */
    email?: string | null | undefined;
  };
  booking: null | {
    id: string;
    service: string;
    startsAt: Date | null;
    endsAt: Date | null;
    /** The venue's; the tenant's where unknown. */
    timeZone: string | null;
    location: string | null;
    practitioner: string | null;
    price: { amount: string; currency: string } | null;
    url: string | null;
    previousStartsAt: Date | null;
    sequence: number;
    status: string;
    cancelReason?: string | null | undefined;
  };
  links: { unsubscribe?: string | undefined; survey?: string | undefined; optOut?: string | undefined };
  /** The DTSTAMP of an invitation, and the year that need not be said. */
  now: Date;
}

export interface Attachment {
  filename: string;
  contentType: string;
  /** UTF-8 text; the sender makes base64 of it. */
  content: string;
}

/** A message as it is handed to a sender. */
export interface Rendered {
  subject?: string;
  text: string;
  html?: string;
  attachments: Attachment[];
  sms?: { segments: number; encoding: 'GSM-7' | 'UCS-2' };
  template: string;
  /** SHA-256 of the sources, 12 hex digits. */
  version: string;
  locale: string;
}

/** `problem` names template, channel, locale and what is missing or wrong, never its value. */
export type RenderResult = { kind: 'rendered'; content: Rendered } | { kind: 'invalid'; problem: string };

/** Renders one compiled template, or says why it would leave a gap. */
export function renderMessage(compiled: CompiledMessage, input: RenderInput): RenderResult {
  const invalid = (problem: string): RenderResult => ({
    kind: 'invalid',
    problem: `${compiled.template} (${compiled.channel}, ${compiled.locale}): ${problem}`,
  });
  const seen = messageView(input, compiled.locale);
  if (seen.kind === 'invalid') return invalid(seen.problem);
  const missing = firstMissing(compiled.needs, seen.view);
  if (missing) return invalid(`${sourceOf(missing)} is missing`);
  return compiled.channel === 'sms'
    ? renderSms(compiled, seen.view, invalid)
    : renderEmail(compiled, seen.view, input, invalid);
}

type Invalid = (problem: string) => RenderResult;

function renderSms(
  compiled: CompiledMessage & { channel: 'sms' },
  view: View,
  invalid: Invalid,
): RenderResult {
  const { text, segments, encoding } = fitSms(oneLine(compiled.text(view)));
  if (text.length > MAX_SMS_LENGTH) return invalid(`longer than ${MAX_SMS_LENGTH} characters`);
  const { template, version, locale } = compiled;
  return {
    kind: 'rendered',
    content: { text, attachments: [], sms: { segments, encoding }, template, version, locale },
  };
}

function renderEmail(
  compiled: CompiledMessage & { channel: 'email' },
  view: View,
  input: RenderInput,
  invalid: Invalid,
): RenderResult {
  const { template, version, locale, calendar } = compiled;
  const attachments: Attachment[] = [];
  if (calendar) {
    const invite = calendarInvite(calendar, input, locale);
    if (invite.kind === 'invalid') return invalid(invite.problem);
    attachments.push(invite.attachment);
  }
  const subject = oneLine(compiled.subject(view));
  const text = compiled.text(view).replace(BLANK_LINES, '\n\n').trim() + '\n';
  const html = compiled.html(view);
  return { kind: 'rendered', content: { subject, text, html, attachments, template, version, locale } };
}

/** What an optional part leaves behind where it is absent. */
const BLANK_LINES = /\n[ \t]*(?:\n[ \t]*)+\n/g;

/** A template may be written over several lines; what it says is one. */
const oneLine = (text: string): string => text.replace(/[ \t]*\n[ \t\n]*/g, ' ').trim();
