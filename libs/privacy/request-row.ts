import { messageId } from '#messages/message-id';
import type { MessageRow } from '#messages/message.types';
import { nonce } from '#platform/mongo';
import { RULES } from '#purposes/purposes';

/** The journeys, and the templates, of messages that a person asked for on our own pages. */
export const MY_DATA = 'my-data';
export const NEW_EMAIL = 'new-email';

const MINUTE_MS = 60_000;
/** The link to one's own data works for so long (CONTRACTS). */
const MY_DATA_MS = 30 * MINUTE_MS;
/** A link that has come late is of no use any more. */
const MY_DATA_WORTH_MS = 20 * MINUTE_MS;
/** An address that was typed today is confirmed by tomorrow. */
const NEW_EMAIL_MS = 24 * 60 * MINUTE_MS;

/** What a person asked to be sent. */
export interface AskedMessage {
  journey: typeof MY_DATA | typeof NEW_EMAIL;
  /** Where it was asked for: it goes by this channel or not at all. */
  channel: 'email' | 'sms';
  /** Names the asking: asked twice under one name it is one row. */
  by: string;
  /** What its link is about. */
  about: string;
}

/** Until when the link in a message of these journeys works. */
export function linkUntil({ journey, createdAt }: Pick<MessageRow, 'journey' | 'createdAt'>): Date {
  return new Date(createdAt.getTime() + (journey === NEW_EMAIL ? NEW_EMAIL_MS : MY_DATA_MS));
}

/** The row of a message that the person asked for themselves (PROTOCOL G): as `support`, through the gate like all others. */
export function requestRow(
  tenant: string,
  customer: string,
  { journey, channel, by, about }: AskedMessage,
  now: Date,
): MessageRow {
  const { stream, dueClass } = RULES.support;
  return {
    _id: messageId({ tenant, customer, journey, step: '1', subject: by, gen: '0' }),
    tenant,
    customer,
    rev: nonce(),
    status: 'planned',
    reason: null,
    until: null,
    journey,
    step: '1',
    campaign: null,
    subject: { kind: 'request', id: about },
    booking: null,
    cart: null,
    gen: '0',
    generation: null,
    purpose: 'support',
    stream,
    dueClass,
    template: journey,
    channel,
    fixedChannel: true,
    dueAt: now,
    expiresAt:
      journey === MY_DATA
        ? new Date(now.getTime() + MY_DATA_WORTH_MS)
        : linkUntil({ journey, createdAt: now }),
    usefulUntil: null,
    release: 0,
    attempts: [],
    history: [{ at: now, status: 'planned', why: 'asked for by the person' }],
    trace: [],
    content: null,
    event: null,
    createdAt: now,
  };
}
