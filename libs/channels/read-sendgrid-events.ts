import { z } from 'zod';
import type { Stream } from '#purposes/stream';
import type { Mark, Receipt, Told } from './receipt.js';

/** What is read of an event; custom args (`r`, `t`) come back as members of it. Other systems' may be named alike. */
const EVENT = z.object({
  event: z.string(),
  email: z.string().min(1).max(320),
  timestamp: z.number().int().nonnegative().optional().catch(undefined),
  sg_event_id: z.string().min(1).max(200).optional().catch(undefined),
  type: z.string().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
  r: z.string().max(64).optional().catch(undefined),
  t: z.string().max(64).optional().catch(undefined),
});
type SendGridEvent = z.infer<typeof EVENT>;

/** What an event says of the message, and of the address where that is not what its kind says. */
interface Meaning {
  kind: Receipt['kind'];
  why: string;
  mark?: Mark;
}

/** Why SendGrid did not even try: its own lists, by the beginnings of its reasons. Any other is about the message. */
const DROPPED: readonly [begins: string, Meaning][] = [
  ['bounced address', { kind: 'bounced', why: 'dropped: bounced before' }],
  ['invalid', { kind: 'bounced', why: 'dropped: no such address', mark: 'bad-address' }],
  ['spam reporting address', { kind: 'failed', why: 'dropped: complained before', mark: 'complaint' }],
  ['unsubscribed address', { kind: 'failed', why: 'dropped: unsubscribed before', mark: 'unsubscribed' }],
];
/** These begin like what is said of an address, and are about the request. */
const ABOUT_REQUEST = /^invalid smtpapi/;

/** The events of one call; null where the body is no list. What cannot be read is counted, the rest is taken. */
export function readSendGridEvents(
  body: Buffer,
  stream: Stream,
): { told: Told[]; unreadable: number } | null {
  const list = parse(body);
  if (!Array.isArray(list)) return null;
  const events = list.flatMap((one) => {
    const read = EVENT.safeParse(one);
    return read.success ? [read.data] : [];
  });
  return { told: events.map((event) => toldBy(event, stream)), unreadable: list.length - events.length };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function toldBy(event: SendGridEvent, stream: Stream): Told {
  const { sg_event_id: id = null, t: tenant = null, r: ref = '', email: address, timestamp } = event;
  const meaning = meaningOf(event);
  if (meaning === null) return { id, tenant, receipt: null };
  const told =
    id === null || timestamp === undefined ? {} : { told: { id, at: new Date(timestamp * 1_000) } };
  return { id, tenant, receipt: { ...meaning, ref, address, channel: 'email', stream, ...told } };
}

/** Null: it decides nothing. An open proves nothing, and a resubscription is no consent. */
function meaningOf({ event, type, reason = '' }: SendGridEvent): Meaning | null {
  switch (event) {
    case 'processed':
      return { kind: 'accepted', why: 'processed' };
    case 'deferred':
      // No end: SendGrid has it and goes on trying.
      return { kind: 'accepted', why: 'deferred' };
    case 'delivered':
      return { kind: 'delivered', why: 'delivered' };
    case 'bounce':
      // `blocked` is temporary: this message has ended, and nothing is wrong with the address.
      return (type ?? 'bounce') === 'bounce'
        ? { kind: 'bounced', why: 'bounce' }
        : { kind: 'failed', why: 'blocked' };
    case 'dropped':
      return droppedFor(reason.trim().toLowerCase());
    case 'spamreport':
      return { kind: 'complained', why: 'complaint' };
    case 'unsubscribe':
    case 'group_unsubscribe':
      return { kind: 'stopped', why: 'unsubscribed', mark: 'unsubscribed' };
    default:
      return null;
  }
}

function droppedFor(reason: string): Meaning {
  const known = ABOUT_REQUEST.test(reason)
    ? undefined
    : DROPPED.find(([begins]) => reason.startsWith(begins));
  return known?.[1] ?? { kind: 'failed', why: 'dropped' };
}
