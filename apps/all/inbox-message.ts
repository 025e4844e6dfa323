import type { CapturedMessage } from '#channels/inbox.store';
import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import { RULES } from '#purposes/purposes';
import { fitSms } from '#rendering/sms-text';
import type { Tenant } from '#tenants/tenant';
import type { Entry } from './inbox-entries.js';
import type { InboxTimes } from './inbox-times.js';
import { aboutWords, channelWords, checkWords, historyWords, STATUS_WORDS, whyNot } from './inbox-words.js';
import { readInvite } from './read-invite.js';

/** What the page knows of the one message that is shown. */
export interface Shown {
  entry: Entry;
  row: MessageRow | null;
  captured: CapturedMessage | null;
  customer: Customer | null;
  tenant: Tenant | undefined;
}

/** A name and its value, for lists of facts. */
interface Fact {
  name: string;
  value: string;
  code?: boolean;
  href?: string;
}

/** The message as the template takes it. */
export function messageView({ entry, row, captured, customer, tenant }: Shown, times: InboxTimes) {
  const status = row?.status ?? null;
  const why = row === null ? '' : whyNot(row, row.history.at(-1)?.why);
  const failing = row?.trace.findLast((step) => !step.passed);
  return {
    title: captured?.subject ?? aboutWords(row?.journey ?? null, entry.purpose),
    channel: channelWords(entry.channel),
    isSms: entry.channel === 'sms',
    status: status === null ? 'Sent' : STATUS_WORDS[status],
    mood: moodOf(entry, status),
    tenant: tenant?.name ?? entry.tenant,
    when: { exact: times.exact(entry.at), text: times.whole(entry.at) },
    due:
      entry.state === 'planned' ? { text: times.whole(entry.at), ahead: times.ahead(entry.at) } : undefined,
    person: customer?.name ?? entry.customer ?? '',
    to: captured?.to ?? '',
    from: captured === null ? '' : senderOf(captured),
    why: entry.state === 'sent' ? '' : why,
    reason: entry.state === 'sent' ? '' : (row?.reason ?? ''),
    saw: entry.state === 'sent' ? '' : times.said(failing?.saw ?? ''),
    mail: captured === null || captured.channel !== 'email' ? undefined : mailOf(captured, times),
    sms: captured?.channel === 'sms' ? smsOf(captured) : undefined,
    replies: (captured?.replies ?? []).map(({ at, text }) => ({ at: times.short(at), text })),
    acts: captured === null ? undefined : actsOf(captured),
    checks: checksOf(row, times),
    history: (row?.history ?? []).map((line, index, all) => ({
      at: times.clock(line.at),
      exact: times.exact(line.at),
      // A remark leaves the row where it was.
      status: all[index - 1]?.status === line.status ? '' : STATUS_WORDS[line.status],
      why: line.why === undefined ? '' : historyWords(line.why),
    })),
    facts: factsOf(entry, row),
  };
}

export type MessageView = ReturnType<typeof messageView>;

/** The colour of a status. */
export function moodOf(entry: Pick<Entry, 'state'>, status: string | null): 'good' | 'bad' | 'ahead' | 'off' {
  if (entry.state === 'planned') return 'ahead';
  if (entry.state === 'not-sent') return status === 'failed' || status === 'unknown' ? 'bad' : 'off';
  return status === 'bounced' || status === 'complained' || status === 'unknown' ? 'bad' : 'good';
}

function senderOf({ from, fromName }: CapturedMessage): string {
  return fromName === undefined ? from : `${fromName} <${from}>`;
}

