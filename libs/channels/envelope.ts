import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { Rendered } from '#rendering/rendered';
import type { Tenant } from '#tenants/tenant';
import type { Envelope } from './outcome.js';

export interface EnvelopeParts {
  tenant: Tenant;
  /** What the ledger's row and this attempt say. */
  row: { id: string; ref: string; purpose: Purpose; channel: Channel };
  rendered: Rendered;
  /** `unsubscribe` is needed for a mail that can be objected to. */
  links: { unsubscribe?: string | undefined };
  to: string;
  /** By which of the sender's accounts; absent: the first. */
  account?: string | undefined;
}

/** Gmail groups complaints by it: 5–15 characters, the same for ever. */
const SENDER_ID = 'lagom';

/** Addresses a rendered message: sender, answers, and the headers that mail providers ask for. */
export function envelopeFor({ tenant, row, rendered, links, to, account }: EnvelopeParts): Envelope {
  const { stream } = RULES[row.purpose];
  const common = {
    tenant: tenant.id,
    message: row.id,
    ref: row.ref,
    channel: row.channel,
    stream,
    purpose: row.purpose,
    to,
    ...(account === undefined ? {} : { account }),
    content: rendered,
  };
  const { email, sms } = tenant.senders[stream];
  if (row.channel === 'email' && email) {
    return {
      ...common,
      from: email.from,
      fromName: email.fromName ?? tenant.name,
      replyTo: email.replyTo ?? tenant.inbound?.email,
      headers: mailHeaders(tenant, row, links.unsubscribe, email.listId),
    };
  }
  if (row.channel === 'sms' && sms) return { ...common, from: sms.from, headers: {} };
  throw new Error(`no sender of ${tenant.id} for ${stream} ${row.channel}: the gate refuses these`);
}

/** Nothing of the person but the sealed token, which no reader can open. */
function mailHeaders(
  tenant: Tenant,
  row: EnvelopeParts['row'],
  unsubscribe: string | undefined,
  listId: string | undefined,
): Record<string, string> {
  const { stream, stoppedByChoice } = RULES[row.purpose];
  return {
    'Message-ID': `<${row.ref}@${tenant.host.replace(/:\d+$/, '')}>`,
    // RFC 3834: no person wrote it, so no machine needs to answer it.
    'Auto-Submitted': 'auto-generated',
    // https://support.google.com/a/answer/6254652: four parts, none of them of one recipient.
    'Feedback-ID': `${row.purpose}:${stream}:${tenant.id}:${SENDER_ID}`,
    ...(stoppedByChoice ? oneClick(unsubscribe, tenant.inbound?.email) : {}),
    ...(stoppedByChoice && listId ? { 'List-Id': `<${listId.replace(/^<|>$/g, '')}>` } : {}),
  };
}

/**
 * RFC 8058: exactly one web address, first; a mailto may stand beside it, and carries the same token. A mail that can be
 * objected to does not leave without its way out.
 */
function oneClick(url: string | undefined, inbound: string | undefined): Record<string, string> {
  if (!url || !/^https?:\/\/[^\s<>,]+$/.test(url))
    throw new Error('a mail that can be objected to needs an unsubscribe link');
  const token = url.slice(url.lastIndexOf('/') + 1);
  const mailto =
    inbound &&
    `mailto:${inbound.split('@').map(encodeURIComponent).join('@')}?subject=unsubscribe%20${token}`;
  return {
    'List-Unsubscribe': `<${url}>${mailto ? `, <${mailto}>` : ''}`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  };
}
