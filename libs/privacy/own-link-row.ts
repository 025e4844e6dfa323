import type { MessageRow } from '#messages/message.types';
import { requestRow } from '#messages/request-row';

/** The journeys, and the templates, of messages that a person asked for on our own pages. */
export const MY_DATA = 'my-data';
export const NEW_EMAIL = 'new-email';
/** What one person's asks for a new address are counted as. */
export const NEW_EMAIL_FROM = 'new-email-from';

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

/** When a new address was asked for, by when the link to it ends. */
export const askedAt = (linkEnds: Date): Date => new Date(linkEnds.getTime() - NEW_EMAIL_MS);

/** The row of a message that the person asked for themselves: by the channel on which they asked, or not at all. */
export function ownLinkRow(
  tenant: string,
  customer: string,
  { journey, channel, by, about }: AskedMessage,
  now: Date,
): MessageRow {
  const asked = { tenant, customer, journey, by, about, template: journey, channel };
  return {
    ...requestRow({ ...asked, event: null, why: 'asked for by the person' }, now),
    fixedChannel: true,
    expiresAt:
      journey === MY_DATA
        ? new Date(now.getTime() + MY_DATA_WORTH_MS)
        : linkUntil({ journey, createdAt: now }),
  };
}
