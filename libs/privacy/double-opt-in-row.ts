import type { MessageRow } from '#messages/message.types';
import { requestRow } from '#messages/request-row';

/** The journey and the template of the message that asks for a yes once more. */
export const DOUBLE_OPT_IN = 'double-opt-in';
/** The template for who said START after a STOP. */
const TEXTS_AGAIN = 'texts-again';

const DAY_MS = 86_400_000;
/** A link that says yes is good for a week. */
const CONFIRMABLE_MS = 7 * DAY_MS;

/** Until when the link of a double opt-in can be used. */
export function confirmableUntil({ createdAt }: Pick<MessageRow, 'createdAt'>): Date {
  return new Date(createdAt.getTime() + CONFIRMABLE_MS);
}

/** What asks for a yes; `by` names what asked (an event, a form on a day): asked twice it is one row. */
export interface YesAsked {
  by: string;
  /** What a yes would give (pairs.ts). */
  wishes: string;
  event: string | null;
  /** Where they were heard who are asked: absent, by mail. */
  heardOn?: 'sms';
}

/** The row of a double opt-in message (PROTOCOL B6, G): as `support`, since the person asked for it. */
export function doubleOptInRow(
  tenant: string,
  customer: string,
  { by, wishes, event, heardOn }: YesAsked,
  now: Date,
): MessageRow {
  return requestRow(
    {
      ...{ tenant, customer, journey: DOUBLE_OPT_IN, by, about: wishes, event },
      ...(heardOn === undefined
        ? { template: DOUBLE_OPT_IN, channel: 'email' }
        : { template: TEXTS_AGAIN, channel: heardOn }),
      why: 'a yes to be confirmed',
    },
    now,
  );
}
