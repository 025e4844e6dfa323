import { sharingOf, type SharedBody } from '#rendering/shared-body';
import type { Envelope } from './outcome.js';

/** SendGrid takes no more personalizations a call. */
export const MOST_MAILS = 1_000;
/** Nor more substitutions, of all personalizations together. */
const MOST_SUBSTITUTIONS = 10_000;

/** Whether a mail has a body in common with others of its campaign, so that it may go in a call with them. */
export const mayShare = ({ campaign, content }: Envelope): boolean =>
  campaign !== undefined && content.attachments.length === 0 && sharingOf(content) !== null;

/**
 * Which mails go in one call: those of one campaign, sender and body (so one version, variant, language), an address once
 * in each. Those that share with nobody are calls of one. In order.
 */
export function shareCalls<T extends { envelope: Envelope }>(items: readonly T[]): T[][] {
  const bodies = new Map<SharedBody, number>();
  const calls: T[][] = [];
  const open = new Map<string, { mails: T[]; addresses: Set<string> }[]>();
  for (const item of items) {
    const { envelope } = item;
    const body = mayShare(envelope) ? sharingOf(envelope.content)?.body : undefined;
    if (body === undefined) {
      calls.push([item]);
      continue;
    }
    const { tenant, campaign, purpose, account, from, fromName, replyTo } = envelope;
    const number = bodies.get(body) ?? bodies.size;
    bodies.set(body, number);
    const key = JSON.stringify([number, tenant, campaign, purpose, account, from, fromName, replyTo]);
    const address = envelope.to.toLowerCase();
    const begun = open.get(key) ?? [];
    open.set(key, begun);
    const most = Math.min(MOST_MAILS, Math.floor(MOST_SUBSTITUTIONS / Math.max(1, body.slots.length)));
    let call = begun.find(({ mails, addresses }) => mails.length < most && !addresses.has(address));
    if (call === undefined) {
      call = { mails: [], addresses: new Set() };
      begun.push(call);
      calls.push(call.mails);
    }
    call.mails.push(item);
    call.addresses.add(address);
  }
  return calls;
}