function mailOf(captured: CapturedMessage, times: InboxTimes) {
  const { id, text, html, headers = {}, attachments = [] } = captured;
  return {
    src: html === undefined ? undefined : `/inbox/${id}/mail`,
    height: heightFor(text),
    text,
    headers: [
      { name: 'From', value: senderOf(captured) },
      { name: 'To', value: captured.to },
      ...(captured.replyTo === undefined ? [] : [{ name: 'Reply-To', value: captured.replyTo }]),
      { name: 'Subject', value: captured.subject ?? '' },
      ...Object.entries(headers).map(([name, value]) => ({ name, value })),
    ],
    attachments: attachments.map(({ filename, contentType, content }, index) => {
      const isCalendar = contentType.startsWith('text/calendar');
      const source = isCalendar ? Buffer.from(content, 'base64').toString('utf8') : '';
      return {
        filename,
        contentType,
        href: `/inbox/${id}/attachments/${index}`,
        source,
        invite: isCalendar ? (readInvite(source, times.zone) ?? undefined) : undefined,
      };
    }),
  };
}

const LINE_LENGTH = 62;
const LINE_HEIGHT = 25;
/** Without a script a frame does not grow with its mail: as tall as its text makes it likely. */
function heightFor(text: string): number {
  const lines = text
    .split('\n')
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / LINE_LENGTH)), 0);
  return Math.min(1_100, Math.max(520, 220 + lines * LINE_HEIGHT));
}

function smsOf({ text, from }: CapturedMessage) {
  const { encoding, segments } = fitSms(text);
  return {
    from,
    text,
    cost: `${text.length} characters, ${segments} ${segments === 1 ? 'segment' : 'segments'} in ${encoding}`,
  };
}

function actsOf({ id, channel, purpose }: CapturedMessage) {
  const isMail = channel === 'email';
  const mayUnsubscribe = !isMail || RULES[purpose].stoppedByChoice;
  return {
    id,
    stop: mayUnsubscribe ? (isMail ? 'Unsubscribe with one click' : 'Answer STOP') : undefined,
    noStop: mayUnsubscribe
      ? undefined
      : `No unsubscribe: this rests on ${RULES[purpose].basis.replace('-', ' ')}, and has no link to do so.`,
  };
}

/** The gate's checks, by the channel that was asked about. */
function checksOf(row: MessageRow | null, times: InboxTimes) {
  const groups: { channel: string; steps: { check: string; saw: string; passed: boolean }[] }[] = [];
  for (const { check, saw, passed, channel } of row?.trace ?? []) {
    const name = channel === undefined ? '' : channelWords(channel);
    let group = groups.at(-1);
    if (group?.channel !== name) groups.push((group = { channel: name, steps: [] }));
    group.steps.push({ check: checkWords(check), saw: times.said(saw), passed });
  }
  return groups;
}

function factsOf(entry: Entry, row: MessageRow | null): Fact[] {
  const { stream, basis } = RULES[entry.purpose];
  const facts: (Fact | false)[] = [
    { name: 'Purpose', value: `${entry.purpose} (${stream}, ${basis.replace('-', ' ')})` },
    row?.journey != null && { name: 'Journey', value: `${row.journey}, step ${row.step}` },
    row?.campaign != null && { name: 'Campaign', value: row.campaign, code: true },
    entry.event !== null && { name: 'Event', value: entry.event, code: true, href: findLink(entry.event) },
    entry.booking !== null && {
      name: 'Booking',
      value: entry.booking,
      code: true,
      href: findLink(entry.booking),
    },
    row?.cart != null && { name: 'Cart', value: row.cart, code: true },
    entry.customer !== null && {
      name: 'Customer',
      value: entry.customer,
      code: true,
      href: findLink(entry.customer),
    },
    row?.content != null && {
      name: 'Template',
      value: `${row.content.template} (${row.content.locale}), version ${row.content.version}`,
    },
    row !== null && row.attempts.length > 1 && { name: 'Attempts', value: String(row.attempts.length) },
    { name: 'Row', value: entry.message, code: true },
  ];
  return facts.filter((fact) => fact !== false);
}

const findLink = (text: string): string => `/inbox?find=${encodeURIComponent(text)}`;
